"""A scripted model behind a server, asked over real HTTP by the real remote engine.

The tests of the platforms talk to :class:`BehindServer` as they talk to the scripted model itself.
Everything that has to do with the connection runs outside of what the Discord in memory watches:
it learns from :class:`_Line` whether the model writes, or was told to wait.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import pytest
from aiohttp import web
from support.model_server import begun, end, problem, write

from bot.domain.generation import GenerationEvent, GenerationRequest, GenerationResult, TextDelta
from bot.errors import EngineFailedError, GeneratorBusyError, PromptTooLongError
from bot.generation.remote.address import parse_address
from bot.generation.remote.breaker import CircuitBreaker
from bot.generation.remote.connection import Connection
from bot.generation.remote.generator import RemoteGenerator
from bot.generation.remote.measuring import Measuring
from bot.generation.remote.retrying import Retrying
from bot.ports.generation import ChatTokenizer
from bot.ports.scripted import ScriptedGenerator
from bot.system import SystemClock

PARALLEL = 1000
"""How many replies at once: the scripted model has no limit either."""


class _Wait(Enum):
    HELD = "held"
    FREED = "freed"


@dataclass
class _Line:
    """What comes from one request to the turn that waits for it."""

    request: GenerationRequest
    events: asyncio.Queue[GenerationEvent | BaseException | _Wait] = field(
        default_factory=asyncio.Queue
    )
    response: web.StreamResponse | None = None
    said: str = ""
    kept: str = ""
    """What was said and not sent yet."""
    heard: str = ""
    is_held: bool = False
    error: BaseException | None = None
    asked: bool = False

    def note_hold(self) -> None:
        """The model waits, and all that it said has been heard."""
        if self.is_held and self.said == self.heard:
            self.events.put_nowait(_Wait.HELD)

    def free(self) -> None:
        self.is_held = False
        self.events.put_nowait(_Wait.FREED)


class BehindServer:
    """A scripted model that is asked over HTTP. What it does not know itself, the script does."""

    def __init__(self, script: ScriptedGenerator, *, at_once: bool) -> None:
        self.script = script
        self._at_once = at_once
        self.env: Any = None
        self.generator: RemoteGenerator | None = None
        self.requests_over_http = self.requests_made = 0
        self._lines: dict[str, _Line] = {}
        self._starting: asyncio.Task[RemoteGenerator] | None = None
        self._runner: web.AppRunner | None = None
        if hasattr(script, "env"):
            script.env = self  # type: ignore[attr-defined]  # it declares its waits to us

    @property
    def __class__(self) -> Any:  # type: ignore[override]  # tests look what kind of script it is
        return type(self.script)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.script, name)

    def start(self) -> None:
        """It starts with the first thing it is asked."""

    async def close(self) -> None:
        """End the connection and the server."""
        if self._starting is not None:
            generator = await self._starting
            await generator.close()
            assert self._runner is not None
            await self._runner.cleanup()

    async def tokenizer(self) -> ChatTokenizer:
        """The remote engine's, which estimates."""
        return await _outside(self._tokenizer())

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[GenerationEvent]:
        """What comes over the connection."""
        self.requests_made += 1
        line = self._lines[request.id] = _Line(request)
        pump = _outside(self._pump(line))
        try:
            while not (pump.done() and line.events.empty()):
                item = await self._next(line)
                if isinstance(item, BaseException):
                    raise item
                if isinstance(item, _Wait):
                    continue
                yield item
                if isinstance(item, GenerationResult):
                    return
        finally:
            pump.cancel()
            del self._lines[request.id]
            await asyncio.wait({pump})

    def cancel(self, request_id: str) -> None:
        """As people do it."""
        if line := self._lines.get(request_id):
            line.free()
            if self.generator is not None:
                self.generator.cancel(request_id)

    def release(self) -> None:
        """Let what is held go on."""
        self.script.release()
        self._free()

    def go_on(self, *, after_words: int) -> None:
        """Let what is held write more."""
        self.script.go_on(after_words=after_words)  # type: ignore[attr-defined]
        self._free()

    async def external_wait(self, awaitable: Any, *, reason: str) -> Any:
        """The script waits: tell the Discord in memory, once all that it said is heard."""
        line = _here.get()
        await self._send(line)
        line.is_held = True
        line.note_hold()
        return await awaitable

    def _free(self) -> None:
        for line in self._lines.values():
            line.free()

    async def _next(self, line: _Line) -> GenerationEvent | BaseException | _Wait:
        if line.is_held and line.said == line.heard and self.env is not None:
            waiting: Any = self.env.external_wait(line.events.get(), reason="the model writes")
            item: GenerationEvent | BaseException | _Wait = await waiting
            return item
        return await line.events.get()

    async def _pump(self, line: _Line) -> None:
        """Read the reply from the connection, and hand it on."""
        try:
            generator = await self._started()
            async with aclosing(generator.stream(line.request)) as events:
                async for event in events:
                    line.events.put_nowait(event)
                    if isinstance(event, TextDelta):
                        line.heard += event.text
                        line.note_hold()
        except Exception as error:  # noqa: BLE001 - it belongs to whoever waits
            # An error that no server could tell of is the script's own.
            tellable = (EngineFailedError, GeneratorBusyError, PromptTooLongError)
            own = line.error is not None and not isinstance(line.error, tellable)
            line.events.put_nowait(line.error if own and line.error else error)

    async def _tokenizer(self) -> ChatTokenizer:
        return await (await self._started()).tokenizer()

    async def _started(self) -> RemoteGenerator:
        if self._starting is None:
            self._starting = asyncio.create_task(self._start())
        return await asyncio.shield(self._starting)

    async def _start(self) -> RemoteGenerator:
        app = web.Application()
        app.router.add_get("/v1/models", self._models)
        app.router.add_post("/v1/chat/completions", self._chat)
        self._runner = web.AppRunner(app, shutdown_timeout=0, handler_cancellation=True)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        clock = SystemClock()
        connection = Connection(parse_address(f"http://{host}:{port}/v1"), "", clock)
        self.generator = RemoteGenerator(
            connection,
            Measuring(connection, context_tokens=1_000_000),
            max_parallel=PARALLEL,
            max_waiting=PARALLEL,
            clock=clock,
            retrying=Retrying(attempts=1),  # a script says everything once
            breaker=CircuitBreaker(clock, failures=PARALLEL),
        )
        self.generator.start()
        return self.generator

    async def _models(self, _: web.Request) -> web.Response:
        tokenizer = await self.script.tokenizer()
        model = {"id": self.script.model_name, "max_model_len": tokenizer.context_tokens}
        return web.json_response({"object": "list", "data": [model]})

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        line = self._line_of(await request.json())
        self.requests_over_http += 1
        _here.set(line)
        response: web.StreamResponse | None = None
        try:
            async with aclosing(self.script.stream(line.request)) as events:
                async for event in events:
                    response = line.response = response or await begun(request)
                    if isinstance(event, TextDelta):
                        line.said += event.text
                        line.kept += event.text
                        if not self._at_once:
                            await self._send(line)
                    else:
                        await self._send(line)
                        await end(response, event.finish_reason.value, event.tokens)
        except Exception as error:  # noqa: BLE001 - a server tells of any
            line.error = error
            if response is not None:
                assert request.transport is not None
                request.transport.abort()
                return response
            return _told(error)
        assert response is not None
        return response

    async def _send(self, line: _Line) -> None:
        """Write what was said and not sent yet."""
        if line.kept and line.response is not None:
            kept, line.kept = line.kept, ""
            await write(line.response, [kept])

    def _line_of(self, body: dict[str, Any]) -> _Line:
        """The request that this one is; the first of several that ask the same."""
        for line in self._lines.values():
            messages = [(m.role.value, m.content) for m in line.request.prompt.messages]
            if not line.asked and messages == [(m["role"], m["content"]) for m in body["messages"]]:
                line.asked = True
                return line
        raise AssertionError("a request came that nobody made")


_here: contextvars.ContextVar[_Line] = contextvars.ContextVar("the request that is answered")


def _told(error: Exception) -> web.Response:
    """The answer of a server to which that happens."""
    if isinstance(error, GeneratorBusyError):
        return problem(429, "busy")
    if isinstance(error, PromptTooLongError):
        return problem(400, "The prompt exceeds the context window.", "context_length_exceeded")
    return problem(500, "failed")


def _outside(work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    """A task that the Discord in memory takes for none of the bot's."""
    return contextvars.Context().run(asyncio.get_running_loop().create_task, work)


class _Letters:
    """In place of the buffer for grapheme clusters: scripts say whole words, and tests look at them
    while no other word follows that would show the last cluster to be whole."""

    def feed(self, text: str) -> str:
        return text

    def flush(self) -> str:
        return ""


def install(patch: pytest.MonkeyPatch, *, at_once: bool) -> list[BehindServer]:
    """Have scripted models be asked over HTTP; the list of those that are made.

    ``at_once``: servers send what the model says without a pause in one piece, and not in words.
    """
    made: list[BehindServer] = []

    def wrapped(script: ScriptedGenerator) -> BehindServer:
        made.append(BehindServer(script, at_once=at_once))
        return made[-1]

    patch.setattr("bot.generation.remote.inbox.GraphemeBuffer", _Letters)
    patch.setattr("support.engine_choice.in_place", wrapped)
    return made
