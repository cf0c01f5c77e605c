"""The audit log: on record before it is done, bounded, readable per tenant, gone after its time."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from structlog.testing import capture_logs
from support.commanding import CountedStorage, Desk

from bot.domain.audit import OWNER, AuditEntry, AuditOutcome
from bot.domain.identity import PersonId, TenantId
from bot.engine.audit import ERASED_AT_ONCE, PAGE_ENTRIES, AuditLog, Noted
from bot.engine.retention import Retention
from bot.engine.schedules import RecordedRuns, ScheduledWork
from bot.errors import StorageUnavailableError
from bot.ports.metrics import NoMetrics
from storage.inmemory_audit import InMemoryAuditRepository

HERE, THERE = TenantId("slack:T1"), TenantId("slack:T2")


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def audit(desk: Desk) -> AuditLog:
    return AuditLog(
        desk.storage, clock=desk.clock, ids=desk.ids, days=30, erasing=desk.control.erasing
    )


def stored(desk: Desk) -> list[AuditEntry]:
    return list(desk.storage.state.audit.values())


def away(monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    """From now on nothing can be written by that method of the repository."""

    async def fail(*_: Any, **__: Any) -> None:
        raise StorageUnavailableError("The database is away.")

    monkeypatch.setattr(InMemoryAuditRepository, method, fail)


async def test_the_owner_records_with_an_action_and_counts(desk: Desk, audit: AuditLog) -> None:
    await audit.record("ellie erase", person_id=PersonId("p"), turns=3, facts=1)

    (entry,) = stored(desk)
    assert (entry.actor, entry.action, entry.outcome) == (OWNER, "ellie erase", AuditOutcome.DONE)
    assert (entry.tenant_id, entry.channel, entry.person_id) == (None, None, "p")
    assert entry.detail == {"turns": 3, "facts": 1}
    assert entry.happened_at == desk.clock.now()


async def test_an_action_is_on_record_before_it_is_done(desk: Desk, audit: AuditLog) -> None:
    async with audit.recorded("ellie erase", noted=Noted(detail={"dry": 0})) as noted:
        (begun,) = stored(desk)
        assert (begun.outcome, begun.detail) == (AuditOutcome.BEGUN, {"dry": 0})
        noted.person_id = PersonId("p")
        noted.detail["turns"] = 3

    (entry,) = stored(desk)
    assert (entry.id, entry.outcome, entry.person_id) == (begun.id, AuditOutcome.DONE, "p")
    assert entry.detail == {"dry": 0, "turns": 3}


async def test_what_cannot_be_put_on_record_is_not_begun(
    desk: Desk, audit: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    away(monkeypatch, "append")

    with pytest.raises(StorageUnavailableError):
        async with audit.recorded("ellie erase"):
            pytest.fail("it was begun")

    assert not stored(desk)


async def test_what_fails_is_on_record_with_the_kind_of_error_and_is_raised(
    desk: Desk, audit: AuditLog
) -> None:
    with pytest.raises(StorageUnavailableError):
        async with audit.recorded("ellie erase"):
            raise StorageUnavailableError("secret words")

    (entry,) = stored(desk)
    assert entry.outcome is AuditOutcome.FAILED
    assert entry.detail == {"error": "StorageUnavailableError"}


async def test_what_is_cancelled_is_on_record_and_stays_cancelled(
    desk: Desk, audit: AuditLog
) -> None:
    begun = asyncio.Event()

    async def act() -> None:
        async with audit.recorded("ellie erase"):
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(act())
    await begun.wait()
    task.cancel()
    await asyncio.wait({task})

    assert task.cancelled()
    assert stored(desk)[0].outcome is AuditOutcome.FAILED


async def test_an_end_that_cannot_be_written_leaves_it_begun_and_is_logged(
    desk: Desk, audit: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    away(monkeypatch, "complete")

    with capture_logs() as lines:
        async with audit.recorded("ellie erase"):
            pass

    (entry,) = stored(desk)
    assert entry.outcome is AuditOutcome.BEGUN
    assert [(line["event"], line["entry"]) for line in lines] == [
        ("audit_entry_not_completed", entry.id)
    ]


async def test_what_is_tried_again_within_a_minute_is_counted(desk: Desk, audit: AuditLog) -> None:
    async def attempt(actor: str = "slack:T1/U2", action: str = "admin policy") -> None:
        await audit.record_once(
            action, AuditOutcome.DENIED, actor=actor, tenant_id=HERE, channel="C1"
        )

    for _ in range(50):
        await attempt()
        desk.later(seconds=1)
    await attempt(actor="slack:T1/U3")
    await attempt(action="admin audit")
    desk.later(seconds=11)  # 61 since the first
    await attempt()

    assert [(one.actor, one.action, one.detail) for one in stored(desk)] == [
        ("slack:T1/U2", "admin policy", {"times": 50}),
        ("slack:T1/U3", "admin policy", {}),
        ("slack:T1/U2", "admin audit", {}),
        ("slack:T1/U2", "admin policy", {}),
    ]


async def test_pages_are_those_of_one_tenant(audit: AuditLog) -> None:
    for number in range(PAGE_ENTRIES + 2):
        await audit.record(f"a{number}", tenant_id=HERE)
    await audit.record("elsewhere", tenant_id=THERE)
    await audit.record("of the instance")

    first, last = await audit.page(HERE, 1), await audit.page(HERE, 99)

    assert (first.page, first.pages, len(first.entries)) == (1, 2, PAGE_ENTRIES)
    assert first.entries[0].action == f"a{PAGE_ENTRIES + 1}"
    assert (last.page, [one.action for one in last.entries]) == (2, ["a1", "a0"])
    assert [one.action for one in await audit.export(THERE)] == ["elsewhere"]
    nothing = await audit.page(TenantId("slack:T3"), 0)
    assert (nothing.page, nothing.pages, nothing.entries) == (1, 1, ())


async def test_the_retention_job_erases_what_is_too_old_and_overwrites_it(
    desk: Desk, audit: AuditLog
) -> None:
    for _ in range(ERASED_AT_ONCE + 1):
        await audit.record("old", tenant_id=HERE)
    desk.later(days=29)
    await audit.record("new", tenant_id=HERE)
    desk.later(days=1, seconds=1)
    retention = Retention(
        desk.storage,
        desk.recall,
        clock=desk.clock,
        ids=desk.ids,
        default_days=None,
        erasing=desk.control.erasing,
    )
    runs = RecordedRuns(desk.storage, clock=desk.clock, metrics=NoMetrics())
    work = ScheduledWork(
        runs,
        compactor=None,  # type: ignore[arg-type]
        retention=retention,
        resets=None,  # type: ignore[arg-type]
        metrics=NoMetrics(),
        audit=audit,
    )

    await work.erase_expired()

    assert [one.action for one in stored(desk)] == ["new"]
    assert isinstance(desk.storage, CountedStorage)
    assert desk.storage.scrubbed == 1
    await work.erase_expired()
    assert desk.storage.scrubbed == 1  # nothing was erased


async def test_whom_it_concerns_is_known_of_those_who_spoke_in_a_channel_there(
    desk: Desk, audit: AuditLog
) -> None:
    await desk.say("directly")

    assert await audit.concerned(desk.identity(), HERE) is None
    assert await audit.concerned(desk.identity("nobody"), HERE) is None
