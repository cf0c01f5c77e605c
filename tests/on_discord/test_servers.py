"""One Ellie in several servers: what is said in one is neither known nor shown in another."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from simcord.actors import MemberActor
from simcord.builders import ChannelHandle, GuildHandle
from support.town import Town, town

SHARDS = 2


@dataclass
class Village:
    """A second server, on the other shard, with Ana in it too."""

    guild: GuildHandle
    square: ChannelHandle
    ana: MemberActor

    @classmethod
    def beside(cls, t: Town) -> Village:
        shard = (t.guild.id >> 22) % SHARDS
        guild = t.env.create_guild("Village", shard_id=SHARDS - 1 - shard)
        return cls(guild, guild.create_text_channel("square"), guild.add_member(t.ana.user))

    async def say(self, t: Town, text: str) -> None:
        await self.ana.send(self.square, f"{t.me} {text}")


async def test_each_answer_goes_to_its_own_server(tmp_path: Path) -> None:
    async with town(tmp_path, "In town.", "In the village.", shard_count=SHARDS) as t:
        village = Village.beside(t)
        shards = {server.shard_id for server in t.ellie.client.guilds}
        assert shards == {0, 1}
        await t.say(t.ana, "where are we?")
        await village.say(t, "and where are we now?")
        assert t.said() == ["In town."]
        assert t.said(village.square) == ["In the village."]
        assert t.ellie.client.shard_count == SHARDS


async def test_answers_that_are_written_at_once_do_not_mix(tmp_path: Path) -> None:
    async with town(tmp_path, "a b c", "x y z", shard_count=SHARDS) as t:
        village = Village.beside(t)
        t.ellie.generator.hold(after_words=1)
        await t.say(t.ana, "letters")
        await village.say(t, "other letters")
        await t.env.advance_time(60)
        assert (t.said(), t.said(village.square)) == (["a"], ["x"])
        t.ellie.generator.release()
        await t.env.settle()
        await t.env.advance_time(60)
        assert (t.said(), t.said(village.square)) == (["a b c"], ["x y z"])


async def test_what_was_said_in_one_server_is_not_in_the_prompt_of_another(tmp_path: Path) -> None:
    async with town(tmp_path, *["Fine."] * 4, shard_count=SHARDS) as t:
        village = Village.beside(t)
        await t.say(t.ana, "my dog is called Biscuit")
        await t.ana.slash(t.hall, "chat", text="I live in Porto")
        await village.say(t, "what is my dog called, and where do I live?")
        await village.ana.slash(village.square, "chat", text="what is my dog called?")
        for prompt in t.ellie.prompts()[2:]:
            assert "Biscuit" not in prompt
            assert "Porto" not in prompt
        t.ellie.generator.enqueue("Biscuit.")
        await t.say(t.ana, "what is my dog called?")
        assert "My dog is called Biscuit." in t.ellie.prompts()[-1]


async def test_what_was_said_directly_is_in_the_prompt_of_neither(tmp_path: Path) -> None:
    async with town(tmp_path, *["Fine."] * 3, shard_count=SHARDS) as t:
        village = Village.beside(t)
        await t.ana.send_dm("my locker code is 4711")
        await t.say(t.ana, "what is my locker code?")
        await village.say(t, "what is my locker code?")
        assert ["4711" in prompt for prompt in t.ellie.prompts()] == [True, False, False]


async def test_a_restart_finishes_what_was_cut_off_in_both(tmp_path: Path) -> None:
    async with town(tmp_path, "a b c", "x y z", shard_count=SHARDS) as t:
        village = Village.beside(t)
        t.ellie.generator.hold(after_words=1)
        await t.say(t.ana, "letters")
        await village.say(t, "other letters")
        await t.env.advance_time(60)
        t.kill()
        await t.restart()
        for channel in (t.hall, village.square):
            [message] = t.hers(channel)
            assert "I was interrupted" in message.content
            assert t.buttons(message) == ["Try again"]
