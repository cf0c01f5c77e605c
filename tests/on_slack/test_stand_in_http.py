"""The Slack stand-in over signed HTTP, with a real Bolt app behind a real server."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.app.async_app import AsyncApp
from slack_stand_in import SlackStandIn, Team
from support.slack_app import Heard, client_of


@asynccontextmanager
async def served(slack: SlackStandIn, team: Team, heard: Heard) -> AsyncIterator[AsyncApp]:
    app = AsyncApp(
        client=client_of(slack, team),
        signing_secret=team.signing_secret,
        process_before_response=True,
    )
    heard.listen(app)

    async def answer(request: web.Request) -> web.Response:
        bolt_request = await to_bolt_request(request)
        return await to_aiohttp_response(await app.async_dispatch(bolt_request))

    server = web.Application()
    server.router.add_post("/slack/events", answer)
    runner = web.AppRunner(server)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    slack.connect_http(team, f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events")
    try:
        yield app
    finally:
        await runner.cleanup()


async def test_events_commands_and_presses_arrive_signed() -> None:
    heard = Heard()
    async with SlackStandIn() as slack:
        acme = slack.add_team("T1")
        ana = acme.add_user("U1")
        hall = acme.add_channel("C1", members=[ana])
        async with served(slack, acme, heard) as app:

            @app.command("/ellie")
            async def on_command(ack: Any, body: Any) -> None:
                await ack(f"heard {body['text']}")

            @app.action("go")
            async def on_go(ack: Any) -> None:
                await ack()

            await acme.say(ana, hall, "hello")
            await slack.settled()
            result = await acme.slash(ana, hall, "a & b")
            button = {"type": "button", "action_id": "go"}
            button["text"] = {"type": "plain_text", "text": "Go"}  # type: ignore[assignment]
            await client_of(slack, acme).chat_postMessage(
                channel="C1", text="t", blocks=[{"type": "actions", "elements": [button]}]
            )
            pressed = await acme.press(ana, hall.hers[0], text="Go")

    assert heard.events[0]["text"] == "hello"
    assert result.texts == ["heard a &amp; b"]
    assert pressed.acked
    assert {one.status for one in slack.deliveries} == {200}
    assert {one.connection for one in slack.deliveries} == {None}


async def test_wrong_and_old_signatures_are_refused_and_a_replay_is_not() -> None:
    heard = Heard()
    async with SlackStandIn() as slack:
        acme = slack.add_team("T1")
        ana = acme.add_user("U1")
        async with served(slack, acme, heard):
            await acme.say(ana, acme.dm(ana), "hello")
            await slack.settled()
            body = slack.deliveries[0].payload
            wrong = await slack.post_signed(acme, body, secret="not the secret")
            old = await slack.post_signed(acme, body, timestamp=time.time() - 301)
            right = await slack.post_signed(acme, body)
            again = await slack.replay()

    assert [answer.status for answer in (wrong, old, right, again)] == [401, 401, 200, 200]
    assert len(heard.bodies) == 3


async def test_an_error_answer_brings_the_event_again_unless_it_says_no() -> None:
    heard = Heard()
    heard.confirms = False
    async with SlackStandIn() as slack:
        acme = slack.add_team("T1")
        ana = acme.add_user("U1")
        async with served(slack, acme, heard):
            await acme.say(ana, acme.dm(ana), "hello")
            await slack.until(lambda: slack.deliveries[0].failure)
            heard.confirms = True
            await slack.advance(3)
            await slack.until(lambda: len(heard.bodies) == 2)
            await slack.settled()
            assert not await slack.advance(1_000)

    assert heard.retries == ["1"]
    assert slack.deliveries[1].reason == "http_error"


async def test_the_url_is_verified_with_a_challenge() -> None:
    async with SlackStandIn() as slack:
        acme = slack.add_team("T1")
        async with served(slack, acme, Heard()):
            challenge = {"type": "url_verification", "token": "t", "challenge": "c"}
            answer = await slack.post_signed(acme, challenge)

    assert answer.json == {"challenge": "c"}
