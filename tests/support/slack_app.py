"""A small app on the real slack_bolt, to try the Slack stand-in with."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_stand_in import SlackStandIn, Team


class Heard:
    """An app that keeps what it was told, and can leave events without a confirmation."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.retries: list[str] = []
        self.confirms = True

    @property
    def events(self) -> list[dict[str, Any]]:
        """What happened, in order."""
        return [body["event"] for body in self.bodies]

    @property
    def kinds(self) -> list[str]:
        """The types of what happened."""
        return [event["type"] for event in self.events]

    def listen(self, app: AsyncApp) -> None:
        """Registers it with an app."""

        @app.middleware
        async def keep(body: dict[str, Any], req: Any, next_: Any) -> Any:
            if body.get("type") != "event_callback":
                return await next_()
            self.bodies.append(body)
            self.retries += req.headers.get("x-slack-retry-num", [])
            if self.confirms:
                return await next_()
            return BoltResponse(status=500)

        for kind in ("message", "app_mention", "app_home_opened", "agent_session_stopped"):
            app.event(kind)(_nothing)
        app.event("tokens_revoked")(_nothing)


async def _nothing() -> None:
    """The middleware keeps everything."""


def client_of(slack: SlackStandIn, team: Team, *, token: str | None = None) -> AsyncWebClient:
    """The real client, which talks to the stand-in and tries nothing twice by itself."""
    return AsyncWebClient(token=token or team.bot_token, base_url=slack.api_url, retry_handlers=[])


@asynccontextmanager
async def connected(
    slack: SlackStandIn, team: Team, set_up: Callable[[AsyncApp], object]
) -> AsyncIterator[AsyncSocketModeHandler]:
    """An app over Socket Mode while this is entered."""
    app = AsyncApp(client=client_of(slack, team), process_before_response=True)
    set_up(app)
    handler = AsyncSocketModeHandler(app, team.app_token, ping_interval=0.05)
    already = slack.sockets.opened
    await handler.connect_async()
    try:
        await slack.until(lambda: slack.sockets.opened > already)
        yield handler
    finally:
        await handler.close_async()


@asynccontextmanager
async def refused(error: str) -> AsyncIterator[pytest.ExceptionInfo[SlackApiError]]:
    """The call inside has to be refused with this error."""
    with pytest.raises(SlackApiError) as caught:
        yield caught
    assert caught.value.response["error"] == error


def plain(text: str) -> dict[str, Any]:
    """A plain text object."""
    return {"type": "plain_text", "text": text}


def button(text: str, action_id: str = "go", **traits: Any) -> dict[str, Any]:
    """A button."""
    return {"type": "button", "action_id": action_id, "text": plain(text), **traits}


def options(*texts: str) -> list[dict[str, Any]]:
    """Options whose values are their texts in small letters."""
    return [{"text": plain(text), "value": text.lower()} for text in texts]


class Pressed:
    """Keeps every interaction, acknowledges it, and does what the test gives it to do."""

    def __init__(self) -> None:
        self.payloads: list[Mapping[str, Any]] = []
        self.answer: dict[str, Any] = {}
        self.acks = True
        self.opens: dict[str, Any] | None = None

    def listen(self, app: AsyncApp) -> None:
        """Registers it with an app."""

        @app.middleware
        async def on_anything(body: Any, ack: Any, client: Any) -> Any:
            self.payloads.append(body)
            if not self.acks:
                return BoltResponse(status=500)
            if self.opens is not None:
                await client.views_open(trigger_id=body["trigger_id"], view=self.opens)
            return await ack(**self.answer) if self.answer else await ack()
