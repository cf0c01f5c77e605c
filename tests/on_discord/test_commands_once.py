"""A command in a message is carried out once, and by ``/chat`` as well."""

from __future__ import annotations

from pathlib import Path

from support.town import Town, town


async def learned(t: Town, *facts: str) -> None:
    for fact in facts:
        await t.say(t.ana, fact)


async def test_the_same_event_twice_undoes_once(tmp_path: Path) -> None:
    async with town(tmp_path, "Noted.", "Noted.") as t:
        await learned(t, "my dog is called Biscuit", "my cat is called Minka")
        asked = await t.say(t.ana, "undo that")
        await t.ellie.client.on_message(await t.channel().fetch_message(asked.id))
        await t.env.settle()
        active = [f.text for f in t.ellie.state.facts.values() if f.status == "active"]
        assert active == ["My dog is called Biscuit."]


async def test_an_edit_does_not_carry_a_command_out_again(tmp_path: Path) -> None:
    async with town(tmp_path, "Noted.", "Noted.") as t:
        await learned(t, "my dog is called Biscuit", "my cat is called Minka")
        asked = await t.say(t.ana, "undo that")
        await t.ana.edit(asked, f"{t.me} undo that!")
        active = [f.text for f in t.ellie.state.facts.values() if f.status == "active"]
        assert active == ["My dog is called Biscuit."]


async def test_a_mistake_is_explained_once_and_may_be_put_right(tmp_path: Path) -> None:
    async with town(tmp_path) as t:
        asked = await t.say(t.ana, "/halp")
        await t.ellie.client.on_message(await t.channel().fetch_message(asked.id))
        await t.env.settle()
        assert len(t.hers()) == 1
        await t.ana.edit(asked, f"{t.me} /help")
        assert len(t.hers()) == 2


async def test_chat_understands_what_is_a_command(tmp_path: Path) -> None:
    async with town(tmp_path, "Noted.") as t:
        await learned(t, "my dog is called Biscuit")
        for words in ("what do you know about me?", "/memory show"):
            result = await t.ana.slash(t.hall, "chat", text=words)
            assert result.ephemeral
            assert "Biscuit" in repr(result.response.components)
        assert len(t.ellie.generator.requests) == 1
        assert len(t.ellie.turns()) == 1


async def test_what_chat_is_asked_to_forget_is_forgotten(tmp_path: Path) -> None:
    async with town(tmp_path, "Noted.") as t:
        await learned(t, "my dog is called Biscuit")
        result = await t.ana.slash(t.hall, "chat", text="forget my dog")
        await t.ana.click(result.response, label="Yes")
        assert t.ellie.facts() == []


async def test_an_edit_after_a_restart_does_not_carry_a_command_out_again(
    tmp_path: Path,
) -> None:
    async with town(tmp_path, "Noted.", "Noted.") as t:
        await learned(t, "my dog is called Biscuit", "my cat is called Minka")
        asked = await t.say(t.ana, "undo that")
        await t.restart()
        await t.ana.edit(asked, f"{t.me} undo that!")
        active = [f.text for f in t.ellie.state.facts.values() if f.status == "active"]
        assert active == ["My dog is called Biscuit."]


async def test_what_only_begins_with_a_slash_is_said(tmp_path: Path) -> None:
    async with town(tmp_path, "A file.", "Two slashes.") as t:
        await t.ana.slash(t.hall, "chat", text="/etc/hosts what is it?")
        await t.ana.slash(t.hall, "chat", text="//help is what I typed")
        assert [turn.text for turn in t.ellie.turns()] == [
            "/etc/hosts what is it?",
            "/help is what I typed",
        ]
