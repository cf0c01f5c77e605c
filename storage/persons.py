"""People and their identities."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, func, insert, select, update

from bot.domain.conversation import Visibility
from bot.domain.identity import IdentityRef, Person, PersonId
from bot.domain.turn import TurnId
from bot.errors import StorageError
from storage import mapping
from storage.merging import merge_persons
from storage.statements import Statements
from storage.tables import conversations, identities, persons, tenants, turns
from storage.tenants import ensure_tenant, tenant_key


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
            .where(_is(identity))
        )
        return None if row is None else mapping.person(row)

    async def get(self, person_id: PersonId) -> Person | None:
        """The person of that id, or None when they are gone."""
        row = await self._statements.first(select(persons).where(persons.c.id == person_id))
        return None if row is None else mapping.person(row)

    async def _create(self, identity: IdentityRef, new_id: str, seen_at: datetime) -> Person:
        tenant = await ensure_tenant(self._statements, identity.tenant)
        await self._statements.add(
            persons,
            mapping.person_values(
                Person(
                    id=PersonId(new_id),
                    display_name=identity.display_name,
                    first_seen_at=seen_at,
                )
            ),
        )
        is_new = await self._statements.add(
            identities,
            {
                "platform": identity.platform,
                "tenant_key": tenant or "",
                "external_id": identity.external_id,
                "tenant_id": tenant,
                "person_id": new_id,
                "first_seen_at": seen_at,
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
        """Remove the person, their identities and links, and conversations that nobody uses."""
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

    async def set_paused(self, person_id: PersonId, *, paused: bool) -> None:
        """Stop or go on learning about this person."""
        await self._statements.run(
            update(persons).where(persons.c.id == person_id).values(paused=paused)
        )

    async def set_incognito(self, person_id: PersonId, *, incognito: bool) -> None:
        """Stop or go on storing what this person says."""
        await self._statements.run(
            update(persons).where(persons.c.id == person_id).values(incognito=incognito)
        )

    async def set_consent(self, person_id: PersonId, *, at: datetime | None) -> None:
        """Note when this person agreed to be remembered; with None, that they do not."""
        await self._statements.run(
            update(persons).where(persons.c.id == person_id).values(consented_at=at)
        )

    async def take_notice(self, person_id: PersonId, *, at: datetime) -> bool:
        """Whether this person must still be told what is kept about them. True once."""
        changed = await self._statements.run(
            update(persons)
            .where(persons.c.id == person_id, persons.c.notice_shown_at.is_(None))
            .values(notice_shown_at=at)
        )
        return changed == 1

    async def return_notice(self, turn_id: TurnId) -> None:
        """Have the person told another time, if it is the end of this turn that tells them."""
        owner = select(turns.c.person_id).where(turns.c.id == turn_id)
        ended_at = select(turns.c.finished_at).where(turns.c.id == turn_id)
        await self._statements.run(
            update(persons)
            .where(
                persons.c.id == owner.scalar_subquery(),
                persons.c.notice_shown_at == ended_at.scalar_subquery(),
            )
            .values(notice_shown_at=None)
        )

    async def identities(self, person_id: PersonId) -> tuple[IdentityRef, ...]:
        """The identities of a person, first seen first, with the person's display name."""
        rows = await self._statements.all(identities_of(person_id))
        return tuple(mapping.identity(row) for row in rows)

    async def merge(self, gone: PersonId, into: PersonId) -> None:
        """Give everything of one person to another, and remove the first."""
        await merge_persons(self._statements, gone, into)

    async def detach(self, identity: IdentityRef, *, new_id: str, seen_at: datetime) -> Person:
        """Make one identity a new person, with nothing in their memory.

        They stay paused or incognito, and nothing is kept for longer: whoever asked for that did
        not take it back. They have not agreed to be remembered: nobody asked them as who they are.

        Raises:
            StorageError: when it is nobody's, or the only one of its person, whose memory would be
                out of everybody's reach.
        """
        owner = await self.find(identity)
        if owner is not None:
            # The lock keeps another detaching from taking the last but one meanwhile.
            await self._statements.first(
                select(persons.c.id).where(persons.c.id == owner.id).with_for_update(key_share=True)
            )
        if owner is None or len(await self.identities(owner.id)) < 2:  # noqa: PLR2004 - it and another
            message = "An identity can be detached only from a person who has another one."
            raise StorageError(message)
        person = replace(
            owner,
            id=PersonId(new_id),
            display_name=identity.display_name,
            first_seen_at=seen_at,
            memory_epoch=0,
            compacted_until=0,
            told_at=None,
            consented_at=None,
        )
        wish = select(persons.c.retention_days).where(persons.c.id == owner.id).scalar_subquery()
        await self._statements.run(
            insert(persons).values(retention_days=wish, **mapping.person_values(person))
        )
        await self._statements.run(update(identities).where(_is(identity)).values(person_id=new_id))
        return person


def _is(identity: IdentityRef) -> ColumnElement[bool]:
    return and_(
        identities.c.platform == identity.platform,
        identities.c.tenant_key == tenant_key(identity.tenant),
        identities.c.external_id == identity.external_id,
    )


def identities_of(person_id: PersonId) -> Select[*tuple[Any, ...]]:
    """The accounts of a person as :func:`storage.mapping.identity` reads them, first seen first."""
    return (
        select(
            identities.c.platform,
            identities.c.external_id,
            identities.c.first_seen_at,
            persons.c.display_name,
            tenants.c.external_id.label("tenant_name"),
        )
        .select_from(identities)
        .join(persons, persons.c.id == identities.c.person_id)
        .outerjoin(tenants, tenants.c.id == identities.c.tenant_id)
        .where(identities.c.person_id == person_id)
        .order_by(
            func.coalesce(identities.c.first_seen_at, persons.c.first_seen_at),
            identities.c.platform,
            identities.c.tenant_key,
            identities.c.external_id,
        )
    )
