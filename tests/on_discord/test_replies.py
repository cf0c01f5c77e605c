"""How a reply looks while it is written and afterwards, and what its buttons do."""

from __future__ import annotations

from pathlib import Path

import discord
import pytest
from support.town import town

from adapters.answer import USUAL_PACE, Pace
from bot.domain.feedback import Verdict
from bot.domain.turn import TurnStatus


async def test_text_appears_while_it_is_written(tmp_path: Path) -> None:
    async with town(tmp_path, "one two three four five six") as t:
        t.ellie.generator.hold(after_words=2)
        await t.say(t.ana, "count")
        assert t.hers() == []
        await t.env.advance_time(60)
        assert [m.content for m in t.hers()] == ["one two"]
        assert t.buttons(t.hers()[0]) == ["Stop"]
        t.ellie.generator.release()
        await t.env.settle()
        await t.env.advance_time(60)
        assert t.said() == ["one two three four five six"]
        assert t.buttons(t.hers()[0]) == ["Again", None, None]


def test_the_first_text_is_soon_to_be_seen_and_edits_are_a_second_apart() -> None:
    assert USUAL_PACE.look <= 1
    assert USUAL_PACE.edit >= 1


async def test_between_two_edits_time_passes_however_soon_the_first_text_came(
    tmp_path: Path,
) -> None:
    pace = Pace(look=60.0, edit=240.0, slowest=480.0, last_tries=(60.0,))
    async with town(tmp_path, "one two three", pace=pace) as t:
        t.ellie.generator.hold(after_words=1)
        await t.say(t.ana, "count")
        await t.env.advance_time(60)
        assert t.said() == ["one"]
        t.ellie.generator.go_on(after_words=2)
        await t.env.settle()
        await t.env.advance_time(180)
        assert t.said() == ["one"]
        await t.env.advance_time(60)
        assert t.said() == ["one two"]


async def test_after_a_failing_edit_the_next_one_waits_longer(tmp_path: Path) -> None:
    async with town(tmp_path, "one two three") as t:
        t.ellie.generator.hold(after_words=1)
        await t.say(t.ana, "count")
        await t.env.advance_time(60)
        t.env.inject_error("PATCH", "/channels/*/messages/*", status=500, times=1)
        t.ellie.generator.go_on(after_words=2)
        await t.env.settle()
        await t.env.advance_time(120)
        assert t.said() == ["one"]
        await t.env.advance_time(60)
        assert t.said() == ["one two"]


async def test_nothing_is_edited_while_nothing_is_added(tmp_path: Path) -> None:
    async with town(tmp_path, "one two three") as t:
        t.ellie.generator.hold(after_words=2)
        await t.say(t.ana, "count")
        await t.env.advance_time(600)
        assert len(t.edits()) == 0
        t.ellie.generator.release()
        await t.env.advance_time(60)
        assert len(t.edits()) == 1


async def test_she_types_while_she_thinks_and_not_afterwards(tmp_path: Path) -> None:
    async with town(tmp_path, "one two three") as t:
        t.ellie.generator.hold()
        await t.say(t.ana, "count")
        await t.env.advance_time(20)
        assert len(t.requests("POST", "/typing")) == 3  # at 0, 8 and 16 seconds
        t.ellie.generator.release()
        await t.env.advance_time(100)
        assert len(t.requests("POST", "/typing")) <= 12
        before = len(t.requests("POST", "/typing"))
        await t.env.advance_time(100)
        assert len(t.requests("POST", "/typing")) == before


async def test_she_does_not_type_once_there_is_text_to_see(tmp_path: Path) -> None:
    async with town(tmp_path, "one two three") as t:
        t.ellie.generator.hold(after_words=1)
        await t.say(t.ana, "count")
        await t.env.advance_time(60)
        assert t.said() == ["one"]
        before = len(t.requests("POST", "/typing"))
        await t.env.advance_time(100)
        assert len(t.requests("POST", "/typing")) == before


async def test_stop_keeps_what_was_written(tmp_path: Path) -> None:
    async with town(tmp_path, "one two three four five six") as t:
        t.ellie.generator.hold(after_words=2)
        await t.say(t.ana, "count")
        await t.env.advance_time(60)
        result = await t.press(t.ana, t.hers()[0], "stop")
        assert result.acknowledged
        assert t.said() == ["one two\n-# (stopped)"]
        assert t.buttons(t.hers()[0])[0] == "Again"
        [turn] = t.ellie.turns()
        assert (turn.status, turn.reply) == (TurnStatus.CANCELLED, "one two")


async def test_nobody_else_may_stop_it(tmp_path: Path) -> None:
    async with town(tmp_path, "one two three four") as t:
        t.ellie.generator.hold(after_words=2)
        await t.say(t.ana, "count")
        await t.env.advance_time(60)
        result = await t.press(t.bo, t.hers()[0], "stop")
        assert result.ephemeral
        assert result.response.content == "Only the person who asked can do that."
        t.ellie.generator.release()
        await t.env.advance_time(60)
        assert t.said() == ["one two three four"]


async def test_again_replaces_the_answer_in_place(tmp_path: Path) -> None:
    async with town(tmp_path, "Apples.", "Pears.") as t:
        await t.say(t.ana, "name a fruit")
        before = [m.id for m in t.hers()]
        await t.press(t.ana, t.hers()[0], "again")
        await t.env.advance_time(60)
        assert t.said() == ["Pears."]
        assert [m.id for m in t.hers()] == before
        [turn] = t.ellie.turns()
        assert turn.reply == "Pears."
        assert "Apples." in t.ellie.prompts()[1]


async def test_only_the_one_who_asked_may_have_it_answered_again(tmp_path: Path) -> None:
    async with town(tmp_path, "Apples.") as t:
        await t.say(t.ana, "name a fruit")
        result = await t.press(t.bo, t.hers()[0], "again")
        assert result.followups[0].ephemeral
        assert t.said() == ["Apples."]
        assert len(t.ellie.generator.requests) == 1


@pytest.mark.parametrize(("name", "verdict"), [("good", Verdict.GOOD), ("bad", Verdict.BAD)])
async def test_a_verdict_is_kept_and_can_be_taken_back(
    tmp_path: Path, name: str, verdict: Verdict
) -> None:
    async with town(tmp_path, "Apples.") as t:
        await t.say(t.ana, "name a fruit")
        first = await t.press(t.ana, t.hers()[0], name)
        assert first.ephemeral
        assert first.response.content == "Thank you, noted."
        assert t.verdicts() == [verdict]
        again = await t.press(t.ana, t.hers()[0], name)
        assert again.response.content == "All right, I took that back."
        assert t.verdicts() == []


async def test_a_verdict_is_the_askers_alone(tmp_path: Path) -> None:
    async with town(tmp_path, "Apples.") as t:
        await t.say(t.ana, "name a fruit")
        result = await t.press(t.bo, t.hers()[0], "bad")
        assert result.response.content == "Only the person who asked can do that."
        assert t.verdicts() == []


async def test_30000_characters_come_whole_and_in_order(tmp_path: Path) -> None:
    text = "\n\n".join(f"Paragraph {n}. " + "All of it matters. " * 14 for n in range(105)).strip()
    assert len(text) > 29_000
    async with town(tmp_path, text) as t:
        await t.say(t.ana, "tell me everything")
        messages = t.hers()
        assert all(len(m.content) <= 2000 for m in messages)
        whole = "\n\n".join(t.said())
        assert whole.split() == text.split()
        assert [bool(t.buttons(m)) for m in messages] == [False] * (len(messages) - 1) + [True]
        assert messages[0].reference is not None
        assert all(m.reference is None for m in messages[1:])


async def test_a_long_answer_grows_into_a_second_message(tmp_path: Path) -> None:
    text = " ".join(f"word{n}." for n in range(500))
    async with town(tmp_path, text) as t:
        t.ellie.generator.hold(after_words=300)
        await t.say(t.ana, "go on")
        await t.env.advance_time(60)
        assert [t.buttons(m) for m in t.hers()] == [[], ["Stop"]]
        t.ellie.generator.release()
        await t.env.advance_time(60)
        assert " ".join(t.said()).split() == text.split()


async def test_code_is_fenced_in_every_message(tmp_path: Path) -> None:
    code = "\n".join(f"print({n})  # a line of a program" for n in range(80))
    async with town(tmp_path, f"Here:\n```python\n{code}\n```\nDone.") as t:
        await t.say(t.ana, "write a program")
        assert len(t.hers()) > 1
        assert all(m.content.count("```") % 2 == 0 for m in t.hers())


async def test_very_long_code_is_a_file(tmp_path: Path) -> None:
    code = "\n".join(f"print({n})  # a line of a program" for n in range(400))
    async with town(tmp_path, f"Here:\n```python\n{code}\n```\nDone.") as t:
        await t.say(t.ana, "write a program")
        [message] = t.hers()
        [file] = message.attachments
        assert file.filename.endswith(".py")
        assert "print(399)" not in message.content
        assert "Done." in message.content


async def test_where_no_files_are_allowed_long_code_takes_several_messages(tmp_path: Path) -> None:
    code = "\n".join(f"print({n})  # a line of a program" for n in range(400))
    async with town(tmp_path, f"Here:\n```python\n{code}\n```\nDone.") as t:
        no_files = discord.PermissionOverwrite(attach_files=False)
        plain = t.guild.create_text_channel("plain", overwrites={t.guild.me: no_files})
        await t.say(t.ana, "write a program", plain)
        assert len(t.hers(plain)) > 5
        assert "print(399)" in t.said(plain)[-1]
        assert not any(message.attachments for message in t.hers(plain))


async def test_a_table_is_shown_as_discord_can(tmp_path: Path) -> None:
    async with town(tmp_path, "| a | b |\n|---|---|\n| 1 | 2 |") as t:
        await t.say(t.ana, "a table")
        assert "```" in t.said()[0]


async def test_an_answer_without_words_is_no_silence(tmp_path: Path) -> None:
    async with town(tmp_path, "") as t:
        await t.ana.send_dm("say nothing")
        assert "did not come to an answer" in t.hers(t.ana.user.dm_channel)[0].content


async def test_edits_ping_nobody_either(tmp_path: Path) -> None:
    async with town(tmp_path, "@everyone look <@1> at this") as t:
        t.ellie.generator.hold(after_words=1)
        await t.say(t.ana, "shout")
        await t.env.advance_time(60)
        t.ellie.generator.release()
        await t.env.advance_time(60)
        [edit] = t.edits()
        assert edit.json["allowed_mentions"]["parse"] == []
        assert not t.hers()[0].mention_everyone


async def test_what_was_remembered_is_said_in_small_print(tmp_path: Path) -> None:
    async with town(tmp_path) as t:
        await t.ana.send_dm("Remember that my locker code is 4711")
        [message] = t.hers(t.ana.user.dm_channel)
        assert "-# Remembered as #1" in message.content
        assert t.ellie.facts() == ["My locker code is 4711."]


async def test_incognito_nothing_is_stored_and_nothing_breaks(tmp_path: Path) -> None:
    async with town(tmp_path, "Hello.", "Hush.") as t:
        await t.ana.send_dm("hello")
        await t.ana.slash(t.hall, "incognito", switch="on")
        await t.ana.send_dm("my secret is blue")
        assert t.said(t.ana.user.dm_channel)[-1] == "Hush."
        assert [turn.text for turn in t.ellie.turns()] == ["hello"]
        result = await t.press(t.ana, t.hers(t.ana.user.dm_channel)[-1], "again")
        assert result.followups[0].ephemeral
        assert isinstance(t.hers(t.ana.user.dm_channel)[-1], discord.Message)
