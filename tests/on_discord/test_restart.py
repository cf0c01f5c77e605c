"""Ellie is started again: nobody is left with half a message and silence."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from support.town import town

from bot.domain.identity import Platform
from bot.domain.turn import TurnStatus


async def test_what_was_told_is_known_after_a_restart(tmp_path: Path) -> None:
    async with town(tmp_path, "Noted.") as t:
        await t.say(t.ana, "my dog is called Biscuit")
        await t.restart("Biscuit.")
        await t.say(t.ana, "what is my dog called?")
        assert "My dog is called Biscuit." in t.ellie.prompts()[0]
        assert t.said()[-1] == "Biscuit."


async def test_buttons_of_an_earlier_process_work(tmp_path: Path) -> None:
    async with town(tmp_path, "Apples.") as t:
        await t.say(t.ana, "name a fruit")
        await t.restart("Pears.")
        await t.press(t.ana, t.hers()[0], "good")
        assert len(t.verdicts()) == 1
        await t.press(t.ana, t.hers()[0], "again")
        await t.env.advance_time(60)
        assert t.said() == ["Pears."]


async def test_killed_in_the_middle_of_a_reply_she_apologises(tmp_path: Path) -> None:
    async with town(tmp_path, "one two three four") as t:
        t.ellie.generator.hold(after_words=2)
        await t.say(t.ana, "count")
        await t.env.advance_time(60)
        assert t.said() == ["one two"]
        t.kill()
        await t.restart("one two three four")
        assert "I was interrupted while I answered." in t.said()[0]
        assert t.buttons(t.hers()[0]) == ["Try again"]
        await t.press(t.ana, t.hers()[0], "again")
        await t.env.advance_time(60)
        assert t.said() == ["one two three four"]
        [turn] = t.ellie.turns()
        assert (turn.status, turn.reply) == (TurnStatus.ANSWERED, "one two three four")


async def test_killed_before_there_was_text_she_apologises(tmp_path: Path) -> None:
    async with town(tmp_path, "one two three four") as t:
        t.ellie.generator.hold()
        asked = await t.say(t.ana, "count")
        t.kill()
        await t.restart("one")
        [message] = t.hers()
        assert "I was interrupted" in message.content
        assert message.reference is not None
        assert message.reference.message_id == asked.id
        await t.press(t.ana, message, "again")
        await t.env.advance_time(60)
        assert t.said() == ["one"]


async def test_nobody_is_told_twice(tmp_path: Path) -> None:
    async with town(tmp_path, "one two three four") as t:
        t.ellie.generator.hold()
        await t.say(t.ana, "count")
        t.kill()
        await t.restart()
        await t.restart()
        await t.env.advance_time(600)
        assert len(t.hers()) == 1


async def test_an_answer_that_was_saved_and_not_shown_is_shown_whole(tmp_path: Path) -> None:
    async with town(tmp_path, "one two three four") as t:
        t.ellie.generator.hold(after_words=2)
        await t.say(t.ana, "count")
        await t.env.advance_time(60)
        t.env.inject_error("PATCH", "/channels/*/messages/*", status=503, times=None)
        t.ellie.generator.release()
        await t.env.settle()
        await t.env.advance_time(600)
        assert t.said() == ["one two"]
        [turn] = t.ellie.turns()
        assert turn.reply == "one two three four"
        t.env.backend.faults.clear()
        await t.restart()
        assert t.said() == ["one two three four"]
        assert t.buttons(t.hers()[0])[0] == "Again"


async def test_an_interrupted_direct_message_is_apologised_for(tmp_path: Path) -> None:
    async with town(tmp_path, "one two") as t:
        t.ellie.generator.hold()
        await t.ana.send_dm("count")
        t.kill()
        await t.restart()
        [message] = t.hers(t.ana.user.dm_channel)
        assert "I was interrupted" in message.content


async def test_the_apology_is_in_the_language_of_the_message(tmp_path: Path) -> None:
    async with town(tmp_path, "一 二") as t:
        t.ellie.generator.hold()
        await t.say(t.ana, "数到四")
        t.kill()
        await t.restart()
        assert "我在回答时被打断了" in t.said()[0]
        assert t.buttons(t.hers()[0]) == ["再试一次"]


async def test_a_message_deleted_while_she_was_away_gets_no_apology(tmp_path: Path) -> None:
    async with town(tmp_path, "one two") as t:
        t.ellie.generator.hold()
        asked = await t.say(t.ana, "count")
        t.kill()
        t.env.inject_error("POST", "/channels/*/messages", status=404, code=10003)
        await t.restart()
        assert t.hers() == []
        await t.env.advance_time(600)
        assert t.hers() == []
        assert asked.id


@pytest.mark.parametrize("status", [500, 429])
async def test_an_apology_that_cannot_be_sent_is_sent_later(tmp_path: Path, status: int) -> None:
    async with town(tmp_path, "one two") as t:
        t.ellie.generator.hold()
        await t.say(t.ana, "count")
        t.kill()
        t.env.inject_error("POST", "/channels/*/messages", status=status)
        await t.restart()
        assert t.hers() == []
        await t.env.advance_time(61)
        assert "I was interrupted" in t.said()[0]


async def test_a_stop_button_of_a_dead_process_says_so(tmp_path: Path) -> None:
    async with town(tmp_path, "one two three") as t:
        await t.ana.send_dm("hello")
        await t.ana.user.slash("incognito", switch="on")
        t.ellie.generator.enqueue("one two three")
        t.ellie.generator.hold(after_words=1)
        await t.ana.send_dm("count")
        await t.env.advance_time(60)
        t.kill()
        await t.restart()
        result = await t.press(t.ana, t.hers(t.ana.user.dm_channel)[-1], "stop")
        assert result.ephemeral
        assert result.response.content == "That reply is finished."


async def test_what_nobody_can_finish_is_given_up_after_a_day(tmp_path: Path) -> None:
    async with town(tmp_path, "one two") as t:
        t.ellie.generator.hold()
        await t.say(t.ana, "count")
        t.kill()
        guild = t.ellie.client.get_guild(t.guild.id)
        assert guild is not None
        await guild.leave()
        ellie = await t.restart()
        assert len(await ellie.deliveries.unfinished(Platform.DISCORD)) == 1
        ellie.clock.moment += timedelta(hours=25)
        await t.env.advance_time(61)
        assert await ellie.deliveries.unfinished(Platform.DISCORD) == ()
