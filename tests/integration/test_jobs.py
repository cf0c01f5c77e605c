"""Background jobs on real databases: what one process notes others see; owners are in charge."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest
from click.testing import Result
from structlog.testing import capture_logs
from support.compacting import CompactingDialog
from support.databases import content, run
from support.dialog import ANA, HALL, WORK
from support.engine import FakeClock
from typer.testing import CliRunner

from bot.cli import main
from bot.config import Settings
from bot.engine.schedules import COMPACTION, RETENTION, STOPPED, RecordedRuns
from bot.ports.compaction_storage import ScheduleState
from bot.ports.metrics import NoMetrics
from bot.scheduler import ScheduledJob, Scheduler
from storage.database import SqlStorage, open_storage

T = TypeVar("T")

SECRET = "zqscheduled"


@pytest.fixture
async def elsewhere(url: str) -> AsyncIterator[SqlStorage]:
    """The same database, as another process sees it."""
    async with open_storage(url) as opened:
        yield opened


def runs_on(storage: SqlStorage) -> RecordedRuns:
    return RecordedRuns(storage, clock=FakeClock(), metrics=NoMetrics())


async def state_on(storage: SqlStorage, name: str = COMPACTION) -> ScheduleState:
    async with storage.unit_of_work() as work:
        (state,) = await work.schedules.of([name])
    return state


async def test_a_job_that_was_paused_elsewhere_does_not_run_here(
    storage: SqlStorage, elsewhere: SqlStorage
) -> None:
    async def fail() -> None:
        pytest.fail("it ran")

    async with elsewhere.unit_of_work() as work:
        await work.schedules.pause(COMPACTION, paused=True)
        await work.commit()

    await runs_on(storage).scheduled(COMPACTION, fail, lambda _: {})

    assert await state_on(storage) == ScheduleState(name=COMPACTION, paused=True)


async def test_runs_of_several_processes_are_counted_together(
    storage: SqlStorage, elsewhere: SqlStorage
) -> None:
    async def nothing() -> None:
        assert (await state_on(elsewhere)).outcome == "running"

    for process in (storage, elsewhere, storage):
        await runs_on(process).scheduled(COMPACTION, nothing, lambda _: {})

    for process in (storage, elsewhere):
        state = await state_on(process)
        assert (state.outcome, state.runs) == ("ok", 3)
        assert state.last_finished_at == FakeClock().moment
        assert await state_on(process, RETENTION) == ScheduleState(name=RETENTION)


async def test_a_scheduler_that_stops_notes_what_it_stopped(storage: SqlStorage) -> None:
    began = asyncio.Event()

    async def forever() -> None:
        began.set()
        await asyncio.Event().wait()

    async def body() -> None:
        await runs_on(storage).scheduled(COMPACTION, forever, lambda _: {})

    job = ScheduledJob(name=COMPACTION, setting="SETTING", schedule="off", run=body)
    scheduler = Scheduler([job], time_zone="UTC")
    scheduler.start()
    scheduler.wake(COMPACTION)
    await began.wait()

    await scheduler.stop()

    state = await state_on(storage)
    assert (state.outcome, state.runs) == (STOPPED, 1)


class Owner:
    """Somebody at the command line, beside a dialog of 40 days ago."""

    def __init__(self, url: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.url = url
        self.settings = Settings(
            _env_file=None,  # type: ignore[call-arg]
            data_dir=folder,
            models_dir=folder / "models",  # none of those that this machine may have
            database_url=url,  # type: ignore[arg-type]
            compact_model="none",
        )
        monkeypatch.setattr(main, "_settings", lambda: self.settings)
        monkeypatch.setattr(psutil.Process, "nice", lambda *_: None)
        monkeypatch.setenv("COLUMNS", "80")

    def run(self, *arguments: str) -> Result:
        with capture_logs():
            return CliRunner().invoke(main.app, arguments)

    def lines(self, *arguments: str) -> list[str]:
        result = self.run(*arguments)
        assert (result.exit_code, result.exception) == (0, None), result.output
        return result.stdout.splitlines()

    def dialog(self, talk: Callable[[CompactingDialog], Awaitable[T]]) -> T:
        async def live() -> T:
            async with open_storage(self.url) as storage:
                dialog = CompactingDialog(storage)
                dialog.clock.moment = datetime.now(UTC) - timedelta(days=40)
                return await talk(dialog)

        with capture_logs():
            return asyncio.run(live())

    def content(self) -> dict[str, list[Any]]:
        stored = asyncio.run(run(self.url, content))
        assert isinstance(stored, dict)
        return stored


@pytest.fixture
def owner(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Owner:
    return Owner(url, tmp_path, monkeypatch)


async def talk_a_little(dialog: CompactingDialog) -> None:
    await dialog.say("I live in Porto.")
    await dialog.say(f"My locker code is {SECRET}.")
    await dialog.say("I walked along the river with my sister and saw three herons.")


async def watermark(dialog: CompactingDialog) -> int:
    person = await dialog.person()
    assert person
    return person.compacted_until


def test_an_owner_tries_does_and_takes_back_a_compaction(owner: Owner) -> None:
    owner.dialog(talk_a_little)
    assert "People due for compaction: 1." in owner.lines("jobs")
    before = owner.content()

    (would, summary) = owner.lines("compact", "--dry-run")
    assert ": done, 3 turns: " in would
    assert summary == "Would be compacted: 1 person. Nothing was changed."
    assert owner.content() == before

    (did, summary) = owner.lines("compact")
    assert ": done, 3 turns: " in did
    assert summary == "Compacted: 1 person."
    assert owner.dialog(watermark) == 3
    assert owner.lines("compact") == ["Nobody is due."]

    job = did[-9:-1]
    listed = owner.lines("jobs")
    assert "People due for compaction: 0." in listed
    (line,) = (line for line in listed if line.startswith(job))
    assert line.split()[2:4] == ["done", "3"]
    assert SECRET not in "".join([did, would, *listed])

    (undone,) = owner.lines("compact", "--undo", job)
    assert undone.startswith(f"Taken back: {job}, ")
    assert owner.dialog(watermark) == 0
    assert owner.content()["facts"] == before["facts"]
    assert owner.content()["episodes"] == []
    assert owner.lines("compact") == ["Nobody is due."]
    problem = owner.run("compact", "--undo", job).exception
    assert "is undone; only one that is done" in str(problem)


def test_an_owner_compacts_one_person_due_or_not(owner: Owner) -> None:
    owner.dialog(talk_a_little)

    lines = owner.lines("compact", "--person", f"slack:{WORK.external_id}/ana")
    again = owner.lines("compact", "--person", lines[0].split()[1].rstrip(":"))

    assert ": done, 3 turns: " in lines[0]
    assert ": done, 0 turns: " in again[0]
    assert "knows nobody called" in str(owner.run("compact", "--person", "console:x").exception)


def test_an_owner_pauses_and_resumes_a_job(owner: Owner) -> None:
    owner.lines("jobs", "pause", RETENTION)
    assert any("paused" in line for line in owner.lines("jobs"))

    owner.lines("jobs", "resume", RETENTION)
    assert not any("paused" in line for line in owner.lines("jobs"))


def test_an_owner_decides_how_long_things_are_kept_and_erases_the_rest(
    owner: Owner, tmp_path: Path
) -> None:
    owner.dialog(talk_a_little)
    assert owner.lines("retention", "--run") == ["Nothing is older than may be kept."]

    owner.lines("retention", "--tenant", "slack:t", "--days", "7")
    assert "What is said in slack:t: kept for 7 days." in owner.lines("retention")
    assert owner.lines("retention", "--run") == ["Nothing is older than may be kept."]

    owner.settings = owner.settings.model_copy(update={"retention_days": 30})
    (said,) = owner.lines("retention", "--run")
    assert said.startswith("Erased for good: 3 turns, ")
    assert SECRET not in repr(owner.content())
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or SECRET.encode() not in path.read_bytes()
    (retention,) = (line for line in owner.lines("jobs") if line.startswith(RETENTION))
    assert retention.split()[-2:] == ["ok", "3"]


def test_what_is_kept_for_a_hundred_years_is_not_too_old(owner: Owner) -> None:
    async def in_the_hall(dialog: CompactingDialog) -> None:
        await dialog.say("I like rye bread.", ANA, HALL)

    owner.dialog(in_the_hall)
    owner.settings = owner.settings.model_copy(update={"retention_days": 30})
    owner.lines("retention", "--tenant", f"slack:{WORK.external_id}", "--keep")

    assert owner.lines("retention", "--run") == ["Nothing is older than may be kept."]

    owner.lines("retention", "--tenant", f"slack:{WORK.external_id}", "--default")
    assert owner.lines("retention", "--run")[0].startswith("Erased for good: 1 turn, ")
