"""A Discord on 127.0.0.1 for benchmarks: a gateway and the few requests that Ellie makes.

It runs in a process of its own, as the real one would, so that it competes with nothing here.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

import discord
import yarl
from aiohttp import WSMsgType, web

BEAT_SECONDS = 1.0
ROUND_TRIP_SECONDS = 0.03
"""As over a network. An answer at once would come before discord.py notes that it has sent, and it
would take the heartbeat before that for the one that was answered.
"""
TOKEN = "MTIz.stand-in.token"  # noqa: S105 - nobody's
EPOCH_MS = 1_420_070_400_000
"""Where Discord's ids begin to count milliseconds."""

_NUMBERS = itertools.count(1)
_ELLIE = {"id": "100", "username": "Ellie", "discriminator": "0", "avatar": None, "bot": True}
_EVENT, _BEAT, _IDENTIFY, _HELLO, _BEAT_SEEN = 0, 1, 2, 10, 11


@dataclass
class StandIn:
    """Sends direct messages when it is told to, and notes heartbeats and what comes back."""

    orders: Connection
    address: str = ""
    socket: web.WebSocketResponse | None = None
    sequence: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    beats: list[float] = field(default_factory=list)
    edits: int = 0
    posts: int = 0

    def app(self) -> web.Application:
        """What is served."""
        app = web.Application()
        app.router.add_get("/gateway/", self._gateway)
        app.router.add_route("*", "/{path:.*}", self._request)
        return app

    async def obey(self) -> None:
        """Carry out orders until the last one."""
        while True:
            order, *values = await asyncio.to_thread(self.orders.recv)
            if order == "end":
                return
            if order == "say":
                for person, text in values:
                    await self._send_event("MESSAGE_CREATE", _direct_message(person, text))
                self.orders.send(None)
            else:
                self.orders.send((self.beats, self.posts, self.edits))
                self.beats, self.posts, self.edits = [], 0, 0

    async def _request(self, request: web.Request) -> web.Response:
        path = request.path
        if path.endswith("/users/@me"):
            return _answer(_ELLIE)
        if path.endswith("/applications/@me"):
            return _answer(_application())
        if path.endswith("/gateway/bot"):
            limit = {"total": 1000, "remaining": 999, "reset_after": 0, "max_concurrency": 1}
            url = f"ws://{self.address}/gateway/"
            return _answer({"url": url, "shards": 1, "session_start_limit": limit})
        if "/messages" in path and request.method in {"POST", "PATCH"}:
            self.posts += request.method == "POST"
            self.edits += request.method == "PATCH"
            content = str((await request.json()).get("content") or "")
            channel = int(path.split("/channels/")[1].split("/")[0])
            return _answer(_message(_ELLIE, channel, content))
        if path.endswith("/typing"):
            return web.Response(status=204)
        return _answer([])

    async def _gateway(self, request: web.Request) -> web.WebSocketResponse:
        self.socket = socket = web.WebSocketResponse()
        await socket.prepare(request)
        await self._send(_HELLO, {"heartbeat_interval": int(BEAT_SECONDS * 1000)})
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                break
            said = message.json()
            if said["op"] == _BEAT:
                self.beats.append(time.perf_counter())
                await asyncio.sleep(ROUND_TRIP_SECONDS)
                await self._send(_BEAT_SEEN, None)
            elif said["op"] == _IDENTIFY:
                await self._send_event("READY", self._ready())
        return socket

    async def _send_event(self, name: str, data: dict[str, Any]) -> None:
        await self._send(_EVENT, data, name)

    async def _send(self, op: int, data: object, name: str | None = None) -> None:
        if self.socket is None:
            msg = "nobody is connected"
            raise RuntimeError(msg)
        number = next(self.sequence) if name else None
        await self.socket.send_json({"op": op, "d": data, "s": number, "t": name})

    def _ready(self) -> dict[str, Any]:
        return {
            "v": 10,
            "user": _ELLIE,
            "guilds": [],
            "shard": [0, 1],
            "session_id": "stand-in",
            "resume_gateway_url": f"ws://{self.address}/gateway/",
            "application": {"id": _ELLIE["id"], "flags": 0},
        }


class Remote:
    """The stand-in, seen from the process that is measured."""

    def __init__(self, orders: Connection) -> None:
        self._orders = orders

    def say(self, *messages: tuple[int, str]) -> None:
        """Have each person, by number, write directly to Ellie."""
        self._orders.send(("say", *messages))
        self._orders.recv()

    def seen(self) -> tuple[list[float], int, int]:
        """Moments of heartbeats, messages posted and edits, since this was asked last."""
        self._orders.send(("seen",))
        beats, posts, edits = self._orders.recv()
        return beats, posts, edits


@contextmanager
def stand_in() -> Iterator[Remote]:
    """A running one, which discord.py in this process takes for Discord."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,))
    process.start()
    address = ours.recv()
    discord.http.Route.BASE = f"http://{address}/api/v10"
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(f"ws://{address}/gateway/")
    try:
        yield Remote(ours)
    finally:
        ours.send(("end",))
        process.join()


def _serve(orders: Connection) -> None:
    async def run() -> None:
        server = StandIn(orders)
        runner = web.AppRunner(server.app(), shutdown_timeout=0)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        server.address = f"{host}:{port}"
        orders.send(server.address)
        await server.obey()
        await runner.cleanup()

    asyncio.run(run())


def _answer(data: object) -> web.Response:
    """As Discord labels it: discord.py takes JSON with a charset for text."""
    headers = {"Content-Type": "application/json"}
    return web.Response(body=json.dumps(data).encode(), headers=headers)


def _direct_message(person: int, text: str) -> dict[str, Any]:
    author = {"id": str(1000 + person), "username": f"person{person}", "discriminator": "0"}
    return _message({**author, "avatar": None}, 2000 + person, text)


def _message(author: dict[str, Any], channel: int, text: str) -> dict[str, Any]:
    number = (int(time.time() * 1000) - EPOCH_MS) << 22 | next(_NUMBERS)
    return {
        "id": str(number),
        "channel_id": str(channel),
        "author": author,
        "content": text,
        "timestamp": "2026-01-01T00:00:00+00:00",
        "edited_timestamp": None,
        "type": 0,
        "tts": False,
        "pinned": False,
        "mention_everyone": False,
        "mentions": [],
        "mention_roles": [],
        "attachments": [],
        "embeds": [],
        "components": [],
    }


def _application() -> dict[str, Any]:
    return {
        "id": _ELLIE["id"],
        "name": "Ellie",
        "description": "",
        "icon": None,
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": "00",
        "flags": 0,
        "owner": {"id": "1", "username": "owner", "discriminator": "0", "avatar": None},
        "team": None,
    }
