"""What the scheduler must know of earlier runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update

from bot.ports.compaction_storage import ScheduleState
from storage import mapping_compaction as mapping
from storage.statements import Statements
from storage.tables import schedules


class SqlScheduleRepository:
    """:class:`~bot.ports.compaction_storage.ScheduleRepository` in SQL."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def of(self, names: Sequence[str]) -> tuple[ScheduleState, ...]:
        """The states of these jobs, in this order; a fresh one for a job that is not known."""
        rows = await self._statements.all(select(schedules).where(schedules.c.name.in_(names)))
        known = {row.name: mapping.schedule(row) for row in rows}
        return tuple(known.get(name, ScheduleState(name=name)) for name in names)

    async def pause(self, name: str, *, paused: bool) -> None:
        """Stop a job from being run on its own, or let it run again."""
        await self._statements.put(schedules, "name", {"name": name, "paused": paused})

    async def begin(self, name: str, *, at: datetime) -> None:
        """Note that a run begins."""
        await self._statements.put(
            schedules, "name", {"name": name, "last_started_at": at, "outcome": "running"}
        )

    async def end(self, name: str, *, at: datetime, outcome: str) -> None:
        """Note how a run ended, and count it."""
        await self._statements.put(
            schedules, "name", {"name": name, "last_finished_at": at, "outcome": outcome}
        )
        await self._statements.run(
            update(schedules).where(schedules.c.name == name).values(runs=schedules.c.runs + 1)
        )
