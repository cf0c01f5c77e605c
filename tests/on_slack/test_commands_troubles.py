"""What Slack refuses, limits or loses, and answers that take a while."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_stand_in.block_text import labels
from support.slack_commands import Office, office

from adapters.command_texts import ENGLISH
from adapters.slack.command_answering import Answering
from adapters.slack.command_files import FileWay
from adapters.slack.command_layout import line_part
from adapters.slack.command_outlets import ByUrl, InDirectMessages, Outlet, Screen
from adapters.slack.response_urls import ResponseUrl
from adapters.slack.web import TROUBLE, error_code
from bot.commands.language import Language
from bot.commands.reply import CommandReply, ReplyKind


@pytest.fixture
async def here() -> AsyncIterator[Office]:
    async with office() as running:
        yield running


async def url_of(here: Office) -> ResponseUrl:
    given = await here.team.slash(here.ana, here.general, "what is a fjord?")
    await here.quiet()
    return ResponseUrl(given.payload["response_url"], here.client)


async def answering(here: Office, url: ResponseUrl | None = None) -> Answering:
    async def find_channel() -> str:
        return here.team.dm(here.ana).id

    async def changed(_: str) -> None:
        return

    direct = InDirectMessages(client=here.client, find_channel=find_channel)
    ways = [ByUrl(url), direct] if url else [direct]
    return Answering(
        screen=Screen(Outlet(ways, here.client)),
        asker_id=here.ana.id,
        language=Language.ENGLISH,
        pending=here.commands.pending,
        files=FileWay(client=here.client, workspace=here.workspace, find_channel=find_channel),
        changed=changed,
    )


async def test_an_address_takes_five_messages_and_is_not_asked_for_a_sixth(here: Office) -> None:
    url = await url_of(here)
    for number in range(5):
        assert url.is_usable
        await url.post(line_part(f"number {number}"))
    assert not url.is_usable
    with pytest.raises(TROUBLE) as refused:
        await url.post(line_part("number 6"))
    assert error_code(refused.value) == "used_url"
    assert len(here.seen()) == 5


async def test_an_address_is_over_after_half_an_hour(here: Office) -> None:
    url = await url_of(here)
    here.slack.clock.move(1801)
    with pytest.raises(TROUBLE) as refused:
        await url.post(line_part("late"))
    assert error_code(refused.value) == "expired_url"
    assert not url.is_usable


async def test_no_address_is_one_that_takes_nothing(here: Office) -> None:
    url = ResponseUrl("", here.client)
    with pytest.raises(TROUBLE):
        await url.post(line_part("x"))


def take_half_an_hour(here: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory answers when Slack's addresses are over."""
    at_once = here.desk.storage.unit_of_work

    def slowly() -> Any:
        here.slack.clock.move(1801)
        return at_once()

    monkeypatch.setattr(here.desk.storage, "unit_of_work", slowly)


async def test_an_answer_whose_address_is_over_goes_another_way(
    here: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await here.learn("Likes tea.")
    take_half_an_hour(here, monkeypatch)
    await here.team.slash(here.ana, here.general, "memory show", wait=False)
    await here.slack.until(lambda: here.slack.calls_of("chat.postEphemeral", ok=True))
    assert "Likes tea." in here.last()


async def test_a_press_whose_address_is_over_is_answered_all_the_same(
    here: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await here.learn("Likes tea.")
    await here.slash("memory forget 1")
    [question] = here.seen()
    take_half_an_hour(here, monkeypatch)
    await here.team.press(here.ana, question, text="Yes", wait=False)
    await here.slack.until(lambda: len(here.seen()) == 2)
    assert await here.facts() == []
    assert labels(here.seen()[-1].blocks) == []


async def test_an_unknown_person_is_answered_and_no_admin(here: Office) -> None:
    here.slack.fail("users.info", "internal_error", times=9)
    await here.slash("admin policy off", here.cleo)
    assert len(here.seen(here.cleo)) == 1
    assert await here.policies.listing(here.workspace.tenant) == ()


async def test_what_takes_a_while_follows_the_first_answer(here: Office) -> None:
    ready = asyncio.Event()

    async def more() -> CommandReply:
        await ready.wait()
        return CommandReply(lines=("the whole story",))

    shown = await answering(here, await url_of(here))
    telling = asyncio.create_task(shown.show(CommandReply(lines=("at first",), more=more)))
    await here.slack.until(here.seen)
    assert [message.shown_text for message in here.seen()] == ["at first"]
    ready.set()
    await telling
    assert [message.shown_text for message in here.seen()] == ["at first", "the whole story"]


async def test_directly_what_takes_a_while_takes_the_place_of_the_first_answer(
    here: Office,
) -> None:
    async def more() -> CommandReply:
        return CommandReply(lines=("the whole story",))

    shown = await answering(here)
    await shown.show(CommandReply(lines=("at first",), more=more))
    assert [m.shown_text for m in here.team.dm(here.ana).hers] == ["the whole story"]


async def test_when_more_cannot_be_told_the_first_answer_stays(here: Office) -> None:
    async def more() -> CommandReply:
        raise RuntimeError("unforeseen")

    shown = await answering(here)
    await shown.show(CommandReply(lines=("at first",), more=more))
    said = [m.shown_text for m in here.team.dm(here.ana).hers]
    assert said == ["at first", ENGLISH.trouble]


async def test_a_shorter_answer_takes_the_messages_away_that_it_does_not_need(
    here: Office,
) -> None:
    shown = await answering(here)
    await shown.show(CommandReply(lines=tuple("word " * 500 for _ in range(12))))
    direct = here.team.dm(here.ana)
    assert len(direct.hers) > 2
    await shown.show(CommandReply(kind=ReplyKind.DONE, lines=("done",)))
    assert [m.shown_text for m in direct.hers] == ["done"]


async def test_a_message_that_somebody_deleted_is_sent_anew(here: Office) -> None:
    shown = await answering(here)
    await shown.show(CommandReply(lines=("first",)))
    direct = here.team.dm(here.ana)
    await here.team.delete(here.ana, direct.hers[0])
    await shown.show(CommandReply(lines=("second",)))
    assert [m.shown_text for m in direct.hers] == ["second"]


async def test_slacks_limits_are_obeyed(here: Office) -> None:
    here.slack.limit("chat.postMessage", retry_after=0)
    shown = await answering(here)
    await shown.show(CommandReply(lines=("patient",)))
    assert [m.shown_text for m in here.team.dm(here.ana).hers] == ["patient"]


async def test_a_connection_that_breaks_is_no_crash(here: Office) -> None:
    await here.learn("Likes tea.")
    here.slack.drop("chat.postEphemeral", after_effect=False)
    await here.say(f"{here.team.mention} /memory show")
    assert "Likes tea." in here.team.hers(here.team.dm(here.ana))[-1].shown_text


async def test_buttons_are_bounded_in_number(here: Office) -> None:
    await here.learn("Likes tea.")
    here.commands.pending._limit = 2
    for _ in range(3):
        await here.slash("memory forget 1")
    first, second, third = here.seen()
    await here.press(first, "Yes")
    assert "no longer active" in here.last()
    assert await here.facts() == ["Likes tea."]
    await here.press(third, "Yes")
    assert await here.facts() == []
    assert labels(second.blocks) == ["Yes", "No"]
