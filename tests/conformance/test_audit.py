"""The audit log as it is stored."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update

from bot.domain.audit import OWNER, AuditEntry, AuditId, AuditOutcome
from bot.domain.identity import PersonId, TenantId
from storage.administration_tables import audit_entries
from storage.database import SqlStorage

HERE, THERE = TenantId("slack:T1"), TenantId("slack:T2")


def _entry(name: str, at: datetime, **more: Any) -> AuditEntry:
    return AuditEntry(
        **{
            "id": AuditId(name),
            "happened_at": at,
            "tenant_id": HERE,
            "channel": "C1",
            "actor": "slack:T1/U9",
            "action": "admin retention",
            "outcome": AuditOutcome.BEGUN,
            **more,
        }
    )


async def _append(world: Any, *entries: AuditEntry) -> None:
    async with world.storage.unit_of_work() as work:
        for entry in entries:
            await work.audit.append(entry)
        await work.commit()


async def _of(world: Any, tenant: TenantId = HERE, **page: int) -> list[str]:
    async with world.storage.unit_of_work() as work:
        return [one.id for one in await work.audit.of_tenant(tenant, **{"limit": 99, **page})]


async def test_an_entry_is_read_as_it_was_written(world: Any) -> None:
    full = _entry("a", world.now, person_id=PersonId("p"), detail={"days": 30, "where": "here"})
    bare = _entry("b", world.now, tenant_id=None, channel=None, actor=OWNER)
    await _append(world, full, bare)

    async with world.storage.unit_of_work() as work:
        assert await work.audit.of_tenant(HERE, limit=9) == (full,)
        assert await work.audit.of_instance(limit=9) == (bare, full)


async def test_entries_are_newest_first_and_by_pages_and_of_one_tenant(world: Any) -> None:
    later = world.now + timedelta(seconds=1)
    await _append(
        world,
        _entry("late", later),
        _entry("one", world.now),
        _entry("two", world.now),
        _entry("elsewhere", later, tenant_id=THERE),
        _entry("nowhere", later, tenant_id=None),
    )

    assert await _of(world) == ["late", "two", "one"]
    assert await _of(world, limit=2) == ["late", "two"]
    assert await _of(world, limit=2, offset=2) == ["one"]
    assert await _of(world, THERE) == ["elsewhere"]
    async with world.storage.unit_of_work() as work:
        assert await work.audit.count_of_tenant(HERE) == 3
        assert await work.audit.count_of_tenant(TenantId("slack:T3")) == 0
        everything = await work.audit.of_instance(limit=4, offset=1)
    assert [one.id for one in everything] == ["elsewhere", "late", "two", "one"]


async def test_completing_changes_how_it_ended_and_nothing_else(world: Any) -> None:
    begun = _entry("a", world.now)
    await _append(world, begun, _entry("b", world.now))
    ended = replace(
        begun,
        outcome=AuditOutcome.DONE,
        person_id=PersonId("p"),
        detail={"turns": 3},
        actor="somebody else",
        happened_at=world.now + timedelta(days=1),
    )

    async with world.storage.unit_of_work() as work:
        await work.audit.complete(ended)
        await work.audit.complete(replace(ended, id=AuditId("gone")))
        await work.commit()

    async with world.storage.unit_of_work() as work:
        other, completed = await work.audit.of_tenant(HERE, limit=9)
    assert completed == replace(ended, actor=begun.actor, happened_at=begun.happened_at)
    assert other.outcome is AuditOutcome.BEGUN


async def test_the_same_attempt_is_found_again(world: Any) -> None:
    denied = _entry("a", world.now, outcome=AuditOutcome.DENIED)
    nowhere = replace(denied, id=AuditId("n"), tenant_id=None)
    newest = replace(denied, id=AuditId("c"), happened_at=world.now + timedelta(seconds=2))
    await _append(
        world,
        denied,
        replace(denied, id=AuditId("b"), outcome=AuditOutcome.DONE),
        newest,
        nowhere,
    )

    async def found(like: AuditEntry, since: datetime) -> str | None:
        async with world.storage.unit_of_work() as work:
            alike = await work.audit.latest_like(like, outcome=AuditOutcome.DENIED, since=since)
            return None if alike is None else alike.id

    assert await found(denied, world.now) == "c"
    assert await found(denied, newest.happened_at + timedelta(seconds=1)) is None
    assert await found(nowhere, world.now) == "n"
    for other in (
        replace(denied, actor="slack:T1/U8"),
        replace(denied, action="admin policy"),
        replace(denied, tenant_id=THERE),
    ):
        assert await found(other, world.now) is None


async def test_what_is_too_old_goes_oldest_first(world: Any) -> None:
    moments = [world.now + timedelta(days=day) for day in range(4)]
    await _append(world, *(_entry(str(day), at) for day, at in enumerate(moments)))

    async with world.storage.unit_of_work() as work:
        assert await work.audit.erase_before(moments[3], limit=2) == 2
        await work.commit()
    assert await _of(world) == ["3", "2"]
    async with world.storage.unit_of_work() as work:
        assert await work.audit.erase_before(moments[3], limit=2) == 1
        await work.commit()
    assert await _of(world) == ["3"]


async def test_entries_stay_with_whom_they_concern_when_two_become_one(world: Any) -> None:
    ann, bob = await world.person("ann"), await world.person("bob")
    await _append(world, _entry("a", world.now, person_id=bob.id))

    async with world.storage.unit_of_work() as work:
        await work.persons.merge(bob.id, ann.id)
        await work.commit()

    async with world.storage.unit_of_work() as work:
        (entry,) = await work.audit.of_tenant(HERE, limit=9)
    assert entry.person_id == ann.id


async def test_an_outcome_of_a_newer_version_can_be_read(
    sql_world: Any, sql_storage: SqlStorage
) -> None:
    await _append(sql_world, _entry("a", sql_world.now, outcome=AuditOutcome.DONE))
    async with sql_storage.engine.begin() as connection:
        await connection.execute(update(audit_entries).values(outcome="pondered"))

    async with sql_storage.unit_of_work() as work:
        (entry,) = await work.audit.of_tenant(HERE, limit=9)
    assert entry.outcome is AuditOutcome.BEGUN
