"""An encoder-decoder that chats: one reply at a time, stopped soon, its prompt never cut."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
import torch
from support.random_model import engine_of, request, run, running
from support.random_seq2seq import POSITIONS, save_random_bart, save_random_t5
from transformers import AutoModelForSeq2SeqLM

from bot.config_choices import Precision
from bot.domain.generation import (
    FinishReason,
    GenerationEvent,
    GenerationResult,
    Priority,
    Prompt,
)
from bot.errors import EngineFailedError, GenerationTimeoutError, ModelError, PromptTooLongError
from bot.generation.batching import BatchingGenerator
from bot.generation.loading import LoadOptions, load_model

pytestmark = [pytest.mark.model, pytest.mark.timeout(180)]

OPTIONS = LoadOptions(
    precision=Precision.FP32, device="cpu", threads=1, context_tokens=512, reply_tokens=40
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bart")
    save_random_bart(path)
    return path


@pytest.fixture
async def generator(folder: Path) -> AsyncIterator[BatchingGenerator]:
    async with running(lambda: load_model(folder, OPTIONS)) as generator:
        await generator.tokenizer()
        yield generator


class Gate:
    """Holds the model before its next step, in its own thread, until it is let on."""

    def __init__(self, model: Any) -> None:
        import threading

        self.reached = threading.Event()
        self.go = threading.Event()
        model.register_forward_pre_hook(self)

    def __call__(self, *_: object) -> None:
        self.reached.set()
        assert self.go.wait(60)


async def test_what_is_said_is_read_in_its_entirety_or_refused(
    generator: BatchingGenerator,
) -> None:
    tokenizer = await generator.tokenizer()
    fits = "x" * (POSITIONS - tokenizer.count_chat(request("r", "").prompt.messages))

    _, result = await run(generator, request("r", fits, tokens=8))
    assert result.tokens == 8
    with pytest.raises(PromptTooLongError, match=f"{POSITIONS + 1} tokens; .* for {POSITIONS}"):
        await run(generator, request("r", fits + "x", tokens=8))


async def test_callers_are_told_of_the_whole_encoder_beside_a_usual_reply(
    generator: BatchingGenerator,
) -> None:
    tokenizer = await generator.tokenizer()

    assert tokenizer.context_tokens - OPTIONS.reply_tokens == POSITIONS


async def test_a_reply_is_no_longer_than_the_decoder_can_write(
    generator: BatchingGenerator,
) -> None:
    _, result = await run(generator, request("r", "Hi", tokens=500))

    assert (result.tokens, result.finish_reason) == (POSITIONS, FinishReason.LENGTH)


async def test_a_relative_encoder_reads_beyond_what_its_folder_names(tmp_path: Path) -> None:
    save_random_t5(tmp_path)
    async with running(lambda: load_model(tmp_path, OPTIONS)) as generator:
        _, result = await run(generator, request("r", "x" * 300, tokens=8))

    assert 0 < result.tokens <= 8


async def test_chat_goes_first_and_one_at_a_time(generator: BatchingGenerator) -> None:
    gate = Gate(engine_of(generator).model)
    ended: list[str] = []

    async def ask(name: str, priority: Priority) -> None:
        await run(generator, request(name, "Hi", tokens=4, priority=priority))
        ended.append(name)

    tasks = [asyncio.create_task(ask("first", Priority.CHAT))]
    await asyncio.to_thread(gate.reached.wait, 60)
    for name, priority in (("background", Priority.BACKGROUND), ("chat", Priority.CHAT)):
        tasks.append(asyncio.create_task(ask(name, priority)))
        await asyncio.sleep(0)
    assert generator._turnstile.waiting == 2
    gate.go.set()
    await asyncio.gather(*tasks)

    assert ended == ["first", "chat", "background"]


async def test_cancelling_ends_the_work_with_what_was_written(
    generator: BatchingGenerator,
) -> None:
    steps = _count_steps(generator)
    seen: list[GenerationEvent] = []
    async with aclosing(generator.stream(request("r", "Hi", tokens=60))) as events:
        async for event in events:
            seen.append(event)
            generator.cancel("r")

    result = seen[-1]
    assert isinstance(result, GenerationResult)
    assert result.finish_reason is FinishReason.CANCELLED
    assert result.text
    _, after = await run(generator, request("after", "Hi", tokens=4))
    assert after.tokens == 4
    assert not engine_of(generator)._jobs
    assert len(steps) < 60


async def test_a_stream_that_is_closed_stops_within_a_layer(
    generator: BatchingGenerator,
) -> None:
    gate = Gate(engine_of(generator).model)
    layers: list[object] = []
    engine_of(generator).model.model.decoder.layers[0].register_forward_hook(
        lambda *_: layers.append(1)
    )
    task = asyncio.create_task(run(generator, request("r", "Hi")))
    await asyncio.to_thread(gate.reached.wait, 60)
    task.cancel()
    await asyncio.wait({task})
    gate.go.set()
    await generator.compare(request("r", "Hi").prompt, [])
    engine_of(generator).exclusively(lambda: None)

    assert not layers


async def test_time_runs_out_before_the_first_word(generator: BatchingGenerator) -> None:
    gate = Gate(engine_of(generator).model)
    try:
        with pytest.raises(GenerationTimeoutError):
            await run(generator, request("r", "Hi", seconds=0.05))
    finally:
        gate.go.set()
    _, result = await run(generator, request("next", "Hi", tokens=4))
    assert result.tokens == 4


async def test_a_failure_is_told_and_the_next_request_works(
    generator: BatchingGenerator,
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a kernel failed")

    handle = engine_of(generator).model.register_forward_pre_hook(broken)
    with pytest.raises(EngineFailedError):
        await run(generator, request("r", "Hi"))
    with pytest.raises(EngineFailedError):
        await generator.score([request("r", "Hi").prompt], "b")
    handle.remove()

    assert (await run(generator, request("next", "Hi", tokens=4)))[1].tokens == 4


async def test_closing_ends_whoever_is_answered(folder: Path) -> None:
    async with running(lambda: load_model(folder, OPTIONS)) as generator:
        await generator.tokenizer()
        gate = Gate(engine_of(generator).model)
        task = asyncio.create_task(run(generator, request("r", "Hi")))
        await asyncio.to_thread(gate.reached.wait, 60)
        gate.go.set()

    with pytest.raises(EngineFailedError):
        await task
    with pytest.raises(ModelError):
        await run(generator, request("late", "Hi"))


async def test_replies_are_as_likely_as_the_decoder_finds_them(
    generator: BatchingGenerator, folder: Path
) -> None:
    asked = request("r", "Hi").prompt
    tokenizer = await generator.tokenizer()
    found = await generator.score([Prompt(messages=asked.messages, tokens=0)], "rain")

    model = AutoModelForSeq2SeqLM.from_pretrained(folder, dtype=torch.float32)
    ids = tokenizer.encode_reply(asked.messages, "rain")
    labels = torch.tensor([ids.reply])
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([ids.prompt]), labels=labels).logits
    chances = torch.log_softmax(logits[0].double(), dim=1)
    expected = chances.gather(1, labels[0].unsqueeze(1)).sum()
    assert found == pytest.approx([float(expected)], abs=1e-3)


async def test_variety_is_left_to_chance_only_where_it_is_wanted(
    generator: BatchingGenerator,
) -> None:
    from dataclasses import replace

    plain = [(await run(generator, request("r", "Hi")))[1].text for _ in range(2)]
    varied = {
        (await run(generator, replace(request("r", "Hi"), variety=3.0)))[1].text for _ in range(6)
    }

    assert plain[0] == plain[1]
    assert len(varied) > 1


def _count_steps(generator: BatchingGenerator) -> list[int]:
    steps: list[int] = []
    engine_of(generator).model.register_forward_hook(lambda *_: steps.append(1))
    return steps
