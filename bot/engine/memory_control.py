"""A person's own control over their memory: see it, erase it."""

from __future__ import annotations

from bot.domain.conversation import ConversationRef, Scope
from bot.domain.identity import IdentityRef
from bot.domain.memory import (
    ErasedMemory,
    MemoryOperation,
    MemorySummary,
    OperationId,
    OperationKind,
)
from bot.domain.turn import Turn
from bot.engine.recall_cache import RecallCache
from bot.errors import StorageBusyError
from bot.log import get_logger
from bot.ports.storage import Storage
from bot.ports.system import Clock, IdSource

log = get_logger(__name__)


class MemoryControl:
    """What people may do with what is stored about them. Every method may raise a StorageError."""

    def __init__(
        self, storage: Storage, recall: RecallCache, *, clock: Clock, ids: IdSource
    ) -> None:
        self._storage = storage
        self._recall = recall
        self._clock = clock
        self._ids = ids
        self._scrub_due = False

    async def show(self, identity: IdentityRef, *, latest: int) -> MemorySummary | None:
        """Everything stored about the person, the ``latest`` turns in full; None if nothing is.

        For the person's own eyes: it includes what was said in direct messages.
        """
        async with self._storage.unit_of_work() as work:
            person = await work.persons.find(identity)
            if person is None:
                return None
            scope = Scope.in_private(person.id)
            return MemorySummary(
                person=person,
                facts=await work.facts.active(scope),
                turns=await work.turns.latest(scope, limit=latest),
                turn_count=await work.turns.count(scope),
            )

    async def forget_everything(self, identity: IdentityRef) -> ErasedMemory:
        """Erase the person with all turns, facts and traces, and what files still hold of them.

        What remains is a journal entry that says how much was erased and when.
        """
        await self.finish_scrubbing()
        async with self._storage.unit_of_work() as work:
            person = await work.persons.find(identity)
            if person is None:
                return ErasedMemory(turns=0, facts=0)
            facts = await work.facts.erase_all(person.id)
            turns = await work.turns.erase_all(person.id)
            await work.persons.erase(person.id)
            await work.operations.append(
                MemoryOperation(
                    id=OperationId(self._ids.new_id()),
                    person_id=person.id,
                    kind=OperationKind.ERASE,
                    actor="person",
                    reason="asked to forget everything",
                    happened_at=self._clock.now(),
                    detail={"turns": turns, "facts": facts},
                )
            )
            await work.commit()
        self._recall.forget(person.id)
        log.info("memory_erased", person=person.id, turns=turns, facts=facts)
        return ErasedMemory(turns=turns, facts=facts, scrubbed=await self._scrub())

    async def finish_scrubbing(self) -> None:
        """Try once more what another program prevented before, if anything."""
        if self._scrub_due:
            await self._scrub()

    async def _scrub(self) -> bool:
        try:
            await self._storage.scrub()
        except StorageBusyError as error:
            log.warning("scrub_postponed", error=str(error))
            self._scrub_due = True
            return False
        self._scrub_due = False
        return True

    async def take_interrupted(
        self, identity: IdentityRef, conversation: ConversationRef
    ) -> tuple[Turn, ...]:
        """Messages of this conversation that were never answered because a process died.

        Each is returned once, so that the person is told once.
        """
        async with self._storage.unit_of_work() as work:
            person = await work.persons.find(identity)
            if person is None:
                return ()
            known = await work.conversations.resolve(conversation, new_id=self._ids.new_id())
            scope = Scope(person.id, known.audience)
            turns = await work.turns.take_unreported_failures(scope, known.id)
            await work.commit()
            return turns
