"""Forms and `/chat`: two people at once, nobody, a slow database; and what is kept of them."""

from __future__ import annotations

from pathlib import Path

import discord
import pytest
from support.town import town

from bot.domain.policy import AnswerPolicy
from bot.domain.turn import TurnStatus
from bot.errors import StorageUnavailableError


async def test_two_people_may_ask_about_one_message_at_once(tmp_path: Path) -> None:
    async with town(tmp_path, "To Ana.", "To Bo.") as t:
        said = await t.bo.send(t.hall, "quack quack, says the duck")
        forms = [
            (who, await who.context_menu(t.hall, "Ask Ellie about this", said))
            for who in (t.ana, t.bo)
        ]
        for who, form in forms:
            assert form.modal is not None
            field = form.modal["components"][0]["components"][0]["custom_id"]
            await who.submit_modal(form, {field: f"what is that, asks {who.name}?"})
        assert [words.split("\n")[0] for words in t.said()] == [
            "> what is that, asks ana?",
            "> what is that, asks bo?",
        ]


async def test_a_form_that_nobody_sends_is_forgotten(tmp_path: Path) -> None:
    async with town(tmp_path) as t:
        said = await t.bo.send(t.hall, "quack quack, says the duck")
        await t.ana.context_menu(t.hall, "Ask Ellie about this", said)
        await t.env.advance_time(16 * 60)
        forms = t.ellie.client._connection._view_store._modals
        assert not forms


async def test_views_of_sent_replies_are_not_kept(tmp_path: Path) -> None:
    async with town(tmp_path, "One.", "Two.") as t:
        await t.say(t.ana, "first")
        await t.ana.slash(t.hall, "chat", text="second")
        store = t.ellie.client._connection._view_store
        assert not store._views
        assert not store._synced_message_views


async def test_nothing_is_kept_of_answers_that_were_shown(tmp_path: Path) -> None:
    async with town(tmp_path, "One.", "Two.", "Three.") as t:
        await t.say(t.ana, "first")
        await t.press(t.ana, t.hers()[0], "again")
        await t.ana.slash(t.hall, "chat", text="second")
        answers = t.ellie.client._parts.inbox._answers
        assert not answers._to
        assert not answers._of
        assert not answers._task
        assert not t.ellie.client._parts.inbox._in_order._locks


async def test_where_she_is_switched_off_chat_is_off_in_private_threads_too(
    tmp_path: Path,
) -> None:
    async with town(tmp_path) as t:
        await t.decide(AnswerPolicy.OFF, t.hall)
        thread = await t.channel().create_thread(name="us", type=discord.ChannelType.private_thread)
        await thread.add_user(discord.Object(t.ana.id))
        await t.env.settle()
        [place] = [one for one in t.hall.threads if one.id == thread.id]
        result = await t.ana.slash(place, "chat", text="hello?")
        assert result.ephemeral
        assert "switched off" in result.response.content


async def test_chat_killed_in_the_middle_says_what_was_asked(tmp_path: Path) -> None:
    async with town(tmp_path, "one two three") as t:
        t.ellie.generator.hold(after_words=1)
        await t.ana.slash(t.hall, "chat", text="count")
        await t.env.advance_time(60)
        t.kill()
        await t.restart()
        assert t.said()[0].startswith("> count\n")
        assert "I was interrupted" in t.said()[0]
        [turn] = t.ellie.turns()
        assert turn.status is TurnStatus.FAILED


async def test_a_database_that_hangs_does_not_keep_discord_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.discord.asking.POLICY_SECONDS", 0.0)
    async with town(tmp_path, "It is sunny.") as t:
        result = await t.ana.slash(t.hall, "chat", text="how is the weather?")
        assert result.acknowledged
        assert t.said() == ["> how is the weather?\nIt is sunny."]


async def test_a_policy_that_cannot_be_read_is_no_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with town(tmp_path, "Hello.", "Hello.") as t:

        async def broken(*_: object) -> AnswerPolicy:
            raise StorageUnavailableError("gone")

        monkeypatch.setattr(t.ellie.policies, "of", broken)
        await t.say(t.ana, "hello")
        await t.ana.slash(t.hall, "chat", text="hello")
        assert t.said() == ["Hello.", "> hello\nHello."]


async def test_a_form_with_a_fact_that_nobody_sends_is_forgotten(tmp_path: Path) -> None:
    async with town(tmp_path, "Noted.") as t:
        await t.say(t.ana, "my dog is called Biscuit")
        opened = await t.ana.slash(t.hall, "memory edit", fact=1)
        assert "Biscuit" in repr(opened.modal)
        await t.env.advance_time(16 * 60)
        assert not t.ellie.client._connection._view_store._modals
