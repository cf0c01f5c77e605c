"""Reading all that is kept of one person, page by page, for a document that belongs to them.

Used inside a unit of work; see :mod:`bot.ports.storage`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.conversation import Conversation, Scope
from bot.domain.delivery import Delivery
from bot.domain.fact import Fact
from bot.domain.identity import IdentityRef, PersonId
from bot.domain.operation import MemoryOperation
from bot.domain.turn import TurnTrace
from bot.ports.channel_storage import GivenVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One identity of a person, and since when it is known; None when nobody noted that."""

    identity: IdentityRef
    first_seen_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bookkeeping:
    """What is kept of a person beside :class:`~bot.domain.identity.Person`.

    The greatest numbers that a turn and a fact ever had: none is given twice. Until when their
    memory is not to be made compact again, and from when it is, without a word. For how many days
    they want things kept.
    """

    last_turn_number: int = 0
    last_fact_number: int = 0
    compact_not_before: datetime | None = None
    refresh_at: datetime | None = None
    retention_days: int | None = None


@dataclass(frozen=True, slots=True)
class Numbers:
    """A range of numbers of turns or facts; both ends belong to it."""

    first: int
    last: int


class ExportRepository(Protocol):
    """Pages of one person's memory. Whoever has read them all has read each thing once."""

    async def bookkeeping(self, person_id: PersonId) -> Bookkeeping | None:
        """What is kept beside the person; None when they are gone."""

    async def accounts(self, person_id: PersonId) -> tuple[Account, ...]:
        """Their identities, first seen first, with the person's display name."""

    async def conversations(self, scope: Scope) -> tuple[Conversation, ...]:
        """Where the turns and episodes that the scope admits were said, by id."""

    async def facts(self, scope: Scope, numbers: Numbers) -> tuple[Fact, ...]:
        """The facts of every status with these numbers, in order. Evidence by date."""

    async def traces(self, scope: Scope, numbers: Numbers) -> tuple[TurnTrace, ...]:
        """The traces of the turns with these numbers, in their order."""

    async def deliveries(self, scope: Scope, numbers: Numbers) -> tuple[Delivery, ...]:
        """Where the replies to the turns with these numbers are shown, in their order."""

    async def feedback(self, scope: Scope, numbers: Numbers) -> tuple[GivenVerdict, ...]:
        """The verdicts on replies to the turns with these numbers, in their order."""

    async def operations(
        self, person_id: PersonId, *, skip: int, limit: int
    ) -> tuple[MemoryOperation, ...]:
        """Entries about the person, oldest first, without the ``skip`` oldest."""
