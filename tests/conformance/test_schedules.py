"""What is kept of scheduled jobs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bot.ports.compaction_storage import ScheduleState


async def test_runs_are_noted_and_pauses_kept(world: Any) -> None:
    end = world.now + timedelta(seconds=3)
    async with world.storage.unit_of_work() as work:
        jobs = work.schedules
        assert await jobs.of(["b", "a"]) == (ScheduleState(name="b"), ScheduleState(name="a"))
        await jobs.pause("a", paused=True)
        await jobs.begin("a", at=world.now)
        [begun, other] = await jobs.of(["a", "b"])
        assert begun == ScheduleState(
            name="a", paused=True, last_started_at=world.now, outcome="running"
        )
        assert other == ScheduleState(name="b")
        await jobs.end("a", at=end, outcome="ok")
        await jobs.begin("a", at=end)
        await jobs.end("a", at=end, outcome="failed")
        await jobs.end("b", at=end, outcome="ok")
        await jobs.pause("a", paused=False)
        await work.commit()
    async with world.storage.unit_of_work() as work:
        assert await work.schedules.of(["b", "a"]) == (
            ScheduleState(name="b", last_finished_at=end, outcome="ok", runs=1),
            ScheduleState(
                name="a", last_started_at=end, last_finished_at=end, outcome="failed", runs=2
            ),
        )
