"""Nobody's work is done for somebody who has gone."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import aiohttp
import pytest
from support.model_http import Served, chat, events_of, once, serving

from bot.domain.generation import GenerationRequest
from bot.ports.scripted import ScriptedGenerator


class Counting(ScriptedGenerator):
    """Knows which of its streams are open, and how scores ended."""

    def __init__(self, *replies: str) -> None:
        super().__init__(*replies)
        self.open: set[str] = set()
        self.idle = asyncio.Event()
        self.scores_cancelled = 0

    async def stream(self, request: GenerationRequest) -> Any:
        self.open.add(request.id)
        self.idle.clear()
        try:
            async for event in super().stream(request):
                yield event
        finally:
            self.open.remove(request.id)
            if not self.open:
                self.idle.set()

    async def compare(self, prompt: Any, replies: Any) -> tuple[float, ...]:
        try:
            self.open.add("score")
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.scores_cancelled += 1
            self.open.remove("score")
            self.idle.set()
            raise
        return ()


async def until_open(generator: Counting, count: int = 1) -> None:
    await once(lambda: len(generator.open) >= count)


async def ask(served: Served, **more: Any) -> aiohttp.ClientResponse:
    return await served.client.post(f"{served.url}/v1/chat/completions", json=chat(**more))


@pytest.mark.parametrize("stream", [False, True])
async def test_one_who_goes_before_the_first_word_stops_the_work(stream: bool) -> None:
    generator = Counting("One two three", "yes")
    generator.hold()
    async with serving(generator) as served:
        asking = asyncio.create_task(ask(served, stream=stream))
        await until_open(generator)
        asking.cancel()
        await asyncio.wait({asking})
        await generator.idle.wait()
        generator.release()
        assert (await served.chat())[0] == 200
        assert served.server.open_requests == 0


async def test_one_who_goes_in_the_middle_stops_the_work() -> None:
    generator = Counting("One two three", "yes")
    generator.hold(after_words=1)
    async with serving(generator) as served:
        response = await ask(served, stream=True)
        events = events_of(response)
        assert [await anext(events) for _ in range(2)][1]["choices"][0]["delta"] == {
            "content": "One"
        }
        response.close()
        await generator.idle.wait()
        generator.release()
        assert (await served.chat())[0] == 200


async def test_one_who_goes_while_likelihoods_are_computed_stops_that_too() -> None:
    generator = Counting()
    async with serving(generator) as served:
        body = {"prompts": [chat()["messages"]], "replies": ["a", "b"]}
        asking = asyncio.create_task(served.client.post(f"{served.url}/v1/likelihoods", json=body))
        await until_open(generator)
        asking.cancel()
        await asyncio.wait({asking})
        await generator.idle.wait()

    assert generator.scores_cancelled == 1


async def test_one_who_reads_nothing_does_not_keep_a_place_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.model_server.server.SENDING_SECONDS", 0.3)
    words = " ".join(["word" * 2000] * 2000)  # more than any buffer on the way holds
    generator = Counting(words)
    async with serving(generator, seconds=0.2) as served:
        response = await ask(served, stream=True)
        await generator.idle.wait()
        response.close()


async def test_a_thousand_who_went_leave_nothing_behind() -> None:
    at_once, rounds = 50, 20
    generator = Counting(*["One two three"] * at_once * rounds, "yes")
    async with serving(generator) as served:
        for number in range(rounds):
            # In every second round they go before the first word, else after it.
            generator.hold(after_words=number % 2)
            asking = [asyncio.create_task(ask(served, stream=True)) for _ in range(at_once)]
            await until_open(generator, at_once)
            if number % 2:
                for response in await asyncio.gather(*asking):
                    response.close()
            else:
                for task in asking:
                    task.cancel()
                await asyncio.wait(asking)
            await generator.idle.wait()
            generator.release()
        assert (await served.chat())[0] == 200
        assert served.server.open_requests == 0
        assert generator._cancelled == {}
    gc.collect()
    left = [one for one in gc.get_objects() if type(one).__name__ == "EventStream"]
    assert left == []
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    assert tasks == set()
