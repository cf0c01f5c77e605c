"""One-time codes that link identities, and wrong guesses at them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, insert, select, update

from bot.domain.identity import PersonId
from bot.domain.link import LinkCode
from storage import mapping_memory as mapping
from storage.statements import Statements
from storage.tables import link_codes, link_failures, persons


class SqlLinkRepository:
    """:class:`~bot.ports.memory_storage.LinkRepository` in SQL."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def issue(self, code: LinkCode) -> None:
        """Store a code, replacing this person's earlier ones."""
        # The lock lets one of two codes that are issued at once replace the other.
        await self._statements.first(
            select(persons.c.id)
            .where(persons.c.id == code.person_id)
            .with_for_update(key_share=True)
        )
        await self._statements.run(
            update(link_codes)
            .where(link_codes.c.person_id == code.person_id, ~link_codes.c.spent)
            .values(spent=True)
        )
        await self._statements.run(insert(link_codes).values(mapping.code_values(code)))

    async def issued_since(self, person_id: PersonId, since: datetime) -> int:
        """How many codes this person asked for since then, replaced and redeemed ones included."""
        return await self._statements.count(
            select(func.count())
            .select_from(link_codes)
            .where(link_codes.c.person_id == person_id, link_codes.c.issued_at >= since)
        )

    async def redeem(self, digest: str, *, now: datetime) -> PersonId | None:
        """Use a code up; returns whose it is. None when there is none, or it has expired."""
        # The person before their code, as in issue: else the two could wait for each other.
        owner = select(link_codes.c.person_id).where(link_codes.c.digest == digest)
        await self._statements.first(
            select(persons.c.id)
            .where(persons.c.id == owner.scalar_subquery())
            .with_for_update(key_share=True)
        )
        row = await self._statements.first(
            update(link_codes)
            .where(
                link_codes.c.digest == digest,
                ~link_codes.c.spent,
                link_codes.c.expires_at > now,
            )
            .values(spent=True)
            .returning(link_codes.c.person_id)
        )
        return None if row is None else PersonId(row.person_id)

    async def note_failure(self, person_id: PersonId, *, at: datetime) -> None:
        """Remember that this person tried a code that does not exist."""
        await self._statements.run(insert(link_failures).values(person_id=person_id, failed_at=at))

    async def failures_since(self, person_id: PersonId, since: datetime) -> int:
        """How many wrong codes this person tried since then."""
        return await self._statements.count(
            select(func.count())
            .select_from(link_failures)
            .where(link_failures.c.person_id == person_id, link_failures.c.failed_at >= since)
        )
