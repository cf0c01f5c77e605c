"""``/ellie``: answered at once, to whoever gave it, and to nobody else."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from support.slack_commands import Office, office

from bot.domain.policy import AnswerPolicy


@pytest.fixture
async def here() -> AsyncIterator[Office]:
    async with office() as running:
        yield running


@pytest.mark.parametrize("text", ["", "help", "  HELP "])
async def test_help_is_shown_to_whoever_asked_alone(here: Office, text: str) -> None:
    given = await here.slash(text)
    assert given.acked
    assert given.response in (None, "", {})
    [shown] = here.seen()
    assert "/ellie memory show [QUERY]" in shown.shown_text
    assert "/ellie admin policy" not in shown.shown_text
    assert not here.seen(here.ben)
    assert not here.general.messages


async def test_memory_is_shown_and_stored_words_are_no_markup(here: Office) -> None:
    await here.learn("Writes <!channel> and *stars* & `code`.")
    await here.learn("Ben's own.", user=here.ben)
    await here.slash("memory show")
    assert "#1 Writes <!channel> and *stars* & `code`." in here.last()
    assert "Ben's own" not in here.last()
    [shown] = here.seen()
    assert "mrkdwn" not in repr(shown.blocks)
    assert "<" not in shown.text


async def test_the_same_person_has_one_memory_in_channels_and_directly(here: Office) -> None:
    await here.learn("Likes tea.")
    await here.slash("memory show", channel=here.team.dm(here.ana))
    assert "Likes tea." in here.last()


async def test_a_change_is_confirmed_and_told_to_who_shows_memory(here: Office) -> None:
    await here.learn("Likes tea.")
    await here.slash("memory show")
    assert here.changes == []
    await here.slash("memory edit 1 Likes coffee & <cake>")
    assert here.changes == [here.ana.id]
    assert "Likes coffee & <cake>" in await here.facts()
    assert "Likes coffee & <cake>" in here.last()


async def test_plain_requests_are_commands_and_everything_else_is_talk(here: Office) -> None:
    await here.learn("Likes tea.")
    await here.slash("what do you know about me?")
    assert "Likes tea." in here.last()
    assert here.chats == []
    await here.slash("what is a <fjord> & why?")
    [chat] = here.chats
    assert chat.text == "what is a <fjord> & why?"
    assert (chat.user_id, chat.team_id, chat.channel_id) == (here.ana.id, "T1", here.general.id)
    assert chat.trigger_id
    assert chat.response_url.startswith(here.slack.url)
    assert chat.event_key == f"T1:command:{chat.trigger_id}"
    assert len(here.seen()) == 1


async def test_a_mistake_is_explained(here: Office) -> None:
    await here.slash("memory shwo")
    assert "/ellie memory show" in here.last()
    assert here.chats == []


async def test_it_speaks_the_language_of_the_person(here: Office) -> None:
    here.ana.locale = "zh-CN"
    await here.slash("help")
    assert "记忆" in here.last()
    await here.slash("帮助", here.ben)
    assert "记忆" in here.last(here.ben)


async def test_the_same_command_told_twice_is_carried_out_once(here: Office) -> None:
    await here.learn("Likes tea.")
    await here.learn("Likes coffee.")
    await here.slash("memory pin 1", trigger_id="1.same")
    await here.slash("memory pin 2", trigger_id="1.same")
    assert len(here.seen()) == 1


async def test_admins_are_asked_of_slack_and_strangers_are_none(here: Office) -> None:
    await here.slash("help", here.cleo)
    assert "/ellie admin policy" in here.last(here.cleo)
    await here.slash("admin policy mentions", here.ana)
    await here.slash("admin policy mentions", here.sam)
    assert await here.policies.listing(here.workspace.tenant) == ()
    await here.slash("admin policy mentions", here.cleo)
    [setting] = await here.policies.listing(here.workspace.tenant)
    assert setting.channel_id == here.general.id
    assert setting.policy is AnswerPolicy.MENTIONS


async def test_channels_with_decisions_are_linked(here: Office) -> None:
    await here.decide(AnswerPolicy.OFF, here.general)
    await here.slash("admin policy", here.cleo)
    linked = [
        element
        for block in here.seen(here.cleo)[-1].blocks
        for section in block.get("elements", ())
        for element in section.get("elements", ())
        if element["type"] == "channel"
    ]
    assert linked == [{"type": "channel", "channel_id": here.general.id}]


async def test_there_is_nothing_to_administer_in_direct_messages(here: Office) -> None:
    await here.slash("admin policy off", here.cleo, here.team.dm(here.cleo))
    assert await here.policies.listing(here.workspace.tenant) == ()


async def test_it_works_where_she_is_no_member(here: Office) -> None:
    await here.learn("Likes tea.")
    elsewhere = here.team.add_channel(
        "C2CLOSED", members=[here.ana], is_private=True, bot_is_member=False
    )
    await here.slash("memory show", channel=elsewhere)
    assert "Likes tea." in here.last()


async def test_without_memory_she_says_so(here: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    here.break_storage(monkeypatch)
    await here.slash("memory show")
    assert "can't reach my memory" in here.last()


async def test_whatever_breaks_whoever_asked_is_told(
    here: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.break_storage(monkeypatch, RuntimeError("unforeseen"))
    await here.slash("memory show")
    assert "Something went wrong on my side" in here.last()


async def test_when_talk_breaks_whoever_talked_is_told(
    here: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def chat(_: object) -> None:
        raise RuntimeError("unforeseen")

    monkeypatch.setattr(here, "chat", chat)
    await here.slash("what is a fjord?")
    assert "Something went wrong on my side" in here.last()


async def test_a_broken_listener_of_changes_takes_no_answer_along(
    here: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def changed(_: object) -> None:
        raise RuntimeError("unforeseen")

    monkeypatch.setattr(here, "changed", changed)
    await here.learn("Likes tea.")
    await here.slash("memory pin 1")
    assert len(here.seen()) == 1
    assert "Something went wrong" not in here.last()
