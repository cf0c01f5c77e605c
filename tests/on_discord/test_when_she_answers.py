"""Which messages are for Ellie, and what she is told about them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import discord
import pytest
from support.town import town

from bot.domain.policy import AnswerPolicy
from bot.domain.turn import TurnStatus


async def test_a_mention_is_answered_as_a_reply_that_pings_nobody(tmp_path: Path) -> None:
    async with town(tmp_path, "Hello Ana.") as t:
        asked = await t.say(t.ana, "hi there")
        assert t.said() == ["Hello Ana."]
        reply = t.hers()[0]
        assert reply.reference is not None
        assert reply.reference.message_id == asked.id
        sent = [r.json for r in t.env.http_requests if r.method == "POST" and r.json]
        assert sent[-1]["allowed_mentions"] == {"parse": [], "replied_user": False}


async def test_a_direct_message_is_answered_without_a_mention(tmp_path: Path) -> None:
    async with town(tmp_path, "Hello Ana.") as t:
        await t.ana.send_dm("hi there")
        assert t.said(t.ana.user.dm_channel) == ["Hello Ana."]


async def test_a_reply_to_her_is_answered(tmp_path: Path) -> None:
    async with town(tmp_path, "One.", "Two.") as t:
        await t.say(t.ana, "first")
        await t.ana.send(t.hall, "second", reply_to=t.hers()[0])
        assert t.said() == ["One.", "Two."]


async def test_talk_that_does_not_mention_her_stays_unanswered(tmp_path: Path) -> None:
    async with town(tmp_path) as t:
        await t.ana.send(t.hall, "I wonder what's for lunch")
        assert t.hers() == []
        assert t.ellie.turns() == []


@pytest.mark.parametrize("words", ["@everyone look", "@here look"])
async def test_a_call_to_everybody_is_no_call_to_her(tmp_path: Path, words: str) -> None:
    async with town(tmp_path) as t:
        await t.ana.send(t.hall, words)
        assert t.hers() == []


async def test_other_bots_and_webhooks_are_not_answered(tmp_path: Path) -> None:
    async with town(tmp_path) as t:
        other = t.guild.add_member(t.env.create_user("robot", bot=True))
        await t.say(other, "hello")
        hook = t.guild.create_webhook(t.hall, "news")
        await hook.send(f"{t.me} hello")
        assert t.hers() == []
        assert t.ellie.turns() == []


async def test_her_own_messages_are_not_answered(tmp_path: Path) -> None:
    async with town(tmp_path, "I am Ellie.") as t:
        await t.say(t.ana, f"say {t.me}")
        assert len(t.hers()) == 1


async def test_a_thread_that_she_is_in_needs_no_mention(tmp_path: Path) -> None:
    async with town(tmp_path, "In the thread.", "Still here.", message_content=True) as t:
        start = await t.ana.send(t.hall, "a topic")
        thread = await (await t.channel().fetch_message(start.id)).create_thread(name="topic")
        await t.env.settle()
        place = t.hall.threads[0]
        await t.say(t.ana, "what do you think?", place)
        await t.ana.send(place, "and now?")
        assert t.said(place) == ["In the thread.", "Still here."]
        assert thread.id == place.id


async def test_in_a_thread_she_stays_out_of_what_is_for_somebody_else(tmp_path: Path) -> None:
    async with town(tmp_path, "In the thread.", message_content=True) as t:
        start = await t.ana.send(t.hall, "a topic")
        await (await t.channel().fetch_message(start.id)).create_thread(name="topic")
        await t.env.settle()
        place = t.hall.threads[0]
        await t.say(t.ana, "what do you think?", place)
        await t.ana.send(place, f"{t.bo.mention} and you?")
        assert t.said(place) == ["In the thread."]


async def test_switched_off_she_is_silent(tmp_path: Path) -> None:
    async with town(tmp_path) as t:
        await t.decide(AnswerPolicy.OFF, t.hall)
        await t.say(t.ana, "hello?")
        assert t.hers() == []
        assert t.ellie.turns() == []


async def test_where_she_always_answers_no_mention_is_needed(tmp_path: Path) -> None:
    async with town(tmp_path, "Soup, I think.", message_content=True) as t:
        await t.decide(AnswerPolicy.ALWAYS, t.hall)
        await t.ana.send(t.hall, "what's for lunch?")
        await t.ana.send(t.hall, f"{t.bo.mention} what's for lunch?")
        assert t.said() == ["Soup, I think."]


async def test_where_threads_are_wanted_a_mention_opens_one(tmp_path: Path) -> None:
    async with town(tmp_path, "Let's talk here.", "Yes.", message_content=True) as t:
        await t.decide(AnswerPolicy.THREADS, t.hall)
        await t.say(t.ana, "shall we talk about the garden?")
        [thread] = t.hall.threads
        assert thread.name == "shall we talk about the garden?"
        assert t.said(thread) == ["Let's talk here."]
        await t.ana.send(thread, "are you still there?")
        assert t.said(thread)[-1] == "Yes."
        assert t.hers() == []


async def test_where_only_mentions_count_a_thread_follow_up_does_not(tmp_path: Path) -> None:
    async with town(tmp_path, "Once.", message_content=True) as t:
        await t.decide(AnswerPolicy.MENTIONS, t.hall)
        start = await t.ana.send(t.hall, "a topic")
        await (await t.channel().fetch_message(start.id)).create_thread(name="topic")
        await t.env.settle()
        place = t.hall.threads[0]
        await t.say(t.ana, "hello", place)
        await t.ana.send(place, "and now?")
        assert t.said(place) == ["Once."]


async def test_a_policy_holds_at_once_when_an_admin_sets_it(tmp_path: Path) -> None:
    async with town(tmp_path) as t:
        manager = t.guild.create_role("m", permissions=discord.Permissions(manage_guild=True))
        cem = t.guild.add_member(t.env.create_user("cem"), roles=[manager])
        result = await cem.slash(
            t.hall, "admin policy set", setting="answers", value="off", where="here"
        )
        assert result.ephemeral
        await t.say(t.ana, "hello?")
        assert t.hers() == []


async def test_what_others_said_is_in_the_prompt_and_nowhere_else(tmp_path: Path) -> None:
    async with town(tmp_path, "The lake, he said.", message_content=True) as t:
        await t.bo.send(t.hall, "I vote for the lake on Sunday")
        await t.say(t.ana, "what did Bo vote for?")
        assert "I vote for the lake on Sunday" in t.ellie.prompts()[0]
        assert "Bo" in t.ellie.prompts()[0]
        assert "lake" not in "".join(turn.text for turn in t.ellie.turns())
        assert t.ellie.facts() == []


async def test_without_the_intent_she_reads_nothing_but_what_is_said_to_her(
    tmp_path: Path,
) -> None:
    no_content = discord.Intents.none()
    async with town(tmp_path, "I can't see that.", approved_intents=no_content) as t:
        await t.bo.send(t.hall, "I vote for the lake on Sunday")
        await t.say(t.ana, "what did Bo vote for?")
        assert "lake" not in t.ellie.prompts()[0]
        assert t.said() == ["I can't see that."]


async def test_only_the_latest_of_a_channel_is_read(tmp_path: Path) -> None:
    async with town(tmp_path, "I see.", message_content=True, context_messages=2) as t:
        for number in range(4):
            await t.bo.send(t.hall, f"remark-{number}")
        await t.say(t.ana, "what did Bo say?")
        [prompt] = t.ellie.prompts()
        assert [f"remark-{n}" in prompt for n in range(4)] == [False, False, True, True]


async def test_what_somebody_replies_to_is_what_they_mean(tmp_path: Path) -> None:
    async with town(tmp_path, "A joke.", message_content=True) as t:
        joke = await t.bo.send(t.hall, "why did the duck cross the road")
        for number in range(15):
            await t.bo.send(t.hall, f"filler {number}")
        await t.ana.send(t.hall, f"{t.me} explain", reply_to=joke)
        assert "why did the duck cross the road" in t.ellie.prompts()[0]


async def test_her_answers_to_others_are_not_shown_to_the_model(tmp_path: Path) -> None:
    async with town(tmp_path, "Your cat is Minka.", "No idea.", message_content=True) as t:
        await t.say(t.bo, "what is my cat called?")
        await t.say(t.ana, "what's new?")
        assert "Minka" not in t.ellie.prompts()[1]


async def test_one_persons_memory_never_enters_anothers_prompt(tmp_path: Path) -> None:
    async with town(tmp_path, "Noted.", "Noted.", "I don't know.") as t:
        await t.say(t.ana, "my dog is called Biscuit")
        garden = t.guild.create_text_channel("garden")
        await t.say(t.bo, "hello", garden)
        await t.say(t.bo, "what is my dog called?", garden)
        assert "Biscuit" not in "".join(t.ellie.prompts()[1:])


async def test_a_secret_from_a_direct_message_stays_out_of_a_channel(tmp_path: Path) -> None:
    async with town(tmp_path, "I see.", "Hm.", "Your wedding is in June.") as t:
        await t.ana.send_dm("my wedding is in June")
        await t.say(t.ana, "when is my wedding?")
        assert "June" not in t.ellie.prompts()[1]
        await t.ana.send_dm("when is my wedding?")
        assert "my wedding is in June" in t.ellie.prompts()[2]


async def test_what_is_said_in_a_closed_channel_stays_there(tmp_path: Path) -> None:
    async with town(tmp_path, "I see.", "Hm.") as t:
        hidden = discord.PermissionOverwrite(view_channel=False)
        shown = discord.PermissionOverwrite(view_channel=True)
        closed = t.guild.create_text_channel(
            "staff", overwrites={t.guild.default_role: hidden, t.ana: shown, t.guild.me: shown}
        )
        await t.say(t.ana, "the budget is 900 euros", closed)
        await t.say(t.ana, "what is the budget?")
        assert "900" not in t.ellie.prompts()[1]


async def test_two_people_at_once_in_one_channel_both_get_theirs(tmp_path: Path) -> None:
    async with town(tmp_path, "For Ana.", "For Bo.") as t:
        t.ellie.generator.hold()
        first = await t.say(t.ana, "one")
        second = await t.say(t.bo, "two")
        assert len(t.ellie.generator.requests) == 2  # neither waits for the other
        t.ellie.generator.release()
        await t.env.settle()
        replies = {m.reference.message_id: m.content for m in t.hers() if m.reference}
        assert replies[first.id].startswith("For Ana.")
        assert replies[second.id].startswith("For Bo.")


async def test_the_same_event_twice_is_answered_once(tmp_path: Path) -> None:
    async with town(tmp_path, "Once.") as t:
        asked = await t.say(t.ana, "hello")
        again = await t.channel().fetch_message(asked.id)
        await t.ellie.client.on_message(again)
        await t.env.settle()
        assert t.said() == ["Once."]
        [turn] = t.ellie.turns()
        assert (turn.status, turn.reply) == (TurnStatus.ANSWERED, "Once.")
        assert len(t.ellie.generator.requests) == 1


async def test_somebody_called_everyone_pings_nobody(tmp_path: Path) -> None:
    async with town(tmp_path, "Hello @everyone, nice name.") as t:
        odd = t.guild.add_member(t.env.create_user("odd", global_name="@everyone"))
        await t.say(odd, "hello")
        assert not t.hers()[0].mention_everyone
        assert "The user is called @everyone" in t.ellie.prompts()[0]


async def test_a_conversation_in_chinese(tmp_path: Path) -> None:
    async with town(tmp_path, "你好，豆豆真可爱！", "豆豆。") as t:
        await t.say(t.ana, "我的猫叫豆豆")
        assert t.said()[0].startswith("你好，豆豆真可爱！")
        assert "我是 Ellie" in t.hers()[0].content
        await t.say(t.ana, "我的猫叫什么？")
        assert "我的猫叫豆豆" in t.ellie.prompts()[1]
        assert t.buttons(t.hers()[1])[0] == "重新回答"


async def test_the_introduction_comes_once(tmp_path: Path) -> None:
    async with town(tmp_path, "One.", "Two.") as t:
        await t.say(t.ana, "first")
        await t.say(t.ana, "second")
        assert ["I'm Ellie" in m.content for m in t.hers()] == [True, False]


async def test_joining_a_server_posts_nothing(tmp_path: Path) -> None:
    async with town(tmp_path) as t:
        other = t.env.create_guild("Elsewhere")
        channel = other.create_text_channel("start")
        await t.env.settle()
        assert t.hers(channel) == []
        assert not [r for r in t.env.http_requests if r.path.endswith("/messages")]


async def test_every_shard_hears_its_own_servers(tmp_path: Path) -> None:
    async with town(tmp_path, "One.", "Two.", shard_count=2) as t:
        there = t.env.create_guild("Far", shard_id=1)
        square = there.create_text_channel("square")
        eve = there.add_member(t.env.create_user("eve"))
        await t.say(t.ana, "here")
        await t.say(eve, "there", square)
        assert t.said() == ["One."]
        assert t.said(square) == ["Two."]


async def test_a_mention_alone_calls_her(tmp_path: Path) -> None:
    async with town(tmp_path, "Yes, Ana?") as t:
        await t.ana.send(t.hall, t.me)
        assert t.said() == ["Yes, Ana?"]


async def test_a_message_of_4000_characters_is_read_whole(tmp_path: Path) -> None:
    async with town(tmp_path, "Long.") as t:
        await t.ana.send_dm("word " * 380)
        assert t.ellie.prompts()[0].count("word") >= 380


async def test_old_talk_is_no_context(tmp_path: Path) -> None:
    async with town(tmp_path, "Nothing.", message_content=True) as t:
        await t.bo.send(t.hall, "ancient words")
        await t.env.advance_time(timedelta(hours=13).total_seconds())
        await t.say(t.ana, "what's up?")
        assert "ancient words" not in t.ellie.prompts()[0]
