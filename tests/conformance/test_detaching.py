"""An account that is taken apart from the person it was merged into."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from support.merging import (
    claimed_job,
    detach,
    identities_of,
    live,
    merge,
    must_wait,
    on_discord,
    person_of,
)

from bot.domain.compaction import JobStatus
from bot.domain.conversation import Scope
from bot.domain.identity import Person
from bot.errors import StorageError


async def test_a_detached_identity_is_a_new_person_without_memory(world: Any) -> None:
    ann, other = await world.person("ann"), await world.person(identity=on_discord(world))
    home = await world.conversation()
    await live(world, ann, home, "a")
    await live(world, other, home, "b")
    await merge(world, other.id, ann.id)
    renamed = replace(on_discord(world), display_name="Anna")
    await claimed_job(world, ann, JobStatus.DONE)
    stranger = await detach(world, renamed)
    assert stranger == Person(
        id=stranger.id, display_name="Anna", first_seen_at=world.now + timedelta(days=9)
    )
    assert stranger.id not in {ann.id, other.id}
    assert await person_of(world, on_discord(world)) == stranger
    assert await world.texts(Scope.in_private(stranger.id)) == []
    assert len(await world.texts(Scope.in_private(ann.id))) == 2
    assert await identities_of(world, stranger.id) == (renamed,)
    assert await identities_of(world, ann.id) == (world.identity("ann"),)
    assert (await world.say(stranger, home)).number == 1


async def test_a_detached_person_stays_paused_and_is_told_anew(world: Any) -> None:
    ann, other = await world.person("ann"), await world.person(identity=on_discord(world))
    async with world.storage.unit_of_work() as work:
        await work.persons.merge(other.id, ann.id)
        await work.persons.set_paused(ann.id, paused=True)
        await work.persons.set_incognito(ann.id, incognito=True)
        await work.persons.take_notice(ann.id, at=world.now)
        await work.persons.set_consent(ann.id, at=world.now)
        await work.commit()
    stranger = await detach(world, on_discord(world))
    assert (stranger.paused, stranger.incognito, stranger.told_at) == (True, True, None)
    assert stranger.consented_at is None
    assert (await world.person("ann")).consented_at == world.now
    assert await person_of(world, on_discord(world)) == stranger
    async with world.storage.unit_of_work() as work:
        assert await work.persons.take_notice(stranger.id, at=world.now)


async def test_nobody_loses_their_last_identity(world: Any) -> None:
    """Their memory would be out of everybody's reach, and could not even be erased."""
    ann, other = await world.person("ann"), await world.person(identity=on_discord(world))
    for identity in (world.identity("ann"), world.identity("unknown")):
        with pytest.raises(StorageError):
            await detach(world, identity)
    await merge(world, other.id, ann.id)
    async with world.storage.unit_of_work() as work:
        await work.persons.detach(on_discord(world), new_id=world.new_id(), seen_at=world.now)
        detaching = asyncio.create_task(detach(world, world.identity("ann")))
        await must_wait(detaching)
        await work.commit()
    with pytest.raises(StorageError):
        await detaching
    assert len(await identities_of(world, ann.id)) == 1
