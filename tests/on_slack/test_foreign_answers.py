"""What answers is not Slack, but a proxy or a login page: Ellie goes on, and tries again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_stand_in import SlackStandIn
from support.office import Office, office
from support.office_talk import quiet

import adapters.slack.web
from adapters.slack.connecting import check_app_token, look_up
from adapters.slack.pacing import NotNowError
from adapters.slack.web import (
    TROUBLE,
    EllieWebClient,
    ForeignAnswerError,
    error_code,
    is_final,
    may_have_happened,
)
from bot.errors import PlatformUnreachableError

WORDS = "one two three four"
STATUSES = (200, 403, 404, 407, 511)


def refusal(answer: Any) -> SlackApiError:
    return SlackApiError("refused", answer)  # type: ignore[no-untyped-call]


def told_of(o: Office, ts: str) -> list[bool]:
    """Whether Slack knows that a message arrived, each time that it told of it."""
    told = [one for one in o.slack.deliveries if one.payload.get("event", {}).get("ts") == ts]
    return [one.is_acked for one in told]


@pytest.mark.parametrize("status", STATUSES)
async def test_she_reconnects_although_a_proxy_answers_at_first(status: int) -> None:
    async with office(WORDS) as o:
        opened = o.slack.sockets.opened
        o.slack.status_code("apps.connections.open", status, times=2)
        await o.slack.cut(o.team)
        await o.slack.until(lambda: o.slack.sockets.opened > opened)
        await o.call(o.ana, "count")
        assert await o.answered() == [WORDS]


@pytest.mark.parametrize("status", STATUSES)
async def test_a_reply_is_shown_when_the_proxy_is_gone(status: int) -> None:
    async with office(WORDS) as o:
        o.ellie.generator.hold(after_words=2)
        await o.call(o.ana, "count")
        await o.slack.until(o.said)
        o.slack.status_code("*", status, times=3)
        o.ellie.generator.release()
        await quiet(o)
        assert o.said() == [WORDS]
        assert [one.is_complete for one in o.ellie.state.deliveries.values()] == [True]


@pytest.mark.parametrize("method", ["users.info", "conversations.info", "conversations.history"])
async def test_a_message_is_taken_although_a_proxy_answers_what_is_asked_about_it(
    method: str,
) -> None:
    async with office(WORDS) as o:
        o.slack.status_code(method, 200)
        asked = await o.call(o.ana, "count")
        await quiet(o)
        assert any(told_of(o, asked.ts))


@pytest.mark.parametrize("status", STATUSES)
async def test_at_the_start_the_owner_is_told_that_something_else_answers(status: int) -> None:
    async with SlackStandIn() as slack:
        team = slack.add_team("T1")
        slack.status_code("*", status, times=9)
        for asking in (
            look_up(team.bot_token, base_url=slack.api_url, patience_seconds=0),
            check_app_token(team.app_token, base_url=slack.api_url, patience_seconds=0),
        ):
            with pytest.raises(PlatformUnreachableError, match=r"not Slack|troubles of its own"):
                await asking


async def test_a_page_in_place_of_an_answer_is_trouble_and_may_have_had_an_effect() -> None:
    async with SlackStandIn() as slack:
        team = slack.add_team("T1")
        client = EllieWebClient(team.bot_token, base_url=slack.api_url)
        slack.status_code("auth.test", 200)
        with pytest.raises(ForeignAnswerError) as raised:
            await client.auth_test()
    assert isinstance(raised.value, TROUBLE)
    assert not is_final(raised.value)
    assert may_have_happened(raised.value)


@pytest.mark.parametrize("answer", [{}, {"error": "forbidden"}, {"message": "log in first"}])
def test_a_refusal_without_slacks_word_is_never_final(answer: Mapping[str, str]) -> None:
    assert error_code(refusal(answer)) == "http_0"
    assert not is_final(refusal(answer))
    assert may_have_happened(refusal(answer))


def test_a_refusal_in_slacks_words_is_final_and_had_no_effect() -> None:
    error = refusal({"ok": False, "error": "not_in_channel"})
    assert is_final(error)
    assert not may_have_happened(error)


def test_a_call_that_was_not_made_had_no_effect() -> None:
    assert not may_have_happened(NotNowError())
    assert may_have_happened(TimeoutError())


async def test_nobody_waits_for_an_answer_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapters.slack.web, "PATIENCE_SECONDS", 0.2)
    async with office(WORDS) as o:
        o.ellie.generator.hold(after_words=2)
        await o.call(o.ana, "count")
        await o.slack.until(o.said)
        o.slack.hold("chat.stopStream")
        o.ellie.generator.release()
        await o.slack.until(lambda: len(o.slack.calls_of("chat.stopStream")) > 1)
        o.slack.release("chat.stopStream")
        assert await o.answered() == [WORDS]


async def test_patience_is_for_one_answer_and_not_for_a_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(adapters.slack.web, "PATIENCE_SECONDS", 0.2)
    async with SlackStandIn() as slack, adapters.slack.web.slack_session() as session:
        team = slack.add_team("T1")
        client = EllieWebClient(team.bot_token, base_url=slack.api_url, session=session)
        slack.limit("auth.test", 0.4)
        assert (await client.auth_test())["ok"]
