"""The repository of resets, used inside a unit of work; see :mod:`bot.ports.storage`."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from bot.domain.identity import PersonId, TenantId
from bot.domain.reset import Reset, ResetCounts, ResetId
from bot.ports.compaction_storage import Expired


class ResetRepository(Protocol):
    """Resets, and what they concern.

    From the moment in which a reset is stored until it is done or undone, reads with a
    :class:`~bot.domain.conversation.Scope` do not return what it concerns, unless the scope is for
    what is set aside too: turns by when they were received, episodes by when they began, and facts
    without the evidence that is concerned; without any other they are not returned.
    """

    async def add(self, reset: Reset) -> None:
        """Store a new reset."""

    async def of_tenant(self, tenant_id: TenantId, *, limit: int) -> tuple[Reset, ...]:
        """Resets of a tenant: those that are not over first, then the latest first."""

    async def of_instance(self) -> tuple[Reset, ...]:
        """Every reset of every tenant, oldest first. For copies of the database only."""

    async def put(self, reset: Reset) -> None:
        """Store a reset as another copy of the database has it, in place of what is known here.

        Nobody works on it then. Its person must be known, if it is about one.
        """

    async def measure(self, reset: Reset) -> ResetCounts:
        """How much there is that a reset, stored or not, would erase.

        ``facts`` are those that would stand on nothing then. What another reset has set aside
        counts too.
        """

    async def people(
        self, reset: Reset, *, after: PersonId | None, limit: int
    ) -> tuple[PersonId, ...]:
        """Of whom there is something that a reset concerns, by id, from ``after`` on."""

    async def undo(self, reset_id: ResetId) -> bool:
        """Bring back what is only set aside; False when the reset is not pending.

        It is not finished before :meth:`finish` says so: somebody has to look through what is
        there again.
        """

    async def claim(self, *, worker: str, now: datetime, lease_until: datetime) -> Reset | None:
        """Take one reset on which there is work to do, and that nobody else has.

        A pending one whose time has come, which is ERASING from then on; or one that is ERASING,
        or was undone, and that is not finished. Of two who claim at once, one gets it.
        """

    async def erase(self, reset: Reset, person_id: PersonId, *, limit: int) -> Expired:
        """Remove what a reset concerns of a person, with everything derived from it.

        At most ``limit`` turns, the oldest first. Turns that wait for their reply go too. As with
        retention, the caller bumps the person's epoch, commits, and scrubs.
        """

    async def advance(self, reset: Reset, *, worker: str, lease_until: datetime) -> bool:
        """Store how much is erased, and extend the lease. False when another worker has it."""

    async def finish(self, reset_id: ResetId, *, worker: str, at: datetime) -> bool:
        """End a reset that this worker has: it is done, or stays undone."""

    async def release(self, reset_id: ResetId, *, worker: str) -> None:
        """Give a reset back that is not finished: anybody may claim it."""

    async def drop_finished(self, *, before: datetime) -> int:
        """Forget resets that were finished before then; returns how many."""
