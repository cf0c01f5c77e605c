"""Everything stored about a person, as one document that belongs to them.

The schema ``ellie-export/1`` is a JSON object:

- ``schema``, ``exported_at``;
- ``person``: id, display name, first seen, memory epoch, and the settings paused and incognito;
- ``identities``: platform, external id, display name and tenant of each account;
- ``facts``: every fact of every status, with its evidence, state and audience;
- ``turns``: every turn with its reply, outcome, audience and what was shown;
- ``episodes``: the summaries of conversations, each sentence with the turns it is about;
- ``operations``: the journal of changes, oldest first;
- ``compactions``: each time that memory was made compact, newest first, with what was counted;
- ``traces``: what was considered for the prompt of each turn;
- ``deliveries``: the messages of the platform that show the reply to each turn;
- ``feedback``: which replies the person said were good or bad, and when;
- ``retention_days``: for how long the person wants things kept, null when they decided nothing.

The objects have the fields of the values in ``bot.domain`` under the same names, those of
``feedback`` of one in ``bot.ports``; new fields may appear in them, and new lists beside them,
without a new version. Times are ISO 8601 with an offset; ids tie them together.
Left out is what is computed from the above and holds nothing else: vectors and recall indexes; and
which process of Ellie's did something.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any

from bot.domain.conversation import Scope
from bot.domain.identity import IdentityRef
from bot.engine.memory_view import EVERY_STATUS
from bot.ports.storage import Storage
from bot.ports.system import Clock

SCHEMA = "ellie-export/1"

_PROCESS = frozenset({"worker", "lease_until", "attempts"})
"""Of a compaction: says nothing about the person."""

_EVERY_JOB = 1_000_000


class MemoryExport:
    """Reads everything about one person. May raise a StorageError."""

    def __init__(self, storage: Storage, *, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock

    async def of(self, identity: IdentityRef) -> dict[str, Any] | None:
        """The document, ready to be written as JSON; None for a stranger."""
        async with self._storage.unit_of_work() as work:
            person = await work.persons.find(identity)
            if person is None:
                return None
            scope = Scope.in_private(person.id, set_aside=True)
            return {
                "schema": SCHEMA,
                "exported_at": self._clock.now().isoformat(),
                "person": plain(person),
                "identities": plain(await work.persons.identities(person.id)),
                "facts": plain(await work.facts.of(scope, EVERY_STATUS)),
                "turns": plain(await work.turns.after(scope, 0)),
                "episodes": plain(await work.episodes.of(scope)),
                "operations": plain(await work.operations.of_person(person.id)),
                "compactions": [
                    {name: value for name, value in plain(job).items() if name not in _PROCESS}
                    for job in await work.compactions.latest(limit=_EVERY_JOB, person_id=person.id)
                ],
                "traces": plain(await work.traces.of(scope)),
                "deliveries": plain(await work.deliveries.of(scope)),
                "feedback": plain(await work.feedback.of(scope)),
                "retention_days": await work.retention.of_person(person.id),
            }


def plain(value: Any) -> Any:
    """A domain value as JSON knows it, field by field, so that no field can be left out."""
    if dataclasses.is_dataclass(value):
        fields = dataclasses.fields(value)
        return {field.name: plain(getattr(value, field.name)) for field in fields}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list | frozenset | set):
        return [plain(item) for item in value]
    return value
