"""Forgetting: erasing facts and sentences for good, everywhere they are kept."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.domain.conversation import Scope
from bot.domain.episode import Episode
from bot.domain.erasure import Everything, these
from bot.domain.fact import Fact
from bot.domain.identity import IdentityRef, Person, PersonId
from bot.domain.memory import ErasedMemory
from bot.domain.operation import Actor
from bot.domain.turn import Turn
from bot.engine.erasing import Erasing
from bot.engine.incognito import IncognitoConversations
from bot.engine.memory_view import EVERY_STATUS
from bot.engine.recall_cache import RecallCache
from bot.log import get_logger
from bot.memory.forgetting import ForgetPlan, Sought, rewritten
from bot.ports.storage import Storage, UnitOfWork
from bot.ports.system import Clock, IdSource

log = get_logger(__name__)

_YIELD_EVERY = 100
"""Turns or episodes looked through before other tasks get a chance: about 10 ms of work."""


class Forgetting:
    """Plans what goes, and erases it once the person agreed. May raise a StorageError.

    An erasure is one unit of work; then indexes are dropped and the database's files overwritten.
    It cannot be undone. The journal keeps that it happened, when, and how much it was.
    """

    def __init__(
        self,
        storage: Storage,
        recall: RecallCache,
        *,
        clock: Clock,
        ids: IdSource,
        incognito: IncognitoConversations | None = None,
        erasing: Erasing | None = None,
    ) -> None:
        self._storage = storage
        self._incognito = incognito or IncognitoConversations()
        self._erasing = erasing or Erasing(storage, recall, clock=clock, ids=ids)

    async def plan_fact(self, identity: IdentityRef, number: int) -> ForgetPlan:
        """What goes with the fact of that number; an empty plan when there is none."""
        memory = await self._read(identity)
        if memory is None:
            return ForgetPlan()
        chosen = next((fact for fact in memory.facts if fact.number == number), None)
        return await memory.plan(Sought(fact_id=chosen.id)) if chosen else ForgetPlan()

    async def plan_words(self, identity: IdentityRef, words: str) -> ForgetPlan:
        """Every fact and sentence that holds all of ``words``; empty when none does."""
        memory = await self._read(identity)
        return await memory.plan(Sought(words=words)) if memory else ForgetPlan()

    async def _read(self, identity: IdentityRef) -> _Memory | None:
        async with self._storage.unit_of_work() as work:
            person = await work.persons.find(identity)
            return await _Memory.of(person, work) if person else None

    async def forget(self, identity: IdentityRef, plan: ForgetPlan) -> ErasedMemory | ForgetPlan:
        """Erase what the plan shows. ``turns`` counts those that were cut.

        When more would have to go by now, because something was said or learned meanwhile, nothing
        is erased, and the plan that shows all of it is returned.
        """
        await self.finish_scrubbing()
        async with self._storage.unit_of_work() as work:
            person = await work.persons.find(identity)
            if person is None:
                return ErasedMemory(turns=0, facts=0)
            await work.facts.begin_change(person.id)
            # Looked for again while nobody can add to it: a search as long as the first one.
            now = await (await _Memory.of(person, work)).plan(plan.sought)
            if not now.is_within(plan):
                return now
            facts = await work.facts.erase(person.id, [fact.id for fact in now.facts])
            for cut in now.cuts:
                await work.turns.rewrite(
                    person.id,
                    cut.turn_id,
                    text=cut.text_of(cut.turn),
                    reply=cut.reply_of(cut.turn),
                    shown=cut.shown_of(cut.turn),
                )
            for summary in now.episodes:
                await work.episodes.rewrite(person.id, summary.episode.id, summary.left)
            turns, sentences = len(now.cuts), now.sentence_count
            await self._erasing.commit(
                work,
                person.id,
                actor=Actor.PERSON,
                reason="asked to forget",
                detail={"turns": turns, "facts": facts, "sentences": sentences},
                what=these(
                    turns=(cut.turn_id for cut in now.cuts),
                    facts=(fact.id for fact in now.facts),
                    episodes=(cut.episode.id for cut in now.episodes),
                ),
                cut=[cut.turn_id for cut in now.cuts if cut.said],
            )
        return await self._erased(person.id, turns=turns, facts=facts, sentences=sentences)

    async def forget_everything(self, identity: IdentityRef) -> ErasedMemory:
        """Erase the person with all that is derived from them, and what files still hold of it."""
        self._incognito.end_account(identity)
        return await self._forget_person(
            lambda work: work.persons.find(identity), actor=Actor.PERSON
        )

    async def forget_person(self, person_id: PersonId) -> ErasedMemory:
        """The same when the owner was asked for it."""
        return await self._forget_person(
            lambda work: work.persons.get(person_id), actor=Actor.ADMIN
        )

    async def _forget_person(
        self, find: Callable[[UnitOfWork], Awaitable[Person | None]], *, actor: Actor
    ) -> ErasedMemory:
        await self.finish_scrubbing()
        async with self._storage.unit_of_work() as work:
            person = await find(work)
            if person is None:
                return ErasedMemory(turns=0, facts=0)
            for account in await work.persons.identities(person.id):
                self._incognito.end_account(account)
            turns, facts = await erase_person(work, person.id)
            await self._erasing.commit(
                work,
                person.id,
                actor=actor,
                reason="asked to forget everything",
                detail={"turns": turns, "facts": facts},
                what=[Everything()],
                is_gone=True,
            )
        return await self._erased(person.id, turns=turns, facts=facts)

    async def _erased(
        self, person_id: PersonId, *, turns: int, facts: int, sentences: int = 0
    ) -> ErasedMemory:
        self._incognito.end(person_id)
        log.info("memory_erased", person=person_id, turns=turns, facts=facts)
        scrubbed = await self._erasing.scrub()
        return ErasedMemory(turns=turns, facts=facts, sentences=sentences, scrubbed=scrubbed)

    async def finish_scrubbing(self) -> None:
        """Try once more what another program prevented before, if anything."""
        await self._erasing.scrub()


async def erase_person(work: UnitOfWork, person_id: PersonId) -> tuple[int, int]:
    """Remove a person with all that is theirs; how many turns and facts there were."""
    # The person before their rows, as everywhere: else two could wait for each other.
    await work.facts.begin_change(person_id)
    facts = await work.facts.erase_all(person_id)
    turns = await work.turns.erase_all(person_id)
    await work.persons.erase(person_id)
    return turns, facts


@dataclass(frozen=True, slots=True, kw_only=True)
class _Memory:
    """All that is looked through for what has to go."""

    person: Person
    facts: tuple[Fact, ...]
    turns: tuple[Turn, ...]
    episodes: tuple[Episode, ...]

    @classmethod
    async def of(cls, person: Person, work: UnitOfWork) -> _Memory:
        """Everything of one person."""
        scope = Scope.in_private(person.id, set_aside=True)
        return cls(
            person=person,
            facts=await work.facts.of(scope, EVERY_STATUS),
            turns=await work.turns.after(scope, 0),
            episodes=await work.episodes.of(scope),
        )

    async def plan(self, sought: Sought) -> ForgetPlan:
        """What goes with what is sought."""
        sweep = sought.sweep(self.facts)
        cuts = []
        for count, turn in enumerate(self.turns, start=1):
            if cut := sweep.cut(turn):
                cuts.append(cut)
            if count % _YIELD_EVERY == 0:
                await asyncio.sleep(0)
        left = {turn.id: turn for turn in self.turns}
        left.update((cut.turn_id, rewritten(cut)) for cut in cuts)
        touched = {cut.turn_id for cut in cuts}
        episodes = []
        for count, episode in enumerate(self.episodes, start=1):
            if cut_short := sweep.cut_episode(
                episode, left, touched, name=self.person.display_name
            ):
                episodes.append(cut_short)
            if count % _YIELD_EVERY == 0:
                await asyncio.sleep(0)
        return ForgetPlan(
            sought=sought, facts=sweep.facts, cuts=tuple(cuts), episodes=tuple(episodes)
        )
