"""Forgetting: erasing facts and sentences for good, everywhere they are kept."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bot.domain.conversation import Scope
from bot.domain.fact import Fact
from bot.domain.identity import IdentityRef, PersonId
from bot.domain.memory import ErasedMemory
from bot.domain.operation import Actor, MemoryOperation, OperationId, OperationKind
from bot.domain.turn import Turn
from bot.engine.incognito import IncognitoConversations
from bot.engine.memory_view import EVERY_STATUS
from bot.engine.recall_cache import RecallCache
from bot.errors import StorageBusyError
from bot.log import get_logger
from bot.memory.forgetting import ForgetPlan, Sought
from bot.ports.storage import Storage, UnitOfWork
from bot.ports.system import Clock, IdSource

log = get_logger(__name__)

_YIELD_EVERY = 100
"""Turns looked through before other tasks get a chance: about 10 ms of work."""


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
    ) -> None:
        self._storage = storage
        self._incognito = incognito or IncognitoConversations()
        self._recall = recall
        self._clock = clock
        self._ids = ids
        self._scrub_due = False

    async def plan_fact(self, identity: IdentityRef, number: int) -> ForgetPlan:
        """What goes with the fact of that number; an empty plan when there is none."""
        facts, turns = await self._read(identity)
        chosen = next((fact for fact in facts if fact.number == number), None)
        return await _plan(Sought(fact_id=chosen.id), facts, turns) if chosen else ForgetPlan()

    async def plan_words(self, identity: IdentityRef, words: str) -> ForgetPlan:
        """Every fact and sentence that holds all of ``words``; empty when none does."""
        return await _plan(Sought(words=words), *await self._read(identity))

    async def _read(self, identity: IdentityRef) -> tuple[tuple[Fact, ...], tuple[Turn, ...]]:
        async with self._storage.unit_of_work() as work:
            person = await work.persons.find(identity)
            return await _memory(work, person.id) if person else ((), ())

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
            now = await _plan(plan.sought, *await _memory(work, person.id))
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
            turns, sentences = len(now.cuts), now.sentence_count
            await self._note(
                work,
                person.id,
                "asked to forget",
                {"turns": turns, "facts": facts, "sentences": sentences},
            )
            await work.persons.bump_epoch(person.id)
            await work.commit()
            self._scrub_due = True
        return await self._erased(person.id, turns=turns, facts=facts, sentences=sentences)

    async def forget_everything(self, identity: IdentityRef) -> ErasedMemory:
        """Erase the person with all turns, facts and traces, and what files still hold of them."""
        await self.finish_scrubbing()
        async with self._storage.unit_of_work() as work:
            person = await work.persons.find(identity)
            if person is None:
                return ErasedMemory(turns=0, facts=0)
            # The person before their rows, as everywhere: else two could wait for each other.
            await work.facts.begin_change(person.id)
            facts = await work.facts.erase_all(person.id)
            turns = await work.turns.erase_all(person.id)
            await work.persons.erase(person.id)
            await self._note(
                work, person.id, "asked to forget everything", {"turns": turns, "facts": facts}
            )
            await work.commit()
            self._scrub_due = True
        return await self._erased(person.id, turns=turns, facts=facts)

    async def _note(
        self, work: UnitOfWork, person_id: PersonId, reason: str, detail: dict[str, int]
    ) -> None:
        await work.operations.append(
            MemoryOperation(
                id=OperationId(self._ids.new_id()),
                person_id=person_id,
                kind=OperationKind.ERASE,
                actor=Actor.PERSON,
                reason=reason,
                happened_at=self._clock.now(),
                detail=detail,
            )
        )

    async def _erased(
        self, person_id: PersonId, *, turns: int, facts: int, sentences: int = 0
    ) -> ErasedMemory:
        self._recall.forget(person_id)
        self._incognito.end(person_id)
        log.info("memory_erased", person=person_id, turns=turns, facts=facts)
        return ErasedMemory(
            turns=turns, facts=facts, sentences=sentences, scrubbed=await self._scrub()
        )

    async def finish_scrubbing(self) -> None:
        """Try once more what another program prevented before, if anything."""
        if self._scrub_due:
            await self._scrub()

    async def _scrub(self) -> bool:
        try:
            await self._storage.scrub()
        except StorageBusyError as error:
            log.warning("scrub_postponed", error=str(error))
            return False
        self._scrub_due = False
        return True


async def _memory(
    work: UnitOfWork, person_id: PersonId
) -> tuple[tuple[Fact, ...], tuple[Turn, ...]]:
    scope = Scope.in_private(person_id)
    return await work.facts.of(scope, EVERY_STATUS), await work.turns.after(scope, 0)


async def _plan(sought: Sought, facts: Sequence[Fact], turns: Sequence[Turn]) -> ForgetPlan:
    sweep = sought.sweep(facts)
    cuts = []
    for count, turn in enumerate(turns, start=1):
        if cut := sweep.cut(turn):
            cuts.append(cut)
        if count % _YIELD_EVERY == 0:
            await asyncio.sleep(0)
    return ForgetPlan(sought=sought, facts=sweep.facts, cuts=tuple(cuts))
