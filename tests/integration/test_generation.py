"""The local generator on a two-layer random model: streams, limits, failures, restarts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest
import torch
from support.random_model import (
    OPTIONS,
    TEMPLATE,
    break_next_step,
    byte_tokenizer,
    engine_of,
    request,
    run,
    running,
    save_random_model,
    unfinished,
)
from transformers import AutoModelForCausalLM

from bot.config_choices import Precision
from bot.domain.generation import (
    FinishReason,
    GenerationResult,
    TextDelta,
)
from bot.errors import (
    EngineFailedError,
    GenerationTimeoutError,
    GeneratorBusyError,
    ModelCorruptError,
    ModelError,
    PromptTooLongError,
)
from bot.generation.batching import BatchingGenerator
from bot.generation.loading import LoadedModel, LoadOptions, load_model, load_tokenizer

pytestmark = [pytest.mark.model, pytest.mark.timeout(180)]


@pytest.fixture(scope="module", params=[False, True], ids=["batched", "packed"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model for each of the engines that may run it."""
    path = tmp_path_factory.mktemp("random-model")
    save_random_model(path, packable=request.param)
    return path


@pytest.fixture
async def generator(folder: Path) -> AsyncIterator[BatchingGenerator]:
    async with running(lambda: load_model(folder, OPTIONS)) as generator:
        yield generator


@pytest.mark.parametrize("precision", [Precision.BF16, Precision.MIXED, Precision.FP32])
async def test_replies_are_the_models_own(folder: Path, precision: Precision) -> None:
    options = LoadOptions(precision=precision, context_tokens=400, kv_cache_tokens=4096)
    async with running(lambda: load_model(folder, options)) as generator:
        tokenizer = await generator.tokenizer()
        asked = request("r", "What is rain?", tokens=10)
        deltas, result = await run(generator, asked)

        ids = tokenizer.encode_chat(asked.prompt.messages)
        dtype = torch.bfloat16 if precision is Precision.BF16 else torch.float32
        plain = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype)
        expected = plain.generate(
            torch.tensor([ids]), max_new_tokens=10, do_sample=False, eos_token_id=None
        )[0, len(ids) :]
        assert "".join(deltas) == result.text
        assert result.tokens == 10
        assert result.finish_reason is FinishReason.LENGTH
        if precision is Precision.FP32:  # bf16 roundings differ between the two paths
            assert result.text == tokenizer.backend.decode(expected.tolist()).rstrip("\ufffd")


async def test_many_replies_at_once_equal_each_on_its_own(generator: BatchingGenerator) -> None:
    alone = [(await run(generator, request(f"a{n}", f"number {n}")))[1].text for n in range(6)]
    together = await asyncio.gather(
        *(run(generator, request(f"b{n}", f"number {n}")) for n in range(6))
    )

    assert [result.text for _, result in together] == alone
    assert len(set(alone)) > 1


async def test_counting_is_exact(generator: BatchingGenerator) -> None:
    tokenizer = await generator.tokenizer()
    messages = request("r", "héllo 😀").prompt.messages

    assert tokenizer.count_chat(messages) == len(tokenizer.encode_chat(messages))
    assert tokenizer.count_text("héllo 😀") == len("héllo 😀".encode())
    assert {"<|im_start|>", "<|im_end|>"} <= tokenizer.control_tokens
    assert tokenizer.context_tokens == 400


async def test_a_cancelled_reply_ends_with_what_it_had(generator: BatchingGenerator) -> None:
    await generator.tokenizer()
    stream = generator.stream(request("r", tokens=300))
    async with aclosing(stream) as events:
        written = ""
        async for event in events:
            if isinstance(event, TextDelta):
                written += event.text
                generator.cancel("r")
            else:
                break

    assert isinstance(event, GenerationResult)
    assert event.finish_reason is FinishReason.CANCELLED
    assert event.text == written != ""
    assert event.tokens < 300


async def test_closing_a_stream_stops_the_work_and_frees_its_place(folder: Path) -> None:
    async with running(lambda: load_model(folder, OPTIONS), places=1) as generator:
        await generator.tokenizer()
        async with aclosing(generator.stream(request("r", tokens=300))) as events:
            async for _ in events:
                break

        _, result = await run(generator, request("next"))
        assert result.tokens == 12
        assert unfinished(engine_of(generator)) == 0


async def test_a_time_limit_ends_a_reply_or_fails_one_that_never_began(folder: Path) -> None:
    async with running(lambda: load_model(folder, OPTIONS), places=1) as generator:
        await generator.tokenizer()
        long = asyncio.create_task(run(generator, request("long", tokens=300, seconds=0.5)))
        await asyncio.sleep(0.05)
        with pytest.raises(GenerationTimeoutError):
            await run(generator, request("never", seconds=0.1))
        _, result = await long

    assert result.finish_reason in (FinishReason.TIME_LIMIT, FinishReason.LENGTH)


async def test_a_prompt_that_does_not_fit_is_refused(generator: BatchingGenerator) -> None:
    with pytest.raises(PromptTooLongError, match="room for 388"):
        await run(generator, request("r", "x" * 500))


async def test_a_full_queue_refuses_at_the_first_step(folder: Path) -> None:
    async with running(lambda: load_model(folder, OPTIONS), places=1, waiting=1) as generator:
        await generator.tokenizer()
        tasks = [asyncio.create_task(run(generator, request(f"r{n}", tokens=60))) for n in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(GeneratorBusyError):
            await run(generator, request("too many"))

        for _, result in await asyncio.gather(*tasks):
            assert result.tokens == 60


async def test_a_broken_engine_fails_everybody_and_restarts(generator: BatchingGenerator) -> None:
    await generator.tokenizer()
    engine = engine_of(generator)

    break_next_step(engine)
    outcomes = await asyncio.gather(
        *(run(generator, request(f"r{n}")) for n in range(3)), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [EngineFailedError] * 3

    _, result = await run(generator, request("after"))
    assert result.tokens == 12


async def test_requests_wait_for_the_model_to_load(folder: Path) -> None:
    import threading

    go = threading.Event()

    def slowly() -> LoadedModel:
        assert go.wait(60)
        return load_model(folder, OPTIONS)

    async with running(slowly) as generator:
        early = asyncio.create_task(run(generator, request("early")))
        await asyncio.sleep(0)
        assert not generator.ready
        go.set()
        _, result = await early

    assert result.tokens == 12


async def test_a_model_that_cannot_load_is_an_error_for_everybody(tmp_path: Path) -> None:
    async with running(lambda: load_model(tmp_path, OPTIONS)) as generator:
        with pytest.raises(ModelError, match="cannot be loaded"):
            await generator.tokenizer()
        with pytest.raises(ModelError, match="cannot be loaded"):
            await run(generator, request("r"))


def test_end_tokens_are_also_those_of_the_generations_configuration(
    folder: Path, tmp_path: Path
) -> None:
    tokenizer = byte_tokenizer()
    tokenizer.pad_token = None
    tokenizer.save_pretrained(tmp_path)
    config = json.loads((folder / "config.json").read_text())
    config["eos_token_id"] = config["pad_token_id"] = None
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "generation_config.json").write_text(json.dumps({"eos_token_id": [7, 9]}))

    assert {7, 9} <= set(load_tokenizer(tmp_path, 400).end_token_ids)


def test_damaged_weights_are_said_to_be_damaged(folder: Path, tmp_path: Path) -> None:
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])

    with pytest.raises(ModelCorruptError, match="damaged"):
        load_model(tmp_path, OPTIONS)


def test_a_template_without_system_role_gets_it_in_the_first_message(
    folder: Path, tmp_path: Path
) -> None:
    strict = (
        "{% if messages[0].role == 'system' %}{{ raise_exception('no') }}{% endif %}" + TEMPLATE
    )
    byte_tokenizer(template=strict).save_pretrained(tmp_path)
    (tmp_path / "config.json").write_bytes((folder / "config.json").read_bytes())
    tokenizer = load_tokenizer(tmp_path, 400)

    ids = tokenizer.encode_chat(request("r", "hello").prompt.messages)

    text = tokenizer.backend.decode(ids, skip_special_tokens=False)
    assert "user\nBe kind.\n\nhello" in text
