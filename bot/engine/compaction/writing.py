"""The step that writes episodes: one transaction for each, so that a crash costs one at most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from bot.domain.compaction import CompactionJob, Step
from bot.domain.conversation import ConversationId, Scope
from bot.domain.fact import Fact, FactStatus
from bot.domain.identity import Person
from bot.domain.turn import Turn
from bot.engine.chat_traffic import ChatTraffic
from bot.engine.compaction.context import after, counted
from bot.engine.compaction.lease import LeaseLostError, advanced, begun
from bot.engine.compaction.summarising import Stated, Summaries
from bot.engine.memory_loader import ONCE_TRUE
from bot.memory.episodes import MOST_TURNS, sessions
from bot.memory.stale import StaleWords
from bot.ports.storage import Storage, UnitOfWork
from bot.ports.system import Clock

READ_AT_ONCE = 200
"""Turns read in one transaction."""

LOOK_BACK = 2 * MOST_TURNS
"""Turns before a job's first one that are looked through for sessions that were still going on."""


class EpisodeWriting:
    """Sums up what was said since the last episode of each conversation.

    A session that was not silent for ``idle`` is still going on: its turns stay in the loop word
    for word, and become an episode another time.
    """

    def __init__(
        self, summaries: Summaries, *, traffic: ChatTraffic, clock: Clock, idle: timedelta
    ) -> None:
        self._summaries = summaries
        self._traffic = traffic
        self._clock = clock
        self._idle = idle

    async def write(self, storage: Storage, job: CompactionJob) -> CompactionJob:
        """Write the episodes of ``job``; the job with this step behind it.

        What is left to sum up follows from the episodes that are there, so that whoever resumes
        the job goes on after the last one.
        """
        scope = Scope.in_private(job.person_id)
        is_whole = False
        while not is_whole:
            async with storage.unit_of_work() as work:
                person = await work.persons.get(job.person_id)
                facts = await work.facts.of(scope, ONCE_TRUE)
            if person is None:
                raise LeaseLostError  # erased, and the job with them
            pending = await self._pending(storage, job, scope)
            job, is_whole = await self._write_all(storage, job, person, facts, pending)
        async with storage.unit_of_work() as work:
            job = await advanced(work, after(Step.SUMMARISE, job))
            await work.commit()
        return job

    async def _pending(
        self, storage: Storage, job: CompactionJob, scope: Scope
    ) -> list[tuple[Turn, ...]]:
        """The sessions that no episode covers yet, by conversation."""
        by_conversation: dict[ConversationId, list[Turn]] = {}
        number = max(0, job.after_number - LOOK_BACK)
        async with storage.unit_of_work() as work:
            ends = await work.episodes.ends(job.person_id)
        while number < job.until_number:
            await self._traffic.quiet()
            async with storage.unit_of_work() as work:
                turns = await work.turns.after(scope, number, limit=READ_AT_ONCE)
                for turn in turns:
                    if turn.conversation_id not in by_conversation:
                        tail = await self._tail(work, scope, turn, ends.get(turn.conversation_id))
                        by_conversation[turn.conversation_id] = tail
                    if ends.get(turn.conversation_id, 0) < turn.number <= job.until_number:
                        by_conversation[turn.conversation_id].append(turn)
            if not turns:
                break
            number = turns[-1].number
        over = self._clock.now() - self._idle
        return [
            session
            for turns in by_conversation.values()
            for session in sessions(turns, closed_before=over)
        ]

    async def _tail(
        self, work: UnitOfWork, scope: Scope, turn: Turn, end: int | None
    ) -> list[Turn]:
        """Turns before ``turn`` that no episode covers yet: they were too few, or too new."""
        before = await work.turns.recent(
            scope, turn.conversation_id, before_number=turn.number, limit=MOST_TURNS
        )
        return [earlier for earlier in before if earlier.number > (end or 0)]

    async def _write_all(
        self,
        storage: Storage,
        job: CompactionJob,
        person: Person,
        facts: Sequence[Fact],
        pending: Sequence[Sequence[Turn]],
    ) -> tuple[CompactionJob, bool]:
        """The job with ``pending`` written; False when words were forgotten meanwhile."""
        stale = StaleWords(facts)
        active = [fact for fact in facts if fact.status is FactStatus.ACTIVE]
        stated = await Stated.by(active, self._traffic)
        for turns in pending:
            current = []
            for turn in turns:
                await self._traffic.quiet()  # looking for the words of many facts takes its time
                if (left := stale.cut_from(turn)) is not None:
                    current.append(left)
            episode = await self._summaries.draft(
                current, job=job, stated=stated, name=person.display_name
            )
            if episode is None:
                continue
            # It covers its turns whatever is stale in them.
            episode = replace(episode, first_number=turns[0].number, last_number=turns[-1].number)
            async with storage.unit_of_work() as work:
                await begun(work, job)
                now = await work.persons.get(job.person_id)
                if now is None or now.memory_epoch != person.memory_epoch:
                    return job, False
                await work.episodes.add(episode)
                job = await advanced(work, counted(job, {"episodes": 1}))
                await work.commit()
        return job, True
