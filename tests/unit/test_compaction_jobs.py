"""Compaction jobs: who may work on one, and what becomes of it when something goes wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs
from support.compacting import (
    CompactingDialog,
    Stumbling,
    compactor_over,
    remembered,
    told_an_hour_ago,
)
from support.dialog import ANA, account
from support.engine import settle

from bot.domain.compaction import JobStatus, Step
from bot.engine.chat_traffic import ChatTraffic
from bot.engine.compaction import compactor as module
from bot.engine.compaction.lease import LEASE, LeaseLostError
from bot.errors import StorageUnavailableError

BEA = account("bea")


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[Any]]:
    """What is logged, instead of long tracebacks on the screen."""
    with capture_logs() as logs:
        yield logs


@pytest.fixture
async def told() -> CompactingDialog:
    return await told_an_hour_ago()


async def test_two_processes_never_work_on_the_same_person(told: CompactingDialog) -> None:
    person = await told.person()
    assert person
    traffic = ChatTraffic()
    slow = compactor_over(told.storage, clock=told.clock, ids=told.ids, traffic=traffic)
    other = compactor_over(told.storage, clock=told.clock, ids=told.ids, worker="other")
    with traffic.answering():
        working = asyncio.create_task(slow.compact(person.id))
        await settle()
        assert await other.compact(person.id) is None
        assert await other.compact_due() == ()
    job = await working
    assert job
    assert job.status is JobStatus.DONE


async def test_who_lost_the_lease_commits_nothing(told: CompactingDialog) -> None:
    person = await told.person()
    assert person
    traffic = ChatTraffic()
    slow = compactor_over(told.storage, clock=told.clock, ids=told.ids, traffic=traffic)
    other = compactor_over(told.storage, clock=told.clock, ids=told.ids, worker="other")
    with traffic.answering():
        working = asyncio.create_task(slow.compact(person.id))
        await settle()
        told.clock.moment += LEASE + timedelta(seconds=1)
        taken = await other.compact(person.id)
    assert taken
    assert (taken.status, taken.attempts) == (JobStatus.DONE, 2)
    once = await remembered(told.storage, ANA)

    left = await working

    assert left
    assert left.status is JobStatus.RUNNING, "as it was when it was lost"
    assert await remembered(told.storage, ANA) == once


async def test_a_cancelled_compaction_is_free_at_once_and_goes_on_where_it_was(
    told: CompactingDialog,
) -> None:
    person = await told.person()
    assert person
    traffic = ChatTraffic()
    stopped = compactor_over(told.storage, clock=told.clock, ids=told.ids, traffic=traffic)
    with traffic.answering():
        working = asyncio.create_task(stopped.compact(person.id))
        await settle()
        working.cancel()
        with pytest.raises(asyncio.CancelledError):
            await working
    other = compactor_over(told.storage, clock=told.clock, ids=told.ids, worker="other")

    (job,) = await other.compact_due()

    assert (job.status, job.attempts) == (JobStatus.DONE, 2)


@pytest.mark.parametrize("step", list(Step))
async def test_a_failing_step_is_tried_again_later_and_given_up_in_the_end(
    told: CompactingDialog, logged: list[Any], step: Step
) -> None:
    before = await remembered(told.storage, ANA)
    inner = told.compactor._steps
    stumbling = Stumbling(inner, RuntimeError("odd"), step=step)
    told.work_with(stumbling)

    job = await told.compact()
    assert (job.status, job.counts["failures"]) == (JobStatus.RUNNING, 1)
    assert await told.compactor.compact_due() == (), "not before a minute has passed"
    for failures in range(2, module.MAX_FAILURES + 1):
        told.later(hours=1)
        (job,) = await told.compactor.compact_due()
        assert job.counts["failures"] == failures

    assert job.status is JobStatus.FAILED
    assert "log" in job.problem
    assert [entry["event"] for entry in logged].count("compaction_failed") == failures
    assert await remembered(told.storage, ANA) == before
    told.later(hours=2)
    assert await told.compactor.compact_due() == ()
    stumbling.error = None
    told.later(days=1)
    (job,) = await told.compactor.compact_due()
    assert job.status is JobStatus.DONE


async def test_a_step_that_works_the_second_time_ends_well(told: CompactingDialog) -> None:
    stumbling = Stumbling(told.compactor._steps, RuntimeError("odd"), step=Step.SUMMARISE)
    told.work_with(stumbling)
    await told.compact()
    stumbling.error = None
    told.later(minutes=2)

    (job,) = await told.compactor.compact_due()

    assert (job.status, job.counts["episodes"]) == (JobStatus.DONE, 1)


async def test_one_memory_that_fails_does_not_keep_the_next_from_its_turn(
    told: CompactingDialog,
) -> None:
    await told.small_talk(6, BEA)
    told.later(hours=1)
    ana = await told.person()
    assert ana

    told.work_with(Stumbling(told.compactor._steps, RuntimeError(), person_id=ana.id))

    jobs = await told.compactor.compact_due()

    assert sorted(job.status for job in jobs) == [JobStatus.DONE, JobStatus.RUNNING]


async def test_a_database_that_fails_is_told_to_the_caller(told: CompactingDialog) -> None:
    broken = Stumbling(told.compactor._steps, StorageUnavailableError("gone"), step=Step.MERGE)
    told.work_with(broken)
    with pytest.raises(StorageUnavailableError):
        await told.compactor.compact_due()
    broken.error = None
    told.later(minutes=5)
    (job,) = await told.compactor.compact_due()
    assert job.status is JobStatus.DONE


async def test_processes_that_keep_dying_over_a_job_give_it_up(told: CompactingDialog) -> None:
    before = await remembered(told.storage, ANA)
    dying = Stumbling(told.compactor._steps, LeaseLostError(), step=Step.SUMMARISE)
    told.work_with(dying)
    for _ in range(module.MAX_ATTEMPTS):
        (job,) = await told.compactor.compact_due()
        assert job.status is JobStatus.RUNNING
        told.later(hours=1)

    (job,) = await told.compactor.compact_due()

    assert job.status is JobStatus.FAILED
    assert await remembered(told.storage, ANA) == before


async def test_a_preview_of_very_much_holds_nobody_up(
    told: CompactingDialog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PREVIEW_TURNS", 11)
    (shown,) = await told.compactor.preview()
    assert (shown.status, shown.counts) == (JobStatus.RUNNING, {})
    assert shown.problem.startswith("12 turns are too many")
