"""The sign that Ellie thinks, under the message that she answers.

Of an agent's session in a thread, with Slack's own button to stop it; where there are no sessions,
the older status line, which goes by itself after two minutes, or with the next message
(https://docs.slack.dev/ai/agent-sessions and .../reference/methods/assistant.threads.setStatus).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from enum import Enum

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.outlets import Spot
from adapters.slack.web import TROUBLE, error_code
from adapters.tasks import OwnedTasks
from bot.log import get_logger

log = get_logger(__name__)

PROCESSING = "processing"
ACTIVE = "active"
"""Of an agent's session: something is being done, or the person may speak."""

THINKS = "is thinking…"
AGAIN_AFTER_SECONDS = 90.0
"""The status line is set anew before it goes by itself."""

_NEVER = frozenset(
    {
        "deprecated_endpoint",
        "feature_disabled",
        "method_deprecated",
        "missing_scope",
        "not_agent_app",
        "not_allowed",
        "not_allowed_token_type",
        "unknown_method",
    }
)
"""Refusals that hold for every thread; all others say nothing of the next one."""


class _Way(Enum):
    SESSION = "session"
    LINE = "line"
    NONE = "none"


class Statuses:
    """Puts up the signs of one workspace, in whatever way Slack lets it."""

    def __init__(self, client: AsyncWebClient, tasks: OwnedTasks) -> None:
        self._client = client
        self._tasks = tasks
        self._ways = [_Way.SESSION, _Way.LINE, _Way.NONE]
        self._busy: Counter[tuple[str, str]] = Counter()

    def thinking(self, spot: Spot) -> Sign:
        """Put a sign up, until it is ended. Slack is told meanwhile, and by a task of its own."""
        return Sign(self, spot, self._tasks)

    def after_reply(self, spot: Spot) -> str:
        """What the end of a reply makes of a session: not idle while another one is written."""
        if self._ways[0] is not _Way.SESSION:
            return ""
        return PROCESSING if self._busy[spot.channel_id, spot.thread_ts] > 1 else ACTIVE

    def meanwhile(self, spot: Spot) -> str:
        """What a stream that ends before its reply does makes of a session: it goes on."""
        is_busy = self._busy[spot.channel_id, spot.thread_ts] > 0
        return PROCESSING if is_busy and self._ways[0] is _Way.SESSION else ""

    async def hold(self, spot: Spot, ended: asyncio.Event) -> None:
        """Have the sign up until ``ended``. Where there can be none that is no trouble."""
        place = (spot.channel_id, spot.thread_ts)
        self._busy[place] += 1
        way = _Way.NONE
        try:
            while not ended.is_set():
                way = await self._put(spot)
                with suppress(TimeoutError):
                    async with asyncio.timeout(AGAIN_AFTER_SECONDS if way is _Way.LINE else None):
                        await ended.wait()
        finally:
            self._busy[place] -= 1
            if not self._busy[place]:
                del self._busy[place]
        if place not in self._busy:
            await self._set(way, spot, is_thinking=False)

    async def _put(self, spot: Spot) -> _Way:
        """Put the sign up in the best way that works; that is the first one from then on."""
        for way in list(self._ways):
            code = await self._set(way, spot, is_thinking=True)
            if not code:
                return way
            if code in _NEVER and way in self._ways:
                log.info("status_not_supported", way=way.value, code=code)
                self._ways.remove(way)
        return _Way.NONE

    async def _set(self, way: _Way, spot: Spot, *, is_thinking: bool) -> str:
        """Empty when Slack took it, and else what it said."""
        try:
            if way is _Way.SESSION:
                await self._set_session(spot, PROCESSING if is_thinking else ACTIVE)
            elif way is _Way.LINE:
                await self._client.assistant_threads_setStatus(
                    channel_id=spot.channel_id,
                    thread_ts=spot.thread_ts,
                    status=THINKS if is_thinking else "",
                )
        except TROUBLE as error:
            log.info("status_not_set", way=way.value, code=error_code(error))
            return error_code(error)
        return ""

    async def _set_session(self, spot: Spot, status: str) -> None:
        """Set it for whoever is answered; Slack may not know them as a member of the channel."""
        try:
            await self._client.agents_sessions_setStatus(
                channel_id=spot.channel_id,
                thread_ts=spot.thread_ts,
                status=status,
                initiator_user_id=spot.recipient_user_id or None,
            )
        except SlackApiError as error:
            if error_code(error) != "user_not_found":
                raise
            await self._client.agents_sessions_setStatus(
                channel_id=spot.channel_id, thread_ts=spot.thread_ts, status=status
            )


class Sign:
    """The sign under one message, up from the start until :meth:`end`."""

    def __init__(self, statuses: Statuses, spot: Spot, tasks: OwnedTasks) -> None:
        self._ended = asyncio.Event()
        tasks.start(statuses.hold(spot, self._ended), name="status")

    def end(self) -> None:
        """Let the sign go."""
        self._ended.set()
