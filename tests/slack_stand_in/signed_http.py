"""Deliveries as signed HTTP requests."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp

from slack_stand_in.delivering import ACK_SECONDS, Delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A request exactly as it was sent, to be sent once more."""

    url: str
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back."""

    status: int
    text: str
    headers: Mapping[str, str]

    @property
    def json(self) -> Any:
        """The body as JSON, or None."""
        try:
            return json.loads(self.text)
        except ValueError:
            return None

    @property
    def content(self) -> Any:
        """What it says: JSON, or a text that a command may answer with, or nothing."""
        if not self.text:
            return None
        found = self.json
        return {"text": self.text} if found is None else found


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Slack's version 0 signature of a request."""
    base = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


def signed(
    url: str,
    body: bytes,
    *,
    secret: str,
    content_type: str,
    timestamp: float | None = None,
    headers: Mapping[str, str] | None = None,
) -> Posted:
    """A request with the headers that prove where it comes from."""
    when = str(int(time.time() if timestamp is None else timestamp))
    return Posted(
        url=url,
        body=body,
        headers={
            "Content-Type": content_type,
            "X-Slack-Request-Timestamp": when,
            "X-Slack-Signature": signature(secret, when, body),
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            **(headers or {}),
        },
    )


def body_of(kind: str, payload: Mapping[str, Any]) -> tuple[bytes, str]:
    """Events are JSON, commands a form, interactions a form with JSON in it."""
    form = "application/x-www-form-urlencoded"
    if kind == "slash_commands":
        return urlencode(payload).encode(), form
    if kind == "interactive":
        return urlencode({"payload": json.dumps(payload)}).encode(), form
    return json.dumps(payload).encode(), "application/json"


class SignedHttp:
    """Posts deliveries and remembers the last request."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None
        self.last: Posted | None = None

    async def send(self, delivery: Delivery) -> None:
        """One delivery to the team's address; the status decides whether it was taken."""
        body, content_type = body_of(delivery.kind, delivery.payload)
        extra = {}
        if delivery.attempt:
            extra = {
                "X-Slack-Retry-Num": str(delivery.attempt),
                "X-Slack-Retry-Reason": delivery.reason,
            }
        team = delivery.team
        posted = signed(
            team.http_url,
            body,
            secret=team.signing_secret,
            content_type=content_type,
            headers=extra,
        )
        try:
            async with asyncio.timeout(ACK_SECONDS):
                answer = await self.post(posted)
        except TimeoutError:
            delivery.fail("http_timeout")
            return
        except aiohttp.ClientError:
            delivery.fail("connection_failed")
            return
        delivery.status = answer.status
        if 200 <= answer.status < 300:
            delivery.ack(answer.content)
        else:
            no_retry = answer.headers.get("X-Slack-No-Retry") == "1"
            delivery.fail("http_error", is_final=no_retry)

    async def post(self, posted: Posted) -> Answer:
        """Exactly this request."""
        self.last = posted
        if self._session is None:
            self._session = aiohttp.ClientSession()
        async with self._session.post(
            posted.url, data=posted.body, headers=posted.headers
        ) as response:
            return Answer(
                status=response.status,
                text=await response.text(),
                headers=dict(response.headers),
            )

    async def close(self) -> None:
        """Give the connections back."""
        if self._session is not None:
            await self._session.close()
