"""Everything stored about a person, as one document that belongs to them.

The schema ``ellie-export/1`` is a JSON object, which ``docs/export.md`` describes field by field:

- ``schema``, ``exported_at``;
- ``person``: id, display name, first seen, memory epoch, and the settings paused and incognito;
- ``identities``: platform, external id, display name and tenant of each account, since when known;
- ``conversations``: the places in which the person spoke, and who can read along there;
- ``facts``: every fact of every status, with its evidence, state and audience;
- ``turns``: every turn with its reply, outcome, audience and what was shown;
- ``episodes``: the summaries of conversations, each sentence with the turns it is about;
- ``operations``: the journal of changes, oldest first;
- ``compactions``: each time that memory was made compact, newest first, with what was counted;
- ``traces``: what was considered for the prompt of each turn;
- ``deliveries``: the messages of the platform that show the reply to each turn;
- ``feedback``: which replies the person said were good or bad, and when;
- ``bookkeeping``: the numbers that were given last, and when memory is made compact again;
- ``retention_days``: for how long the person wants things kept, null when they decided nothing;

The objects have the fields of the values in ``bot.domain`` under the same names, those of
``feedback`` and ``bookkeeping`` of some in ``bot.ports``; new fields may appear in them, and new
lists beside them, without a new version. Times are ISO 8601 in UTC; ids tie them together.
Left out is what is computed from the above and holds nothing else: vectors and recall indexes; and
which process of Ellie's did something. :mod:`bot.engine.importing` brings a document in.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from typing import Any

from bot.domain.conversation import Scope
from bot.domain.identity import IdentityRef, Person, PersonId
from bot.engine.compaction.preview import Uncommitted
from bot.ports.export_storage import Account, Bookkeeping, Numbers
from bot.ports.storage import Storage, UnitOfWork
from bot.ports.system import Clock

SCHEMA = "ellie-export/1"

NOT_EXPORTED = frozenset({"worker", "lease_until", "attempts"})
"""Of a compaction: says nothing about the person."""

BESIDE = frozenset({"retention_days"})
"""Of the bookkeeping: decisions of the person's, which stand by themselves."""

_EVERY_JOB = 1_000_000
_PAGE = 50
"""Things read in one go: a few milliseconds in which nobody else gets a chance."""
_YIELD_EVERY = 10
_TRIES = 2
_ATOMS = frozenset({str, int, float, bool, type(None)})

Page = Callable[[UnitOfWork], Awaitable[Iterable[Any]]]


@dataclasses.dataclass(frozen=True, slots=True)
class MemoryDocument:
    """An export: what stands under each outermost name as JSON, in lists each thing for itself.

    Bytes, and no values: those of a long life would be millions of objects.
    """

    values: Mapping[str, bytes]
    lists: Mapping[str, Sequence[bytes]]

    def value(self, name: str) -> Any:
        """What stands under a name that has no list."""
        return json.loads(self.values[name])

    def count(self, name: str) -> int:
        """How many things are in a list."""
        return len(self.lists[name])

    def each(self, name: str) -> Iterator[Any]:
        """The things in a list."""
        for item in self.lists[name]:
            yield json.loads(item)

    @property
    def content(self) -> bytes:
        """All of it as a file, one thing on a line."""
        parts = [as_json(name) + b": " + value for name, value in self.values.items()]
        for name, items in self.lists.items():
            inside = b"\n" + b",\n".join(items) + b"\n" if items else b""
            parts.append(as_json(name) + b": [" + inside + b"]")
        return b"{\n" + b",\n".join(parts) + b"\n}\n"


class MemoryExport:
    """Reads everything about one person. May raise a StorageError."""

    def __init__(self, storage: Storage, *, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock

    async def of(self, identity: IdentityRef) -> MemoryDocument | None:
        """The document; None for a stranger.

        It is read in many short transactions, so that nobody waits for somebody's long life. When
        something was said, learned or forgotten meanwhile it may not fit together, and is read
        again; in the end with such changes held off.
        """
        for _ in range(_TRIES):
            before = await self._mark(identity)
            if before is None:
                return None
            document = await self._read(self._storage, before[0].id)
            if before == await self._mark(identity):
                return document
        async with self._storage.unit_of_work() as work:
            person = await work.persons.find(identity)
            if person is None:
                return None
            await work.facts.begin_change(person.id)
            return await self._read(Uncommitted(self._storage, work), person.id)

    async def _mark(self, identity: IdentityRef) -> tuple[Person, Bookkeeping] | None:
        """What differs after a change."""
        async with self._storage.unit_of_work() as work:
            person = await work.persons.find(identity)
            kept = None if person is None else await work.exports.bookkeeping(person.id)
        return None if person is None or kept is None else (person, kept)

    async def _read(self, storage: Storage, person_id: PersonId) -> MemoryDocument:
        scope = Scope.in_private(person_id, set_aside=True)
        read = _Reading(storage)
        async with storage.unit_of_work() as work:
            person = await work.persons.get(person_id)
            kept = await work.exports.bookkeeping(person_id) or Bookkeeping()
            accounts = await work.exports.accounts(person_id)
            jobs = await work.compactions.latest(limit=_EVERY_JOB, person_id=person_id)
        said, learned = kept.last_turn_number, kept.last_fact_number
        values = {
            "schema": as_json(SCHEMA),
            "exported_at": as_json(plain(self._clock.now())),
            "person": as_json(plain(person)),
            "bookkeeping": as_json(_without(plain(kept), BESIDE)),
            "retention_days": as_json(kept.retention_days),
        }
        lists = {
            "identities": [as_json(_account(known)) for known in accounts],
            "conversations": await read.page(lambda work: work.exports.conversations(scope)),
            "facts": await read.numbered(learned, lambda work, n: work.exports.facts(scope, n)),
            "turns": await read.turns(scope, said),
            "episodes": await read.page(lambda work: work.episodes.of(scope)),
            "operations": await read.operations(person_id),
            "compactions": [as_json(_without(plain(job), NOT_EXPORTED)) for job in jobs],
            "traces": await read.numbered(said, lambda work, n: work.exports.traces(scope, n)),
            "deliveries": await read.numbered(
                said, lambda work, n: work.exports.deliveries(scope, n)
            ),
            "feedback": await read.numbered(said, lambda work, n: work.exports.feedback(scope, n)),
        }
        return MemoryDocument(values, lists)


class _Reading:
    """Pages as JSON, each from a short transaction of its own."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def page(self, read: Page) -> list[bytes]:
        """What one page holds."""
        async with self._storage.unit_of_work() as work:
            values = await read(work)
        texts = []
        for count, value in enumerate(values, start=1):
            texts.append(as_json(plain(value)))
            if count % _YIELD_EVERY == 0:
                await asyncio.sleep(0)
        return texts

    async def numbered(
        self, last: int, read: Callable[[UnitOfWork, Numbers], Awaitable[Iterable[Any]]]
    ) -> list[bytes]:
        """What hangs on the numbers from 1 to ``last``."""
        texts: list[bytes] = []
        for first in range(1, last + 1, _PAGE):
            numbers = Numbers(first, min(first + _PAGE - 1, last))
            texts += await self.page(lambda work, numbers=numbers: read(work, numbers))  # type: ignore[misc]
        return texts

    async def turns(self, scope: Scope, last: int) -> list[bytes]:
        """The turns up to number ``last``."""

        async def read(work: UnitOfWork, numbers: Numbers) -> Iterable[Any]:
            turns = await work.turns.after(scope, numbers.first - 1, limit=_PAGE)
            return [turn for turn in turns if turn.number <= numbers.last]

        return await self.numbered(last, read)

    async def operations(self, person_id: PersonId) -> list[bytes]:
        """The whole journal."""
        texts: list[bytes] = []
        while True:
            skip = len(texts)
            found = await self.page(
                lambda work, skip=skip: work.exports.operations(person_id, skip=skip, limit=_PAGE)  # type: ignore[misc]
            )
            if not found:
                return texts
            texts += found


def _account(known: Account) -> dict[str, Any]:
    identity: dict[str, Any] = plain(known.identity)
    return {**identity, "first_seen_at": plain(known.first_seen_at)}


def _without(value: Mapping[str, Any], names: frozenset[str]) -> dict[str, Any]:
    return {name: item for name, item in value.items() if name not in names}


def as_json(value: Any) -> bytes:
    """A value on one line."""
    return json.dumps(value, ensure_ascii=False).encode()


def plain(value: Any) -> Any:
    """A domain value as JSON knows it, field by field, so that no field can be left out.

    Names that are data stand in order, whatever order a database gives them in.
    """
    kind = type(value)
    if kind in _ATOMS:
        return value
    if names := _names(kind):  # type: ignore[arg-type]  # classes are hashable
        return {name: plain(getattr(value, name)) for name in names}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in sorted(value.items())}
    return [plain(item) for item in value]


@cache
def _names(kind: type[Any]) -> tuple[str, ...]:
    """The fields of a class of values; none when it is no such class."""
    if not dataclasses.is_dataclass(kind):
        return ()
    return tuple(field.name for field in dataclasses.fields(kind))
