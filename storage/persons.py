"""People and their identities."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import delete, select, update

from bot.domain.conversation import Visibility
from bot.domain.identity import IdentityRef, Person, PersonId
from bot.errors import StorageError
from storage import mapping
from storage.statements import Statements
from storage.tables import conversations, identities, persons, turns
from storage.tenants import ensure_tenant, tenant_id


class SqlPersonRepository:
    """:class:`~bot.ports.storage.PersonRepository` in SQL."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def resolve(self, identity: IdentityRef, *, new_id: str, seen_at: datetime) -> Person:
        """The person behind an identity, created when unknown."""
        person = await self.find(identity) or await self._create(identity, new_id, seen_at)
        if person.display_name == identity.display_name:
            return person
        await self._statements.run(
            update(persons)
            .where(persons.c.id == person.id)
            .values(display_name=identity.display_name)
        )
        return replace(person, display_name=identity.display_name)

    async def find(self, identity: IdentityRef) -> Person | None:
        """The person behind an identity, or None."""
        row = await self._statements.first(
            select(persons)
            .join(identities, identities.c.person_id == persons.c.id)
            .where(
                identities.c.platform == identity.platform,
                identities.c.tenant_key == (tenant_id(identity.tenant) or ""),
                identities.c.external_id == identity.external_id,
            )
        )
        return None if row is None else mapping.person(row)

    async def _create(self, identity: IdentityRef, new_id: str, seen_at: datetime) -> Person:
        tenant = await ensure_tenant(self._statements, identity.tenant)
        await self._statements.add(
            persons,
            {
                "id": new_id,
                "display_name": identity.display_name,
                "first_seen_at": seen_at,
                "memory_epoch": 0,
                "last_turn_number": 0,
            },
        )
        is_new = await self._statements.add(
            identities,
            {
                "platform": identity.platform,
                "tenant_key": tenant or "",
                "external_id": identity.external_id,
                "tenant_id": tenant,
                "person_id": new_id,
            },
        )
        if not is_new:
            # Another process was quicker: its person stays, ours was never seen by anybody.
            await self._statements.run(delete(persons).where(persons.c.id == new_id))
        person = await self.find(identity)
        if person is None:
            message = "A new person could not be stored, because they were erased meanwhile."
            raise StorageError(message)
        return person

    async def erase(self, person_id: PersonId) -> None:
        """Remove the person, their identities, and direct conversations that nobody uses."""
        # Locked rows are left alone: somebody is just about to speak there.
        deserted = (
            select(conversations.c.id)
            .where(
                conversations.c.visibility == Visibility.DIRECT,
                ~select(turns.c.id).where(turns.c.conversation_id == conversations.c.id).exists(),
            )
            .with_for_update(skip_locked=True)
        )
        await self._statements.run(delete(conversations).where(conversations.c.id.in_(deserted)))
        await self._statements.run(delete(identities).where(identities.c.person_id == person_id))
        await self._statements.run(delete(persons).where(persons.c.id == person_id))

    async def bump_epoch(self, person_id: PersonId) -> None:
        """Declare everything derived from this person's turns stale."""
        await self._statements.run(
            update(persons)
            .where(persons.c.id == person_id)
            .values(memory_epoch=persons.c.memory_epoch + 1)
        )
