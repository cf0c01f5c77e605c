"""Tasks that somebody owns: none is lost, and all have ended when their owner has."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from bot.log import get_logger

log = get_logger(__name__)

T = TypeVar("T")


class OwnedTasks:
    """Starts tasks, reports what breaks in them, and waits for them in the end."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._is_draining = False

    @property
    def count(self) -> int:
        """How many there are now."""
        return len(self._tasks)

    def start(self, work: Coroutine[Any, Any, T], *, name: str) -> asyncio.Task[T]:
        """Run ``work`` by itself."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    @contextmanager
    def joined(self) -> Iterator[None]:
        """Have the running task count as one of them for now; it may start others.

        Once they are waited for, nobody joins any more: that would never end.
        """
        task = asyncio.current_task()
        if task is None or task in self._tasks or self._is_draining:
            yield
            return
        self._tasks.add(task)
        try:
            yield
        finally:
            self._tasks.discard(task)

    async def drain(self, grace_seconds: float | None = None) -> None:
        """Wait for all of them, and for those that they start.

        Those that are not done in time, if any is set, are cancelled.
        """
        self._is_draining = True
        loop = asyncio.get_running_loop()
        deadline = None if grace_seconds is None else loop.time() + grace_seconds
        while self._tasks:
            left = None if deadline is None else max(0.0, deadline - loop.time())
            _, late = await asyncio.wait(set(self._tasks), timeout=left)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("task_failed", task=task.get_name(), exc_info=error)
