"""The last step: asking old and new memory the same questions, and then publishing or taking back.

Until the watermark moves, no prompt has the new episodes, and the loop is as long as it was. If the
new memory answers less than the old one, everything that the job did is undone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

from bot.domain.compaction import CompactionJob, JobStatus
from bot.domain.conversation import Scope
from bot.domain.episode import Episode
from bot.domain.fact import Fact, FactKind, FactStatus
from bot.domain.identity import Person
from bot.domain.memory import RecalledTurn, WorkingMemory
from bot.domain.turn import Turn, TurnId
from bot.engine.chat_traffic import ChatTraffic
from bot.engine.compaction.context import counted
from bot.engine.compaction.lease import LeaseLostError, begun
from bot.engine.compaction.undoing import take_back
from bot.engine.memory_loader import EPISODES_LOADED, ONCE_TRUE, visible_episodes
from bot.engine.memory_view import EVERY_STATUS
from bot.engine.recall_cache import RecallCache
from bot.log import get_logger
from bot.memory.executive import MAX_RECALLED, select
from bot.memory.gate import Verdict, answers, estimated_costs, verdict
from bot.memory.loop import MAX_TURNS
from bot.memory.probes import Probe, probes
from bot.memory.recall import RecallIndex
from bot.memory.rewinding import facts_before
from bot.memory.stale import StaleWords
from bot.memory.strength import fades_at
from bot.ports.storage import Storage, UnitOfWork
from bot.ports.system import Clock, IdSource

log = get_logger(__name__)

REFUSED_FOR = timedelta(days=1)
"""Somebody whose compaction was refused is left alone for so long: more of the same words would
lead to the same result."""

INDEXED_AT_ONCE = 100
"""Turns that enter the recall index in one transaction: some 30 ms."""

_TAKEN_BACK = frozenset({FactStatus.SUPERSEDED, FactStatus.RETRACTED, FactStatus.QUARANTINED})
"""What the person has said or done since is no loss, whether a chat or this job has heard of it."""


@dataclass(frozen=True, slots=True)
class _Memories:
    """One person's memory without the job and with it."""

    person: Person
    before: tuple[Fact, ...]
    after: tuple[Fact, ...]
    episodes_before: tuple[Episode, ...]
    episodes_after: tuple[Episode, ...]
    recent: tuple[Turn, ...]
    index: RecallIndex


class Publishing:
    """Decides whether a compaction stays. ``memory_tokens`` is the budget of a prompt's memory."""

    def __init__(
        self,
        recall: RecallCache,
        *,
        traffic: ChatTraffic,
        clock: Clock,
        ids: IdSource,
        memory_tokens: int,
        idle: timedelta,
    ) -> None:
        self._idle = idle
        self._recall = recall
        self._traffic = traffic
        self._clock = clock
        self._ids = ids
        self._memory_tokens = memory_tokens

    async def publish(self, storage: Storage, job: CompactionJob) -> CompactionJob:
        """The job as it ended: DONE or REFUSED.

        Raises:
            LeaseLostError: somebody else works on it now.
        """
        now = self._clock.now()
        await self._index(storage, job)
        async with storage.unit_of_work() as work:
            memories = await self._read(work, job)
        result = await self._compare(storage, memories, now)
        job = counted(job, {"probes": result.asked, "lost": result.lost})
        if result.passes:
            return await self._finish(storage, job)
        log.warning(
            "compaction_refused", job=job.id, person=job.person_id, probes=result.asked,
            answered_before=result.before, answered_after=result.after,
        )  # fmt: skip
        problem = (
            f"{result.lost} of {result.asked} questions that memory could answer before would "
            "have had no answer any more"
        )
        return await self._refuse(storage, replace(job, problem=problem))

    async def _index(self, storage: Storage, job: CompactionJob) -> None:
        """Bring the recall index up to date in short transactions, so that no chat waits for it."""
        is_whole = False
        while not is_whole:
            await self._traffic.quiet()
            async with storage.unit_of_work() as work:
                person = await work.persons.get(job.person_id)
                if person is None:
                    raise LeaseLostError  # erased, and the job with them
                is_whole = await self._recall.extend(person, work, at_most=INDEXED_AT_ONCE)

    async def _read(self, work: UnitOfWork, job: CompactionJob) -> _Memories:
        scope = Scope.in_private(job.person_id)
        person = await work.persons.get(job.person_id)
        if person is None:
            raise LeaseLostError  # erased, and the job with them
        facts = await work.facts.of(scope, EVERY_STATUS)
        operations = await work.operations.of_job(job.id)
        latest = await work.turns.latest(scope, limit=1)
        recent = await self._loop(work, scope, latest)
        new, old = [
            await work.episodes.of(scope, until_number=until, latest=EPISODES_LOADED)
            for until in (job.until_number, person.compacted_until)
        ]
        return _Memories(
            person=person,
            before=facts_before(operations, facts),
            after=facts,
            episodes_before=old,
            episodes_after=new,
            recent=recent,
            index=await self._recall.index_of(person, work),
        )

    async def _loop(
        self, work: UnitOfWork, scope: Scope, latest: Sequence[Turn]
    ) -> tuple[Turn, ...]:
        """The loop that the next message of the newest conversation would have."""
        if not latest:
            return ()
        last = latest[-1]
        return await work.turns.recent(
            scope, last.conversation_id, before_number=last.number + 1, limit=MAX_TURNS
        )

    async def _compare(self, storage: Storage, memories: _Memories, now: datetime) -> Verdict:
        over = {fact.id for fact in memories.after if fact.status in _TAKEN_BACK}
        asked = probes([fact for fact in memories.before if fact.id not in over], now)
        old = await _Memory.of(
            memories.person,
            memories.before,
            memories.episodes_before,
            recent=memories.recent,
            now=now,
            traffic=self._traffic,
        )
        until = max((e.last_number for e in memories.episodes_after), default=0)
        new = await _Memory.of(
            replace(memories.person, compacted_until=max(memories.person.compacted_until, until)),
            memories.after,
            memories.episodes_after,
            recent=memories.recent,
            now=now,
            traffic=self._traffic,
        )
        before, after = [], []
        for probe in asked:
            await self._traffic.quiet()
            found = await self._recalled(storage, memories, probe, now)
            before.append(await self._answers(old, probe, found))
            after.append(await self._answers(new, probe, found))
        return verdict(asked, before, after)

    async def _recalled(
        self, storage: Storage, memories: _Memories, probe: Probe, now: datetime
    ) -> tuple[RecalledTurn, ...]:
        scope = Scope.in_private(memories.person.id)
        ranked = memories.index.rank(probe.question, scope, now=now, limit=2 * MAX_RECALLED)
        async with storage.unit_of_work() as work:
            turns = await work.turns.by_ids(scope, [hit.turn_id for hit in ranked])
        found = {turn.id: turn for turn in turns}
        return tuple(
            RecalledTurn(turn=found[hit.turn_id], score=hit.score, parts=hit.parts)
            for hit in ranked
            if hit.turn_id in found
        )

    async def _answers(self, memory: _Memory, probe: Probe, found: Sequence[RecalledTurn]) -> bool:
        working = await memory.working(found)
        await self._traffic.quiet()
        chosen = select(working, probe.question, self._memory_tokens, estimated_costs())
        return answers(probe, chosen)

    async def _finish(self, storage: Storage, job: CompactionJob) -> CompactionJob:
        async with storage.unit_of_work() as work:
            await begun(work, job)
            facts = await work.facts.of(Scope.in_private(job.person_id), {FactStatus.ACTIVE})
            now = self._clock.now()
            latest = await work.turns.latest(Scope.in_private(job.person_id), limit=1)
            over = [turn.received_at + self._idle for turn in latest]
            ended = await work.compactions.finish(
                job,
                JobStatus.DONE,
                at=now,
                refresh_at=_next_change(facts, over, now, since=job.started_at),
            )
            if not ended:
                raise LeaseLostError
            await work.commit()
        return replace(job, status=JobStatus.DONE, finished_at=now)

    async def _refuse(self, storage: Storage, job: CompactionJob) -> CompactionJob:
        return await take_back(
            storage,
            job,
            JobStatus.REFUSED,
            at=self._clock.now(),
            not_before=self._clock.now() + REFUSED_FOR,
            ids=self._ids,
        )


class _Memory:
    """A memory to be asked one question after the other. Cutting stale words gives way to chat."""

    def __init__(
        self, person: Person, facts: Sequence[Fact], now: datetime, traffic: ChatTraffic
    ) -> None:
        self._person = person
        self._now = now
        self._traffic = traffic
        known = [fact for fact in facts if fact.status in ONCE_TRUE]
        self._stale = StaleWords(known)
        self._facts = tuple(fact for fact in known if fact.is_current(now))
        self._episodes: tuple[Episode, ...] = ()
        self._loop: tuple[Turn, ...] = ()
        self._cuts: dict[TurnId, Turn | None] = {}

    @classmethod
    async def of(
        cls,
        person: Person,
        facts: Sequence[Fact],
        episodes: Sequence[Episode],
        *,
        recent: Sequence[Turn],
        now: datetime,
        traffic: ChatTraffic,
    ) -> Self:
        """A memory of ``facts`` and ``episodes`` whose loop holds ``recent``."""
        memory = cls(person, facts, now, traffic)
        memory._episodes = visible_episodes(episodes, memory._stale)
        cut = [await memory._current(turn) for turn in recent if turn.reply]
        memory._loop = tuple(turn for turn in cut if turn is not None and turn.reply)
        return memory

    async def _current(self, turn: Turn) -> Turn | None:
        if turn.id not in self._cuts:
            await self._traffic.quiet()
            self._cuts[turn.id] = self._stale.cut_from(turn)
        return self._cuts[turn.id]

    async def working(self, recalled: Sequence[RecalledTurn]) -> WorkingMemory:
        """What would be loaded for a question for which ``recalled`` was found."""
        cut = [(hit, await self._current(hit.turn)) for hit in recalled]
        return WorkingMemory(
            person=self._person,
            scope=Scope.in_private(self._person.id),
            now=self._now,
            facts=self._facts,
            loop=self._loop,
            episodes=self._episodes,
            recalled=tuple(replace(hit, turn=left) for hit, left in cut if left is not None),
        )


def _next_change(
    facts: Sequence[Fact], over: Sequence[datetime], now: datetime, *, since: datetime
) -> datetime | None:
    """When something in memory changes by itself: a plan ends, a fact fades, a session is over.

    Not after ``now`` for what happened while the job ran, which began at ``since``: its steps may
    have come too early for it.
    """
    ends = [
        fact.state.valid_to
        for fact in facts
        if fact.state.valid_to is not None
        and (fact.state.valid_to > now or fact.kind is FactKind.PLAN)
    ]
    fading = [moment for fact in facts if (moment := fades_at(fact, now)) is not None]
    return min((*ends, *fading, *(moment for moment in over if moment > since)), default=None)
