"""How every erasure ends: noted, dropped from caches, overwritten in the files.

It is noted in the journal, and in the erase list in case that a backup comes back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bot.domain.erasure import Erasure, ErasureId, What
from bot.domain.identity import PersonId
from bot.domain.operation import Actor, MemoryOperation, OperationId, OperationKind
from bot.domain.turn import TurnId
from bot.engine.erase_list import EraseList
from bot.engine.generators import Generators
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

    What another program kept from being overwritten is tried again at each occasion, and at the
    next start, because the copy of the ``erase_list`` says that it is still to be done.
    """

    def __init__(
        self,
        storage: Storage,
        recall: RecallCache,
        *,
        clock: Clock,
        ids: IdSource,
        erase_list: EraseList | None = None,
        generators: Generators | None = None,
    ) -> None:
        """``generators`` are those of this process that may have read what is erased."""
        self._generators = generators
        self._storage = storage
        self._erase_list = erase_list
        self._recall = recall
        self._clock = clock
        self._ids = ids
        self._scrub_due = False
        self._scrubbing = asyncio.Lock()

    def now(self) -> datetime:
        """The moment up to which an erasure that begins now goes."""
        return self._clock.now()

    async def commit(
        self,
        work: UnitOfWork,
        person_id: PersonId,
        *,
        actor: Actor,
        reason: str,
        detail: Mapping[str, int],
        what: Sequence[What],
        is_gone: bool = False,
        cut: Collection[TurnId] = (),
    ) -> None:
        """Commit a unit of work that erased something of a person, or the person (``is_gone``).

        The journal keeps that it happened, when, why, and how much it was; no words. It also names
        the turns that lost some (``cut``), see :func:`is_cut`. ``what`` enters the erase list; it
        is empty for what is erased again by itself. The caller scrubs afterwards.
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
        for each in what:
            await work.erasures.append(
                Erasure(
                    id=ErasureId(self._ids.new_id()),
                    person_id=person_id,
                    happened_at=entry.happened_at,
                    what=each,
                )
            )
        if not is_gone:
            await work.persons.bump_epoch(person_id)
        await work.commit()
        self._scrub_due = True
        self._recall.forget(person_id)
        if self._generators:
            self._generators.forget(person_id)

    def scrub_later(self) -> None:
        """Have the next scrub done: something was erased that is nobody's memory."""
        self._scrub_due = True

    async def scrub(self, *, anyway: bool = False) -> bool:
        """Overwrite what erased rows left in the files, if any were; False when it has to wait.

        One scrub does for all who erased before it began. ``anyway`` also when this process knows
        of none, because another one that has died may have erased.
        """
        async with self._scrubbing:
            is_left = self._erase_list is not None and self._erase_list.has_unscrubbed
            if not (self._scrub_due or anyway or is_left):
                return True
            self._scrub_due = False
            done = False
            try:
                noted = await self._erase_list.copy_out() if self._erase_list else ()
                await self._storage.scrub()
                if self._erase_list:
                    await self._erase_list.note_scrubbed(noted)
                done = True
            except StorageBusyError as error:
                log.warning("scrub_postponed", error=str(error))
            finally:
                self._scrub_due = self._scrub_due or not done
        return done
