"""Socket Mode: Ellie connects to Slack, and events come down that connection.

Slack's library has a client for it, which takes some dead connections for living ones, gives up in
silence after others, and leaves tasks behind when it is closed. What is here is small because one
loop owns everything: it opens links, one after the other, until it is told to stop.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass

import aiohttp
from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.connecting import PART, app_explained, cleaned_app
from adapters.slack.socket_link import Link, open_link
from adapters.slack.taken import is_taken, is_unheard
from adapters.slack.web import TROUBLE, error_code
from adapters.tasks import OwnedTasks
from bot.errors import PlatformRefusedError
from bot.health import Health
from bot.log import get_logger

log = get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """How patient a connection is.

    A link counts as dead when ``silent_pings`` pings in a row brought nothing at all back: pings,
    and not seconds, so that a busy or suspended machine takes no living link for a dead one. An old
    link is heard for ``overlap_seconds`` after a new one is open. ``acks_seconds`` is for what is
    being stored when Ellie stops. After a link that lived for less than ``steady_seconds`` the next
    one waits for a pause, as it does after failures.
    """

    ping_seconds: float = 10.0
    silent_pings: int = 3
    connect_seconds: float = 20.0
    overlap_seconds: float = 10.0
    acks_seconds: float = 5.0
    steady_seconds: float = 30.0
    pauses: tuple[float, ...] = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0)


USUAL_RHYTHM = Rhythm()


class SocketConnection:
    """Keeps a link to Slack open and hands what comes to the app.

    An envelope is acknowledged once the app is done with it, so that Slack sends again what a
    process that dies had not stored.
    """

    def __init__(
        self,
        app: AsyncApp,
        app_token: str,
        *,
        web_client: AsyncWebClient,
        health: Health | None = None,
        rhythm: Rhythm = USUAL_RHYTHM,
    ) -> None:
        self._app = app
        self._token = cleaned_app(app_token)
        self._web_client = web_client
        self._health = (health or Health()).part(PART)
        self._rhythm = rhythm
        self._stopping = asyncio.Event()
        self._links: list[Link] = []
        self._short_lived = 0
        self._unsent: list[str] = []
        self._reading = OwnedTasks()
        self._handling = OwnedTasks()

    async def run(self) -> None:
        """Stay connected until :meth:`stop`; what has come is acknowledged before it returns.

        Raises:
            PlatformRefusedError: Slack lets the app connect no more, or never did.
        """
        async with aiohttp.ClientSession() as session:
            try:
                while (link := await self._connected(session)) is not None:
                    await self._stay(link)
                    await self._pause(self._pause_after(link))
            finally:
                self._stopping.set()
                await self._end()

    async def stop(self) -> None:
        """Take no more, from now on."""
        self._stopping.set()
        for link in self._links:
            link.stop_listening()

    async def _stay(self, link: Link) -> None:
        """Hear a link until there has to be a new one, or none any more."""
        if self._links:
            self._reading.start(self._retire(self._links[-1]), name="retire-link")
        self._links.append(link)
        self._reading.start(self._hear(link), name="hear-slack")
        unsent, self._unsent = self._unsent, []
        for answer in unsent:
            await self._send(link, answer)
        self._health.well()
        log.info("slack_connected")
        await _first(link.is_leaving, self._stopping)
        if link.must_close_first:
            await link.close()

    async def _connected(self, session: aiohttp.ClientSession) -> Link | None:
        """A new link; None when told to stop.

        Raises:
            PlatformRefusedError: Slack lets the app connect no more, or never did.
        """
        for pause in _endlessly(self._rhythm.pauses):
            opening = asyncio.create_task(self._open(session))
            try:
                await self._unless_stopping(opening)
                if self._stopping.is_set():
                    return None
                return opening.result()
            except TROUBLE as error:
                trouble = app_explained(error)
                if isinstance(trouble, PlatformRefusedError):
                    raise trouble from error
                if not any(link.is_open for link in self._links):
                    self._health.ill(f"not connected: {error_code(error)}")
                log.warning("slack_not_connected", reason=error_code(error), again_in_seconds=pause)
            finally:
                await self._discard(opening)
            await self._pause(pause)
        raise AssertionError("the pauses never end")

    async def _unless_stopping(self, opening: asyncio.Task[Link]) -> None:
        told = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait({opening, told}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            told.cancel()

    async def _discard(self, opening: asyncio.Task[Link]) -> None:
        """See to it that nothing goes on opening, and that a link that nobody wants is closed."""
        is_unwanted = self._stopping.is_set() or not opening.done()
        opening.cancel()
        await asyncio.wait({opening})
        if is_unwanted and not opening.cancelled() and opening.exception() is None:
            await opening.result().close()

    async def _pause(self, seconds: float) -> None:
        if seconds:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), seconds)

    def _pause_after(self, link: Link) -> float:
        """How long to wait before the next link: not at all after one that lived."""
        if link.age_seconds >= self._rhythm.steady_seconds:
            self._short_lived = 0
            return 0.0
        self._short_lived += 1
        return self._rhythm.pauses[min(self._short_lived, len(self._rhythm.pauses)) - 1]

    async def _open(self, session: aiohttp.ClientSession) -> Link:
        rhythm = self._rhythm
        async with asyncio.timeout(rhythm.connect_seconds):
            found = await self._web_client.apps_connections_open(app_token=self._token)
            return await open_link(
                session,
                str(found["url"]),
                ping_seconds=rhythm.ping_seconds,
                silent_pings=rhythm.silent_pings,
                proxy=self._web_client.proxy,
                ssl=self._web_client.ssl,
            )

    async def _hear(self, link: Link) -> None:
        """Hand everything that comes down a link to the app, until the link ends."""
        try:
            async for message in link.messages():
                request = SocketModeRequest.from_dict(dict(message))
                if request is not None:
                    self._handling.start(self._handle(link, request), name="handle-envelope")
        finally:
            if not self._stopping.is_set() and not any(
                other.is_open for other in self._links if other is not link
            ):
                self._health.ill(f"disconnected: {link.ended_because or 'broken'}")
                log.warning("slack_disconnected", reason=link.ended_because)

    async def _handle(self, link: Link, request: SocketModeRequest) -> None:
        response = await run_async_bolt_app(self._app, request)
        if not is_taken(response, is_event=request.type == "events_api"):
            # Slack sends an event again in a minute. Whoever pressed a button sees that it failed.
            log.warning("slack_envelope_not_taken", kind=request.type, status=response.status)
            return
        answer = json.dumps({"envelope_id": request.envelope_id, **_payload(response)})
        await self._send(link, answer)

    async def _send(self, link: Link, answer: str) -> None:
        """Down the link that the envelope came from, or another, or the next."""
        for way in (link, *reversed(self._links)):
            if await way.send(answer):
                return
        self._unsent.append(answer)

    async def _retire(self, link: Link) -> None:
        """Close a link that there is a new one for. Slack may still send something down it."""
        await _first(link.has_ended, self._stopping, seconds=self._rhythm.overlap_seconds)
        if not self._stopping.is_set():
            link.stop_listening()
            await link.close()
            if link in self._links:
                self._links.remove(link)

    async def _end(self) -> None:
        """Acknowledge what is being handled, and leave nothing behind."""
        for link in self._links:
            link.stop_listening()
        await self._handling.drain(self._rhythm.acks_seconds)
        for link in self._links:
            await link.close()
        await self._reading.drain(0)
        self._links.clear()
        self._health.ill("stopped")


def _payload(response: BoltResponse) -> dict[str, object]:
    """What goes back with an acknowledgement, such as errors in a form."""
    if is_unheard(response) or not response.body:
        return {}
    kind = response.headers.get("content-type", [""])[0]
    if kind.startswith("application/json"):
        return {"payload": json.loads(response.body)}
    return {"payload": {"text": response.body}}


def _endlessly(pauses: tuple[float, ...]) -> Iterator[float]:
    return itertools.chain(pauses, itertools.repeat(pauses[-1]))


async def _first(*events: asyncio.Event, seconds: float | None = None) -> None:
    """Wait until one of them is set, or for so long."""
    waiting = {asyncio.create_task(event.wait()) for event in events}
    try:
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting)
