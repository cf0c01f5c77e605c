"""When methods of Slack's are called: as often as their tier allows, and not while limited."""

from __future__ import annotations

import asyncio

import pytest
from slack_sdk.errors import SlackApiError
from slack_stand_in import SlackStandIn

from adapters.slack.pacing import OTHERS_PER_MINUTE, Pacing
from adapters.slack.web import (
    EllieWebClient,
    error_code,
    in_a_hurry,
    is_final,
    is_forbidden,
    is_gone,
)


class Time:
    """Passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


def pacing(time: Time, **per_minute: int) -> Pacing:
    return Pacing(per_minute, clock=time.clock, sleep=time.sleep)


async def test_a_burst_passes_and_then_the_tier_holds() -> None:
    time = Time()
    paced = pacing(time, post=60)
    for _ in range(60):
        await paced.turn("post")
    assert time.slept == []
    for _ in range(3):
        await paced.turn("post")
    assert time.now - 100 == pytest.approx(3)


async def test_what_was_not_used_comes_back_with_time_and_no_further() -> None:
    time = Time()
    paced = pacing(time, post=6)
    for _ in range(6):
        await paced.turn("post")
    time.now += 3600
    for _ in range(6):
        await paced.turn("post")
    assert time.slept == []
    await paced.turn("post")
    assert time.slept == [pytest.approx(10)]


async def test_one_method_keeps_no_other_waiting() -> None:
    time = Time()
    paced = pacing(time, post=1, update=1)
    paced.limited("post", 60)
    await paced.turn("update")
    assert time.slept == []
    await paced.turn("post")
    assert time.slept == [60]


async def test_a_method_that_nobody_listed_is_called_rarely() -> None:
    time = Time()
    paced = pacing(time)
    for _ in range(OTHERS_PER_MINUTE + 1):
        await paced.turn("unlisted")
    assert time.slept == [pytest.approx(60 / OTHERS_PER_MINUTE)]


async def test_who_waits_longest_goes_first() -> None:
    time = Time()
    paced = pacing(time, post=1)
    paced.limited("post", 5)
    order: list[int] = []

    async def call(number: int) -> None:
        await paced.turn("post")
        order.append(number)

    await asyncio.gather(*(call(number) for number in range(4)))
    assert order == [0, 1, 2, 3]


async def test_a_longer_wait_is_not_cut_short_by_a_shorter_one() -> None:
    time = Time()
    paced = pacing(time, post=60)
    paced.limited("post", 30)
    paced.limited("post", 1)
    await paced.turn("post")
    assert time.now - 100 == pytest.approx(30)


async def test_slack_is_asked_again_when_it_said_and_all_calls_of_that_method_wait() -> None:
    time = Time()
    async with SlackStandIn() as slack:
        team = slack.add_team("T1")
        slack.limit("auth.test", retry_after=7)
        client = EllieWebClient(
            team.bot_token, base_url=slack.api_url, pacing=pacing(time, **{"auth.test": 600})
        )
        answers = await asyncio.gather(client.auth_test(), client.auth_test())
        assert all(answer["ok"] for answer in answers)
        assert max(time.slept) == pytest.approx(7)
        assert len(slack.calls_of("auth.test")) == 3


async def test_a_call_whose_answer_got_lost_is_not_made_again_unasked() -> None:
    async with SlackStandIn() as slack:
        team = slack.add_team("T1")
        hall = team.add_channel("C1", name="hall", members=[])
        slack.drop("chat.postMessage", after_effect=True)
        client = EllieWebClient(team.bot_token, base_url=slack.api_url)
        with pytest.raises(Exception) as caught:  # noqa: PT011 - whatever the network raises
            await client.chat_postMessage(channel="C1", text="once")
        assert not is_final(caught.value)
        assert len(hall.messages) == 1


@pytest.mark.parametrize(
    ("code", "final", "gone", "forbidden"),
    [
        ("message_not_found", True, True, False),
        ("not_in_channel", True, False, True),
        ("msg_too_long", True, False, False),
        ("ratelimited", False, False, False),
        ("token_revoked", False, False, False),
        ("fatal_error", False, False, False),
    ],
)
async def test_what_slack_refuses_for_good(
    code: str, final: bool, gone: bool, forbidden: bool
) -> None:
    async with SlackStandIn() as slack:
        team = slack.add_team("T1")
        slack.fail("auth.test", code)
        client = EllieWebClient(team.bot_token, base_url=slack.api_url)
        with pytest.raises(SlackApiError) as caught:
            await client.auth_test()
        error = caught.value
        assert error_code(error) == code
        assert (is_final(error), is_gone(error), is_forbidden(error)) == (final, gone, forbidden)


async def test_a_broken_server_is_no_refusal() -> None:
    async with SlackStandIn() as slack:
        team = slack.add_team("T1")
        slack.status_code("auth.test", 503)
        client = EllieWebClient(team.bot_token, base_url=slack.api_url)
        with pytest.raises(Exception) as caught:  # noqa: PT011 - whatever slack_sdk makes of it
            await client.auth_test()
        assert not is_final(caught.value)


async def test_who_is_in_a_hurry_does_without_what_would_have_to_wait() -> None:
    time = Time()
    async with SlackStandIn() as slack:
        team = slack.add_team("T1")
        paced = pacing(time, **{"auth.test": 1})
        client = EllieWebClient(team.bot_token, base_url=slack.api_url, pacing=paced)
        with in_a_hurry():
            assert (await client.auth_test())["ok"]
            with pytest.raises(TimeoutError):
                await client.auth_test()
        assert time.slept == []
        assert (await client.auth_test())["ok"]
        assert time.slept == [pytest.approx(60)]
