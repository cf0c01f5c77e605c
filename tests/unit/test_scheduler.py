"""Jobs are woken at their times, run one at a time, and are stopped without being torn apart."""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import tzlocal
from structlog.testing import capture_logs

from bot.config import SCHEDULE_PATTERN
from bot.errors import ConfigError
from bot.scheduler import ScheduledJob, Scheduler, check_schedule, next_run_of

SETTING = "ELLIE_COMPACTION_SCHEDULE"
MONDAY = datetime(2026, 5, 4, 12, tzinfo=UTC)


def job(
    run: Callable[[], Awaitable[object]], schedule: str = "off", name: str = "compaction"
) -> ScheduledJob:
    return ScheduledJob(name=name, setting=SETTING, schedule=schedule, run=run)


class Body:
    """Runs until it is let go, and knows how often it began, ended and was cancelled."""

    def __init__(self) -> None:
        self.began = self.ended = self.cancelled = 0
        self.running = asyncio.Event()
        self.go = asyncio.Event()
        self.fail: Exception | None = None

    async def __call__(self) -> None:
        self.began += 1
        self.running.set()
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.fail:
            raise self.fail
        self.ended += 1


@pytest.fixture
async def body() -> Body:
    return Body()


@pytest.fixture
async def started(body: Body) -> AsyncIterator[Scheduler]:
    scheduler = Scheduler([job(body)], time_zone="UTC")
    scheduler.start()
    yield scheduler
    await scheduler.stop()


async def settle() -> None:
    """Let every task come to where it waits."""
    for _ in range(10):
        await asyncio.sleep(0)


def upcoming(schedule: str, now: datetime = MONDAY, *, zone: str = "UTC") -> datetime | None:
    return next_run_of(schedule, setting=SETTING, time_zone=zone, now=now)


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("30 3 * * *", "2026-05-05 03:30"),
        ("*/15 * * * *", "2026-05-04 12:00"),
        ("5,35 8-18/2 * * *", "2026-05-04 12:05"),
        ("0 0 1 * *", "2026-06-01 00:00"),
        ("0 0 1 jan-mar *", "2027-01-01 00:00"),
        ("0 0 1 nov-feb/2 *", "2026-11-01 00:00"),
        ("0 0 29 2 *", "2028-02-29 00:00"),
    ],
)
def test_five_fields_are_read_as_cron_reads_them(schedule: str, expected: str) -> None:
    moment = upcoming(schedule)

    assert moment
    assert f"{moment:%Y-%m-%d %H:%M}" == expected


@pytest.mark.parametrize(
    ("weekdays", "expected"),
    [
        ("0", "0"),
        ("7", "0"),
        ("1", "1"),
        ("sun", "0"),
        ("1-5", "12345"),
        ("mon-fri", "12345"),
        ("Fri-Mon", "5610"),
        ("5-7", "560"),
        ("*/2", "0246"),
        ("mon-fri/2", "135"),
        ("7/2", "0246"),
        ("1,3,sat", "136"),
        ("*", "0123456"),
    ],
)
def test_weekdays_are_counted_from_sunday_as_in_cron(weekdays: str, expected: str) -> None:
    found = set()
    for day in range(7):
        sunday = datetime(2026, 5, 3, tzinfo=UTC)
        if upcoming(f"0 0 * * {weekdays}", sunday + timedelta(day)) == sunday + timedelta(day):
            found.add(str(day))

    assert found == set(expected)


def test_hours_are_those_of_the_time_zone_also_when_clocks_change() -> None:
    winter = upcoming("30 3 * * *", datetime(2026, 1, 5, tzinfo=UTC), zone="Europe/Berlin")
    summer = upcoming("30 3 * * *", datetime(2026, 7, 5, tzinfo=UTC), zone="Europe/Berlin")

    assert winter == datetime(2026, 1, 5, 2, 30, tzinfo=UTC)
    assert summer == datetime(2026, 7, 5, 1, 30, tzinfo=UTC)


def test_an_hour_that_does_not_exist_is_not_left_out() -> None:
    # In the night to 29 March 2026 the clocks of Berlin went from 2:00 to 3:00.
    moment = upcoming("30 2 * * *", datetime(2026, 3, 28, 22, tzinfo=UTC), zone="Europe/Berlin")

    assert moment
    assert moment - datetime(2026, 3, 28, 22, tzinfo=UTC) < timedelta(hours=28)


@pytest.mark.parametrize(
    ("schedule", "seconds"),
    [("every 30s", 30), ("every 5m", 300), ("every 2h", 7200), ("every 1d", 86_400)],
)
def test_an_interval_is_counted_from_the_last_run(schedule: str, seconds: int) -> None:
    last = MONDAY - timedelta(seconds=10)
    moment = next_run_of(schedule, setting=SETTING, time_zone="UTC", now=MONDAY, last=last)

    assert moment == last + timedelta(seconds=seconds)
    assert upcoming(schedule) == MONDAY


def test_what_is_off_has_no_next_run() -> None:
    assert upcoming("off") is None


@pytest.mark.parametrize(
    "schedule",
    [
        "61 * * * *",
        "* * * *",
        "* * * * * *",
        "* * 31 2 *",
        "* * * 13 *",
        "* * * 0 *",
        "* * * * 8",
        "* * * * */0",
        "* * * * */",
        "* * * * mon-",
        "* * * * montag",
        "* * * janx *",
        "never",
        "",
        "every day",
        "every 0s",
        "every s",
        "every -5m",
        "every 99999999999999d",
    ],
)
def test_a_schedule_that_means_nothing_names_the_setting_and_one_that_works(schedule: str) -> None:
    with pytest.raises(ConfigError) as raised:
        check_schedule(schedule, setting=SETTING, time_zone="UTC")

    (problem,) = raised.value.problems
    assert problem.setting == SETTING
    assert f"'{schedule}' is no schedule" in problem.message
    assert problem.example.startswith(f"{SETTING}=every 5m, ")


@pytest.mark.parametrize("schedule", ["off", "every 5m", "every 999999d", "30 3 * * *"])
def test_what_settings_let_through_and_means_something_is_understood(schedule: str) -> None:
    assert re.match(SCHEDULE_PATTERN, schedule)
    check_schedule(schedule, setting=SETTING, time_zone="Europe/Lisbon")


async def test_all_schedules_that_mean_nothing_are_told_at_once(body: Body) -> None:
    jobs = [job(body, "x y z a b"), job(body, "every 5m", "fine"), job(body, "never", "other")]

    with pytest.raises(ConfigError, match="2 settings need attention"):
        Scheduler(jobs, time_zone="UTC")


async def test_a_job_waits_until_it_is_woken(started: Scheduler, body: Body) -> None:
    await settle()
    assert body.began == 0

    started.wake("compaction")
    await body.running.wait()

    assert body.began == 1


async def test_woken_while_it_runs_it_runs_once_more_and_never_twice_at_a_time(
    started: Scheduler, body: Body
) -> None:
    for _ in range(3):
        started.wake("compaction")
        await settle()
    assert body.began == 1

    body.go.set()
    await settle()

    assert (body.began, body.ended) == (2, 2)


async def test_a_job_that_fails_is_logged_and_runs_again(started: Scheduler, body: Body) -> None:
    body.go.set()
    body.fail = RuntimeError("unforeseen")
    with capture_logs() as lines:
        started.wake("compaction")
        await settle()
    assert [(line["event"], line["job"]) for line in lines] == [("job_crashed", "compaction")]

    body.fail = None
    started.wake("compaction")
    await settle()

    assert (body.began, body.ended) == (2, 1)


async def test_stopping_cancels_what_runs_and_waits_for_it(started: Scheduler, body: Body) -> None:
    saved = asyncio.Event()

    async def slow_to_end() -> None:
        try:
            await body()
        except asyncio.CancelledError:
            await settle()
            saved.set()
            raise

    scheduler = Scheduler([job(slow_to_end)], time_zone="UTC")
    scheduler.start()
    scheduler.wake("compaction")
    await body.running.wait()

    await scheduler.stop()

    assert body.cancelled == 1
    assert saved.is_set()
    assert scheduler.next_run("compaction") is None


async def test_stopping_twice_or_before_the_start_is_nothing(body: Body) -> None:
    scheduler = Scheduler([job(body, "every 5m")], time_zone="UTC")

    await scheduler.stop()
    scheduler.start()
    await scheduler.stop()
    await scheduler.stop()

    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("job-")]


@pytest.mark.parametrize("schedules", [(), ("every 5m",)])
async def test_the_clockwork_has_stopped_when_stopping_is_over(
    body: Body, schedules: tuple[str, ...]
) -> None:
    scheduler = Scheduler([job(body, schedule) for schedule in schedules], time_zone="UTC")
    scheduler.start()
    clockwork = scheduler._clockwork
    assert clockwork

    await scheduler.stop()

    assert not clockwork.running


async def test_an_interval_runs_soon_after_the_start_and_cron_at_its_time(body: Body) -> None:
    scheduler = Scheduler(
        [job(body, "every 1d"), job(body, "30 3 * * *", "retention"), job(body, "off", "never")],
        time_zone="Europe/Lisbon",
    )
    before = datetime.now(UTC)
    scheduler.start()

    soon, night = scheduler.next_run("compaction"), scheduler.next_run("retention")
    await scheduler.stop()

    assert soon
    assert night
    assert timedelta() < soon - before < timedelta(seconds=10)
    assert (night.hour, night.minute) == (3, 30)
    assert night.tzinfo == soon.tzinfo == ZoneInfo("Europe/Lisbon")


async def test_the_clockwork_wakes_jobs(body: Body) -> None:
    body.go.set()
    scheduler = Scheduler([job(body, "every 1d")], time_zone="UTC", first_run_seconds=0)
    scheduler.start()
    try:
        async with asyncio.timeout(10):
            await body.running.wait()
        later = scheduler.next_run("compaction")
    finally:
        await scheduler.stop()

    assert body.began == 1
    assert later
    rest = later - datetime.now(UTC)
    assert timedelta(hours=23, minutes=59) < rest < timedelta(hours=26, minutes=25)


async def test_a_late_clockwork_leaves_nothing_out(body: Body) -> None:
    scheduler = Scheduler([job(body, "every 5m")], time_zone="UTC")
    scheduler.start()
    try:
        assert scheduler._clockwork
        kept = scheduler._clockwork.get_job("compaction")
        assert (kept.misfire_grace_time, kept.coalesce, kept.max_instances) == (None, True, 1)
        assert kept.trigger.jitter == pytest.approx(30)
        # What is no coroutine function the library would call from another thread.
        assert inspect.iscoroutinefunction(kept.func)
    finally:
        await scheduler.stop()


async def test_the_machine_is_not_asked_for_its_time_zone(
    body: Body, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> ZoneInfo:
        pytest.fail("the machine was asked")

    monkeypatch.setattr(tzlocal, "get_localzone", refuse)
    for module in ("schedulers.base", "triggers.cron", "triggers.interval"):
        monkeypatch.setattr(f"apscheduler.{module}.get_localzone", refuse)

    jobs = [job(body, "every 5m"), job(body, "30 3 * * *", "retention")]
    scheduler = Scheduler(jobs, time_zone="Asia/Shanghai")
    scheduler.start()
    await scheduler.stop()
