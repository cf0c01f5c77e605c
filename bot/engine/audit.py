"""The audit log: what was done in the name of administration is on record before it is done."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

from bot.domain.audit import OWNER, AuditEntry, AuditId, AuditOutcome, Detail
from bot.domain.identity import IdentityRef, PersonId, TenantId
from bot.engine.erasing import Erasing
from bot.engine.shielding import shielded
from bot.engine.tenant_scope import spoke_in
from bot.errors import StorageError
from bot.log import get_logger
from bot.ports.storage import Storage
from bot.ports.system import Clock, IdSource

log = get_logger(__name__)

DEFAULT_DAYS = 365
PAGE_ENTRIES = 15
MOST_EXPORTED = 100_000
"""Entries in one file: about 30 MB."""
ERASED_AT_ONCE = 1000
"""Entries that go in one transaction, so that nobody waits for it."""
REPEATED_WITHIN = timedelta(minutes=1)
"""So long the same attempt of the same person is counted, and gets no entry of its own."""
TIMES = "times"
"""The count of such attempts in the detail of an entry."""


@dataclass(slots=True, kw_only=True)
class Noted:
    """What is to be said in an entry, gathered while its action goes on."""

    outcome: AuditOutcome = AuditOutcome.DONE
    person_id: PersonId | None = None
    detail: dict[str, int | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage:
    """Some entries of a tenant, newest first. Pages count from 1."""

    entries: tuple[AuditEntry, ...]
    page: int
    pages: int


class AuditLog:
    """Writes and reads entries, which are erased after ``days``. May raise a StorageError."""

    def __init__(
        self,
        storage: Storage,
        *,
        clock: Clock,
        ids: IdSource,
        days: int = DEFAULT_DAYS,
        erasing: Erasing | None = None,
    ) -> None:
        """``erasing`` is that of whatever else erases over the same database."""
        self._storage = storage
        self._clock = clock
        self._ids = ids
        self._days = days
        self._erasing = erasing

    async def record(
        self,
        action: str,
        outcome: AuditOutcome = AuditOutcome.DONE,
        *,
        actor: str = OWNER,
        tenant_id: TenantId | None = None,
        channel: str | None = None,
        person_id: PersonId | None = None,
        **detail: int | str,
    ) -> AuditEntry:
        """Write one entry: of something that is over, or that may not be done."""
        entry = self._entry(
            action,
            outcome,
            actor=actor,
            tenant_id=tenant_id,
            channel=channel,
            person_id=person_id,
            detail=detail,
        )
        await self._append(entry)
        return entry

    async def record_once(
        self,
        action: str,
        outcome: AuditOutcome,
        *,
        actor: str,
        tenant_id: TenantId | None,
        channel: str | None,
    ) -> None:
        """The same, but what is repeated within a minute is counted in the entry that is there.

        So nobody can fill the log with attempts.
        """
        entry = self._entry(
            action, outcome, actor=actor, tenant_id=tenant_id, channel=channel, detail={}
        )
        since = entry.happened_at - REPEATED_WITHIN
        async with self._storage.unit_of_work() as work:
            before = await work.audit.latest_like(entry, outcome=outcome, since=since)
            if before is None:
                await work.audit.append(entry)
            else:
                times = int(before.detail.get(TIMES, 1)) + 1
                await work.audit.complete(replace(before, detail={**before.detail, TIMES: times}))
            await work.commit()

    @property
    def days(self) -> int:
        """For how long entries are kept."""
        return self._days

    @asynccontextmanager
    async def recorded(
        self,
        action: str,
        *,
        actor: str = OWNER,
        tenant_id: TenantId | None = None,
        channel: str | None = None,
        noted: Noted | None = None,
    ) -> AsyncIterator[Noted]:
        """An action is on record from its beginning, and how it ended afterwards.

        When the beginning cannot be written, nothing is begun. When the end cannot, the entry
        stays as one that was begun, and a line in the log says so. Whatever the action raises is
        raised; the entry then has the kind of error.

        Raises:
            StorageError: the beginning cannot be written.
        """
        noted = Noted() if noted is None else noted
        entry = self._entry(
            action,
            AuditOutcome.BEGUN,
            actor=actor,
            tenant_id=tenant_id,
            channel=channel,
            person_id=noted.person_id,
            detail=dict(noted.detail),
        )
        await self._append(entry)
        try:
            yield noted
        except BaseException as error:
            noted.outcome = AuditOutcome.FAILED
            noted.detail["error"] = type(error).__name__
            raise
        finally:
            ended = replace(
                entry,
                outcome=noted.outcome,
                person_id=noted.person_id,
                detail=dict(noted.detail),
            )
            await shielded(self._complete(ended))

    async def page(self, tenant_id: TenantId, number: int) -> AuditPage:
        """A page of what was done in a tenant; the last one when there are not so many."""
        async with self._storage.unit_of_work() as work:
            pages = max(1, -(-await work.audit.count_of_tenant(tenant_id) // PAGE_ENTRIES))
            page = min(max(number, 1), pages)
            entries = await work.audit.of_tenant(
                tenant_id, limit=PAGE_ENTRIES, offset=(page - 1) * PAGE_ENTRIES
            )
        return AuditPage(entries=entries, page=page, pages=pages)

    async def export(self, tenant_id: TenantId) -> tuple[AuditEntry, ...]:
        """Everything on record of a tenant, newest first: the latest :data:`MOST_EXPORTED`."""
        async with self._storage.unit_of_work() as work:
            return await work.audit.of_tenant(tenant_id, limit=MOST_EXPORTED)

    async def accounts_of(
        self, entries: tuple[AuditEntry, ...]
    ) -> dict[PersonId, tuple[IdentityRef, ...]]:
        """The accounts of whom the entries concern; none of somebody who is gone."""
        people = {entry.person_id for entry in entries if entry.person_id is not None}
        async with self._storage.unit_of_work() as work:
            return {person_id: await work.persons.identities(person_id) for person_id in people}

    async def concerned(self, identity: IdentityRef, tenant_id: TenantId) -> PersonId | None:
        """Whose account that is, if they said something in this tenant's channels.

        None for everybody else: that somebody writes to Ellie elsewhere is not for its admins.
        """
        async with self._storage.unit_of_work() as work:
            person = await work.persons.find(identity)
            if person is None or not await spoke_in(work, person.id, tenant_id):
                return None
        return person.id

    async def erase_expired(self) -> int:
        """Remove what is older than may be kept; returns how many entries.

        What they held is overwritten at the next scrub, which falls due with this.
        """
        until = self._clock.now() - timedelta(days=self._days)
        total = 0
        while True:
            async with self._storage.unit_of_work() as work:
                erased = await work.audit.erase_before(until, limit=ERASED_AT_ONCE)
                await work.commit()
            total += erased
            if erased < ERASED_AT_ONCE:
                break
        if total:
            log.info("audit_entries_erased", entries=total)
            if self._erasing is not None:
                self._erasing.scrub_later()
        return total

    def _entry(
        self,
        action: str,
        outcome: AuditOutcome,
        *,
        actor: str,
        tenant_id: TenantId | None,
        channel: str | None,
        detail: Detail,
        person_id: PersonId | None = None,
    ) -> AuditEntry:
        return AuditEntry(
            id=AuditId(self._ids.new_id()),
            happened_at=self._clock.now(),
            tenant_id=tenant_id,
            channel=channel,
            actor=actor,
            action=action,
            outcome=outcome,
            person_id=person_id,
            detail=detail,
        )

    async def _append(self, entry: AuditEntry) -> None:
        async with self._storage.unit_of_work() as work:
            await work.audit.append(entry)
            await work.commit()

    async def _complete(self, entry: AuditEntry) -> None:
        try:
            async with self._storage.unit_of_work() as work:
                await work.audit.complete(entry)
                await work.commit()
        except StorageError as error:
            log.error("audit_entry_not_completed", entry=entry.id, error=str(error))
