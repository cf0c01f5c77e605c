"""Signed requests: Slack sends events, commands and button presses to an address of Ellie's.

Encryption is for the proxy in front of her: Slack sends to https addresses alone.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest

from adapters.slack.connecting import PART
from adapters.slack.signatures import Signatures
from adapters.slack.taken import is_taken, is_unheard
from bot.errors import ConfigError, ConfigProblem
from bot.health import Health
from bot.log import get_logger

PATH = "/slack/events"
HEALTH_PATH = "/healthz"
MAX_BODY_BYTES = 1_000_000
"""A form or a message with everything in it is a tenth of that."""
READ_SECONDS = 10.0
"""For a body to arrive."""
LAST_SECONDS = 10.0
"""For requests in progress to be finished when Ellie stops."""

_ERRORS = 400
_BROKEN = 500

log = get_logger(__name__)


class HttpEvents:
    """A small web server for Slack alone, which hands to the app what Slack has signed.

    A request is answered once the app is done with it, so that Slack sends again what a process
    that dies had not stored.
    """

    def __init__(
        self,
        app: AsyncApp,
        signing_secret: str,
        *,
        host: str,
        port: int,
        health: Health | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._app = app
        self._signatures = Signatures(signing_secret, now=now)
        self._host = host
        self._port = port
        self._all = health or Health()
        self._health = self._all.part(PART)
        self._stopping = asyncio.Event()
        self._listens = asyncio.Event()
        self._address = ""

    async def run(self) -> None:
        """Take requests until :meth:`stop`; those in progress are answered before it returns.

        Raises:
            ConfigError: nobody can listen there.
        """
        served = web.Application(client_max_size=MAX_BODY_BYTES)
        served.router.add_post(PATH, self._take)
        served.router.add_get(HEALTH_PATH, self._tell_health)
        # No log of requests: their contents are people's words.
        runner = web.AppRunner(served, access_log=None, shutdown_timeout=LAST_SECONDS)
        await runner.setup()
        try:
            await self._listen(runner)
            await self._stopping.wait()
        finally:
            self._stopping.set()
            await runner.cleanup()
            self._health.ill("stopped")

    async def stop(self) -> None:
        """Take no more, from now on."""
        self._stopping.set()

    async def listening(self) -> str:
        """The address, once requests are taken there."""
        await self._listens.wait()
        return self._address

    async def _listen(self, runner: web.AppRunner) -> None:
        try:
            await web.TCPSite(runner, self._host, self._port).start()
        except OSError as error:
            reason = error.strerror or str(error)
            problem = f"nobody can listen on port {self._port} of {self._host}: {reason}."
            example = "ELLIE_SLACK_PORT=3000"
            raise ConfigError([ConfigProblem("ELLIE_SLACK_PORT", problem, example)]) from error
        host, port = runner.addresses[0][:2]
        self._address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        self._health.well()
        self._listens.set()
        log.info("slack_listening", address=self._address)

    async def _take(self, request: web.Request) -> web.StreamResponse:
        if self._stopping.is_set():
            return web.Response(status=503, text="stopping")
        try:
            async with asyncio.timeout(READ_SECONDS):
                body = await request.read()
        except TimeoutError:
            return web.Response(status=408, text="too slow")
        timestamp = request.headers.get("x-slack-request-timestamp", "")
        signature = request.headers.get("x-slack-signature", "")
        trouble = self._signatures.trouble(body, timestamp, signature)
        if not trouble and not self._signatures.take(timestamp, signature):
            trouble = "sent before"
        if trouble:
            log.warning("slack_request_refused", reason=trouble)
            return web.Response(status=401, text="not signed by Slack")
        is_done = False
        try:
            response = await self._dispatch(request, body)
            is_done = response.status < _ERRORS
        finally:
            if not is_done:
                self._signatures.give_back(timestamp, signature)
        return response

    async def _dispatch(self, request: web.Request, body: bytes) -> web.StreamResponse:
        try:
            text = body.decode()
        except UnicodeDecodeError:
            return web.Response(status=400, text="not UTF-8")
        asked = AsyncBoltRequest(
            body=text,
            query=request.query_string,
            headers={name: str(value) for name, value in request.headers.items()},
        )
        response = await self._app.async_dispatch(asked)
        if is_unheard(response):
            return web.Response()
        if not is_taken(response, is_event=asked.body.get("type") == "event_callback"):
            # Slack sends an event again in a minute. Whoever pressed a button sees that it failed.
            log.warning("slack_request_not_taken", status=response.status)
            return web.Response(status=max(response.status, _BROKEN))
        return await to_aiohttp_response(response)

    async def _tell_health(self, _: web.Request) -> web.StreamResponse:
        """Whether all is well, and no more: the address may be open to everybody."""
        if self._all.is_well:
            return web.json_response({"status": "ok"})
        return web.json_response({"status": "unwell"}, status=503)
