"""Answers by a ``response_url``: what Slack gives with every command and every press.

It takes five messages within 30 minutes, for whoever gave the command unless it says otherwise,
also where Ellie is no member (https://docs.slack.dev/interactivity/handling-user-interaction).
With the address of a press the message that was pressed can be replaced or taken away; with that
of a slash command nothing that was sent can be.
"""

from __future__ import annotations

import json
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient
from slack_sdk.webhook.webhook_response import WebhookResponse

from adapters.slack.command_layout import Part

MOST_USES = 5
USED_UP = "used_url"
"""Slack's word for an address that took as much as it takes."""
_OVER = frozenset({USED_UP, "expired_url"})
_RETRIES_AFTER_LIMIT = 3
_OK = 200


class ResponseUrl:
    """One such address. Its methods raise what slack_sdk raises."""

    def __init__(self, url: str, client: AsyncWebClient) -> None:
        handlers: list[AsyncRetryHandler] = [
            AsyncRateLimitErrorRetryHandler(max_retry_count=_RETRIES_AFTER_LIMIT)
        ]
        self._webhook = AsyncWebhookClient(
            url,
            timeout=client.timeout,
            ssl=client.ssl,
            proxy=client.proxy,
            session=client.session,
            retry_handlers=handlers,
        )
        self._left = MOST_USES if url else 0

    @property
    def is_usable(self) -> bool:
        """Whether it takes anything more, as far as is known."""
        return self._left > 0

    async def post(self, part: Part, *, thread_ts: str | None = None) -> None:
        """Show a new message to whoever pressed or commanded, and to nobody else."""
        body = {**_body(part), "response_type": "ephemeral", "replace_original": False}
        await self._send({**body, "thread_ts": thread_ts} if thread_ts else body)

    async def replace(self, part: Part) -> None:
        """Show this in place of the message that was pressed."""
        await self._send({**_body(part), "replace_original": True})

    async def delete(self) -> None:
        """Take the message that was pressed away."""
        await self._send({"delete_original": True})

    async def _send(self, body: dict[str, Any]) -> None:
        if not self.is_usable:
            raise _refused(USED_UP)
        self._left -= 1
        response = await self._webhook.send_dict(body)
        if code := _refusal(response):
            if code in _OVER:
                self._left = 0
            raise _refused(code)


def _refused(code: str) -> SlackApiError:
    answer = {"ok": False, "error": code}
    return SlackApiError("the response_url takes nothing", answer)  # type: ignore[no-untyped-call]


def _refusal(response: WebhookResponse) -> str:
    """Slack's word for why it took nothing; empty when it took it. It comes in JSON or bare."""
    words = (response.body or "").strip()
    try:
        answer = json.loads(words)
    except ValueError:
        answer = None
    if isinstance(answer, dict):
        if answer.get("ok", True) and response.status_code == _OK:
            return ""
        return str(answer.get("error") or f"http_{response.status_code}")
    if response.status_code == _OK and not words.startswith("<"):  # a page is no answer of Slack's
        return ""
    return words if words.isidentifier() else f"http_{response.status_code}"


def _body(part: Part) -> dict[str, Any]:
    return {"text": part.text, "blocks": list(part.blocks)}
