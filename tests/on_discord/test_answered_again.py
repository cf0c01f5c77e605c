"""Another answer to the same message, by the button under the first one."""

from __future__ import annotations

from pathlib import Path

import discord
import pytest
from support.town import town

from bot.domain.policy import AnswerPolicy

PROGRAM = "\n".join(f"print({n})  # a line of a program" for n in range(400))
LONG_CODE = f"Here:\n```python\n{PROGRAM}\n```\nDone."

NOTES = b"This house has many rooms.\n" * 40 + b"The password of the wifi is swordfish."


async def test_what_somebody_else_may_not_do_somebody_she_knows_may_not_do_either(
    tmp_path: Path,
) -> None:
    async with town(tmp_path, "Hello Bo.", "Apples.") as t:
        await t.say(t.bo, "hello")
        await t.say(t.ana, "name a fruit")
        judged = await t.press(t.bo, t.hers()[1], "bad")
        assert judged.response.content == "Only the person who asked can do that."
        assert t.verdicts() == []
        again = await t.press(t.bo, t.hers()[1], "again")
        assert "only for whoever wrote it" in again.followups[0].content
        assert again.followups[0].ephemeral
        assert t.said() == ["Hello Bo.", "Apples."]
        assert len(t.ellie.generator.requests) == 2


@pytest.mark.at_once
async def test_again_takes_the_files_of_the_old_answer_away(tmp_path: Path) -> None:
    async with town(tmp_path, LONG_CODE, "No program this time.") as t:
        await t.say(t.ana, "write a program")
        assert t.hers()[0].attachments
        await t.press(t.ana, t.hers()[0], "again")
        await t.env.advance_time(60)
        [message] = t.hers()
        assert message.content == "No program this time."
        assert not message.attachments


async def test_again_has_the_files_of_the_new_answer(tmp_path: Path) -> None:
    async with town(tmp_path, LONG_CODE, LONG_CODE.replace("print(0)", "print(-1)")) as t:
        await t.say(t.ana, "write a program")
        await t.press(t.ana, t.hers()[0], "again")
        await t.env.advance_time(60)
        [message] = t.hers()
        [file] = message.attachments
        assert b"print(-1)" in await file.read()


async def test_again_attaches_nothing_where_it_may_not(tmp_path: Path) -> None:
    async with town(tmp_path, "No.", LONG_CODE) as t:
        no_files = discord.PermissionOverwrite(attach_files=False)
        plain = t.guild.create_text_channel("plain", overwrites={t.guild.me: no_files})
        await t.say(t.ana, "write a program", plain)
        await t.press(t.ana, t.hers(plain)[0], "again")
        await t.env.advance_time(60)
        assert "print(399)" in t.said(plain)[-1]
        assert not any(message.attachments for message in t.hers(plain))


async def test_a_short_answer_takes_the_place_of_a_long_one(tmp_path: Path) -> None:
    text = " ".join(f"word{n}." for n in range(500))
    async with town(tmp_path, text, "Short.") as t:
        await t.say(t.ana, "go on")
        assert len(t.hers()) > 1
        await t.press(t.ana, t.hers()[-1], "again")
        await t.env.advance_time(60)
        assert t.said() == ["Short."]


async def test_the_question_stays_above_an_answer_of_several_messages(tmp_path: Path) -> None:
    text = " ".join(f"word{n}." for n in range(500))
    async with town(tmp_path, text, "Short.") as t:
        await t.ana.slash(t.hall, "chat", text="what is a word?")
        assert len(t.hers()) > 1
        await t.press(t.ana, t.hers()[-1], "again")
        await t.env.advance_time(60)
        assert t.said() == ["> what is a word?\nShort."]


async def test_a_quote_in_an_answer_is_not_taken_for_its_question(tmp_path: Path) -> None:
    async with town(tmp_path, "> to be or not to be", "No idea.") as t:
        await t.say(t.ana, "quote something")
        await t.press(t.ana, t.hers()[0], "again")
        assert t.said() == ["No idea."]


async def test_again_knows_what_the_message_replied_to(tmp_path: Path) -> None:
    async with town(tmp_path, "A joke.", "A riddle.", message_content=True) as t:
        joke = await t.bo.send(t.hall, "why did the duck cross the road")
        await t.ana.send(t.hall, f"{t.me} explain", reply_to=joke)
        await t.press(t.ana, t.hers()[0], "again")
        assert "why did the duck cross the road" in t.ellie.prompts()[1]
        assert t.said() == ["A riddle."]


async def test_again_reads_the_files_of_the_message_once_more(tmp_path: Path) -> None:
    async with town(tmp_path, "It says so.", "It says swordfish.") as t:
        notes = ("notes.txt", NOTES)
        await t.ana.send(t.hall, f"{t.me} what does it say?", attachments=[notes])
        await t.press(t.ana, t.hers()[0], "again")
        assert "swordfish" in t.ellie.prompts()[1]


async def test_again_is_refused_while_the_last_answer_is_not_shown_yet(tmp_path: Path) -> None:
    async with town(tmp_path, "Apples.", "Pears.", "Plums.") as t:
        await t.say(t.ana, "name a fruit")
        shown = t.hers()[0]
        t.env.inject_error("PATCH", "/channels/*/messages/*", status=503, times=1)
        await t.press(t.ana, shown, "again")  # written, and waits to be shown
        result = await t.press(t.ana, shown, "again")
        assert result.followups[0].content == "I'm still answering that."
        await t.env.advance_time(60)
        assert t.said() == ["Pears."]
        assert len(t.ellie.generator.requests) == 2


async def test_another_answer_can_be_stopped_too_and_by_the_asker_alone(tmp_path: Path) -> None:
    async with town(tmp_path, "Apples.", "one two three") as t:
        await t.say(t.ana, "name a fruit")
        t.ellie.generator.hold(after_words=1)
        await t.press(t.ana, t.hers()[0], "again")
        await t.env.advance_time(60)
        refused = await t.press(t.bo, t.hers()[0], "stop")
        assert refused.ephemeral
        await t.press(t.ana, t.hers()[0], "stop")
        assert t.said() == ["one\n-# (stopped)"]


async def test_she_types_while_she_thinks_of_another_answer(tmp_path: Path) -> None:
    async with town(tmp_path, "Apples.", "Pears.") as t:
        await t.say(t.ana, "name a fruit")
        before = len(t.requests("POST", "/typing"))
        t.ellie.generator.hold()
        await t.press(t.ana, t.hers()[0], "again")
        assert len(t.requests("POST", "/typing")) > before
        t.ellie.generator.release()
        await t.env.settle()
        await t.env.advance_time(60)
        before = len(t.requests("POST", "/typing"))
        await t.env.advance_time(60)
        assert len(t.requests("POST", "/typing")) == before


async def test_where_she_is_switched_off_there_is_no_other_answer(tmp_path: Path) -> None:
    async with town(tmp_path, "Apples.") as t:
        await t.say(t.ana, "name a fruit")
        await t.decide(AnswerPolicy.OFF, t.hall)
        result = await t.press(t.ana, t.hers()[0], "again")
        assert "switched off" in result.followups[0].content
        assert t.said() == ["Apples."]


async def test_another_answer_in_chinese_has_chinese_buttons(tmp_path: Path) -> None:
    async with town(tmp_path, "苹果。", "梨。") as t:
        await t.say(t.ana, "说一种水果")
        await t.press(t.ana, t.hers()[0], "again")
        await t.env.advance_time(60)
        assert t.buttons(t.hers()[0])[0] == "重新回答"


async def test_an_archived_thread_gets_the_other_answer_in_a_new_message(tmp_path: Path) -> None:
    async with town(tmp_path, "Apples.", "Pears.") as t:
        await t.say(t.ana, "name a fruit")
        first = t.hers()[0]
        t.env.inject_error("PATCH", "/channels/*/messages/*", status=400, code=50083, times=1)
        await t.press(t.ana, first, "again")
        await t.env.advance_time(60)
        [message] = t.hers()
        assert message.content == "Pears."
        assert message.id != first.id
        assert t.buttons(message)[0] == "Again"


async def test_messages_stay_in_order_when_the_first_was_deleted(tmp_path: Path) -> None:
    pages = [" ".join(f"{word}{n}." for n in range(500)) for word in ("old", "new")]
    async with town(tmp_path, *pages) as t:
        await t.say(t.ana, "go on")
        first, *_, last = t.hers()
        await (await t.channel().fetch_message(first.id)).delete()
        await t.press(t.ana, last, "again")
        await t.env.advance_time(60)
        assert " ".join(t.said()).split() == pages[1].split()


async def test_again_knows_the_message_that_was_asked_about(tmp_path: Path) -> None:
    async with town(tmp_path, "A duck.", "A goose.") as t:
        notes = ("notes.txt", NOTES)
        said = await t.bo.send(t.hall, "quack quack", attachments=[notes])
        form = await t.ana.context_menu(t.hall, "Ask Ellie about this", said)
        assert form.modal is not None
        field = form.modal["components"][0]["components"][0]["custom_id"]
        await t.ana.submit_modal(form, {field: "what is that?"})
        # As Discord tells it; the one in memory does not.
        stored = t.env.backend.get_message(t.hall.id, t.hers()[0].id)
        assert stored.interaction_metadata is not None
        opened = {**stored.interaction_metadata, "type": 2, "target_message_id": str(said.id)}
        stored.interaction_metadata["triggering_interaction_metadata"] = opened
        await t.press(t.ana, t.hers()[0], "again")
        for prompt in t.ellie.prompts():
            assert "quack quack" in prompt
            assert "swordfish" in prompt
        assert "swordfish" not in repr(t.ellie.turns())


async def test_files_of_the_message_that_is_replied_to_are_read(tmp_path: Path) -> None:
    async with town(tmp_path, "It says so.", message_content=True) as t:
        notes = ("notes.txt", NOTES)
        said = await t.bo.send(t.hall, "look at this", attachments=[notes])
        await t.ana.send(t.hall, f"{t.me} what does it say?", reply_to=said)
        assert "swordfish" in t.ellie.prompts()[0]
        assert "swordfish" not in repr(t.ellie.turns())
