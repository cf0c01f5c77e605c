"""Runs of scheduled jobs are noted, whatever becomes of them, and paused jobs do not run."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Self

import pytest
from structlog.testing import capture_logs
from support.compacting import CompactingDialog
from support.engine import FakeClock

from bot.engine.reset_erasure import ResetErasure
from bot.engine.retention import Retention
from bot.engine.schedules import (
    COMPACTION,
    FAILED,
    JOB_NAMES,
    OK,
    RETENTION,
    STOPPED,
    RecordedRuns,
    ScheduledWork,
)
from bot.errors import StorageBusyError, StorageUnavailableError
from bot.metrics import PrometheusMetrics
from bot.ports.compaction_storage import ScheduleState
from bot.ports.metrics import Metrics, NoMetrics, RecordedMetrics
from storage.inmemory import InMemoryStorage, InMemoryUnitOfWork


class Storage(InMemoryStorage):
    """Cannot be used while ``down``."""

    down = False

    def unit_of_work(self) -> InMemoryUnitOfWork:
        return Closed(self) if self.down else super().unit_of_work()


class Closed(InMemoryUnitOfWork):
    async def __aenter__(self) -> Self:
        raise StorageUnavailableError("The database is away.")


class Body:
    """Returns a number, or raises; knows how often it was asked, and what was noted meanwhile."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self.fails: BaseException | None = None
        self.takes_the_database_down = False
        self.runs = 0
        self.meanwhile: ScheduleState | None = None

    async def __call__(self) -> int:
        self.runs += 1
        self.meanwhile = await state_of(self._storage)
        self._storage.down = self.takes_the_database_down
        if self.fails:
            raise self.fails
        return 7


def counted(number: int) -> Mapping[str, int]:
    return {"people": number}


async def state_of(storage: InMemoryStorage, name: str = COMPACTION) -> ScheduleState:
    async with storage.unit_of_work() as work:
        (state,) = await work.schedules.of([name])
    return state


async def pause(storage: InMemoryStorage, name: str = COMPACTION) -> None:
    async with storage.unit_of_work() as work:
        await work.schedules.pause(name, paused=True)
        await work.commit()


@pytest.fixture
def storage() -> Storage:
    return Storage()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def metrics() -> RecordedMetrics:
    return RecordedMetrics()


@pytest.fixture
def runs(storage: Storage, clock: FakeClock, metrics: RecordedMetrics) -> RecordedRuns:
    return RecordedRuns(storage, clock=clock, metrics=metrics)


@pytest.fixture
def body(storage: Storage) -> Body:
    return Body(storage)


async def test_a_run_is_noted_when_it_begins_and_when_it_ends(
    runs: RecordedRuns,
    body: Body,
    storage: Storage,
    clock: FakeClock,
    metrics: RecordedMetrics,
) -> None:
    with capture_logs() as lines:
        await runs.scheduled(COMPACTION, body, counted)

    state = await state_of(storage)
    assert body.meanwhile
    assert (body.meanwhile.outcome, body.meanwhile.runs) == ("running", 0)
    assert body.meanwhile.last_started_at == clock.moment
    assert (state.outcome, state.runs) == (OK, 1)
    assert state.last_finished_at == clock.moment
    (line,) = lines
    assert line == {
        "event": "job_finished",
        "log_level": "info",
        "job": COMPACTION,
        "outcome": OK,
        "seconds": 0.001,
        "people": 7,
    }
    assert metrics.jobs == [(COMPACTION, OK, 0.001)]


async def test_a_paused_job_does_not_run_on_its_own_and_others_do(
    runs: RecordedRuns, body: Body, storage: Storage, metrics: RecordedMetrics
) -> None:
    await pause(storage)

    await runs.scheduled(COMPACTION, body, counted)
    assert (body.runs, metrics.jobs) == (0, [])
    assert (await state_of(storage)).last_started_at is None

    await runs.scheduled(RETENTION, body, counted)
    assert body.runs == 1


async def test_a_paused_job_runs_when_somebody_asks_for_it_and_stays_paused(
    runs: RecordedRuns, body: Body, storage: Storage
) -> None:
    await pause(storage)

    assert await runs.run(COMPACTION, body, counted) == 7

    state = await state_of(storage)
    assert (state.runs, state.paused) == (1, True)


async def test_a_failure_that_is_known_is_noted_and_one_line(
    runs: RecordedRuns, body: Body, storage: Storage, metrics: RecordedMetrics
) -> None:
    body.fails = StorageBusyError("Somebody keeps it locked.")

    with capture_logs() as lines:
        await runs.scheduled(COMPACTION, body, counted)

    state = await state_of(storage)
    assert (state.outcome, state.runs) == (FAILED, 1)
    assert [(line["event"], line["log_level"]) for line in lines] == [
        ("job_finished", "info"),
        ("job_failed", "error"),
    ]
    assert lines[1]["error"] == "Somebody keeps it locked."
    assert metrics.jobs == [(COMPACTION, FAILED, 0.001)]


@pytest.mark.parametrize("unforeseen", [RuntimeError("what?"), StorageBusyError("It is locked.")])
async def test_a_run_that_somebody_asked_for_raises_what_it_noted(
    runs: RecordedRuns, body: Body, storage: Storage, unforeseen: Exception
) -> None:
    body.fails = unforeseen

    with pytest.raises(type(unforeseen)):
        await runs.run(COMPACTION, body, counted)

    assert (await state_of(storage)).outcome == FAILED


async def test_what_nobody_foresaw_is_left_to_the_scheduler(
    runs: RecordedRuns, body: Body, storage: Storage
) -> None:
    body.fails = RuntimeError("what?")

    with pytest.raises(RuntimeError):
        await runs.scheduled(COMPACTION, body, counted)

    assert (await state_of(storage)).outcome == FAILED


async def test_a_run_that_is_stopped_is_noted_before_it_ends(
    runs: RecordedRuns, storage: Storage, metrics: RecordedMetrics
) -> None:
    began = asyncio.Event()

    async def forever() -> int:
        began.set()
        await asyncio.Event().wait()
        return 0

    task = asyncio.create_task(runs.scheduled(COMPACTION, forever, counted))
    await began.wait()
    async with storage.unit_of_work():  # the note has to wait for its turn
        task.cancel()
        await asyncio.sleep(0)
        task.cancel()  # and nothing can tear it off
        await asyncio.sleep(0)
        assert not task.done()

    with pytest.raises(asyncio.CancelledError):
        await task
    state = await state_of(storage)
    assert (state.outcome, state.runs) == (STOPPED, 1)
    assert [outcome for _, outcome, _ in metrics.jobs] == [STOPPED]


async def test_nothing_is_begun_that_cannot_be_noted(
    runs: RecordedRuns, body: Body, storage: Storage, metrics: RecordedMetrics
) -> None:
    storage.down = True

    with capture_logs() as lines:
        await runs.scheduled(COMPACTION, body, counted)

    assert body.runs == 0
    assert metrics.jobs == [(COMPACTION, FAILED, 0.001)]
    assert lines[-1]["error"] == "The database is away."


async def test_an_end_that_cannot_be_noted_is_logged(
    runs: RecordedRuns, body: Body, storage: Storage, metrics: RecordedMetrics
) -> None:
    body.takes_the_database_down = True

    with capture_logs() as lines:
        await runs.scheduled(COMPACTION, body, counted)

    assert [line["event"] for line in lines] == ["job_finished", "job_not_noted"]
    assert metrics.jobs == [(COMPACTION, OK, 0.001)]
    storage.down = False
    assert (await state_of(storage)).outcome == "running"


@pytest.fixture
def dialog() -> CompactingDialog:
    return CompactingDialog()


def work_of(dialog: CompactingDialog, metrics: Metrics) -> ScheduledWork:
    retention = Retention(
        dialog.storage, dialog.recall, clock=dialog.clock, ids=dialog.ids, default_days=30
    )
    return ScheduledWork(
        RecordedRuns(dialog.storage, clock=dialog.clock, metrics=metrics),
        compactor=dialog.compactor,
        retention=retention,
        resets=ResetErasure(
            dialog.storage, dialog.recall, clock=dialog.clock, ids=dialog.ids, worker="here"
        ),
        metrics=metrics,
    )


async def test_who_is_due_is_made_compact_and_counted(
    dialog: CompactingDialog, metrics: RecordedMetrics
) -> None:
    await dialog.say("I live in Porto.")
    await dialog.say("I like tea.")
    dialog.later(hours=2)

    with capture_logs() as lines:
        await work_of(dialog, metrics).compact()

    assert metrics.compactions == [("done", 2)]
    assert metrics.due == 0
    (line,) = (line for line in lines if line["event"] == "job_finished")
    assert (line["people"], line["done"]) == (1, 1)
    person = await dialog.person()
    assert person
    assert person.compacted_until == 2


async def test_how_many_are_due_is_known_before_any_is_made_compact(
    dialog: CompactingDialog, metrics: RecordedMetrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    await dialog.say("I live in Porto.")
    dialog.later(hours=2)

    async def nothing(**_: object) -> tuple[()]:
        assert metrics.due == 1
        return ()

    monkeypatch.setattr(dialog.compactor, "compact_due", nothing)
    await work_of(dialog, metrics).compact()

    assert metrics.due == 1


async def test_what_is_too_old_is_erased_and_counted(
    dialog: CompactingDialog, metrics: RecordedMetrics
) -> None:
    await dialog.say("I live in Porto.")
    dialog.later(days=31)

    with capture_logs() as lines:
        await work_of(dialog, metrics).erase_expired()

    assert metrics.erasures == {"turns": 1, "facts": 1, "episodes": 0}
    (line,) = (line for line in lines if line["event"] == "job_finished")
    assert (line["job"], line["turns"], line["facts"]) == (RETENTION, 1, 1)
    assert await dialog.person() is None


async def test_the_jobs_run_under_the_names_by_which_they_are_paused(
    dialog: CompactingDialog, metrics: RecordedMetrics
) -> None:
    work = work_of(dialog, metrics)

    await work.compact()
    await work.erase_expired()
    await work.erase_reset()

    assert tuple(job for job, *_ in metrics.jobs) == JOB_NAMES


def test_every_kind_of_metrics_fits_the_port() -> None:
    kinds: list[Metrics] = [NoMetrics(), RecordedMetrics(), PrometheusMetrics()]

    for metrics in kinds:
        metrics.job_finished(COMPACTION, outcome=OK, seconds=1)
        metrics.compaction_ended("done", turns=1)
        metrics.compaction_due(1)
        metrics.erased("turns", 1)
