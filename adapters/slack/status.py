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
from adapters.slack.web import (
    TROUBLE,
    error_code,
    in_a_hurry,
    is_final,
    is_token_dead,
    may_have_happened,
)
from adapters.tasks import OwnedTasks
from bot.log import get_logger

log = get_logger(__name__)

PROCESSING = "processing"
ACTIVE = "active"
"""Of an agent's session: something is being done, or the person may speak."""

THINKS = "is thinking…"
AGAIN_AFTER_SECONDS = 90.0
"""The status line is set anew before it goes by itself."""
PUTTING_SECONDS = 2.0
"""So long a sign may still be on its way up when there is nothing to think of any more."""
TAKING_DOWN_SECONDS = 4.0
"""In so long a sign is gone, or is left for the next reply in that thread to take away."""
TAKING_DOWN_PAUSES = (0.5, 1.5)

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
    """Puts up the signs of one workspace, in whatever way Slack lets it.

    Nobody waits for a sign: one that Slack does not take at once is not put up at all, lest it
    appear when the reply is there.
    """

    def __init__(self, client: AsyncWebClient, tasks: OwnedTasks) -> None:
        self._client = client
        self._tasks = tasks
        self._ways = [_Way.SESSION, _Way.LINE, _Way.NONE]
        self._busy: Counter[tuple[str, str]] = Counter()
        self._up: dict[tuple[str, str], _Way] = {}
        """Where a sign is up, as far as is known."""

    def thinking(self, spot: Spot) -> Sign:
        """Put a sign up, until it is ended. Slack is told meanwhile, and by a task of its own."""
        return Sign(self, spot, self._tasks)

    def after_reply(self, spot: Spot) -> str:
        """What the end of a reply makes of a session: not idle while another one is written."""
        if self._ways[0] is not _Way.SESSION:
            return ""
        return PROCESSING if self._busy[_place(spot)] > 1 else ACTIVE

    def meanwhile(self, spot: Spot) -> str:
        """What a stream that ends before its reply does makes of a session: it goes on."""
        is_busy = self._busy[_place(spot)] > 0
        return PROCESSING if is_busy and self._ways[0] is _Way.SESSION else ""

    def told(self, spot: Spot, session_status: str) -> None:
        """Slack took this with the end of a stream; it need not be told once more."""
        if session_status == PROCESSING:
            self._up[_place(spot)] = _Way.SESSION
        else:
            self._up.pop(_place(spot), None)

    async def settle(self, spot: Spot) -> None:
        """Have nobody think in a thread where another process may have thought. Never raises."""
        if self._ways[0] is _Way.SESSION and _place(spot) not in self._busy:
            self._up[_place(spot)] = _Way.SESSION
            await self._take_down(spot)

    async def hold(self, spot: Spot, ended: asyncio.Event) -> None:
        """Have the sign up until ``ended``. Where there can be none that is no trouble."""
        place = _place(spot)
        self._busy[place] += 1
        try:
            while not ended.is_set():
                way = await self._put_unless(ended, spot)
                with suppress(TimeoutError):
                    async with asyncio.timeout(AGAIN_AFTER_SECONDS if way is _Way.LINE else None):
                        await ended.wait()
        finally:
            self._busy[place] -= 1
            if not self._busy[place]:
                del self._busy[place]
        await self._take_down(spot)

    async def _put_unless(self, ended: asyncio.Event, spot: Spot) -> _Way:
        """Put the sign up, without holding up for long what ends meanwhile."""
        putting = asyncio.create_task(self._put(spot))
        over = asyncio.create_task(ended.wait())
        try:
            await asyncio.wait({putting, over}, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait({putting}, timeout=PUTTING_SECONDS)
        finally:
            putting.cancel()
            over.cancel()
            await asyncio.wait({putting, over})
        return _Way.NONE if putting.cancelled() else putting.result()

    async def _put(self, spot: Spot) -> _Way:
        """Put the sign up in the best way that works; that is the first one from then on."""
        place = _place(spot)
        for way in (_Way.SESSION, _Way.LINE):
            if way not in self._ways:
                continue
            is_up = True
            try:
                error = await self._set(way, spot, is_thinking=True)
                is_up = error is None or may_have_happened(error)
            finally:  # who is cancelled meanwhile does not know better
                if is_up:
                    self._up[place] = way
            if error is None or is_up:
                return way
            code = error_code(error)
            if code in _NEVER and way in self._ways:
                log.info("status_not_supported", way=way.value, code=code)
                self._ways.remove(way)
        return _Way.NONE

    async def _take_down(self, spot: Spot) -> None:
        """Take the sign away, if one is up and nobody is answered there."""
        place = _place(spot)
        with suppress(TimeoutError):
            async with asyncio.timeout(TAKING_DOWN_SECONDS):
                for pause in (*TAKING_DOWN_PAUSES, None):
                    if place in self._busy or place not in self._up:
                        return
                    error = await self._set(self._up[place], spot, is_thinking=False)
                    if error is None or is_final(error) or is_token_dead(error):
                        break
                    if pause is not None:
                        await asyncio.sleep(pause)
        if place not in self._busy:
            self._up.pop(place, None)

    async def _set(self, way: _Way, spot: Spot, *, is_thinking: bool) -> Exception | None:
        """None when Slack took it, and else what went wrong."""
        with in_a_hurry():
            return await self._set_now(way, spot, is_thinking=is_thinking)

    async def _set_now(self, way: _Way, spot: Spot, *, is_thinking: bool) -> Exception | None:
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
            return error
        return None

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


def _place(spot: Spot) -> tuple[str, str]:
    return spot.channel_id, spot.thread_ts


class Sign:
    """The sign under one message, up from the start until :meth:`end`."""

    def __init__(self, statuses: Statuses, spot: Spot, tasks: OwnedTasks) -> None:
        self._ended = asyncio.Event()
        tasks.start(statuses.hold(spot, self._ended), name="status")

    def end(self) -> None:
        """Let the sign go."""
        self._ended.set()
