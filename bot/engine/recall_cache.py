"""Recall indexes of the people who talked last, kept in memory within a byte budget."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

from bot.domain.conversation import Scope
from bot.domain.identity import Person, PersonId
from bot.domain.turn import Turn, TurnId
from bot.memory.recall import RecallIndex
from bot.memory.terms import forget_words
from bot.ports.memory_storage import TurnVector
from bot.ports.storage import UnitOfWork

MAX_BYTES = 128 * 1024 * 1024

_YIELD_EVERY = 40
"""Turns indexed before other tasks get a chance: about 10 ms of work."""


@dataclass(slots=True)
class _Entry:
    epoch: int
    index: RecallIndex = field(default_factory=RecallIndex)
    last_number: int = 0
    last_id: TurnId | None = None
    has_vectors: bool = False


class RecallCache:
    """Brings a person's index up to date with one indexed range read, and keeps the latest ones.

    ``vector_model`` names the encoder whose vectors enter the indexes; without one there are none.

    The database is the truth: an index is built from it, extended by the turns that are new since,
    also those of other processes, and thrown away when the person's memory epoch has moved.
    """

    def __init__(self, max_bytes: int = MAX_BYTES, *, vector_model: str = "") -> None:
        self._max_bytes = max_bytes
        self._vector_model = vector_model
        self._entries: OrderedDict[PersonId, _Entry] = OrderedDict()
        self._forgotten = 0
        # A lock lives as long as somebody holds or awaits it.
        self._locks: WeakValueDictionary[PersonId, asyncio.Lock] = WeakValueDictionary()

    async def index_of(self, person: Person, work: UnitOfWork) -> RecallIndex:
        """The index of all that this person has said up to now."""
        entry, _ = await self._extended(person, work, None)
        return entry.index

    async def extend(self, person: Person, work: UnitOfWork, *, at_most: int) -> bool:
        """Add ``at_most`` turns to this person's index; whether it holds all of them now.

        For background work on a long memory, in one transaction after the other. When what was
        added cannot be kept, True: :meth:`index_of` does it all then.
        """
        entry, is_whole = await self._extended(person, work, at_most)
        return is_whole or self._entries.get(person.id) is not entry

    async def _extended(
        self, person: Person, work: UnitOfWork, at_most: int | None
    ) -> tuple[_Entry, bool]:
        lock = self._locks.setdefault(person.id, asyncio.Lock())
        async with lock:
            forgotten = self._forgotten
            entry = self._entries.get(person.id)
            if entry is None or entry.epoch != person.memory_epoch:
                if entry is not None:
                    forget_words()  # another process had them forgotten
                entry = _Entry(person.memory_epoch)
            turns = await _after(entry, person, work, at_most)
            if turns is None:
                # Somebody of that id was forgotten and brought in again by another process.
                forget_words()
                entry = _Entry(person.memory_epoch)
                turns = await work.turns.after(Scope.in_private(person.id), 0, limit=at_most)
            is_whole = at_most is None or len(turns) < at_most
            for count, turn in enumerate(turns, start=1):
                if not turn.unremembered:
                    entry.index.add(turn)
                entry.last_number, entry.last_id = turn.number, turn.id
                if count % _YIELD_EVERY == 0:
                    await asyncio.sleep(0)
            if is_whole and not entry.has_vectors and self._vector_model:
                # Those made later come through add_vectors.
                for vector in await work.vectors.of_person(
                    person.id, self._vector_model, after_number=0
                ):
                    entry.index.add_vector(vector.turn_id, vector.numbers)
                entry.has_vectors = True
            if self._forgotten == forgotten:
                self._keep(person.id, entry)
            return entry, is_whole

    def add_vectors(self, person_id: PersonId, vectors: Sequence[TurnVector]) -> None:
        """Add vectors to the index of a person, if there is one in memory."""
        entry = self._entries.get(person_id)
        if entry is None:
            return
        for vector in vectors:
            entry.index.add_vector(vector.turn_id, vector.numbers)

    def reread(self, person_id: PersonId, number: int) -> None:
        """Have the turn with this number read anew, which says more now than it did.

        What is kept of the person is dropped if that turn may be in it already.
        """
        entry = self._entries.get(person_id)
        if person_id in self._locks or (entry is not None and entry.last_number >= number):
            self._forgotten += 1
            self._entries.pop(person_id, None)

    def forget(self, person_id: PersonId) -> None:
        """Drop what is kept of a person, and of an index that is being built just now."""
        self._forgotten += 1
        self._entries.pop(person_id, None)
        forget_words()

    def _keep(self, person_id: PersonId, entry: _Entry) -> None:
        self._entries[person_id] = entry
        self._entries.move_to_end(person_id)
        size = sum(e.index.size_bytes for e in self._entries.values())
        while size > self._max_bytes and len(self._entries) > 1:
            _, oldest = self._entries.popitem(last=False)
            size -= oldest.index.size_bytes


async def _after(
    entry: _Entry, person: Person, work: UnitOfWork, at_most: int | None
) -> Sequence[Turn] | None:
    """The turns after the last one that an index has; None when that one is not there."""
    scope = Scope.in_private(person.id)
    if entry.last_id is None:
        return await work.turns.after(scope, 0, limit=at_most)
    limit = None if at_most is None else at_most + 1
    last, *turns = await work.turns.after(scope, entry.last_number - 1, limit=limit) or (None,)
    return turns if last is not None and last.id == entry.last_id else None
