"""Resets by admins: what was said in a place is set aside at once, and erased after a while."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from bot.domain.identity import IdentityRef, PersonId, TenantRef
from bot.domain.operation import Actor
from bot.domain.reset import Reset, ResetId, ResetStatus
from bot.engine.recall_cache import RecallCache
from bot.engine.reset_erasure import UNDONE, ResetErasure
from bot.engine.settling import settle_slots
from bot.log import get_logger
from bot.ports.storage import Storage, UnitOfWork
from bot.ports.system import Clock, IdSource

log = get_logger(__name__)

LISTED = 100
"""So many resets of a tenant are listed. Those that can be undone come first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetTarget:
    """What an admin wants reset in their own tenant: with neither, all of it.

    ``channel`` is the name that audiences give a channel.
    """

    tenant: TenantRef
    account: IdentityRef | None = None
    channel: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedReset:
    """A reset, and by which account of the tenant the person it is about is known there."""

    reset: Reset
    account: IdentityRef | None = None


class Resets:
    """Everything here is about one tenant. Every method may raise a StorageError.

    Nothing is asked about rights: whoever calls has done so.
    """

    def __init__(
        self,
        storage: Storage,
        recall: RecallCache,
        erasure: ResetErasure,
        *,
        clock: Clock,
        ids: IdSource,
        grace: timedelta,
    ) -> None:
        self._storage = storage
        self._recall = recall
        self._erasure = erasure
        self._clock = clock
        self._ids = ids
        self._grace = grace

    @property
    def grace(self) -> timedelta:
        """For how long a reset can be taken back."""
        return self._grace

    async def preview(self, target: ResetTarget, *, by: IdentityRef) -> Reset | None:
        """What a reset would be now; nothing is stored. None when it would concern nothing.

        So it is for somebody of whom nothing is known there, or who is not known at all.
        """
        async with self._storage.unit_of_work() as work:
            return await self._drafted(work, target, by, at_once=False)

    async def request(self, target: ResetTarget, *, by: IdentityRef, at_once: bool) -> Reset | None:
        """Set aside what the target has said until now, to be erased at once or after the grace.

        None, and no change, when there is nothing.
        """
        async with self._storage.unit_of_work() as work:
            reset = await self._drafted(work, target, by, at_once=at_once)
            if reset is None:
                return None
            await work.resets.add(reset)
            if reset.person_id is not None:
                await work.persons.bump_epoch(reset.person_id)
            await work.commit()
        if reset.person_id is not None:
            self._recall.forget(reset.person_id)
        planned = reset.planned
        log.info(
            "reset_requested",
            reset=reset.id,
            tenant=reset.tenant_id,
            person=reset.person_id,
            channel=reset.channel,
            at_once=reset.status is ResetStatus.ERASING,
            people=planned.people,
            turns=planned.turns,
            facts=planned.facts,
        )
        self._erasure.begin(reset)
        return reset

    async def undo(self, tenant: TenantRef, reset_id: ResetId) -> Reset | None:
        """Bring back what a pending reset of this tenant set aside; None when there is none."""
        async with self._storage.unit_of_work() as work:
            reset = await _pending(work, tenant, reset_id)
            if reset is None:
                return None
            if reset.person_id is not None:
                # The person before the reset, as everywhere. They may go or be merged meanwhile.
                if await work.persons.get(reset.person_id) is None:
                    return None
                await work.facts.begin_change(reset.person_id)
            if not await work.resets.undo(reset.id):
                return None
            if reset.person_id is not None:
                await self._settle(work, reset.person_id)
            await work.commit()
        if reset.person_id is not None:
            self._recall.forget(reset.person_id)
        log.info("reset_undone", reset=reset.id, tenant=reset.tenant_id, person=reset.person_id)
        undone = replace(reset, status=ResetStatus.UNDONE)
        self._erasure.begin(undone)
        return undone

    async def listing(self, tenant: TenantRef) -> tuple[ListedReset, ...]:
        """The latest resets of a tenant, newest first."""
        async with self._storage.unit_of_work() as work:
            return tuple(
                [
                    ListedReset(reset=reset, account=await _account(work, tenant, reset.person_id))
                    for reset in await work.resets.of_tenant(tenant.id, limit=LISTED)
                ]
            )

    async def _drafted(
        self, work: UnitOfWork, target: ResetTarget, by: IdentityRef, *, at_once: bool
    ) -> Reset | None:
        person_id = None
        if target.account is not None:
            person = await work.persons.find(target.account)
            if person is None:
                return None
            person_id = person.id
            await work.facts.begin_change(person_id)
        now = self._clock.now()
        at_once = at_once or not self._grace
        reset = Reset(
            id=ResetId(self._ids.new_id()),
            tenant_id=target.tenant.id,
            person_id=person_id,
            channel=target.channel,
            requested_by=_name_of(by),
            requested_at=now,
            erase_at=now if at_once else now + self._grace,
            status=ResetStatus.ERASING if at_once else ResetStatus.PENDING,
        )
        planned = await work.resets.measure(reset)
        return replace(reset, planned=planned) if planned else None

    async def _settle(self, work: UnitOfWork, person_id: PersonId) -> None:
        await settle_slots(
            work, person_id, actor=Actor.ADMIN, reason=UNDONE, clock=self._clock, ids=self._ids
        )
        await work.persons.bump_epoch(person_id)


async def _pending(work: UnitOfWork, tenant: TenantRef, reset_id: ResetId) -> Reset | None:
    known = await work.resets.of_tenant(tenant.id, limit=LISTED)
    return next((r for r in known if r.id == reset_id and r.status is ResetStatus.PENDING), None)


async def _account(
    work: UnitOfWork, tenant: TenantRef, person_id: PersonId | None
) -> IdentityRef | None:
    """An account by which people of the tenant know somebody; none that they have elsewhere."""
    if person_id is None:
        return None
    accounts = await work.persons.identities(person_id)
    return next(
        (a for a in accounts if a.platform is tenant.platform and a.tenant in (None, tenant)), None
    )


def _name_of(account: IdentityRef) -> str:
    place = account.platform if account.tenant is None else account.tenant.id
    return f"{place}/{account.external_id}"
