"""What people decide about remembering: pause, incognito, and for how long it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from bot.domain.conversation import Scope
from bot.domain.identity import IdentityRef, Person, TenantRef
from bot.engine.incognito import IncognitoConversations
from bot.ports.storage import Storage, UnitOfWork
from bot.ports.system import Clock, IdSource


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFor:
    """For how many days things are kept; None is until the person has them forgotten.

    ``own`` is what the person decided, ``given`` what holds in a place anyway. The shorter of the
    two counts.
    """

    own: int | None = None
    given: int | None = None

    @property
    def days(self) -> int | None:
        """What counts."""
        return min((days for days in (self.own, self.given) if days is not None), default=None)

    def is_shorter(self, other: KeptFor) -> bool:
        """Whether something goes earlier than with ``other``."""
        return self.days is not None and (other.days is None or self.days < other.days)


class MemorySettings:
    """Settings of one person, known from their first word on. May raise a StorageError."""

    def __init__(
        self,
        storage: Storage,
        *,
        clock: Clock,
        ids: IdSource,
        incognito: IncognitoConversations,
        retention_days: int | None = None,
    ) -> None:
        self._retention_days = retention_days
        self._storage = storage
        self._incognito = incognito
        self._clock = clock
        self._ids = ids

    async def pause(self, identity: IdentityRef, *, paused: bool) -> bool:
        """Stop or go on learning; False when it was like that already."""
        async with self._storage.unit_of_work() as work:
            person = await self._resolve(work, identity)
            await work.persons.set_paused(person.id, paused=paused)
            await work.commit()
        return person.paused is not paused

    async def go_incognito(self, identity: IdentityRef, *, incognito: bool) -> bool:
        """Stop or go on storing what is said; False when it was like that already."""
        async with self._storage.unit_of_work() as work:
            person = await self._resolve(work, identity)
            await work.persons.set_incognito(person.id, incognito=incognito)
            await work.commit()
        if not incognito:
            self._incognito.end(person.id)
        return person.incognito is not incognito

    async def consent(self, identity: IdentityRef, *, agreed: bool) -> bool:
        """Agree to be remembered where that is asked for, or do so no more; False if nothing new.

        Whoever agrees is not incognito any more. It holds for all of their accounts, everywhere. To
        refuse erases nothing, and nobody becomes known by it.
        """
        async with self._storage.unit_of_work() as work:
            person = await self._resolve(work, identity)
            accounts = await work.persons.identities(person.id)
            if (person.consented_at is not None) is agreed and not (agreed and person.incognito):
                # Left without a commit: a stranger who refuses stays one.
                return False
            if agreed:
                at = person.consented_at or self._clock.now()
                await work.persons.set_consent(person.id, at=at)
                await work.persons.set_incognito(person.id, incognito=False)
            else:
                await work.persons.set_consent(person.id, at=None)
            await work.commit()
        if agreed:
            self._incognito.end(person.id)
            for account in accounts:
                self._incognito.end_account(account)
        return True

    async def keep(self, identity: IdentityRef, days: int | None) -> None:
        """Decide for how many days all that this person says is kept; None is for ever.

        It can make the time shorter than it is for everybody, and not longer. What is too old goes
        at the next run of :class:`~bot.engine.retention.Retention`.
        """
        async with self._storage.unit_of_work() as work:
            person = await self._resolve(work, identity)
            await work.retention.set_person(person.id, days)
            await work.commit()

    async def kept(self, identity: IdentityRef, tenant: TenantRef | None = None) -> KeptFor:
        """For how long things are kept that this person says in ``tenant``, or directly."""
        async with self._storage.unit_of_work() as work:
            person = await work.persons.find(identity)
            own = await work.retention.of_person(person.id) if person else None
            tenants = await work.retention.of_tenants() if tenant else {}
        given = tenants.get(tenant.id, self._retention_days) if tenant else self._retention_days
        return KeptFor(own=own, given=given or None)

    async def older_than(self, identity: IdentityRef, days: int) -> int:
        """How many of the person's turns are older than that."""
        async with self._storage.unit_of_work() as work:
            person = await work.persons.find(identity)
            if person is None:
                return 0
            turns = await work.turns.after(Scope.in_private(person.id), 0)
        since = self._clock.now() - timedelta(days=days)
        return sum(turn.received_at <= since for turn in turns)

    async def of(self, identity: IdentityRef) -> Person | None:
        """The person with their settings; None for a stranger. Creates nothing."""
        async with self._storage.unit_of_work() as work:
            return await work.persons.find(identity)

    async def _resolve(self, work: UnitOfWork, identity: IdentityRef) -> Person:
        return await work.persons.resolve(
            identity, new_id=self._ids.new_id(), seen_at=self._clock.now()
        )
