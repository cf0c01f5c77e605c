"""A replica's stream shows that it is alive, and says everything in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import pytest

from bot.domain.generation import FinishReason, GenerationEvent, GenerationResult, TextDelta
from bot.errors import EngineFailedError, GeneratorBusyError
from bot.ray_serving.pulse import with_pulse

DONE = GenerationResult(text="ab", finish_reason=FinishReason.STOP, tokens=2)


async def test_everything_is_said_and_the_first_thing_is_a_sign_of_life() -> None:
    async def events() -> AsyncGenerator[GenerationEvent]:
        for event in (TextDelta("a"), TextDelta("b"), DONE):
            yield event

    batches = [batch async for batch in with_pulse(events(), seconds=30)]

    assert batches[0] == ()
    assert [event for batch in batches for event in batch] == [TextDelta("a"), TextDelta("b"), DONE]


async def test_signs_of_life_go_on_while_nothing_is_said() -> None:
    go = asyncio.Event()

    async def events() -> AsyncGenerator[GenerationEvent]:
        await go.wait()
        yield DONE

    batches = with_pulse(events(), seconds=0.001)
    quiet = [await anext(batches) for _ in range(5)]
    go.set()

    assert quiet == [()] * 5
    assert (DONE,) in [batch async for batch in batches]


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (GeneratorBusyError("full"), GeneratorBusyError),
        (KeyError("words of somebody"), EngineFailedError),
    ],
)
async def test_errors_are_said_like_everything_else(raised: Exception, told: Any) -> None:
    async def events() -> AsyncGenerator[GenerationEvent]:
        yield TextDelta("a")
        raise raised

    said = [event async for batch in with_pulse(events()) for event in batch]

    assert said[0] == TextDelta("a")
    assert type(said[-1]) is told
    assert "words of somebody" not in str(said[-1])


async def test_who_stops_listening_stops_the_work() -> None:
    closed = asyncio.Event()

    async def events() -> AsyncGenerator[GenerationEvent]:
        try:
            yield TextDelta("a")
            await asyncio.Event().wait()
        finally:
            closed.set()

    async with aclosing(with_pulse(events())) as batches:
        while not await anext(batches):
            pass

    assert closed.is_set()
