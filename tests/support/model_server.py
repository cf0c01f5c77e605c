"""A server on 127.0.0.1 that speaks OpenAI's protocol, and misbehaves as a test tells it to."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Step = Callable[["ModelServer", web.Request], Awaitable[web.StreamResponse]]
"""What is done with one request for a chat completion."""

LONG_AGO = 1_700_000_000


@dataclass
class ModelServer:
    """Does the planned steps, one for each chat request, and says "Fine." when none is left."""

    models: list[dict[str, Any]] = field(default_factory=lambda: [{"id": "tiny"}])
    model_statuses: list[int] = field(default_factory=list)
    """Of the first answers to ``GET /v1/models``, before those that go well."""
    key: str = ""
    """When set, only requests with it are answered."""
    counter: Callable[[str], int] | None = None
    """Counts tokens at ``/tokenize``; None has no such path."""
    echo: Callable[[Any], tuple[list[str], list[float | None]]] | None = None
    """The tokens and their likelihoods that a completion echoes."""
    plan: deque[Step] = field(default_factory=deque)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    looks: int = 0
    url: str = ""
    running: int = 0
    """Chat requests that are being answered."""
    connections: set[asyncio.BaseTransport] = field(default_factory=set)
    go: asyncio.Event = field(default_factory=asyncio.Event)
    """What hangs goes on when this is set."""

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._noticed])
        app.router.add_get("/v1/models", self._models)
        app.router.add_post("/v1/chat/completions", self._chat)
        app.router.add_post("/v1/completions", self._completion)
        app.router.add_post("/tokenize", self._tokenize)
        return app

    @property
    def open_connections(self) -> int:
        return sum(not transport.is_closing() for transport in self.connections)

    @web.middleware
    async def _noticed(self, request: web.Request, handler: Any) -> web.StreamResponse:
        assert request.transport is not None
        self.connections.add(request.transport)
        if self.key and request.headers.get("Authorization") != f"Bearer {self.key}":
            given = request.headers.get("Authorization", "")
            # As careless as real ones: the key is repeated.
            return problem(401, f"Incorrect API key provided: {given}", "invalid_api_key")
        response: web.StreamResponse = await handler(request)
        return response

    async def _models(self, _: web.Request) -> web.StreamResponse:
        self.looks += 1
        if self.model_statuses and (status := self.model_statuses.pop(0)) != 200:
            return problem(status, "no")
        return web.json_response({"object": "list", "data": self.models})

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        self.bodies.append(await request.json())
        step = self.plan.popleft() if self.plan else says("Fine.")
        self.running += 1
        try:
            return await step(self, request)
        finally:
            self.running -= 1

    async def _completion(self, request: web.Request) -> web.StreamResponse:
        asked = await request.json()
        self.bodies.append(asked)
        if self.echo is None:
            return problem(404, "Not Found")
        tokens, scores = self.echo(asked["prompt"])
        told = {"tokens": tokens, "text_offset": [], "token_logprobs": scores}
        choice = {"index": 0, "text": "", "finish_reason": "length", "logprobs": told}
        return web.json_response(
            {
                "id": "c",
                "object": "text_completion",
                "created": LONG_AGO,
                "model": "tiny",
                "choices": [choice],
            }
        )

    async def _tokenize(self, request: web.Request) -> web.StreamResponse:
        if self.counter is None:
            return problem(404, "Not Found")
        asked = await request.json()
        return web.json_response({"count": self.counter(asked["prompt"])})


def problem(
    status: int, message: str, code: str = "", headers: dict[str, str] | None = None
) -> web.Response:
    """An error as OpenAI words it."""
    error = {"message": message, "type": "error", "param": None, "code": code or None}
    return web.json_response({"error": error}, status=status, headers=headers)


def says(*pieces: str, finish: str = "stop", tokens: int | None = None) -> Step:
    """Say these pieces."""

    async def step(server: ModelServer, request: web.Request) -> web.StreamResponse:
        stream = await begun(request)
        await write(stream, pieces)
        await end(stream, finish, tokens)
        return stream

    return step


def refuses(
    status: int, message: str = "no", code: str = "", *, retry_after: str | None = None
) -> Step:
    """Answer with an error."""

    async def step(server: ModelServer, request: web.Request) -> web.StreamResponse:
        headers = None if retry_after is None else {"Retry-After": retry_after}
        return problem(status, message, code, headers)

    return step


def hangs(*pieces: str) -> Step:
    """Say these pieces, or not even a status, and then nothing until :attr:`ModelServer.go`."""

    async def step(server: ModelServer, request: web.Request) -> web.StreamResponse:
        if not pieces:
            await server.go.wait()
        stream = await begun(request)
        await write(stream, pieces)
        await server.go.wait()
        await end(stream, "stop", None)
        return stream

    return step


def cuts(*pieces: str) -> Step:
    """Say these pieces and break the connection off."""

    async def step(server: ModelServer, request: web.Request) -> web.StreamResponse:
        stream = await begun(request)
        await write(stream, pieces)
        assert request.transport is not None
        request.transport.abort()
        return stream

    return step


def stops_early(*pieces: str) -> Step:
    """Say these pieces and end in good order, but without an end of the answer."""

    async def step(server: ModelServer, request: web.Request) -> web.StreamResponse:
        stream = await begun(request)
        await write(stream, pieces)
        return stream

    return step


def babbles(raw: str, *pieces: str) -> Step:
    """Say these pieces, and then something that is no event."""

    async def step(server: ModelServer, request: web.Request) -> web.StreamResponse:
        stream = await begun(request)
        await write(stream, pieces)
        await stream.write(raw.encode())
        return stream

    return step


async def begun(request: web.Request) -> web.StreamResponse:
    """A stream of events to which nothing is written yet."""
    stream = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await stream.prepare(request)
    return stream


async def write(stream: web.StreamResponse, pieces: Sequence[str]) -> None:
    """Each piece as an event."""
    for piece in pieces:
        await stream.write(event([{"index": 0, "delta": {"content": piece}}]))


async def end(stream: web.StreamResponse, finish: str, tokens: int | None) -> None:
    """The end of an answer."""
    await stream.write(event([{"index": 0, "delta": {}, "finish_reason": finish}]))
    if tokens is not None:
        usage = {"prompt_tokens": 1, "completion_tokens": tokens, "total_tokens": tokens + 1}
        await stream.write(event([], usage=usage))
    await stream.write(b"data: [DONE]\n\n")


def event(choices: list[dict[str, Any]], **more: Any) -> bytes:
    """One event of a stream."""
    chunk = {
        "id": "c",
        "object": "chat.completion.chunk",
        "created": LONG_AGO,
        "model": "tiny",
        "choices": choices,
        **more,
    }
    return f"data: {json.dumps(chunk)}\n\n".encode()


@asynccontextmanager
async def model_server(*steps: Step, **options: Any) -> AsyncIterator[ModelServer]:
    """A running server."""
    server = ModelServer(plan=deque(steps), **options)
    runner = web.AppRunner(server.app(), shutdown_timeout=0, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    server.url = f"http://{host}:{port}/v1"
    try:
        yield server
    finally:
        server.go.set()
        await runner.cleanup()
