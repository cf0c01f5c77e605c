"""Tasks with an owner: all have ended when the owner has, whatever they started meanwhile."""

from __future__ import annotations

import asyncio

from structlog.testing import capture_logs

from adapters.tasks import OwnedTasks


async def test_what_a_task_starts_is_waited_for_too() -> None:
    tasks, done = OwnedTasks(), []

    async def second() -> None:
        await asyncio.sleep(0)
        done.append("second")

    async def first() -> None:
        tasks.start(second(), name="second")
        done.append("first")

    tasks.start(first(), name="first")
    await tasks.drain()
    assert done == ["first", "second"]


async def test_a_task_of_somebody_else_that_joined_is_waited_for() -> None:
    tasks, done, go = OwnedTasks(), [], asyncio.Event()

    async def shown() -> None:
        done.append("shown")

    async def handler() -> None:
        with tasks.joined():
            await go.wait()
            tasks.start(shown(), name="shown")

    handling = asyncio.create_task(handler())
    await asyncio.sleep(0)
    draining = asyncio.create_task(tasks.drain())
    await asyncio.sleep(0)
    assert not draining.done()
    go.set()
    await draining
    assert done == ["shown"]
    await handling


async def test_whoever_left_is_waited_for_no_more() -> None:
    tasks, go = OwnedTasks(), asyncio.Event()

    async def handler() -> None:
        with tasks.joined(), tasks.joined():
            pass
        await go.wait()

    handling = asyncio.create_task(handler())
    await asyncio.sleep(0)
    await asyncio.wait_for(tasks.drain(), timeout=1)
    go.set()
    await handling


async def test_while_they_are_waited_for_nobody_joins_any_more() -> None:
    tasks, go = OwnedTasks(), asyncio.Event()

    async def handler() -> None:
        with tasks.joined():
            await go.wait()

    first = asyncio.create_task(handler())
    await asyncio.sleep(0)
    draining = asyncio.create_task(tasks.drain())
    await asyncio.sleep(0)
    late = asyncio.create_task(handler())
    await asyncio.sleep(0)
    assert late not in tasks._tasks
    go.set()
    await draining
    await asyncio.gather(first, late)


async def test_one_that_is_late_is_cancelled() -> None:
    tasks = OwnedTasks()
    task = tasks.start(asyncio.Event().wait(), name="for ever")
    await tasks.drain(0)
    assert task.cancelled()


async def test_one_that_breaks_is_logged() -> None:
    tasks = OwnedTasks()

    async def broken() -> None:
        raise ValueError("no")

    with capture_logs() as logs:
        tasks.start(broken(), name="broken")
        await tasks.drain()
    assert [(line["event"], line["task"]) for line in logs] == [("task_failed", "broken")]
