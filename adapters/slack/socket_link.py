"""One WebSocket to Slack, from its greeting to its end."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from ssl import SSLContext
from typing import Any

import aiohttp

from bot.log import get_logger

CLOSE_SECONDS = 1.0
"""Slack answers the end of a link with nothing, so nobody waits for long."""

_CLOSE_FIRST = frozenset({"too_many_websockets"})
"""Reasons for which Slack ends a link and takes no other one beside it."""

_OVER = (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSING, aiohttp.WSMsgType.CLOSED)

log = get_logger(__name__)


class Link:
    """Reads and writes messages. ``is_leaving`` is set when there has to be another link.

    That is when Slack announces the end, or when it has come: closed, broken or silent.
    """

    def __init__(
        self,
        socket: aiohttp.ClientWebSocketResponse,
        *,
        ping_seconds: float,
        silent_pings: int,
    ) -> None:
        self._socket = socket
        self._ping_seconds = ping_seconds
        self._silent_pings = silent_pings
        self._unanswered = 0
        self._receiving: asyncio.Task[aiohttp.WSMessage] | None = None
        self._listens = True
        self._began = asyncio.get_running_loop().time()
        self.is_leaving = asyncio.Event()
        self.has_ended = asyncio.Event()
        self.must_close_first = False
        self.ended_because = ""

    @property
    def is_open(self) -> bool:
        """Whether anything may still come down it."""
        return not self.has_ended.is_set() and not self._socket.closed

    @property
    def age_seconds(self) -> float:
        """For how long there has been this link."""
        return asyncio.get_running_loop().time() - self._began

    async def messages(self) -> AsyncIterator[Mapping[str, Any]]:
        """What Slack sends, until the link ends or nobody listens any more."""
        watching = asyncio.create_task(self._watch())
        try:
            while self._listens and (frame := await self._receive()) is not None:
                self._unanswered = 0
                message = await self._understood(frame)
                if message is not None:
                    yield message
        finally:
            watching.cancel()
            await asyncio.wait({watching})
            self.has_ended.set()
            self.is_leaving.set()

    async def send(self, text: str) -> bool:
        """Write something; False when the link is not there any more."""
        if self._socket.closed:
            return False
        try:
            await self._socket.send_str(text)
        except (ConnectionError, aiohttp.ClientError, RuntimeError) as error:
            log.info("slack_link_not_written", reason=type(error).__name__)
            return False
        return True

    def stop_listening(self) -> None:
        """Take nothing more. It can still be written to."""
        self._listens = False
        if self._receiving is not None:
            self._receiving.cancel()

    async def close(self) -> None:
        """End it, politely where somebody is there to notice."""
        self.stop_listening()
        self.ended_because = self.ended_because or "closed here"
        with contextlib.suppress(TimeoutError, ConnectionError, aiohttp.ClientError):
            async with asyncio.timeout(2 * CLOSE_SECONDS):
                await self._socket.close()
        self.has_ended.set()
        self.is_leaving.set()

    async def _receive(self) -> aiohttp.WSMessage | None:
        """The next frame; None when nothing more is to come."""
        self._receiving = asyncio.ensure_future(self._socket.receive())
        try:
            await asyncio.wait({self._receiving})
            if self._receiving.cancelled():
                return None
            frame = self._receiving.result()
        except (ConnectionError, aiohttp.ClientError, RuntimeError) as error:
            self.ended_because = self.ended_because or type(error).__name__
            return None
        finally:
            self._receiving.cancel()
        if frame.type in _OVER:
            self.ended_because = self.ended_because or "closed by Slack"
            return None
        if frame.type is aiohttp.WSMsgType.ERROR:
            self.ended_because = self.ended_because or "broken"
            return None
        return frame

    async def _understood(self, frame: aiohttp.WSMessage) -> Mapping[str, Any] | None:
        """An envelope; None for what keeps the link itself going."""
        if frame.type is aiohttp.WSMsgType.PING:
            with contextlib.suppress(ConnectionError, aiohttp.ClientError):
                await self._socket.pong(frame.data)
        if frame.type is not aiohttp.WSMsgType.TEXT:
            return None
        message = _object(frame.data)
        if message.get("type") == "disconnect":
            reason = str(message.get("reason") or "unknown")
            self.must_close_first = reason in _CLOSE_FIRST
            self.ended_because = reason
            log.info("slack_link_leaving", reason=reason)
            self.is_leaving.set()
            return None
        return message

    async def _watch(self) -> None:
        """Give up a link from which nothing comes, although its other end is asked to answer."""
        while True:
            await asyncio.sleep(self._ping_seconds)
            if self._unanswered >= self._silent_pings:
                self.ended_because = "silent"
                log.warning("slack_link_silent", pings=self._unanswered)
                self.stop_listening()
                return
            self._unanswered += 1
            with contextlib.suppress(TimeoutError, ConnectionError, aiohttp.ClientError):
                # A dead peer takes nothing, and then even asking would wait for ever.
                async with asyncio.timeout(self._ping_seconds):
                    await self._socket.ping()


async def open_link(
    session: aiohttp.ClientSession,
    url: str,
    *,
    ping_seconds: float,
    silent_pings: int,
    proxy: str | None,
    ssl: SSLContext | None,
) -> Link:
    """Connect, and wait for Slack's greeting: before it nothing is sent down a link.

    Raises:
        aiohttp.ClientError: there is no connection, or no greeting.
        OSError: the same.
    """
    socket = await session.ws_connect(
        url,
        autoping=False,
        timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_SECONDS),
        proxy=proxy,
        ssl=True if ssl is None else ssl,
    )
    greeted = False
    try:
        while not greeted:
            frame = await socket.receive()
            if frame.type in {*_OVER, aiohttp.WSMsgType.ERROR}:
                raise aiohttp.ClientConnectionError("closed before it began")
            if frame.type is aiohttp.WSMsgType.PING:
                await socket.pong(frame.data)
            greeted = (
                frame.type is aiohttp.WSMsgType.TEXT and _object(frame.data).get("type") == "hello"
            )
    finally:
        if not greeted:
            await socket.close()
    return Link(socket, ping_seconds=ping_seconds, silent_pings=silent_pings)


def _object(text: str) -> Mapping[str, Any]:
    """A message as Slack writes it; empty for what is none."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
