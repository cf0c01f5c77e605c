"""``ellie jobs``: what runs by itself, when, and how it went; pausing it."""

from __future__ import annotations

import asyncio
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from bot.background import compaction_app, due_rule, schedules_of
from bot.cli.people import SHORT_ID
from bot.config import Settings
from bot.domain.compaction import CompactionJob
from bot.engine.audit import Noted
from bot.engine.schedules import JOB_NAMES
from bot.errors import UsageError
from bot.ports.compaction_storage import ScheduleState
from bot.scheduler import next_run_of

LATEST = 10
"""So many compactions are listed."""

_NOT_TOLD = frozenset({"probes", "lost", "failures"})
"""Counts that say how the work went and not what it did."""


def list_jobs(settings: Settings, console: Console) -> None:
    """Print the scheduled jobs, how many people are due, and the latest compactions.

    Raises:
        ConfigError: a schedule cannot be understood.
        StorageError: the database cannot be used.
    """

    async def run() -> None:
        async with compaction_app(settings) as app:
            now = app.clock.now()
            async with app.storage.unit_of_work() as work:
                states = await work.schedules.of(JOB_NAMES)
                due = await work.compactions.due(now=now, rule=due_rule(settings))
                latest = await work.compactions.latest(limit=LATEST)
        console.print(_schedules(settings, states, now))
        console.print(f"Times are those of {settings.time_zone}.", highlight=False)
        console.print(f"People due for compaction: {len(due)}.", highlight=False)
        if latest:
            console.print()
            console.print(_compactions(latest, ZoneInfo(settings.time_zone)))

    asyncio.run(run())


def pause_job(settings: Settings, console: Console, name: str, *, paused: bool) -> None:
    """Keep a job from running by itself, or let it run again.

    Raises:
        UsageError: there is no such job.
        StorageError: the database cannot be used.
    """
    if name not in JOB_NAMES:
        raise UsageError(f"There is no job '{name}'. The jobs are {', '.join(JOB_NAMES)}.")

    async def run() -> None:
        action = f"ellie jobs {'pause' if paused else 'resume'}"
        async with (
            compaction_app(settings) as app,
            app.audit.recorded(action, noted=Noted(detail={"job": name})),
            app.storage.unit_of_work() as work,
        ):
            await work.schedules.pause(name, paused=paused)
            await work.commit()

    asyncio.run(run())
    said = "is paused; what runs now ends first" if paused else "runs again by its schedule"
    console.print(f"{name} {said}.", highlight=False, soft_wrap=True)


def what_became(job: CompactionJob) -> str:
    """What a compaction did, or why it did not."""
    if job.problem:
        return job.problem
    done = ((name, count) for name, count in job.counts.items() if count and name not in _NOT_TOLD)
    return ", ".join(_counted(name, count) for name, count in done) or "nothing to change"


def moment(at: datetime, zone: ZoneInfo) -> str:
    """A moment to the minute."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def _counted(name: str, count: int) -> str:
    """Counts of things lose their plural's s; those of deeds, such as merged, have none."""
    return f"{count} {name.removesuffix('s') if count == 1 else name}".replace("_", " ")


def _schedules(settings: Settings, states: tuple[ScheduleState, ...], now: datetime) -> Table:
    zone = ZoneInfo(settings.time_zone)
    headings = ("job", "schedule", "next run", "last run", "outcome", "runs")
    table = _table(*headings, gives_way="schedule")
    for state in states:
        schedule, setting = schedules_of(settings)[state.name]
        last = state.last_started_at
        upcoming = next_run_of(
            schedule, setting=setting, time_zone=settings.time_zone, now=now, last=last
        )
        if state.paused:
            when = "paused"
        elif upcoming is None:
            when = "off"
        else:
            when = moment(upcoming, zone) if upcoming > now else "while Ellie runs"
        began = moment(last, zone) if last else "never"
        table.add_row(state.name, schedule, when, began, state.outcome, str(state.runs))
    return table


def _compactions(jobs: tuple[CompactionJob, ...], zone: ZoneInfo) -> Table:
    headings = ("job", "person", "status", "turns", "began", "what became of it")
    table = _table(*headings, gives_way="what became of it")
    for job in jobs:
        table.add_row(
            job.id[:SHORT_ID],
            job.person_id[:SHORT_ID],
            job.status.value,
            str(job.until_number - job.after_number),
            moment(job.started_at, zone),
            what_became(job),
        )
    return table


def _table(*headings: str, gives_way: str) -> Table:
    """A table in which one column is folded when the terminal is narrow, and the others stay."""
    table = Table(box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading, no_wrap=heading != gives_way)
    return table
