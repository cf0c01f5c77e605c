"""The connection to Discord drops and comes back: nobody is left without an answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from support.town import Town, town

from adapters.recovering import EVERY_SECONDS, DeliveryRecovery


@pytest.fixture(autouse=True)
def no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """No second and a half for each press: all of them are dealt with."""
    monkeypatch.setattr("adapters.discord.command_replies.GRACE_SECONDS", 60.0)


@asynccontextmanager
async def dropped(t: Town, shard_id: int = 0) -> AsyncIterator[None]:
    """Within, a shard is disconnected; afterwards it has a new session."""
    shard = t.ellie.client.shards[shard_id]
    with t.env._bot_scope():  # what the client starts then is its own, not the test's
        await shard.disconnect()
    await t.env.settle()
    assert shard.is_closed()
    yield
    with t.env._bot_scope():
        await shard.reconnect()
    await t.env.settle()
    assert not shard.is_closed()


async def test_after_a_dropped_connection_the_next_message_is_answered(tmp_path: Path) -> None:
    async with town(tmp_path, "One.", "Two.", "Three.") as t:
        await t.say(t.ana, "my dog is called Biscuit")
        async with dropped(t):
            pass
        await t.say(t.ana, "what is my dog called?")
        await t.ana.send_dm("hello")
        assert t.said()[-1] == "Two."
        assert t.said(t.ana.user.dm_channel) == ["Three."]
        assert "My dog is called Biscuit." in t.ellie.prompts()[1]


async def test_a_reply_that_is_written_meanwhile_ends_whole(tmp_path: Path) -> None:
    async with town(tmp_path, "one two three four") as t:
        t.ellie.generator.hold(after_words=2)
        await t.say(t.ana, "count")
        await t.env.advance_time(60)
        assert t.said() == ["one two"]
        async with dropped(t):
            t.ellie.generator.go_on(after_words=3)
            await t.env.settle()
            await t.env.advance_time(60)
            assert t.said() == ["one two three"]
        t.ellie.generator.release()
        await t.env.settle()
        await t.env.advance_time(60)
        [message] = t.hers()
        assert message.content.startswith("one two three four")
        assert t.buttons(message)[0] == "Again"


async def test_a_reply_that_ends_while_nothing_is_connected_is_shown_once(tmp_path: Path) -> None:
    async with town(tmp_path, "one two three four") as t:
        t.ellie.generator.hold(after_words=2)
        await t.say(t.ana, "count")
        async with dropped(t):
            t.ellie.generator.release()
            await t.env.settle()
        await t.env.advance_time(2 * EVERY_SECONDS)
        assert t.said() == ["one two three four"]


async def test_buttons_work_after_the_connection_came_back(tmp_path: Path) -> None:
    async with town(tmp_path, "Apples.", "Pears.") as t:
        await t.say(t.ana, "name a fruit")
        async with dropped(t):
            pass
        await t.press(t.ana, t.hers()[0], "again")
        assert t.said() == ["Pears."]


async def test_a_new_session_watches_for_cut_off_replies_no_second_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[object] = []
    recover = DeliveryRecovery.recover

    async def counted(self: DeliveryRecovery) -> int:
        looks.append(self)
        return await recover(self)

    monkeypatch.setattr(DeliveryRecovery, "recover", counted)
    async with town(tmp_path) as t:
        with capture_logs() as logs:
            async with dropped(t):
                pass
        assert [line["event"] for line in logs].count("discord_ready") == 1
        assert len(looks) == 1
        await t.env.advance_time(EVERY_SECONDS)
        assert len(looks) == 2


async def test_a_shard_that_drops_keeps_no_other_from_answering(tmp_path: Path) -> None:
    async with town(tmp_path, "Here.", "Here again.", shard_count=2) as t:
        first = (t.guild.id >> 22) % 2
        other = t.env.create_guild("Village", shard_id=1 - first)
        square, ana = other.create_text_channel("square"), other.add_member(t.ana.user)
        async with dropped(t, first):
            await ana.send(square, f"{t.me} anybody there?")
        await t.say(t.ana, "anybody here?")
        assert t.said(square) == ["Here."]
        assert t.said() == ["Here again."]
