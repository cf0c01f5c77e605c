"""Slack sends requests: what it has signed is taken once, and nothing else is."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from slack_bolt.app.async_app import AsyncApp
from slack_stand_in import SlackStandIn, Team
from support.slack_app import client_of

from adapters.slack.http_events import MAX_BODY_BYTES, HttpEvents
from adapters.slack.signatures import REMEMBERED, Signatures
from bot.errors import ConfigError
from bot.health import Health

EVENT = {
    "type": "event_callback",
    "team_id": "T1",
    "api_app_id": "A1",
    "event": {"type": "message", "channel": "C1", "user": "U1", "text": "hello", "ts": "1.1"},
}


class Office:
    """A workspace whose app is sent requests."""

    def __init__(self, slack: SlackStandIn, team: Team) -> None:
        self.slack = slack
        self.team = team
        self.heard: list[str] = []
        self.before_done: Callable[[], Awaitable[None]] | None = None
        self.health = Health()
        app = AsyncApp(
            client=client_of(slack, team),
            signing_secret=team.signing_secret,
            process_before_response=True,
        )
        app.event("message")(self._hear)
        app.command("/ellie")(self._command)
        self.events = HttpEvents(
            app, team.signing_secret, host="127.0.0.1", port=0, health=self.health
        )
        self.url = ""
        self.ana = team.add_user("U1", name="ana")
        self.hall = team.add_channel("C1", name="hall", members=[self.ana])

    async def _hear(self, event: dict[str, Any]) -> None:
        self.heard.append(event["text"])
        if self.before_done is not None:
            await self.before_done()

    async def _command(self, ack: Any) -> None:
        await ack(text="done", response_type="ephemeral")


@asynccontextmanager
async def open_office() -> AsyncIterator[Office]:
    """Listening while it is entered."""
    async with SlackStandIn() as slack:
        office = Office(slack, slack.add_team("T1"))
        running = asyncio.create_task(office.events.run())
        address = await office.events.listening()
        office.url = f"{address}/slack/events"
        slack.connect_http(office.team, office.url)
        try:
            yield office
        finally:
            await office.events.stop()
            await running


async def test_events_and_commands_arrive_and_are_answered() -> None:
    async with open_office() as office:
        await office.team.say(office.ana, office.hall, "hello")
        await office.slack.until(lambda: office.heard == ["hello"])
        result = await office.team.slash(office.ana, office.hall, "help")
        await office.slack.settled()

        assert result.response == {"text": "done", "response_type": "ephemeral"}
        assert all(delivery.is_acked for delivery in office.slack.deliveries)
        assert office.health.is_well


async def test_slack_may_verify_the_address() -> None:
    async with open_office() as office:
        answer = await office.slack.post_signed(
            office.team, {"type": "url_verification", "challenge": "abc"}
        )

        assert (answer.status, answer.json) == (200, {"challenge": "abc"})


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret": "another"},
        {"timestamp": 1},
        {"headers": {"X-Slack-Signature": "v0=é"}},
        {"headers": {"X-Slack-Signature": ""}},
        {"headers": {"X-Slack-Request-Timestamp": "soon"}},
        {"headers": {"X-Slack-Request-Timestamp": "9" * 400}},
    ],
    ids=["secret", "old", "signature", "no signature", "no time", "long time"],
)
async def test_what_slack_did_not_just_sign_is_refused(
    wrong: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    async with open_office() as office:
        answer = await office.slack.post_signed(office.team, EVENT, **wrong)

        assert answer.status == 401
        assert office.heard == []
    lines = [line for line in capsys.readouterr().out.splitlines() if "refused" in line]
    assert len(lines) == 1
    assert "hello" not in lines[0]


async def test_the_very_same_request_is_taken_once() -> None:
    async with open_office() as office:
        first = await office.slack.post_signed(office.team, EVENT)
        second = await office.slack.replay()

        assert (first.status, second.status) == (200, 401)
        assert office.heard == ["hello"]


async def test_the_very_same_request_is_refused_while_the_first_one_is_handled() -> None:
    async with open_office() as office:
        may_end = asyncio.Event()
        office.before_done = may_end.wait  # type: ignore[assignment]
        first = asyncio.create_task(office.slack.post_signed(office.team, EVENT))
        await office.slack.until(lambda: office.heard)

        second = await office.slack.replay()
        may_end.set()

        assert second.status == 401
        assert (await first).status == 200
        assert office.heard == ["hello"]


async def test_a_request_that_broke_may_be_sent_again() -> None:
    async with open_office() as office:
        breaks = [False, True]

        async def fail_once() -> None:
            if breaks.pop():
                raise RuntimeError("the disk is full")

        office.before_done = fail_once
        first = await office.slack.post_signed(office.team, EVENT)
        second = await office.slack.replay()

        assert (first.status, second.status) == (500, 200)
        assert office.heard == ["hello", "hello"]


async def test_a_first_event_is_not_lost_when_slack_does_not_say_whose_the_token_is() -> None:
    async with open_office() as office:
        office.slack.fail("auth.test", "internal_error")

        first = await office.slack.post_signed(office.team, EVENT)
        second = await office.slack.replay()

        assert (first.status, second.status) == (500, 200)
        assert office.heard == ["hello"]


async def test_what_nobody_listens_for_is_taken() -> None:
    async with open_office() as office:
        body = {**EVENT, "event": {"type": "channel_rename"}}

        assert (await office.slack.post_signed(office.team, body)).status == 200


async def test_what_is_too_large_or_is_no_text_is_refused() -> None:
    async with open_office() as office, aiohttp.ClientSession() as session:
        body = {**EVENT, "padding": "x" * MAX_BODY_BYTES}
        assert (await office.slack.post_signed(office.team, body)).status == 413
        async with session.post(office.url, data=b"\xff\xfe") as answer:
            assert answer.status == 401
        async with session.get(office.url) as answer:
            assert answer.status == 405


async def test_anybody_may_ask_whether_it_is_well_and_hears_no_more_than_that() -> None:
    async with open_office() as office, aiohttp.ClientSession() as session:
        address = office.url.replace("/slack/events", "/healthz")
        async with session.get(address) as answer:
            assert (answer.status, await answer.json()) == (200, {"status": "ok"})
        office.health.part("discord").ill("secret reason")
        async with session.get(address) as answer:
            assert (answer.status, await answer.json()) == (503, {"status": "unwell"})


async def test_stopping_finishes_what_was_taken_and_takes_no_more() -> None:
    async with SlackStandIn() as slack, aiohttp.ClientSession() as session:
        office = Office(slack, slack.add_team("T1"))
        running = asyncio.create_task(office.events.run())
        url = f"{await office.events.listening()}/slack/events"
        slack.connect_http(office.team, url)
        may_end = asyncio.Event()
        office.before_done = may_end.wait  # type: ignore[assignment]
        first = asyncio.create_task(slack.post_signed(office.team, EVENT))
        await slack.until(lambda: office.heard)

        await office.events.stop()
        for _ in range(20):
            await asyncio.sleep(0)
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.post(url)
        assert not running.done()
        may_end.set()

        assert (await first).status == 200
        await running
        assert office.health.ills == {"slack": "stopped"}


async def test_a_port_that_is_taken_is_a_problem_of_the_settings() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        app = AsyncApp(token="xoxb-1", signing_secret="x")

        with pytest.raises(ConfigError, match=f"port {port} of 127.0.0.1") as raised:
            await HttpEvents(app, "x", host="127.0.0.1", port=port).run()

    assert raised.value.problems[0].setting == "ELLIE_SLACK_PORT"


def test_what_was_taken_is_remembered_for_as_long_as_it_could_come_again() -> None:
    time = [1000.0]
    signatures = Signatures("secret", now=lambda: time[0])
    assert signatures.take("1000", "v0=a")

    time[0] += 599
    assert not signatures.take("1000", "v0=a")
    time[0] += 2
    assert signatures.take("1601", "v0=b")
    assert signatures.take("1000", "v0=a")


def test_no_more_is_remembered_than_there_is_room_for() -> None:
    signatures = Signatures("secret", now=lambda: 1000.0)
    for number in range(REMEMBERED + 1):
        assert signatures.take("1000", f"v0={number}")

    assert not signatures.take("1000", "v0=1")
    assert signatures.take("1000", "v0=0")
