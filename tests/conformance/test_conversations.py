from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from sqlalchemy import select

from bot.domain.conversation import ConversationRef, Scope, Visibility
from bot.domain.identity import Platform
from storage.database import SqlStorage
from storage.tables import conversations


async def test_the_same_name_is_the_same_conversation(world: Any) -> None:
    first = await world.conversation(world.ref("general", Visibility.PUBLIC))
    assert await world.conversation(world.ref("general", Visibility.PUBLIC)) == first


async def test_concurrent_first_messages_make_one_conversation(world: Any) -> None:
    ref = world.ref("general", Visibility.PUBLIC)
    found = await asyncio.gather(*(world.conversation(ref) for _ in range(10)))
    assert len({conversation.id for conversation in found}) == 1


async def test_threads_channels_and_workspaces_differ(world: Any) -> None:
    refs = [
        world.ref("c1", Visibility.PUBLIC),
        world.ref("c2", Visibility.PUBLIC),
        world.ref("c1", Visibility.PUBLIC, thread="t1"),
        world.ref("c1", Visibility.PUBLIC, thread="t2"),
        world.ref("c1", Visibility.PUBLIC, workspace="T2"),
    ]
    found = [await world.conversation(ref) for ref in refs]
    assert len({conversation.id for conversation in found}) == len(refs)
    assert [conversation.ref for conversation in found] == refs


async def test_a_conversation_is_known_by_its_whole_name(world: Any) -> None:
    there = world.ref("c1", Visibility.PUBLIC, thread="t1")
    await world.conversation(there)
    async with world.storage.unit_of_work() as work:
        assert await work.conversations.knows(there)
        assert await work.conversations.knows(replace(there, visibility=Visibility.PRIVATE))
        for elsewhere in (
            world.ref("c1", Visibility.PUBLIC),
            world.ref("c1", Visibility.PUBLIC, thread="t2"),
            world.ref("c2", Visibility.PUBLIC, thread="t1"),
            world.ref("c1", Visibility.PUBLIC, thread="t1", workspace="T2"),
        ):
            assert not await work.conversations.knows(elsewhere)


async def test_a_thread_shares_the_audience_of_its_channel(world: Any) -> None:
    channel = await world.conversation(world.ref("c1", Visibility.PRIVATE))
    thread = await world.conversation(world.ref("c1", Visibility.PRIVATE, thread="t1"))
    assert thread.audience == channel.audience
    assert thread.audience.tenant_id is not None


async def test_a_direct_message_without_tenant_is_one_conversation(world: Any) -> None:
    ref = ConversationRef(platform=Platform.DISCORD, channel_id="dm", visibility=Visibility.DIRECT)
    first = await world.conversation(ref)
    assert first.tenant_id is None
    assert await world.conversation(ref) == first


async def test_a_closed_channel_is_private_from_then_on(world: Any) -> None:
    opened = await world.conversation(world.ref("c1", Visibility.PUBLIC))
    person = await world.person()
    before = await world.say(person, opened, "said in public")
    closed = await world.conversation(replace(opened.ref, visibility=Visibility.PRIVATE))
    assert closed.id == opened.id
    assert closed.audience.visibility is Visibility.PRIVATE
    async with world.storage.unit_of_work() as work:
        # What was said before keeps the circle in which it was said.
        assert await work.turns.latest(Scope.in_private(person.id), limit=9) == (before,)


async def test_the_last_known_visibility_is_stored(sql_world: Any, sql_storage: SqlStorage) -> None:
    for visibility in (Visibility.PUBLIC, Visibility.PRIVATE):
        await sql_world.conversation(sql_world.ref("c1", visibility))
        async with sql_storage.engine.connect() as connection:
            stored = await connection.execute(select(conversations.c.visibility))
            assert stored.scalars().all() == [visibility]
