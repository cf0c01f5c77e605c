"""What is left of quotas."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.domain.bucket import Bucket, taken
from bot.domain.identity import PersonId
from bot.domain.quota import QuotaMeasure, Rate
from bot.errors import StorageError
from bot.ports.quota_storage import BucketKey
from storage.database import open_storage

TEN = Rate(amount=10, seconds=3600)
HALL = BucketKey(holder="channel:slack:T1:C1", measure=QuotaMeasure.TURNS)


def of(person_id: PersonId, measure: QuotaMeasure = QuotaMeasure.TURNS) -> BucketKey:
    return BucketKey(holder=f"person:{person_id}", measure=measure, person_id=person_id)


def full(world: Any) -> Bucket:
    return Bucket(level=10.0, updated_at=world.now)


async def keep(world: Any, key: BucketKey, level: float, *, days_ago: float = 0) -> None:
    bucket = Bucket(level=level, updated_at=world.now - timedelta(days=days_ago))
    async with world.storage.unit_of_work() as work:
        await work.quotas.begin_taking(key, full=full(world))
        await work.quotas.save(key, bucket)
        await work.commit()


async def levels(world: Any, *keys: BucketKey) -> dict[BucketKey, float]:
    async with world.storage.unit_of_work() as work:
        found = await work.quotas.get(keys)
    return {key: bucket.level for key, bucket in found.items()}


async def take(world: Any, key: BucketKey) -> bool:
    async with world.storage.unit_of_work() as work:
        bucket = await work.quotas.begin_taking(key, full=full(world))
        await asyncio.sleep(0)
        left = taken(bucket, TEN, world.now)
        if isinstance(left, timedelta):
            return False
        await work.quotas.save(key, left)
        await work.commit()
    return True


async def test_what_was_saved_is_there_by_holder_and_measure(world: Any) -> None:
    ann = await world.person("ann")
    turns, tokens = of(ann.id), of(ann.id, QuotaMeasure.TOKENS)
    await keep(world, turns, 3.25)
    await keep(world, tokens, -1200.5, days_ago=1)
    await keep(world, HALL, 7)
    assert await levels(world, turns, tokens, HALL) == {turns: 3.25, tokens: -1200.5, HALL: 7.0}
    async with world.storage.unit_of_work() as work:
        found = await work.quotas.get([tokens])
    assert found[tokens].updated_at == world.now - timedelta(days=1)


async def test_what_nobody_used_is_nowhere(world: Any) -> None:
    assert await levels(world) == {}
    assert await levels(world, HALL) == {}


async def test_without_a_commit_nothing_is_taken(world: Any) -> None:
    async with world.storage.unit_of_work() as work:
        assert await work.quotas.begin_taking(HALL, full=full(world)) == full(world)
        await work.quotas.save(HALL, Bucket(level=1.0, updated_at=world.now))
    assert await levels(world, HALL) == {}


@pytest.mark.parametrize("is_known", [True, False], ids=["known", "new"])
async def test_of_many_at_once_no_more_take_than_there_is(world: Any, is_known: bool) -> None:
    left = 10
    if is_known:
        await keep(world, HALL, 4)
        left = 4
    took = await asyncio.gather(*(take(world, HALL) for _ in range(14)))
    assert sum(took) == left
    assert await levels(world, HALL) == {HALL: 0.0}


async def test_a_persons_bucket_goes_with_them(world: Any) -> None:
    ann, bob = await world.person("ann"), await world.person("bob")
    for key in (of(ann.id), of(bob.id), HALL):
        await keep(world, key, 5)
    async with world.storage.unit_of_work() as work:
        await work.persons.erase(ann.id)
        await work.commit()
    assert await levels(world, of(ann.id), of(bob.id), HALL) == {of(bob.id): 5.0, HALL: 5.0}


async def test_of_two_people_who_become_one_the_bucket_of_who_stays_is_kept(world: Any) -> None:
    ann, bob = await world.person("ann"), await world.person("bob")
    await keep(world, of(ann.id), 2)
    await keep(world, of(bob.id), 9)
    async with world.storage.unit_of_work() as work:
        await work.persons.merge(bob.id, into=ann.id)
        await work.commit()
    assert await levels(world, of(ann.id), of(bob.id)) == {of(ann.id): 2.0}


async def test_nobody_has_no_bucket(world: Any) -> None:
    async with world.storage.unit_of_work() as work:
        with pytest.raises(StorageError):
            await work.quotas.begin_taking(of(PersonId("nobody")), full=full(world))


async def test_old_buckets_that_are_full_by_now_are_dropped(world: Any) -> None:
    ages = {"recent": (5, 0.5), "old": (5, 2), "older": (0, 2), "debt": (-1, 2), "bad": (-9, 40)}
    keys = {name: BucketKey(holder=f"channel:{name}", measure=QuotaMeasure.TOKENS) for name in ages}
    for name, (level, days) in ages.items():
        await keep(world, keys[name], level, days_ago=days)

    async def drop(limit: int) -> int:
        async with world.storage.unit_of_work() as work:
            dropped: int = await work.quotas.drop_full(
                before=world.now - timedelta(days=1),
                debts_before=world.now - timedelta(days=30),
                limit=limit,
            )
            await work.commit()
        return dropped

    assert [await drop(2), await drop(2), await drop(2)] == [2, 1, 0]
    assert set(await levels(world, *keys.values())) == {keys["recent"], keys["debt"]}


async def test_a_bucket_that_is_just_being_used_is_not_dropped(sql_world: Any) -> None:
    await keep(sql_world, HALL, 5, days_ago=3)
    storage = sql_world.storage
    async with storage.unit_of_work() as work:
        await work.quotas.begin_taking(HALL, full=full(sql_world))
        if storage.engine.dialect.name == "postgresql":
            async with storage.unit_of_work() as other:
                moment = sql_world.now
                assert not await other.quotas.drop_full(before=moment, debts_before=moment, limit=5)
        await work.quotas.save(HALL, Bucket(level=4.0, updated_at=sql_world.now))
        await work.commit()
    assert await levels(sql_world, HALL) == {HALL: 4.0}


async def test_of_two_processes_on_one_file_no_more_take_than_there_is(
    world_of: Any, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path}/ellie.db"
    async with open_storage(url) as one, open_storage(url) as other:
        worlds = [world_of(one), world_of(other)]
        took = await asyncio.gather(*(take(worlds[n % 2], HALL) for n in range(14)))
        assert sum(took) == 10
        assert await levels(worlds[0], HALL) == {HALL: 0.0}
