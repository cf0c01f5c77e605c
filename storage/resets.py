"""Resets, and what they concern."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    delete,
    func,
    insert,
    or_,
    select,
    union,
    update,
)

from bot.domain.identity import PersonId, TenantId
from bot.domain.reset import Reset, ResetCounts, ResetId, ResetStatus
from bot.ports.compaction_storage import Expired
from storage.administration_tables import resets
from storage.removal import remove_turns
from storage.setting_aside import is_concerned
from storage.statements import AnyRow, Statements
from storage.tables import episodes, fact_evidence, facts, turns

_UNFINISHED = resets.c.finished_at.is_(None)


class SqlResetRepository:
    """:class:`~bot.ports.reset_storage.ResetRepository` in SQL."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def add(self, reset: Reset) -> None:
        """Store a new reset."""
        await self._statements.run(insert(resets).values(_values(reset)))

    async def of_tenant(self, tenant_id: TenantId, *, limit: int) -> tuple[Reset, ...]:
        """Resets of a tenant: those that are not over first, then the latest first."""
        rows = await self._statements.all(
            select(resets)
            .where(resets.c.tenant_id == tenant_id)
            .order_by(~_UNFINISHED, resets.c.sequence.desc())
            .limit(max(limit, 0))
        )
        return tuple(map(_reset, rows))

    async def of_instance(self) -> tuple[Reset, ...]:
        """Every reset, oldest first."""
        rows = await self._statements.all(select(resets).order_by(resets.c.sequence))
        return tuple(map(_reset, rows))

    async def put(self, reset: Reset) -> None:
        """Store a reset as it is, in place of what is known of it."""
        await self._statements.put(resets, "id", _values(reset))

    async def measure(self, reset: Reset) -> ResetCounts:
        """How much there is that a reset would erase."""
        people = _people(reset).subquery("people")
        stays = (
            select(fact_evidence.c.sequence)
            .where(fact_evidence.c.fact_id == facts.c.id, ~_evidence_goes(reset))
            .correlate(facts)
        )
        count = func.count
        gone_facts = (
            select(count())
            .select_from(facts)
            .where(facts.c.person_id.in_(_people(reset)), ~stays.exists())
        )
        return ResetCounts(
            people=await self._statements.count(select(count()).select_from(people)),
            turns=await self._statements.count(
                select(count()).select_from(turns).where(_said(reset))
            ),
            facts=await self._statements.count(gone_facts),
            episodes=await self._statements.count(
                select(count()).select_from(episodes).where(_summed_up(reset))
            ),
        )

    async def people(
        self, reset: Reset, *, after: PersonId | None, limit: int
    ) -> tuple[PersonId, ...]:
        """Of whom there is something that a reset concerns, by id, from ``after`` on."""
        found = _people(reset).subquery("found")
        rows = await self._statements.all(
            select(found.c.id)
            .where(found.c.id > (after or ""))
            .order_by(found.c.id)
            .limit(max(limit, 0))
        )
        return tuple(PersonId(row.id) for row in rows)

    async def undo(self, reset_id: ResetId) -> bool:
        """Bring back what is only set aside; False when the reset is not pending."""
        changed = await self._statements.run(
            update(resets)
            .where(resets.c.id == reset_id, resets.c.status == ResetStatus.PENDING)
            .values(status=ResetStatus.UNDONE)
        )
        return changed == 1

    async def claim(self, *, worker: str, now: datetime, lease_until: datetime) -> Reset | None:
        """Take one reset on which there is work to do, and that nobody else has."""
        is_due = and_(
            _UNFINISHED,
            or_(
                and_(resets.c.status == ResetStatus.PENDING, resets.c.erase_at <= now),
                and_(
                    resets.c.status.in_([ResetStatus.ERASING, ResetStatus.UNDONE]),
                    or_(resets.c.lease_until.is_(None), resets.c.lease_until <= now),
                ),
            ),
        )
        row = await self._statements.first(
            select(resets.c.id)
            .where(is_due)
            .order_by(case((resets.c.status == ResetStatus.UNDONE, 0), else_=1), resets.c.sequence)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        if row is None:
            return None
        begun = case(
            (resets.c.status == ResetStatus.PENDING, ResetStatus.ERASING.value),
            else_=resets.c.status,
        )
        claimed = await self._statements.first(
            update(resets)
            .where(resets.c.id == row.id)
            .values(status=begun, worker=worker, lease_until=lease_until)
            .returning(*resets.c)
        )
        return None if claimed is None else _reset(claimed)

    async def erase(self, reset: Reset, person_id: PersonId, *, limit: int) -> Expired:
        """Remove what a reset concerns of a person, the oldest turns first."""
        # Named one by one, so that every statement is about the same turns.
        if reset.person_id not in (None, person_id):
            return Expired()
        reset = replace(reset, person_id=person_id)
        rows = await self._statements.all(
            select(turns.c.id).where(_said(reset)).order_by(turns.c.number).limit(max(limit, 0))
        )
        removed = await remove_turns(
            self._statements,
            person_id,
            turns.c.id.in_([row.id for row in rows]),
            is_concerned(reset, facts, fact_evidence.c.said_at),
        )
        # Of turns that were erased before, one by one.
        left_over = await self._statements.run(delete(episodes).where(_summed_up(reset)))
        return Expired(
            turns=removed.turns, facts=removed.facts, episodes=removed.episodes + left_over
        )

    async def advance(self, reset: Reset, *, worker: str, lease_until: datetime) -> bool:
        """Store how much is erased, and extend the lease. False when another worker has it."""
        changed = await self._statements.run(
            update(resets)
            .where(_is_held(reset.id, worker))
            .values(erased=_counts_values(reset.erased), lease_until=lease_until)
        )
        return changed == 1

    async def finish(self, reset_id: ResetId, *, worker: str, at: datetime) -> bool:
        """End a reset that this worker has: it is done, or stays undone."""
        ended = case(
            (resets.c.status == ResetStatus.ERASING, ResetStatus.DONE.value),
            else_=resets.c.status,
        )
        changed = await self._statements.run(
            update(resets)
            .where(_is_held(reset_id, worker))
            .values(status=ended, finished_at=at, worker="", lease_until=None)
        )
        return changed == 1

    async def release(self, reset_id: ResetId, *, worker: str) -> None:
        """Give a reset back that is not finished: anybody may claim it."""
        await self._statements.run(
            update(resets).where(_is_held(reset_id, worker)).values(worker="", lease_until=None)
        )

    async def drop_finished(self, *, before: datetime) -> int:
        """Forget resets that were finished before then; returns how many."""
        return await self._statements.run(delete(resets).where(resets.c.finished_at < before))


def _is_held(reset_id: ResetId, worker: str) -> ColumnElement[bool]:
    return and_(resets.c.id == reset_id, resets.c.worker == worker, _UNFINISHED)


def _said(reset: Reset) -> ColumnElement[bool]:
    return is_concerned(reset, turns, turns.c.received_at)


def _summed_up(reset: Reset) -> ColumnElement[bool]:
    return is_concerned(reset, episodes, episodes.c.began_at)


def _evidence_goes(reset: Reset) -> ColumnElement[bool]:
    """Whether words that a fact stands on are concerned."""
    return or_(
        and_(
            fact_evidence.c.turn_id.is_(None), is_concerned(reset, facts, fact_evidence.c.said_at)
        ),
        select(turns.c.id)
        .where(turns.c.id == fact_evidence.c.turn_id, _said(reset))
        .correlate(fact_evidence)
        .exists(),
    )


def _people(reset: Reset) -> Any:
    """The ids of those of whom there is something that a reset concerns."""
    typed = (
        select(facts.c.person_id)
        .join(fact_evidence, fact_evidence.c.fact_id == facts.c.id)
        .where(
            fact_evidence.c.turn_id.is_(None), is_concerned(reset, facts, fact_evidence.c.said_at)
        )
    )
    parts: list[Select[*tuple[str]]] = [
        select(turns.c.person_id.label("id")).where(_said(reset)),
        typed,
        select(episodes.c.person_id).where(_summed_up(reset)),
    ]
    return union(*parts)


def _reset(row: AnyRow) -> Reset:
    return Reset(
        id=ResetId(row.id),
        tenant_id=TenantId(row.tenant_id),
        person_id=None if row.person_id is None else PersonId(row.person_id),
        channel=row.channel,
        requested_by=row.requested_by,
        requested_at=row.requested_at,
        erase_at=row.erase_at,
        status=ResetStatus(row.status),
        finished_at=row.finished_at,
        planned=_counts(row.planned),
        erased=_counts(row.erased),
    )


def _values(reset: Reset) -> dict[str, Any]:
    return {
        "id": reset.id,
        "tenant_id": reset.tenant_id,
        "person_id": reset.person_id,
        "channel": reset.channel,
        "requested_by": reset.requested_by,
        "requested_at": reset.requested_at,
        "erase_at": reset.erase_at,
        "status": reset.status,
        "finished_at": reset.finished_at,
        "planned": _counts_values(reset.planned),
        "erased": _counts_values(reset.erased),
        "worker": "",
    }


def _counts(stored: dict[str, Any]) -> ResetCounts:
    return ResetCounts(
        people=stored["people"],
        turns=stored["turns"],
        facts=stored["facts"],
        episodes=stored["episodes"],
    )


def _counts_values(counts: ResetCounts) -> dict[str, int]:
    return {
        "people": counts.people,
        "turns": counts.turns,
        "facts": counts.facts,
        "episodes": counts.episodes,
    }
