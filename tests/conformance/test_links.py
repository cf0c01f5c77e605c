"""Link codes: each works once, for a while, and only the newest of a person."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from support.engine import FakeClock

from bot.domain.identity import PersonId
from bot.domain.link import CODE_LIFETIME, LinkCode
from bot.engine.linking import MAX_WRONG_CODES, LinkRefusal
from bot.engine.memory_control import MemoryControl
from bot.engine.recall_cache import RecallCache
from bot.errors import StorageError


def _code(person_id: PersonId, digest: str, at: datetime) -> LinkCode:
    return LinkCode(digest=digest, person_id=person_id, issued_at=at, expires_at=at + CODE_LIFETIME)


async def _issue(world: Any, person_id: PersonId, digest: str, minutes: int = 0) -> None:
    async with world.storage.unit_of_work() as work:
        at = world.now + timedelta(minutes=minutes)
        await work.links.issue(_code(person_id, digest, at))
        await work.commit()


async def _redeem(world: Any, digest: str, minutes: float = 0) -> PersonId | None:
    async with world.storage.unit_of_work() as work:
        now = world.now + timedelta(minutes=minutes)
        owner: PersonId | None = await work.links.redeem(digest, now=now)
        await work.commit()
    return owner


async def test_a_code_works_once(world: Any) -> None:
    person = await world.person()
    await _issue(world, person.id, "d1")
    assert await _redeem(world, "another") is None
    assert await _redeem(world, "d1", minutes=9.9) == person.id
    assert await _redeem(world, "d1") is None


async def test_an_expired_code_is_worth_nothing(world: Any) -> None:
    await _issue(world, (await world.person()).id, "d1")
    assert await _redeem(world, "d1", minutes=10) is None


async def test_of_two_that_redeem_at_once_one_wins(world: Any) -> None:
    person = await world.person()
    await _issue(world, person.id, "d1")
    owners = await asyncio.gather(*(_redeem(world, "d1") for _ in range(4)))
    assert sorted(map(str, owners)) == ["None", "None", "None", person.id]


async def test_redeeming_without_commit_uses_nothing_up(world: Any) -> None:
    person = await world.person()
    await _issue(world, person.id, "d1")
    async with world.storage.unit_of_work() as work:
        assert await work.links.redeem("d1", now=world.now) == person.id
    assert await _redeem(world, "d1") == person.id


async def test_a_new_code_replaces_the_persons_earlier_ones(world: Any) -> None:
    ann, bob = await world.person("ann"), await world.person("bob")
    await _issue(world, ann.id, "first")
    await _issue(world, bob.id, "bobs")
    await _issue(world, ann.id, "second")
    assert await _redeem(world, "first") is None
    assert await _redeem(world, "second") == ann.id
    assert await _redeem(world, "bobs") == bob.id


async def test_of_codes_issued_at_once_one_works(world: Any) -> None:
    person = await world.person()
    digests = [f"d{number}" for number in range(6)]
    await asyncio.gather(*(_issue(world, person.id, digest) for digest in digests))
    owners = [await _redeem(world, digest) for digest in digests]
    assert owners.count(person.id) == 1


async def test_codes_are_counted_whatever_became_of_them(world: Any) -> None:
    ann, bob = await world.person("ann"), await world.person("bob")
    for minutes in range(3):
        await _issue(world, ann.id, f"d{minutes}", minutes)
    await _redeem(world, "d2", minutes=2)
    async with world.storage.unit_of_work() as work:
        issued = work.links.issued_since
        assert await issued(ann.id, world.now) == 3
        assert await issued(ann.id, world.now + timedelta(minutes=1)) == 2
        assert await issued(ann.id, world.now + timedelta(minutes=3)) == 0
        assert await issued(bob.id, world.now) == 0


async def test_wrong_codes_are_counted(world: Any) -> None:
    ann, bob = await world.person("ann"), await world.person("bob")
    async with world.storage.unit_of_work() as work:
        for minutes in range(3):
            at = world.now + timedelta(minutes=minutes)
            await work.links.note_failure(ann.id, at=at)
        await work.commit()
    async with world.storage.unit_of_work() as work:
        failures = work.links.failures_since
        assert await failures(ann.id, world.now) == 3
        assert await failures(ann.id, world.now + timedelta(minutes=1)) == 2
        assert await failures(bob.id, world.now) == 0


async def test_codes_and_failures_need_a_person(world: Any) -> None:
    nobody = PersonId("nobody")
    with pytest.raises(StorageError):
        await _issue(world, nobody, "d1")
    with pytest.raises(StorageError):
        async with world.storage.unit_of_work() as work:
            await work.links.note_failure(nobody, at=world.now)


async def test_a_digest_is_stored_once(world: Any) -> None:
    ann, bob = await world.person("ann"), await world.person("bob")
    await _issue(world, ann.id, "d1")
    with pytest.raises(StorageError):
        await _issue(world, bob.id, "d1")
    assert await _redeem(world, "d1") == ann.id


async def test_who_tries_many_codes_at_once_has_no_more_tries(world: Any) -> None:
    clock = FakeClock(world.now)
    control = MemoryControl.over(
        world.storage, RecallCache(), clock=clock, ids=world, retention_days=None
    )
    eve = world.identity("eve")
    tries = [control.linking.preview(eve, f"WRONG{n:03}") for n in range(20)]

    refused = await asyncio.gather(*tries)

    assert refused.count(LinkRefusal.WRONG_CODE) == MAX_WRONG_CODES
    assert refused.count(LinkRefusal.TOO_MANY_TRIES) == 20 - MAX_WRONG_CODES
