from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.pool import QueuePool

from bot.domain.conversation import Scope
from bot.domain.fact import Evidence
from bot.domain.turn import TurnId
from bot.errors import StorageError
from storage.database import SqlStorage


def _checked_out(storage: SqlStorage) -> int:
    pool = storage.engine.pool
    assert isinstance(pool, QueuePool)
    return pool.checkedout()


async def test_leaving_without_commit_undoes_everything(world: Any) -> None:
    person, home = await world.person(), await world.conversation()
    async with world.storage.unit_of_work() as work:
        await work.turns.accept(world.turn(person, home))
        await work.persons.bump_epoch(person.id)
    assert await world.texts(Scope.in_private(person.id)) == []
    assert await world.person() == person


async def test_an_error_undoes_everything(world: Any) -> None:
    person, home = await world.person(), await world.conversation()
    with pytest.raises(ZeroDivisionError):  # noqa: PT012
        async with world.storage.unit_of_work() as work:
            await work.turns.accept(world.turn(person, home))
            raise ZeroDivisionError
    assert await world.texts(Scope.in_private(person.id)) == []


async def test_what_was_committed_stays_and_the_rest_goes(world: Any) -> None:
    person, home = await world.person(), await world.conversation()
    async with world.storage.unit_of_work() as work:
        await work.turns.accept(world.turn(person, home, "kept"))
        await work.commit()
        await work.turns.accept(world.turn(person, home, "dropped"))
    assert await world.texts(Scope.in_private(person.id)) == ["kept"]


async def test_a_unit_of_work_sees_its_own_changes(world: Any) -> None:
    person, home = await world.person(), await world.conversation()
    async with world.storage.unit_of_work() as work:
        turn, _ = await work.turns.accept(world.turn(person, home))
        assert await work.turns.latest(Scope.in_private(person.id), limit=1) == (turn,)


async def test_after_a_commit_that_fails_others_go_on(
    sql_world: Any, sql_storage: SqlStorage
) -> None:
    world = sql_world
    person, home = await world.person(), await world.conversation()
    turn = await world.say(person, home, "1")
    missing = Evidence(quote="q", turn_id=TurnId("none"), said_at=world.now)
    for number in (2, 3, 4):
        async with world.storage.unit_of_work() as work:
            await work.turns.accept(world.turn(person, home, "dropped"))
            await work.facts.add(world.fact(turn, evidence=(missing,)))
            with pytest.raises(StorageError):
                await work.commit()
        assert _checked_out(sql_storage) == 0
        assert (await world.say(person, home, str(number))).number == number
    assert await world.texts(Scope.in_private(person.id)) == ["1", "2", "3", "4"]


async def test_cancelling_in_the_middle_undoes_and_frees_the_connection(
    sql_world: Any, sql_storage: SqlStorage
) -> None:
    world = sql_world
    person, home = await world.person(), await world.conversation()
    inside = asyncio.Event()

    async def stuck() -> None:
        async with world.storage.unit_of_work() as work:
            await work.turns.accept(world.turn(person, home))
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(stuck())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert _checked_out(sql_storage) == 0
    assert await world.texts(Scope.in_private(person.id)) == []


async def test_cancelling_at_any_moment_leaves_no_connection_behind(
    sql_world: Any, sql_storage: SqlStorage
) -> None:
    world = sql_world
    person, home = await world.person(), await world.conversation()
    results: list[object] = []  # kept, because a kept traceback must not keep a connection
    for steps in range(0, 120, 3):
        task = asyncio.create_task(world.accept(world.turn(person, home)))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        async with asyncio.timeout(4):
            results += await asyncio.gather(task, return_exceptions=True)
        assert _checked_out(sql_storage) == 0
    assert sum(isinstance(result, asyncio.CancelledError) for result in results) > 5
    async with world.storage.unit_of_work() as work:
        numbers = [turn.number for turn in await work.turns.after(Scope.in_private(person.id), 0)]
    assert numbers == list(range(1, len(numbers) + 1))


async def test_cancelling_while_waiting_for_a_connection_leaves_none_behind(
    sql_world: Any, sql_storage: SqlStorage
) -> None:
    world = sql_world
    person, home = await world.person(), await world.conversation()
    tasks = [asyncio.create_task(world.accept(world.turn(person, home))) for _ in range(30)]
    await asyncio.sleep(0.005)
    for task in tasks[::2]:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert _checked_out(sql_storage) == 0
    assert (await world.say(person, home)).number > 15


async def test_a_commit_that_began_survives_cancellation(
    sql_world: Any, sql_storage: SqlStorage
) -> None:
    world = sql_world
    person, home = await world.person(), await world.conversation()
    committing = asyncio.Event()

    async def save() -> None:
        async with sql_storage.unit_of_work() as work:
            await work.turns.accept(world.turn(person, home, "saved"))
            work._connection = _Slow(work._connection, "commit", committing)
            await work.commit()

    await _cancel_twice(asyncio.create_task(save()), committing)
    assert _checked_out(sql_storage) == 0
    assert await world.texts(Scope.in_private(person.id)) == ["saved"]


async def test_cancelling_again_while_the_connection_goes_back_does_not_lose_it(
    sql_world: Any, sql_storage: SqlStorage
) -> None:
    world = sql_world
    person, home = await world.person(), await world.conversation()
    closing = asyncio.Event()

    async def leave() -> None:
        async with sql_storage.unit_of_work() as work:
            await work.turns.accept(world.turn(person, home))
            work._connection = _Slow(work._connection, "close", closing)

    await _cancel_twice(asyncio.create_task(leave()), closing)
    assert _checked_out(sql_storage) == 0


class _Slow:
    """A connection that takes its time for one of its methods."""

    def __init__(self, connection: AsyncConnection, name: str, begun: asyncio.Event) -> None:
        self._connection = connection
        self._name = name
        self._begun = begun

    def __getattr__(self, name: str) -> Any:
        return self._slow if name == self._name else getattr(self._connection, name)

    async def _slow(self) -> None:
        self._begun.set()
        await asyncio.sleep(0.02)
        await getattr(self._connection, self._name)()


async def _cancel_twice(task: asyncio.Task[None], begun: asyncio.Event) -> None:
    async with asyncio.timeout(5):
        await begun.wait()
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_units_of_work_of_many_tasks_all_get_their_turn(world: Any) -> None:
    person, home = await world.person(), await world.conversation()
    await asyncio.gather(*(world.say(person, home) for _ in range(40)))
    assert len(await world.texts(Scope.in_private(person.id))) == 40
