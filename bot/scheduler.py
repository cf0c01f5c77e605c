"""When background jobs run. The one place that knows APScheduler.

APScheduler does nothing but wake us up. Its own executor cancels whatever runs when it is shut down
(:meth:`AsyncIOExecutor.shutdown` in 3.11, also with ``wait=True``), and it knows nothing of what is
due. So every job is a task of ours that waits to be woken, looks into the database, and goes back
to sleep. Waking a job that runs lets it run once more, and never twice at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from bot.errors import ConfigError, ConfigProblem
from bot.log import get_logger

log = get_logger(__name__)

FIRST_RUN_SECONDS = 5.0
"""So long after the start jobs with an interval first run: what gathered meanwhile need not wait
for a whole interval more."""

JITTER = 0.1
"""By so much of itself an interval may be longer, so that many processes do not ask at once."""

OFF = "off"
_EVERY = "every "
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_EXAMPLES = "every 5m, 30 3 * * *, or off"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledJob:
    """A job: its name, the setting that its schedule comes from, the schedule, and what it does.

    ``run`` may be cancelled at any await, and goes on where it was when it is called again.
    """

    name: str
    setting: str
    schedule: str
    run: Callable[[], Awaitable[object]]


def check_schedule(schedule: str, *, setting: str, time_zone: str) -> None:
    """See whether a schedule can be understood.

    Raises:
        ConfigError: it cannot; with a sentence about ``setting``.
    """
    _parse(schedule, setting, ZoneInfo(time_zone))


def next_run_of(
    schedule: str, *, setting: str, time_zone: str, now: datetime, last: datetime | None = None
) -> datetime | None:
    """When a job would run next that began ``last``; None when it is off.

    A moment before ``now`` says that an interval is over, and nobody ran it.
    """
    trigger = _parse(schedule, setting, ZoneInfo(time_zone))
    if isinstance(trigger, timedelta):
        return now if last is None else last + trigger
    return None if trigger is None else _fires(trigger, now)


class Scheduler:
    """Wakes jobs at their times, until it is stopped.

    Raises:
        ConfigError: a schedule cannot be understood; all that cannot are told at once.
    """

    def __init__(
        self,
        jobs: Sequence[ScheduledJob],
        *,
        time_zone: str,
        first_run_seconds: float = FIRST_RUN_SECONDS,
        jitter: float = JITTER,
    ) -> None:
        self._jobs = tuple(jobs)
        self._zone = ZoneInfo(time_zone)
        self._first_run_seconds = first_run_seconds
        self._jitter = jitter
        self._wakes = {job.name: asyncio.Event() for job in self._jobs}
        self._triggers = self._parse_all()
        self._clockwork: AsyncIOScheduler | None = None
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to run jobs. Needs a running event loop."""
        self._clockwork = AsyncIOScheduler(
            timezone=self._zone,  # else the library asks the machine, which may not know
            # A busy loop wakes late, and that must not make it skip a run (the default is 1 s).
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        for name, trigger in self._triggers.items():
            if trigger is not None:
                self._clockwork.add_job(
                    _ring,
                    args=[self._wakes[name]],
                    id=name,
                    **self._trigger_options(trigger),
                )
        self._clockwork.start()
        self._tasks = [
            asyncio.create_task(self._serve(job), name=f"job-{job.name}") for job in self._jobs
        ]

    async def stop(self) -> None:
        """Wake nobody any more, cancel the jobs that run, and wait until they have ended."""
        clockwork, self._clockwork = self._clockwork, None
        if clockwork is not None:
            clockwork.shutdown(wait=False)
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        await asyncio.sleep(0)  # the library shuts down in the loop's next round

    def wake(self, name: str) -> None:
        """Run a job now, whatever its schedule; once it has ended if it runs.

        Raises:
            KeyError: there is no such job.
        """
        self._wakes[name].set()

    def next_run(self, name: str) -> datetime | None:
        """When a job runs next, in the scheduler's time zone; None when it is off or stopped.

        Raises:
            KeyError: there is no such job.
        """
        if self._clockwork is None or self._triggers[name] is None:
            return None
        moment: datetime = self._clockwork.get_job(name).next_run_time
        return moment.astimezone(self._zone)

    async def _serve(self, job: ScheduledJob) -> None:
        wake = self._wakes[job.name]
        while True:
            await wake.wait()
            wake.clear()
            try:
                await job.run()
            except Exception:
                # Whatever one run did not foresee must not be the end of all later ones.
                log.exception("job_crashed", job=job.name)

    def _parse_all(self) -> dict[str, CronTrigger | timedelta | None]:
        triggers = {}
        problems: list[ConfigProblem] = []
        for job in self._jobs:
            try:
                triggers[job.name] = _parse(job.schedule, job.setting, self._zone)
            except ConfigError as error:
                problems += error.problems
        if problems:
            raise ConfigError(problems)
        return triggers

    def _trigger_options(self, trigger: CronTrigger | timedelta) -> dict[str, object]:
        if not isinstance(trigger, timedelta):
            return {"trigger": trigger}
        seconds = trigger.total_seconds()
        first = datetime.now(UTC) + timedelta(seconds=min(self._first_run_seconds, seconds))
        interval = IntervalTrigger(
            seconds=seconds, start_date=first, timezone=UTC, jitter=self._jitter * seconds
        )
        return {"trigger": interval, "next_run_time": first}


async def _ring(wake: asyncio.Event) -> None:
    """A coroutine, because the library runs anything else in a thread, and events are no place."""
    wake.set()


def _parse(schedule: str, setting: str, zone: ZoneInfo) -> CronTrigger | timedelta | None:
    """An interval, a cron trigger that fires some day, or None for ``off``."""
    if schedule == OFF:
        return None
    try:
        if schedule.startswith(_EVERY):
            number, unit = schedule[len(_EVERY) : -1], schedule[-1]
            interval = timedelta(**{_UNITS[unit]: int(number)})
            if interval <= timedelta():
                raise ValueError(schedule)
            return interval
        trigger = CronTrigger.from_crontab(_as_apscheduler_reads(schedule), zone)
        if _fires(trigger, datetime.now(UTC)) is None:
            raise ValueError("there is no such day")
    except (KeyError, ValueError, OverflowError) as error:
        reason = (
            f" ({error})" if isinstance(error, ValueError) and error.args != (schedule,) else ""
        )
        problem = ConfigProblem(
            setting, f"'{schedule}' is no schedule{reason}.", f"{setting}={_EXAMPLES}"
        )
        raise ConfigError([problem]) from error
    return trigger


def _fires(trigger: CronTrigger, now: datetime) -> datetime | None:
    moment: datetime | None = trigger.get_next_fire_time(None, now)
    return moment


def _as_apscheduler_reads(crontab: str) -> str:
    """The same moments in APScheduler's dialect, in which weekdays are counted from Monday = 0.

    Months and weekdays are written out one by one, because its ranges of names silently lose a
    step and cannot pass a Sunday. One thing differs from cron: when both a day of the month and a
    weekday are given, both have to hold.
    """
    fields = crontab.split()
    if len(fields) != 5:  # noqa: PLR2004 - minute, hour, day of month, month, weekday
        raise ValueError(f"{len(fields)} fields in place of five")
    minute, hour, day, month, weekday = fields
    months = ",".join(str(number) for number in _listed(month, _MONTHS, first=1, last=12))
    days = ",".join(
        _WEEKDAYS[number % 7] for number in _listed(weekday, _WEEKDAYS, first=0, last=7)
    )
    return f"{minute} {hour} {day} {months} {days}"


def _listed(field: str, names: Sequence[str], *, first: int, last: int) -> list[int]:
    """Every number that a field of cron names, such as ``mon-fri``, ``1-7/2`` or ``*``."""
    found: set[int] = set()
    for part in field.lower().split(","):
        span, slash, step = part.partition("/")
        start, dash, end = ("*", "", "") if span == "*" else span.partition("-")
        low = first if start == "*" else _number(start, names, first)
        high = _number(end, names, first) if dash else low
        if start == "*" or (slash and not dash):
            high = first + len(names) - 1
        if not (first <= low <= last and first <= high <= last):
            raise ValueError(f"{part} is out of range")
        if high < low:  # over the end and on from the beginning, as in fri-mon
            high += len(names)
        numbers = range(low, high + 1, int(step) if slash else 1)
        found.update((number - first) % len(names) + first for number in numbers)
    return sorted(found)


def _number(word: str, names: Sequence[str], first: int) -> int:
    return names.index(word) + first if word in names else int(word)
