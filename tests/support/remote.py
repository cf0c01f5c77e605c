"""Generators whose model is behind a server, and what they write."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any

from bot.domain.generation import (
    ChatMessage,
    GenerationRequest,
    GenerationResult,
    Prompt,
    Role,
    TextDelta,
)
from bot.generation.remote.address import parse_address
from bot.generation.remote.breaker import CircuitBreaker
from bot.generation.remote.connection import Connection
from bot.generation.remote.generator import RemoteGenerator
from bot.generation.remote.measuring import Measuring
from bot.generation.remote.retrying import Retrying
from bot.ports.system import Clock
from bot.system import SystemClock


def asked(
    name: str = "r1",
    text: str = "hello",
    *,
    tokens: int = 50,
    seconds: float = 20,
    **more: Any,
) -> GenerationRequest:
    messages = (ChatMessage(Role.SYSTEM, "Be kind."), ChatMessage(Role.USER, text))
    return GenerationRequest(
        id=name,
        prompt=Prompt(messages=messages, tokens=0),
        max_tokens=tokens,
        time_limit_seconds=seconds,
        **more,
    )


class Remote:
    """A generator, with the pauses that it made between its attempts."""

    def __init__(self, address: str, *, key: str = "", clock: Clock, **options: Any) -> None:
        self.pauses: list[float] = []
        self.connection = Connection(parse_address(address), key, clock)
        self.breaker = options.pop("breaker", CircuitBreaker(clock))
        load: Callable[[], Any] | None = options.pop("load", None)
        context = options.pop("context_tokens", 4096)
        self.generator = RemoteGenerator(
            self.connection,
            Measuring(self.connection, context_tokens=context, load=load),
            clock=clock,
            retrying=Retrying(chance=lambda: 0.0),
            breaker=self.breaker,
            sleep=self._sleep,
            **{"max_parallel": 4, "max_waiting": 8, **options},
        )

    async def write(self, request: GenerationRequest) -> tuple[list[str], GenerationResult]:
        """The deltas of a reply, and its result."""
        deltas: list[str] = []
        async with aclosing(self.generator.stream(request)) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    deltas.append(event.text)
                else:
                    return deltas, event
        raise AssertionError("a stream ended without a result")

    async def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await asyncio.sleep(0)


@asynccontextmanager
async def remote(
    address: str, *, key: str = "", clock: Clock | None = None, **options: Any
) -> AsyncIterator[Remote]:
    """A started generator."""
    made = Remote(address, key=key, clock=clock or SystemClock(), **options)
    made.generator.start()
    try:
        yield made
    finally:
        await made.generator.close()
