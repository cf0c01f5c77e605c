"""A process that makes compact whoever is due, and may be told to die on the way.

Run as a program: ``python -m support.compaction_process URL WORKER MOMENT [STEP before|after]``.
With a step it kills itself, as ``kill -9`` would, at the first commit of that step: before it, so
that nothing of it is kept, or after it. ``MOMENT`` is the time on its clock.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from support.compacting import compactor_over
from support.engine import FakeClock

from bot.domain.compaction import CompactionJob, Step
from bot.engine.chat_traffic import ChatTraffic
from bot.engine.compaction.steps import CompactionSteps
from bot.ports.storage import Storage
from bot.system import RandomIds
from storage.database import open_storage


class Dying:
    """A storage whose next commit is the end of the process."""

    def __init__(self, storage: Storage, when: str) -> None:
        self._storage = storage
        self._when = when

    def unit_of_work(self) -> Any:
        return _Unit(self._storage.unit_of_work(), self._when)


class _Unit:
    def __init__(self, work: Any, when: str) -> None:
        self._work = work
        self._when = when

    def __getattr__(self, name: str) -> Any:
        return getattr(self._work, name)

    async def __aenter__(self) -> Self:
        await self._work.__aenter__()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._work.__aexit__(exc_type, exc, traceback)

    async def commit(self) -> None:
        if self._when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        await self._work.commit()
        os.kill(os.getpid(), signal.SIGKILL)


class DyingSteps(CompactionSteps):
    """Steps of which one is done in a storage that kills."""

    def __init__(self, inner: CompactionSteps, step: Step, when: str) -> None:
        self._inner = inner
        self._step = step
        self._when = when

    async def next(self, storage: Storage, job: CompactionJob) -> CompactionJob:
        if job.step is self._step:
            return await self._inner.next(Dying(storage, self._when), job)  # type: ignore[arg-type]
        return await self._inner.next(storage, job)


async def work(url: str, worker: str, moment: datetime, *death: str) -> None:
    clock, ids, traffic = FakeClock(moment), RandomIds(), ChatTraffic()
    async with open_storage(url) as storage:
        steps = None
        if death:
            step, when = death
            plain = compactor_over(storage, clock=clock, ids=ids, traffic=traffic)
            steps = DyingSteps(plain._steps, Step(step), when)
        compactor = compactor_over(
            storage, clock=clock, ids=ids, worker=worker, steps=steps, traffic=traffic
        )
        await compactor.compact_due()


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1], sys.argv[2], datetime.fromisoformat(sys.argv[3]), *sys.argv[4:]))
