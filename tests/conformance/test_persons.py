from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.domain.conversation import Scope, Visibility
from bot.domain.identity import PersonId, Platform
from bot.domain.turn import TurnId
from bot.errors import StorageError
from bot.ports.storage import Storage
from storage.database import SqlStorage
from storage.tables import identities, persons, tenants


async def test_the_same_identity_is_the_same_person(world: Any) -> None:
    first = await world.person("ann")
    async with world.storage.unit_of_work() as work:
        again = await work.persons.resolve(
            world.identity("ann"), new_id="another", seen_at=world.now + timedelta(days=1)
        )
    assert again == first
    assert again.first_seen_at == world.now


async def test_a_changed_display_name_is_kept(world: Any) -> None:
    first = await world.person("ann")
    renamed = await world.person(identity=replace(world.identity("ann"), display_name="Anna 🌷"))
    assert (renamed.id, renamed.display_name) == (first.id, "Anna 🌷")
    async with world.storage.unit_of_work() as work:
        assert await work.persons.find(world.identity("ann")) == renamed


async def test_find_creates_nobody(world: Any) -> None:
    async with world.storage.unit_of_work() as work:
        assert await work.persons.find(world.identity("ann")) is None
        await work.commit()
    async with world.storage.unit_of_work() as work:
        assert await work.persons.find(world.identity("ann")) is None


@pytest.mark.parametrize("platform", [Platform.SLACK, Platform.DISCORD])
async def test_concurrent_first_messages_make_one_person(world: Any, platform: Platform) -> None:
    identity = world.identity("ann", platform=platform)
    people = await asyncio.gather(*(world.person(identity=identity) for _ in range(10)))
    assert len({person.id for person in people}) == 1
    async with world.storage.unit_of_work() as work:
        assert await work.persons.find(identity) == people[0]


async def test_concurrent_first_messages_leave_no_stray_rows(
    sql_world: Any, sql_storage: SqlStorage
) -> None:
    await asyncio.gather(*(sql_world.person("ann") for _ in range(10)))
    async with sql_storage.engine.connect() as connection:
        for table in (persons, identities, tenants):
            rows = (await connection.execute(select(table))).all()
            assert len(rows) == 1


async def test_the_same_account_id_in_two_workspaces_is_two_people(world: Any) -> None:
    here = await world.person(identity=world.identity("U1", workspace="T1"))
    there = await world.person(identity=world.identity("U1", workspace="T2"))
    assert here.id != there.id


async def test_the_same_account_id_on_two_platforms_is_two_people(world: Any) -> None:
    slack = await world.person(identity=world.identity("1"))
    discord = await world.person(identity=world.identity("1", platform=Platform.DISCORD))
    assert slack.id != discord.id


async def test_the_epoch_grows(world: Any) -> None:
    person = await world.person()
    async with world.storage.unit_of_work() as work:
        await work.persons.bump_epoch(person.id)
        await work.persons.bump_epoch(person.id)
        await work.commit()
    assert (await world.person()).memory_epoch == 2


async def test_an_erased_person_comes_back_as_a_stranger(world: Any) -> None:
    ann, bob = await world.person("ann"), await world.person("bob")
    home = await world.conversation()
    await world.say(ann, home)
    async with world.storage.unit_of_work() as work:
        await work.turns.erase_all(ann.id)
        await work.persons.erase(ann.id)
        await work.commit()
    async with world.storage.unit_of_work() as work:
        assert await work.persons.find(world.identity("ann")) is None
        assert await work.persons.find(world.identity("bob")) == bob
    stranger = await world.person("ann")
    assert stranger.id != ann.id
    assert (await world.say(stranger, await world.conversation())).number == 1


async def test_erasing_a_person_takes_their_deserted_direct_messages(world: Any) -> None:
    ann, bob = await world.person("ann"), await world.person("bob")
    anns = await world.conversation(world.ref("dm-ann"))
    bobs = await world.conversation(world.ref("dm-bob"))
    channel = await world.conversation(world.ref("general", Visibility.PUBLIC))
    await world.say(ann, anns)
    await world.say(bob, bobs)
    async with world.storage.unit_of_work() as work:
        await work.turns.erase_all(ann.id)
        await work.persons.erase(ann.id)
        await work.commit()
    assert (await world.conversation(world.ref("dm-ann"))).id != anns.id
    assert await world.conversation(world.ref("dm-bob")) == bobs
    assert await world.conversation(world.ref("general", Visibility.PUBLIC)) == channel


async def test_a_person_with_turns_cannot_be_erased(world: Any, storage: Storage) -> None:
    person = await world.person()
    await world.say(person, await world.conversation())
    with pytest.raises(StorageError):  # noqa: PT012 - at once or at the commit
        async with storage.unit_of_work() as work:
            await work.persons.erase(person.id)
            await work.commit()
    assert await world.texts(Scope.in_private(person.id)) == ["hello"]


async def test_a_person_pauses_and_goes_incognito_and_comes_back(world: Any) -> None:
    ann, bob = await world.person("ann"), await world.person("bob")
    assert not ann.paused
    assert not ann.incognito
    for paused, incognito in ((True, False), (True, True), (False, True), (False, False)):
        async with world.storage.unit_of_work() as work:
            await work.persons.set_paused(ann.id, paused=paused)
            await work.persons.set_incognito(ann.id, incognito=incognito)
            await work.commit()
        expected = replace(ann, paused=paused, incognito=incognito)
        async with world.storage.unit_of_work() as work:
            assert await work.persons.find(world.identity("ann")) == expected
        assert await world.person("ann") == expected
    async with world.storage.unit_of_work() as work:
        await work.persons.set_paused(PersonId("nobody"), paused=True)
        await work.persons.set_incognito(PersonId("nobody"), incognito=True)
    assert await world.person("bob") == bob


async def test_a_person_is_told_once(world: Any) -> None:
    ann, bob = await world.person("ann"), await world.person("bob")

    async def take(person_id: PersonId, *, commit: bool = True) -> bool:
        async with world.storage.unit_of_work() as work:
            must_tell: bool = await work.persons.take_notice(person_id, at=world.now)
            if commit:
                await work.commit()
        return must_tell

    assert await take(ann.id, commit=False)
    at_once = await asyncio.gather(*(take(ann.id) for _ in range(4)))
    assert sorted(at_once) == [False, False, False, True]
    assert not await take(ann.id)
    assert await take(bob.id)
    assert not await take(PersonId("nobody"))
    told = await world.person("ann")
    assert told == replace(ann, told_at=world.now)
    async with world.storage.unit_of_work() as work:
        assert await work.persons.get(ann.id) == await work.persons.find(world.identity()) == told


async def test_a_notice_is_returned_for_the_turn_that_told_it(world: Any) -> None:
    ann, bob = await world.person("ann"), await world.person("bob")
    home = await world.conversation()
    telling, other = await world.say(ann, home), await world.say(bob, home)
    opened, _ = await world.accept(world.turn(ann, home))

    async def told_after_return(turn_id: TurnId, *, at: datetime) -> bool:
        async with world.storage.unit_of_work() as work:
            await work.persons.take_notice(ann.id, at=at)
            await work.persons.return_notice(turn_id)
            found = await work.persons.get(ann.id)
        return found is not None and found.told_at is not None

    assert not await told_after_return(telling.id, at=world.now)
    assert await told_after_return(telling.id, at=world.now - timedelta(microseconds=1))
    for turn_id in (other.id, opened.id, TurnId("none")):
        assert await told_after_return(turn_id, at=world.now)


async def test_the_identities_of_a_person_name_their_workspace(world: Any) -> None:
    slack = world.identity("U1", workspace="T2")
    discord = world.identity("7", platform=Platform.DISCORD)
    for identity in (slack, discord):
        person = await world.person(identity=identity)
        async with world.storage.unit_of_work() as work:
            assert await work.persons.identities(person.id) == (identity,)


async def test_consent_is_given_and_taken_back(world: Any) -> None:
    ann, bob = await world.person("ann"), await world.person("bob")
    assert ann.consented_at is None
    async with world.storage.unit_of_work() as work:
        await work.persons.set_consent(ann.id, at=world.now)
        await work.commit()
    assert await world.person("ann") == replace(ann, consented_at=world.now)
    assert await world.person("bob") == bob
    async with world.storage.unit_of_work() as work:
        await work.persons.set_consent(ann.id, at=None)
        await work.persons.set_consent(PersonId("nobody"), at=world.now)
        await work.commit()
    assert await world.person("ann") == ann
