"""Dialogs whose memory is made compact, and what is then left of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from support.dialog import ANA, Dialog
from support.engine import Workers

from bot.domain.compaction import CompactionJob, DueRule, Step
from bot.domain.conversation import Scope
from bot.domain.episode import Episode
from bot.domain.fact import FactStatus
from bot.domain.identity import IdentityRef, PersonId
from bot.domain.turn import NewTurn, TurnId, TurnOutcome, TurnStatus
from bot.engine.chat_traffic import ChatTraffic
from bot.engine.compaction.compactor import Compactor
from bot.engine.compaction.steps import CompactionSteps
from bot.engine.recall_cache import RecallCache
from bot.ports.storage import Storage
from bot.ports.system import Clock, IdSource

RULE = DueRule()


def compactor_over(
    storage: Storage,
    *,
    clock: Clock,
    ids: IdSource,
    worker: str = "this",
    steps: CompactionSteps | None = None,
    traffic: ChatTraffic | None = None,
    rule: DueRule = RULE,
    **parts: Any,
) -> Compactor:
    """A compactor that needs no model, unless ``parts`` bring one."""
    traffic = traffic or ChatTraffic()

    def made(**model: Any) -> CompactionSteps:
        return CompactionSteps.over(
            RecallCache(),
            traffic=traffic,
            clock=clock,
            ids=ids,
            memory_tokens=1500,
            idle=rule.idle,
            **model,
        )

    return Compactor(
        storage,
        steps or made(**parts),
        dry_steps=made(),
        traffic=traffic,
        clock=clock,
        ids=ids,
        workers=Workers(worker),
        rule=rule,
    )


class CompactingDialog(Dialog):
    """A dialog with a compactor over the same storage."""

    def restart(self) -> None:
        super().restart()
        self.compactor = compactor_over(self.storage, clock=self.clock, ids=self.ids)

    async def compact(self, who: IdentityRef = ANA) -> CompactionJob:
        """Make somebody's memory compact, due or not."""
        person = await self.person(who)
        assert person
        job = await self.compactor.compact(person.id)
        assert job
        return job

    def work_with(self, steps: CompactionSteps) -> None:
        """Let the compactor do other steps from now on."""
        self.compactor = compactor_over(self.storage, clock=self.clock, ids=self.ids, steps=steps)

    def before(self, step: Step, happen: Callable[[], Awaitable[None]]) -> None:
        """Have something happen before a step from now on."""
        self.work_with(At(self.compactor._steps, happen, step=step))

    async def episodes(self, who: IdentityRef = ANA) -> tuple[Episode, ...]:
        person = await self.person(who)
        assert person
        async with self.storage.unit_of_work() as work:
            return await work.episodes.of(Scope.in_private(person.id))

    async def unread(self, text: str, who: IdentityRef = ANA) -> None:
        """A message of an earlier version, whose rules found nothing in it.

        Not their first one: it is stored where they spoke before.
        """
        self.later(minutes=1)
        first = (await self.turns(who))[0]
        async with self.storage.unit_of_work() as work:
            turn, _ = await work.turns.accept(
                NewTurn(
                    id=TurnId(self.ids.new_id()),
                    person_id=first.person_id,
                    conversation_id=first.conversation_id,
                    audience=first.audience,
                    event_key=f"unread{next(self._events)}",
                    text=text,
                    received_at=self.clock.now(),
                    worker="old",
                    lease_until=self.clock.now(),
                )
            )
            outcome = TurnOutcome(
                status=TurnStatus.ANSWERED, finished_at=self.clock.now(), reply="Yes."
            )
            await work.turns.finish(turn.id, outcome, worker="old")
            await work.commit()

    async def small_talk(self, turns: int, who: IdentityRef = ANA, about: str = "weather") -> None:
        """Talk of which nothing is learned."""
        for number in range(turns):
            await self.say(f"The {about} report number {number} mentioned a storm.", who)


class At(CompactionSteps):
    """Has something happen before a step: before each when none is named, of everybody's jobs
    unless one person is."""

    def __init__(
        self,
        inner: CompactionSteps,
        happen: Callable[[], Awaitable[None]],
        *,
        step: Step | None = None,
        person_id: PersonId | None = None,
    ) -> None:
        self._inner = inner
        self._happen = happen
        self._step = step
        self._person_id = person_id

    async def next(self, storage: Storage, job: CompactionJob) -> CompactionJob:
        if self._step in {None, job.step} and self._person_id in {None, job.person_id}:
            await self._happen()
        return await self._inner.next(storage, job)


class Stumbling(At):
    """Fails at one step, or at each, as long as it has an error."""

    def __init__(self, inner: CompactionSteps, error: BaseException, **when: Any) -> None:
        super().__init__(inner, self._stumble, **when)
        self.error: BaseException | None = error

    async def _stumble(self) -> None:
        if self.error is not None:
            raise self.error


async def told_an_hour_ago() -> CompactingDialog:
    """Somebody with two facts and an hour of small talk."""
    dialog = CompactingDialog()
    await dialog.say("My name is Ana and I live in Porto.")
    await dialog.say("I'm allergic to peanuts.")
    await dialog.small_talk(10)
    dialog.later(hours=1)
    return dialog


async def remembered(storage: Storage, who: IdentityRef) -> dict[str, Any]:
    """All that compaction may change, without ids: two memories are alike when these are equal."""
    async with storage.unit_of_work() as work:
        person = await work.persons.find(who)
        assert person
        scope = Scope.in_private(person.id)
        facts = await work.facts.of(scope, frozenset(FactStatus))
        episodes = await work.episodes.of(scope)
        turns = await work.turns.after(scope, 0)
    numbers = {fact.id: fact.number for fact in facts}
    places = {turn.id: turn.number for turn in turns}
    return {
        "facts": [
            (
                fact.number,
                fact.text,
                fact.status,
                fact.state.strength,
                fact.state.pinned,
                fact.state.valid_to,
                numbers.get(fact.state.superseded_by) if fact.state.superseded_by else None,
                sorted((places.get(e.turn_id) or 0, e.quote) for e in fact.evidence if e.turn_id),
            )
            for fact in facts
        ],
        "episodes": [
            (
                episode.first_number,
                episode.last_number,
                [
                    (sentence.text, [places[turn_id] for turn_id in sentence.turn_ids])
                    for sentence in episode.sentences
                ],
            )
            for episode in episodes
        ],
        "compacted_until": person.compacted_until,
        "turns": [(turn.number, turn.text, turn.reply) for turn in turns],
    }
