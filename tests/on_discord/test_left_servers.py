"""Ellie is removed from a server: what was said there stays for as long as was decided for it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from simcord.builders import ChannelHandle, GuildHandle
from support.town import Town, town

from bot.domain.identity import Platform, TenantRef
from bot.engine.recall_cache import RecallCache
from bot.engine.retention import Retention
from bot.engine.tenant_retention import KEEP_EVERYTHING, TenantRetention
from bot.ports.compaction_storage import Expired

PORTO, BISCUIT, PLUMS = "I live in Porto", "my dog is called Biscuit", "I like plums"


async def decide(t: Town, guild: GuildHandle, days: int) -> None:
    """What ``/admin retention`` does."""
    tenant = TenantRef(platform=Platform.DISCORD, external_id=str(guild.id))
    await TenantRetention(t.ellie.storage, default_days=None).decide(tenant, days)


async def leave(t: Town, guild: GuildHandle) -> None:
    seen = t.ellie.client.get_guild(guild.id)
    assert seen is not None
    await seen.leave()
    await t.env.settle()
    assert t.ellie.client.get_guild(guild.id) is None


async def erase_expired(t: Town, *, after_days: int, default_days: int | None = None) -> Expired:
    """What the schedule does, so many days after everything was said."""
    t.ellie.clock.moment = t.env.now() + timedelta(days=after_days)
    retention = Retention(
        t.ellie.storage,
        RecallCache(),
        clock=t.ellie.clock,
        ids=t.ellie.ids,
        default_days=default_days,
        erasing=t.ellie.control.erasing,
    )
    return await retention.erase_expired()


async def say_everywhere(t: Town) -> ChannelHandle:
    """In the town, in another server and directly; returns the channel of the other server."""
    t.ellie.clock.moment = t.env.now()
    village = t.env.create_guild("Village")
    square, ana = village.create_text_channel("square"), village.add_member(t.ana.user)
    t.ellie.generator.enqueue("Nice, Porto!", "Nice, Biscuit!", "Nice, plums!")
    await t.say(t.ana, PORTO)
    await ana.send(square, f"{t.me} {BISCUIT}")
    await t.ana.send_dm(PLUMS)
    assert stored(t) == [PORTO, BISCUIT, PLUMS]
    assert len(t.ellie.facts()) == 3
    return square


def stored(t: Town) -> list[str]:
    return [turn.text for turn in t.ellie.turns()]


async def test_what_was_said_there_goes_when_its_time_is_over(tmp_path: Path) -> None:
    async with town(tmp_path) as t:
        await say_everywhere(t)
        await decide(t, t.guild, 30)
        await leave(t, t.guild)

        assert not await erase_expired(t, after_days=29)
        assert stored(t) == [PORTO, BISCUIT, PLUMS]

        expired = await erase_expired(t, after_days=31)
        assert (expired.turns, expired.facts) == (1, 1)
        assert stored(t) == [BISCUIT, PLUMS]
        assert "Porto" not in repr(t.ellie.state)


async def test_what_is_too_old_goes_also_if_she_left_long_before(tmp_path: Path) -> None:
    async with town(tmp_path) as t:
        await say_everywhere(t)
        await decide(t, t.guild, 30)
        await leave(t, t.guild)
        await t.restart()
        assert (await erase_expired(t, after_days=400)).turns == 1
        assert stored(t) == [BISCUIT, PLUMS]


async def test_without_a_decision_it_is_kept(tmp_path: Path) -> None:
    async with town(tmp_path) as t:
        await say_everywhere(t)
        await leave(t, t.guild)
        assert not await erase_expired(t, after_days=4000)
        assert stored(t) == [PORTO, BISCUIT, PLUMS]
        assert len(t.ellie.facts()) == 3


async def test_what_another_server_decided_does_not_count(tmp_path: Path) -> None:
    async with town(tmp_path) as t:
        square = await say_everywhere(t)
        assert square.guild is not None
        await decide(t, square.guild, 30)
        await leave(t, t.guild)
        await erase_expired(t, after_days=31)
        assert stored(t) == [PORTO, PLUMS]


@pytest.mark.parametrize(("own", "left"), [(KEEP_EVERYTHING, [PORTO]), (30, [])])
async def test_its_own_decision_goes_before_the_default(
    tmp_path: Path, own: int, left: list[str]
) -> None:
    async with town(tmp_path) as t:
        await say_everywhere(t)
        await decide(t, t.guild, own)
        await leave(t, t.guild)
        await erase_expired(t, after_days=100, default_days=90)
        assert stored(t) == left


async def test_what_went_is_known_nowhere_any_more(tmp_path: Path) -> None:
    async with town(tmp_path) as t:
        await say_everywhere(t)
        t.ellie.generator.enqueue("In Porto.", "No idea.")
        await t.ana.send_dm("where do I live?")
        await decide(t, t.guild, 30)
        await leave(t, t.guild)
        await erase_expired(t, after_days=31)
        await t.ana.send_dm("and where do I live?")
        assert ["I live in Porto." in p for p in t.ellie.prompts()[-2:]] == [True, False]
