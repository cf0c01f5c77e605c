"""A model server at a real address on this machine, and a client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from bot.model_server.listening import answer_until, listen_at
from bot.model_server.server import ModelServer, ServerOptions
from bot.ports.generation import Generator
from bot.system import RandomIds, SystemClock


@dataclass
class Served:
    """A server, where it is, and somebody who asks it."""

    server: ModelServer
    url: str
    client: aiohttp.ClientSession
    told: asyncio.Event
    ended: asyncio.Task[None]

    async def post(self, path: str, body: Any, **headers: str) -> tuple[int, Any]:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        async with self.client.post(self.url + path, data=data, headers=headers) as response:
            return response.status, json.loads(await response.read())

    async def get(self, path: str, **headers: str) -> tuple[int, Any]:
        async with self.client.get(self.url + path, headers=headers) as response:
            return response.status, json.loads(await response.read())

    async def chat(self, text: str = "hello", **more: Any) -> tuple[int, Any]:
        return await self.post("/v1/chat/completions", chat(text, **more))

    async def pieces(self, text: str = "hello", **more: Any) -> list[Any]:
        """All events of a stream, read to its end. The last mark is kept as it is."""
        body = chat(text, stream=True, **more)
        async with self.client.post(f"{self.url}/v1/chat/completions", json=body) as response:
            assert response.status == 200, await response.text()
            assert response.content_type == "text/event-stream"
            return [event async for event in events_of(response)]


async def events_of(response: aiohttp.ClientResponse) -> AsyncIterator[Any]:
    async for line in response.content:
        if line.startswith(b"data: "):
            data = line.removeprefix(b"data: ").strip()
            yield data.decode() if data == b"[DONE]" else json.loads(data)


async def once(holds: Callable[[], bool]) -> None:
    """Let everything else go on until that holds."""
    while not holds():  # noqa: ASYNC110 - there is nothing that could be waited for
        await asyncio.sleep(0)


def chat(text: str = "hello", **more: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": text}], **more}


@asynccontextmanager
async def serving(
    generator: Generator,
    *,
    key: str = "",
    seconds: float = 30,
    grace: float = 10,
    load: bool = True,
) -> AsyncIterator[Served]:
    options = ServerOptions(api_key=key, time_limit_seconds=seconds)
    server = ModelServer(generator, options, clock=SystemClock(), ids=RandomIds())
    if load:
        await server.load()
    told = asyncio.Event()
    port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    ended = asyncio.create_task(
        answer_until(
            told,
            server,
            listen_at("127.0.0.1", 0),
            grace_seconds=grace,
            listening=port.set_result,
        )
    )
    try:
        url = f"http://127.0.0.1:{await port}"
        async with aiohttp.ClientSession() as client:
            yield Served(server, url, client, told, ended)
    finally:
        told.set()
        await ended
