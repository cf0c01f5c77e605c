"""How long things may be kept, and erasing what is older."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Table,
    and_,
    exists,
    func,
    literal,
    or_,
    select,
    union,
    update,
)

from bot.domain.conversation import Visibility
from bot.domain.erasure import SaidIn
from bot.domain.identity import PersonId, TenantId, TenantRef
from bot.domain.turn import TurnStatus
from bot.ports.compaction_storage import Expired
from storage.days import DaysBefore
from storage.removal import remove_turns
from storage.statements import Statements
from storage.tables import (
    AudienceColumns,
    fact_evidence,
    facts,
    persons,
    tenants,
    turns,
)
from storage.tenants import ensure_tenant

_FINISHED = turns.c.status != TurnStatus.ACCEPTED


class SqlRetentionRepository:
    """:class:`~bot.ports.compaction_storage.RetentionRepository` in SQL."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def set_person(self, person_id: PersonId, days: int | None) -> None:
        """What a person decided for all they say."""
        await self._statements.run(
            update(persons).where(persons.c.id == person_id).values(retention_days=days or None)
        )

    async def of_person(self, person_id: PersonId) -> int | None:
        """What a person decided."""
        row = await self._statements.first(
            select(persons.c.retention_days).where(persons.c.id == person_id)
        )
        return None if row is None else row.retention_days

    async def set_tenant(self, tenant: TenantRef, days: int | None) -> None:
        """What is decided for a tenant: 0 keeps everything, None is the default."""
        tenant_id = await ensure_tenant(self._statements, tenant)
        await self._statements.run(
            update(tenants).where(tenants.c.id == tenant_id).values(retention_days=days)
        )

    async def of_tenants(self) -> Mapping[TenantId, int]:
        """The tenants with a number of their own."""
        rows = await self._statements.all(
            select(tenants.c.id, tenants.c.retention_days)
            .where(tenants.c.retention_days.is_not(None))
            .order_by(tenants.c.id)
        )
        return {TenantId(row.id): row.retention_days for row in rows}

    async def due(
        self, *, now: datetime, default_days: int | None, limit: int
    ) -> tuple[PersonId, ...]:
        """People who have something stored that is older than may be kept."""
        default = _days(default_days)
        # Each part goes straight to what has expired: to a tenant's oldest turns by its index, and
        # to the turns of the few people who decided for themselves.
        owner = turns.c.person_id.label("id")
        # Not the bare id, which would tempt SQLite to go through all turns and look up the tenant.
        tenant_id = func.coalesce(tenants.c.id, "")
        parts: list[Select[*tuple[object, ...]]] = [
            select(owner)
            .join_from(tenants, turns, turns.c.tenant_id == tenant_id)
            .where(turns.c.received_at < _tenant_cutoff(now, default), _FINISHED),
            select(persons.c.id).where(
                persons.c.retention_days.is_not(None),
                exists().where(
                    turns.c.person_id == persons.c.id,
                    turns.c.received_at < DaysBefore(now, persons.c.retention_days),
                    _FINISHED,
                ),
            ),
            select(facts.c.person_id)
            .join_from(fact_evidence, facts, facts.c.id == fact_evidence.c.fact_id)
            .join(persons, persons.c.id == facts.c.person_id)
            .outerjoin(tenants, tenants.c.id == facts.c.tenant_id)
            .where(
                fact_evidence.c.turn_id.is_(None),
                or_(
                    fact_evidence.c.said_at < _tenant_cutoff(now, default),
                    fact_evidence.c.said_at < DaysBefore(now, persons.c.retention_days),
                ),
            ),
            select(owner).where(
                turns.c.tenant_id.is_(None),
                turns.c.received_at < DaysBefore(now, default),
                _FINISHED,
            ),
        ]
        expired = union(*parts).subquery("expired")
        rows = await self._statements.all(
            select(expired.c.id).order_by(expired.c.id).limit(max(limit, 0))
        )
        return tuple(PersonId(row.id) for row in rows)

    async def erase_expired(
        self, person_id: PersonId, *, now: datetime, default_days: int | None
    ) -> Expired:
        """Remove what is older than may be kept, with everything derived from it.

        ``facts`` counts those that are gone, and those that lost words that had been typed.
        """
        owner = await self._statements.first(
            select(persons.c.retention_days)
            .where(persons.c.id == person_id)
            .with_for_update(key_share=True)
        )
        if owner is None:
            return Expired()
        limits = (now, _days(default_days), _days(owner.retention_days))
        return await remove_turns(
            self._statements,
            person_id,
            and_(_FINISHED, _expired(turns.c.received_at, turns.c.tenant_id, *limits)),
            _expired(fact_evidence.c.said_at, facts.c.tenant_id, *limits),
        )

    async def people_in(
        self, tenant: TenantRef, *, after: PersonId | None, limit: int
    ) -> tuple[PersonId, ...]:
        """Who has said something in a tenant that is still stored, by id, from ``after`` on."""
        found = union(
            select(turns.c.person_id.label("id")).where(turns.c.tenant_id == tenant.id),
            select(facts.c.person_id)
            .join(fact_evidence, facts.c.id == fact_evidence.c.fact_id)
            .where(facts.c.tenant_id == tenant.id, fact_evidence.c.turn_id.is_(None)),
        ).subquery("found")
        rows = await self._statements.all(
            select(found.c.id)
            .where(found.c.id > (after or ""))
            .order_by(found.c.id)
            .limit(max(limit, 0))
        )
        return tuple(PersonId(row.id) for row in rows)

    async def erase_said_in(self, person_id: PersonId, tenant: TenantRef) -> Expired:
        """Remove what a person said in a tenant, with everything derived from it."""
        return await remove_turns(
            self._statements,
            person_id,
            turns.c.tenant_id == tenant.id,
            facts.c.tenant_id == tenant.id,
        )

    async def erase_said(self, person_id: PersonId, said: SaidIn) -> Expired:
        """Remove what a person said within the limits of an entry of the erase list."""
        return await remove_turns(
            self._statements,
            person_id,
            and_(turns.c.received_at <= said.until, _within(turns, said)),
            and_(fact_evidence.c.said_at <= said.until, _within(facts, said)),
        )


def _within(table: Table[AudienceColumns], said: SaidIn) -> ColumnElement[bool]:
    """Whether it was said in that tenant, and in that channel if one is meant."""
    limits = [table.c.tenant_id == said.tenant_id]
    if said.channel is not None:
        limits.append(table.c.channel == said.channel)
    if not said.with_direct:
        limits.append(table.c.visibility != Visibility.DIRECT)
    return and_(*limits)


def _expired(
    said_at: ColumnElement[datetime],
    tenant_id: ColumnElement[str | None],
    now: datetime,
    default: ColumnElement[int | None],
    own: ColumnElement[int | None],
) -> ColumnElement[bool]:
    """Whether words are too old, for where they were said or for whose they are."""
    decided = select(tenants.c.retention_days).where(tenants.c.id == tenant_id).scalar_subquery()
    there = func.nullif(func.coalesce(decided, default), 0)
    return or_(said_at < DaysBefore(now, there), said_at < DaysBefore(now, own))


def _tenant_cutoff(now: datetime, default: ColumnElement[int | None]) -> DaysBefore:
    return DaysBefore(now, func.nullif(func.coalesce(tenants.c.retention_days, default), 0))


def _days(number: int | None) -> ColumnElement[int | None]:
    """A number of days as SQL; none for 0, which is no limit."""
    return literal(number or None, Integer)
