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
- ``consented_at``: when they agreed to being remembered, null when nobody asked.

The objects have the fields of the values in ``bot.domain`` under the same names, those of
``feedback`` and ``bookkeeping`` of some in ``bot.ports``; new fields may appear in them, and new
lists beside them, without a new version. Times are ISO 8601 in UTC; ids tie them together.
Left out is what is computed from the above and holds nothing else: vectors and recall indexes; and
which process of Ellie's did something. :mod:`bot.engine.importing` brings a document in.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from bot.domain.conversation import Scope
from bot.domain.identity import IdentityRef, Person
from bot.ports.export_storage import Account, Bookkeeping, Numbers
from bot.ports.storage import Storage, UnitOfWork
from bot.ports.system import Clock

SCHEMA = "ellie-export/1"

NOT_EXPORTED = frozenset({"worker", "lease_until", "attempts"})
"""Of a compaction: says nothing about the person."""

BESIDE = frozenset({"retention_days", "consented_at"})
"""Of the bookkeeping: decisions of the person's, which stand by themselves."""

_EVERY_JOB = 1_000_000

_AT_ONCE = 100
"""Turns, facts or entries read in one go: a few milliseconds in which nobody else gets a chance."""


class MemoryExport:
    """Reads everything about one person. May raise a StorageError."""

    def __init__(self, storage: Storage, *, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock

    async def of(self, identity: IdentityRef) -> dict[str, Any] | None:
        """The document, ready to be written as JSON; None for a stranger.

        Nothing is learned or forgotten about the person meanwhile, so that what it names is in it.
        """
        async with self._storage.unit_of_work() as work:
            person = await work.persons.find(identity)
            if person is None:
                return None
            await work.facts.begin_change(person.id)
            kept = await work.exports.bookkeeping(person.id) or Bookkeeping()
            said, learned = kept.last_turn_number, kept.last_fact_number
            scope = Scope.in_private(person.id)
            pages = work.exports
            return {
                "schema": SCHEMA,
                "exported_at": plain(self._clock.now()),
                "person": plain(await work.persons.get(person.id)),
                "identities": [_account(known) for known in await work.exports.accounts(person.id)],
                "conversations": plain(await work.exports.conversations(scope)),
                "facts": await _numbered(learned, lambda some: pages.facts(scope, some)),
                "turns": await _turns(work, scope),
                "episodes": await _plain_list(await work.episodes.of(scope)),
                "operations": await _operations(work, person),
                "compactions": [
                    {name: value for name, value in plain(job).items() if name not in NOT_EXPORTED}
                    for job in await work.compactions.latest(limit=_EVERY_JOB, person_id=person.id)
                ],
                "traces": await _numbered(said, lambda some: pages.traces(scope, some)),
                "deliveries": await _numbered(said, lambda some: pages.deliveries(scope, some)),
                "feedback": await _numbered(said, lambda some: pages.feedback(scope, some)),
                "bookkeeping": {
                    name: value for name, value in plain(kept).items() if name not in BESIDE
                },
                **{name: plain(getattr(kept, name)) for name in sorted(BESIDE, reverse=True)},
            }


async def _numbered(
    last: int, read: Callable[[Numbers], Awaitable[Sequence[Any]]]
) -> list[dict[str, Any]]:
    """What hangs on numbers from 1 to ``last``, page by page."""
    found: list[dict[str, Any]] = []
    for first in range(1, last + 1, _AT_ONCE):
        found += await _plain_list(await read(Numbers(first, first + _AT_ONCE - 1)))
    return found


async def _turns(work: UnitOfWork, scope: Scope) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    number = 0
    while page := await work.turns.after(scope, number, limit=_AT_ONCE):
        found += await _plain_list(page)
        number = page[-1].number
    return found


async def _operations(work: UnitOfWork, person: Person) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while page := await work.exports.operations(person.id, skip=len(found), limit=_AT_ONCE):
        found += await _plain_list(page)
    return found


async def _plain_list(values: Iterable[Any]) -> list[dict[str, Any]]:
    """Values as JSON knows them; others get a chance now and then."""
    found = []
    for count, value in enumerate(values, start=1):
        found.append(plain(value))
        if count % _AT_ONCE == 0:
            await asyncio.sleep(0)
    await asyncio.sleep(0)
    return found


def _account(known: Account) -> dict[str, Any]:
    identity: dict[str, Any] = plain(known.identity)
    return {**identity, "first_seen_at": plain(known.first_seen_at)}


def plain(value: Any) -> Any:
    """A domain value as JSON knows it, field by field, so that no field can be left out.

    Names that are data stand in order, whatever order a database gives them in.
    """
    if dataclasses.is_dataclass(value):
        fields = dataclasses.fields(value)
        return {field.name: plain(getattr(value, field.name)) for field in fields}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in sorted(value.items())}
    if isinstance(value, tuple | list | frozenset | set):
        return [plain(item) for item in value]
    return value
