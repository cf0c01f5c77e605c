"""The erase list's copy outside of the database, kept in step with the table."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from bot.domain.erasure import Erasure, ErasureId, MergedInto
from bot.errors import StorageUnavailableError
from bot.log import get_logger
from bot.ports.erasure_storage import EraseFile, EraseFileContent
from bot.ports.storage import Storage

log = get_logger(__name__)

_LATEST = 100
"""Entries that are looked through after an erasure; when all of them are new, so may be others."""


class EraseList:
    """One database's table and its copy. Methods may raise a StorageError.

    The table is the outbox: an entry is committed with what it tells of, and copied afterwards. So
    what a crash kept from being copied is copied at the next start.
    """

    def __init__(self, storage: Storage, file: EraseFile) -> None:
        self._storage = storage
        self._file = file
        self._copied: set[ErasureId] | None = None
        self._unscrubbed: set[ErasureId] = set()

    @property
    def has_unscrubbed(self) -> bool:
        """Whether the copy names erasures after which the files were not overwritten yet."""
        return bool(self._unscrubbed)

    async def load(self) -> EraseFileContent:
        """Read the copy.

        Raises:
            StorageUnavailableError: it cannot be read, so that nobody knows what must not be there.
        """
        try:
            content = await asyncio.to_thread(self._file.read)
        except OSError as error:
            raise StorageUnavailableError(
                f"The erase list in the data folder cannot be read ({error.strerror}). Make "
                "erasures.jsonl readable for Ellie: it tells what must not come back from a backup."
            ) from error
        if content.unreadable:
            log.warning("erase_list_damaged", lines=content.unreadable)
        self._copied = {entry.id for entry in content.entries}
        self._unscrubbed = {
            entry.id
            for entry in content.entries
            if entry.id in content.unscrubbed and not isinstance(entry.what, MergedInto)
        }
        return content

    async def lacking(self, content: EraseFileContent) -> tuple[Erasure, ...]:
        """The entries of the copy that the table lacks: an older table has come back."""
        async with self._storage.unit_of_work() as work:
            known = await work.erasures.ids()
        return tuple(entry for entry in content.entries if entry.id not in known)

    async def append(self, entries: Collection[Erasure]) -> frozenset[ErasureId]:
        """Write entries to the copy, or once more, so that they count as not scrubbed.

        None are returned, and the table keeps them for later, when it cannot be written.
        """
        if not entries:
            return frozenset()
        try:
            await asyncio.to_thread(self._file.append, list(entries))
        except OSError as error:
            log.warning("erase_list_not_copied", entries=len(entries), reason=error.strerror)
            return frozenset()
        written = frozenset(entry.id for entry in entries)
        self._copied = (self._copied or set()) | written
        self._unscrubbed |= {
            entry.id for entry in entries if not isinstance(entry.what, MergedInto)
        }
        return written

    async def copy_out(self, *, thoroughly: bool = False) -> frozenset[ErasureId]:
        """Copy what is new in the table; returns all that is copied and not scrubbed yet.

        ``thoroughly`` looks at the whole table, and not at its end alone.
        """
        if self._copied is None:
            await self.load()
            thoroughly = True
        copied = self._copied or set()
        async with self._storage.unit_of_work() as work:
            new = await work.erasures.latest(limit=_LATEST)
            if thoroughly or (len(new) == _LATEST and new[0].id not in copied):
                new = await work.erasures.by_ids(await work.erasures.ids() - copied)
        await self.append([entry for entry in new if entry.id not in copied])
        return frozenset(self._unscrubbed)

    async def note_scrubbed(self, ids: Collection[ErasureId]) -> None:
        """Note that what these entries erased is overwritten in the database's files."""
        try:
            await asyncio.to_thread(self._file.note_scrubbed, ids)
        except OSError as error:
            # They are scrubbed once more at the next start.
            log.warning("erase_list_not_copied", entries=len(ids), reason=error.strerror)
        self._unscrubbed.difference_update(ids)
