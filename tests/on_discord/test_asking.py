"""``/chat`` and “Ask Ellie about this”."""

from __future__ import annotations

from pathlib import Path

from support.town import town

from bot.domain.policy import AnswerPolicy


async def test_chat_answers_in_the_channel_below_the_question(tmp_path: Path) -> None:
    async with town(tmp_path, "It is sunny.") as t:
        result = await t.ana.slash(t.hall, "chat", text="how is the weather?")
        assert result.acknowledged
        assert not result.ephemeral
        assert t.said() == ["> how is the weather?\nIt is sunny."]
        assert t.buttons(t.hers()[0])[0] == "Again"
        assert [turn.text for turn in t.ellie.turns()] == ["how is the weather?"]


async def test_an_answer_given_again_stands_below_its_question_too(tmp_path: Path) -> None:
    async with town(tmp_path, "It is sunny.", "It rains.") as t:
        await t.ana.slash(t.hall, "chat", text="how is the weather?")
        await t.press(t.ana, t.hers()[0], "again")
        assert t.said() == ["> how is the weather?\nIt rains."]


async def test_chat_works_in_direct_messages(tmp_path: Path) -> None:
    async with town(tmp_path, "It is sunny.") as t:
        await t.ana.user.slash("chat", text="how is the weather?")
        assert t.said(t.ana.user.dm_channel)[0].endswith("It is sunny.")


async def test_chat_streams_like_any_answer(tmp_path: Path) -> None:
    async with town(tmp_path, "one two three") as t:
        t.ellie.generator.hold(after_words=2)
        await t.ana.slash(t.hall, "chat", text="count")
        await t.env.advance_time(60)
        assert t.said() == ["> count\none two"]
        assert t.buttons(t.hers()[0]) == ["Stop"]
        await t.press(t.ana, t.hers()[0], "stop")
        assert t.said() == ["> count\none two\n-# (stopped)"]


async def test_an_answer_that_takes_longer_than_discord_waits_is_a_message(tmp_path: Path) -> None:
    async with town(tmp_path, "one two three") as t:
        t.ellie.generator.hold()
        await t.ana.slash(t.hall, "chat", text="count")
        await t.env.advance_time(16 * 60)
        t.ellie.generator.release()
        await t.env.advance_time(60)
        assert t.said()[-1] == "> count\none two three"


async def test_an_answer_that_outlasts_the_token_is_finished_all_the_same(tmp_path: Path) -> None:
    async with town(tmp_path, "one two three") as t:
        t.ellie.generator.hold(after_words=1)
        await t.ana.slash(t.hall, "chat", text="count")
        await t.env.advance_time(60)
        assert t.said() == ["> count\none"]
        await t.env.advance_time(16 * 60)
        t.ellie.generator.release()
        await t.env.advance_time(60)
        assert t.said() == ["> count\none two three"]


async def test_asking_about_a_message_shows_it_to_the_model(tmp_path: Path) -> None:
    async with town(tmp_path, "He likes ducks.") as t:
        said = await t.bo.send(t.hall, "quack quack, says the duck")
        shown = await t.ana.context_menu(t.hall, "Ask Ellie about this", said)
        assert shown.modal is not None
        field = shown.modal["components"][0]["components"][0]["custom_id"]
        result = await t.ana.submit_modal(shown, {field: "what does he mean?"})
        assert result.acknowledged
        assert "quack quack, says the duck" in t.ellie.prompts()[0]
        assert "Bo" in t.ellie.prompts()[0]
        assert t.said() == ["> what does he mean?\nHe likes ducks."]
        assert "quack" not in repr(t.ellie.turns()) + repr(t.ellie.facts())


async def test_where_she_is_switched_off_chat_says_so_to_the_asker_alone(tmp_path: Path) -> None:
    async with town(tmp_path) as t:
        await t.decide(AnswerPolicy.OFF, t.hall)
        result = await t.ana.slash(t.hall, "chat", text="hello?")
        assert result.ephemeral
        assert "switched off" in result.response.content
        assert t.ellie.turns() == []


async def test_a_chinese_client_is_spoken_to_in_chinese(tmp_path: Path) -> None:
    async with town(tmp_path, "你好！") as t:
        await t.ana.slash(t.hall, "chat", text="你好")
        assert t.said()[0].startswith("> 你好\n你好！")
        assert t.buttons(t.hers()[0])[0] == "重新回答"


async def test_a_text_file_is_read_for_this_answer_alone(tmp_path: Path) -> None:
    async with town(tmp_path, "It says so.", "I see it no more.") as t:
        notes = ("notes.txt", b"the password of the wifi is swordfish")
        await t.ana.send(t.hall, f"{t.me} what does it say?", attachments=[notes])
        assert "swordfish" in t.ellie.prompts()[0]
        assert t.ellie.facts() == []
        [turn] = t.ellie.turns()
        assert [shown.name for shown in turn.shown] == ["notes.txt"]


async def test_a_picture_goes_to_the_sketchpad(tmp_path: Path) -> None:
    png = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(100)
    async with town(tmp_path, "Nice.", "You showed me dog.png.") as t:
        await t.ana.send(t.hall, f"{t.me} look, my dog", attachments=[("../dog.png", png)])
        await t.say(t.ana, "what did I show you?")
        assert "picture dog.png" in t.ellie.prompts()[1]


async def test_before_discord_waits_no_more_thinking_becomes_a_message(tmp_path: Path) -> None:
    async with town(tmp_path, "one two three") as t:
        t.ellie.generator.hold()
        await t.ana.slash(t.hall, "chat", text="count")
        await t.env.advance_time(13 * 60)
        assert t.said() == ["> count\n-# (I'm still thinking.)"]
        assert t.buttons(t.hers()[0]) == ["Stop"]
        await t.env.advance_time(3 * 60)
        t.ellie.generator.release()
        await t.env.settle()
        await t.env.advance_time(60)
        assert t.said() == ["> count\none two three"]
