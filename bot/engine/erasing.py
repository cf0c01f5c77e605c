"""How every erasure ends: noted in the journal, dropped from caches, overwritten in the files."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import replace

from bot.domain.identity import PersonId
from bot.domain.operation import Actor, MemoryOperation, OperationId, OperationKind
from bot.domain.turn import TurnId
from bot.engine.recall_cache import RecallCache
from bot.errors import StorageBusyError
from bot.log import get_logger
from bot.ports.storage import Storage, UnitOfWork
from bot.ports.system import Clock, IdSource

log = get_logger(__name__)


def is_cut(entry: MemoryOperation) -> bool:
    """Whether a journal entry says that its turn lost words which its author had forgotten.

    The platform where they were said may still have them, and send them again.
    """
    return entry.kind is OperationKind.ERASE and entry.turn_id is not None and not entry.changes


class Erasing:
    """Shared by whatever erases. Every method may raise a StorageError.

    What another program kept from being overwritten is tried again at each occasion.
    """

    def __init__(
        self, storage: Storage, recall: RecallCache, *, clock: Clock, ids: IdSource
    ) -> None:
        self._storage = storage
        self._recall = recall
        self._clock = clock
        self._ids = ids
        self._scrub_due = False
        self._scrubbing = asyncio.Lock()

    async def commit(
        self,
        work: UnitOfWork,
        person_id: PersonId,
        *,
        actor: Actor,
        reason: str,
        detail: Mapping[str, int],
        is_gone: bool = False,
        cut: Collection[TurnId] = (),
    ) -> None:
        """Commit a unit of work that erased something of a person, or the person (``is_gone``).

        The journal keeps that it happened, when, why, and how much it was; no words. It also names
        the turns that lost some (``cut``), see :func:`is_cut`. The caller scrubs afterwards.
        """
        entry = MemoryOperation(
            id=OperationId(self._ids.new_id()),
            person_id=person_id,
            kind=OperationKind.ERASE,
            actor=actor,
            reason=reason,
            happened_at=self._clock.now(),
            detail=detail,
        )
        for turn_id in cut:
            entry_id = OperationId(self._ids.new_id())
            await work.operations.append(replace(entry, id=entry_id, turn_id=turn_id, detail={}))
        await work.operations.append(entry)
        if not is_gone:
            await work.persons.bump_epoch(person_id)
        await work.commit()
        self._scrub_due = True
        self._recall.forget(person_id)

    def scrub_later(self) -> None:
        """Have the next scrub done: something was erased that is nobody's memory."""
        self._scrub_due = True

    async def scrub(self, *, anyway: bool = False) -> bool:
        """Overwrite what erased rows left in the files, if any were; False when it has to wait.

        One scrub does for all who erased before it began. ``anyway`` also when this process knows
        of none, because another one that has died may have erased.
        """
        async with self._scrubbing:
            if not (self._scrub_due or anyway):
                return True
            self._scrub_due = False
            done = False
            try:
                await self._storage.scrub()
                done = True
            except StorageBusyError as error:
                log.warning("scrub_postponed", error=str(error))
            finally:
                self._scrub_due = self._scrub_due or not done
        return done
