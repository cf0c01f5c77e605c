"""A little Discord on 127.0.0.1, over real sockets: enough for logging in and staying connected."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import discord
import pytest
import yarl
from aiohttp import WSMsgType, web

TOKEN = "MTIz.made-up.token"
APPLICATION_ID = 1234567890
READS_CONTENT = 1 << 19
"""The application's flag for the message-content intent of bots that need no review yet."""


@dataclass
class DiscordServer:
    """Lets in whoever has the token. What goes wrong is set by the test."""

    statuses: list[int] = field(default_factory=list)
    """Of the first answers to ``GET /users/@me``, before those that go well."""
    flags: int = READS_CONTENT
    close_identified: int | None = None
    """The code to close with when a client identifies itself; None lets it in."""
    close_resumed: int | None = None
    drop_when_ready: bool = False
    tokens: list[str] = field(default_factory=list)
    identified: list[dict[str, Any]] = field(default_factory=list)
    resumed: list[dict[str, Any]] = field(default_factory=list)
    address: str = ""
    let_in: asyncio.Event = field(default_factory=asyncio.Event)

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/api/v10/users/@me", self._me)
        app.router.add_get("/api/v10/oauth2/applications/@me", self._application)
        app.router.add_get("/api/v10/gateway/bot", self._gateway_address)
        app.router.add_get("/gateway/", self._gateway)
        return app

    async def _me(self, request: web.Request) -> web.Response:
        self.tokens.append(request.headers["Authorization"])
        if self.statuses:
            return answer({"message": "no"}, status=self.statuses.pop(0))
        if request.headers["Authorization"] != f"Bot {TOKEN}":
            return answer({"message": "401: Unauthorized", "code": 0}, status=401)
        return answer(_me())

    async def _application(self, _: web.Request) -> web.Response:
        return answer(
            {
                "id": str(APPLICATION_ID),
                "name": "Ellie",
                "description": "",
                "icon": None,
                "bot_public": True,
                "bot_require_code_grant": False,
                "verify_key": "00",
                "flags": self.flags,
                "owner": {**_me(), "id": "1", "username": "owner"},
                "team": None,
            }
        )

    async def _gateway_address(self, _: web.Request) -> web.Response:
        limit = {"total": 1000, "remaining": 999, "reset_after": 0, "max_concurrency": 1}
        address = f"ws://{self.address}/gateway/"
        return answer({"url": address, "shards": 1, "session_start_limit": limit})

    async def _gateway(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json(
            {"op": 10, "d": {"heartbeat_interval": 40_000}, "s": None, "t": None}
        )
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                break
            await self._receive(socket, message.json())
        return socket

    async def _receive(self, socket: web.WebSocketResponse, said: dict[str, Any]) -> None:
        match said["op"]:
            case 1:
                await socket.send_json({"op": 11, "d": None, "s": None, "t": None})
            case 2:
                self.identified.append(said["d"])
                if self.close_identified is not None:
                    await socket.close(code=self.close_identified)
                    return
                await socket.send_json({"op": 0, "t": "READY", "s": 1, "d": self._ready()})
                self.let_in.set()
                if self.drop_when_ready:
                    await socket.close(code=1001)
            case 6:
                self.resumed.append(said["d"])
                if self.close_resumed is not None:
                    await socket.close(code=self.close_resumed)

    def _ready(self) -> dict[str, Any]:
        return {
            "v": 10,
            "user": _me(),
            "guilds": [],
            "shard": [0, 1],
            "session_id": "0123456789abcdef",
            "resume_gateway_url": f"ws://{self.address}/gateway/",
            "application": {"id": str(APPLICATION_ID), "flags": self.flags},
        }


def answer(data: dict[str, Any], *, status: int = 200) -> web.Response:
    """As Discord labels it: discord.py takes JSON with a charset for text."""
    return web.Response(
        body=json.dumps(data).encode(),
        status=status,
        headers={"Content-Type": "application/json"},
    )


def _me() -> dict[str, Any]:
    return {
        "id": str(APPLICATION_ID),
        "username": "Ellie",
        "discriminator": "0",
        "global_name": None,
        "avatar": None,
        "bot": True,
    }


@asynccontextmanager
async def discord_server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DiscordServer]:
    """A running server that discord.py takes for Discord."""
    server = DiscordServer()
    runner = web.AppRunner(server.app(), shutdown_timeout=0)
    server.address = await _listen(runner)
    monkeypatch.setattr(discord.http.Route, "BASE", f"http://{server.address}/api/v10")
    monkeypatch.setattr(
        discord.gateway.DiscordWebSocket,
        "DEFAULT_GATEWAY",
        yarl.URL(f"ws://{server.address}/gateway/"),
    )
    try:
        yield server
    finally:
        await runner.cleanup()


@contextmanager
def discord_server_beside() -> Iterator[DiscordServer]:
    """The same in a thread of its own, for programs that bring their own event loop."""
    loop = asyncio.new_event_loop()
    server = DiscordServer()
    runner = web.AppRunner(server.app(), shutdown_timeout=0)
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        server.address = asyncio.run_coroutine_threadsafe(_listen(runner), loop).result()
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _listen(runner: web.AppRunner) -> str:
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    return f"{host}:{port}"
