"""Messages that change or vanish: memory and answers follow."""

from __future__ import annotations

from pathlib import Path

from support.town import town

from bot.domain.turn import TurnStatus
from bot.errors import EngineFailedError


async def test_a_deleted_message_is_forgotten_with_its_answer(tmp_path: Path) -> None:
    async with town(tmp_path, "Noted, Biscuit!") as t:
        asked = await t.say(t.ana, "my dog is called Biscuit")
        assert t.ellie.facts()
        await t.ana.delete(asked)
        assert t.hers() == []
        assert t.ellie.facts() == []
        assert "Biscuit" not in repr(t.ellie.turns())


async def test_a_message_deleted_while_it_is_answered_stops_the_answer(tmp_path: Path) -> None:
    async with town(tmp_path, "one two three four") as t:
        t.ellie.generator.hold(after_words=2)
        asked = await t.say(t.ana, "my dog is called Biscuit")
        await t.env.advance_time(60)
        assert len(t.hers()) == 1
        await t.ana.delete(asked)
        await t.env.advance_time(60)
        assert t.hers() == []
        assert "Biscuit" not in repr(t.ellie.turns()) + repr(t.ellie.facts())


async def test_a_message_deleted_before_it_was_taken_is_not_answered(tmp_path: Path) -> None:
    async with town(tmp_path) as t:
        asked = await t.ana.send(t.hall, "hello")
        late = await t.channel().fetch_message(asked.id)
        await t.ana.delete(asked)
        late.content = f"{t.me} hello"
        late.mentions = [t.ellie.client.user]  # type: ignore[list-item]
        await t.ellie.client.on_message(late)
        await t.env.settle()
        assert not t.requests("POST", "/typing")
        assert t.hers() == []
        assert t.ellie.turns() == []


async def test_many_messages_deleted_at_once_are_all_forgotten(tmp_path: Path) -> None:
    async with town(tmp_path, "One.", "Two.") as t:
        asked = [await t.say(t.ana, text) for text in ("I like plums", "I like figs")]
        await t.channel().delete_messages([await t.channel().fetch_message(m.id) for m in asked])
        await t.env.settle()
        assert t.hers() == []
        assert [turn.text for turn in t.ellie.turns()] == ["", ""]


async def test_her_message_deleted_by_a_moderator_stops_the_answer(tmp_path: Path) -> None:
    async with town(tmp_path, "one two three four") as t:
        t.ellie.generator.hold(after_words=2)
        await t.say(t.ana, "count")
        await t.env.advance_time(60)
        shown = await t.channel().fetch_message(t.hers()[0].id)
        await shown.delete()
        t.ellie.generator.release()
        await t.env.advance_time(60)
        assert t.hers() == []
        [turn] = t.ellie.turns()
        assert turn.status in (TurnStatus.ANSWERED, TurnStatus.CANCELLED)


async def test_an_edit_changes_what_is_known(tmp_path: Path) -> None:
    async with town(tmp_path, "Noted.") as t:
        asked = await t.say(t.ana, "my dog is called Biscuit")
        await t.ana.edit(asked, f"{t.me} my dog is called Bruno")
        assert [f for f in t.ellie.facts() if "Bruno" in f]
        assert not [f for f in t.ellie.facts() if "Biscuit" in f]
        assert len(t.hers()) == 1
        assert len(t.ellie.generator.requests) == 1


async def test_an_edit_while_she_answers_has_the_new_words_answered(tmp_path: Path) -> None:
    async with town(tmp_path, "one two three four", "Two plus three is five.") as t:
        t.ellie.generator.hold(after_words=2)
        asked = await t.say(t.ana, "what is two plus two?")
        await t.env.advance_time(60)
        before = [m.id for m in t.hers()]
        t.ellie.generator.go.set()
        await t.ana.edit(asked, f"{t.me} what is two plus three?")
        await t.env.advance_time(60)
        assert t.said() == ["Two plus three is five."]
        assert [m.id for m in t.hers()] == before
        [turn] = t.ellie.turns()
        assert turn.text == "what is two plus three?"
        assert "two plus three" in t.ellie.prompts()[-1]


async def test_an_edit_of_a_message_that_failed_is_answered(tmp_path: Path) -> None:
    async with town(tmp_path, EngineFailedError("broken"), "Now it works.") as t:
        asked = await t.say(t.ana, "hello")
        assert "My language model is not working" in t.said()[0]
        await t.ana.edit(asked, f"{t.me} hello again")
        assert t.said() == ["Now it works."]


async def test_an_edit_that_calls_her_afterwards_is_answered(tmp_path: Path) -> None:
    async with town(tmp_path, "Here I am.") as t:
        asked = await t.ana.send(t.hall, "what do you think?")
        assert t.hers() == []
        await t.ana.edit(asked, f"{t.me} what do you think?")
        assert t.said() == ["Here I am."]


async def test_an_old_message_that_is_edited_to_call_her_is_left_alone(tmp_path: Path) -> None:
    async with town(tmp_path) as t:
        asked = await t.ana.send(t.hall, "what do you think?")
        await t.env.advance_time(3600)
        await t.ana.edit(asked, f"{t.me} what do you think?")
        assert t.hers() == []


async def test_an_edit_of_a_forgotten_message_does_not_bring_it_back(tmp_path: Path) -> None:
    async with town(tmp_path, "Noted.") as t:
        asked = await t.say(t.ana, "my dog is called Biscuit")
        result = await t.ana.slash(t.hall, "memory forget", what="Biscuit")
        await t.ana.click(result.response, label="Yes")
        assert "Biscuit" not in repr(t.ellie.turns())
        await t.ana.edit(asked, f"{t.me} my dog is called Biscuit!")
        assert "Biscuit" not in repr(t.ellie.turns()) + repr(t.ellie.facts())
