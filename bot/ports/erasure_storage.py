"""The erase list: its table in the database, and its copy outside of it.

The table is written together with what it tells of. The copy is there because a database that is
restored from a backup brings an older table back.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.domain.erasure import Erasure, ErasureId, These
from bot.domain.identity import PersonId
from bot.ports.compaction_storage import Expired


class ErasureRepository(Protocol):
    """The table. Used inside a unit of work; see :mod:`bot.ports.storage`."""

    async def append(self, *erasures: Erasure) -> None:
        """Write entries. One whose id is there already is left out."""

    async def ids(self) -> frozenset[ErasureId]:
        """The ids of all entries."""

    async def by_ids(self, ids: Collection[ErasureId]) -> tuple[Erasure, ...]:
        """Those of the given entries that are there, in the order in which they were written."""

    async def latest(self, *, limit: int) -> tuple[Erasure, ...]:
        """The entries that were written last, oldest first."""

    async def merges(self) -> tuple[Erasure, ...]:
        """The entries that say that two people became one, in the order of writing."""

    async def erase_these(self, person_id: PersonId, what: These) -> Expired:
        """Erase single things of a person once more; returns how much of it was there.

        A turn loses all its words, its reply and its vector, every fact loses what it said in
        support, and episodes that cover it go. A fact that nothing supports any more goes too.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseFileContent:
    """What the copy holds.

    ``unscrubbed`` are entries of which it is not known that the database's files were overwritten
    since. ``unreadable`` counts lines that are no entries: torn by a crash, or damaged.
    """

    entries: tuple[Erasure, ...] = ()
    unscrubbed: frozenset[ErasureId] = frozenset()
    unreadable: int = 0


class EraseFile(Protocol):
    """The copy outside of the database. Methods block, and are called in a thread.

    Every method raises OSError when the file cannot be used.
    """

    def read(self) -> EraseFileContent:
        """Everything, each entry once, in the order of writing. A missing file is an empty one."""

    def append(self, entries: Sequence[Erasure]) -> None:
        """Write entries, which count as not scrubbed from then on. Durable when it returns."""

    def note_scrubbed(self, ids: Collection[ErasureId]) -> None:
        """Note that what these entries erased is overwritten. Durable when it returns."""
