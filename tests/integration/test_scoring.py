"""Replies are scored beside the chat: exactly, in its gaps, and stopped when asked to."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
import torch
from support.random_model import (
    OPTIONS,
    byte_tokenizer,
    engine_of,
    request,
    run,
    running,
    save_random_model,
)
from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from bot.config_choices import Precision
from bot.domain.generation import Prompt, TextDelta
from bot.errors import EngineFailedError, ModelError, PromptTooLongError
from bot.generation.batching import BatchingGenerator
from bot.generation.engine import CPU_PIECE_TOKENS
from bot.generation.likelihood import LikelihoodReading
from bot.generation.loading import LoadOptions, load_model
from bot.generation.tokenizer import HfChatTokenizer

pytestmark = [pytest.mark.model, pytest.mark.timeout(180)]

EXACT = LoadOptions(precision=Precision.FP32, context_tokens=400, kv_cache_tokens=4096)
ITEMS = [
    "Her dog is Rex.",
    "She lives in Ghent.",
    "她喜欢喝茶。",
    "Her brother is Tom.",
    "It rains.",
]
REPLY = "Your dog is Rex, and your brother is Tom."


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("random-model")
    save_random_model(path)
    return path


@pytest.fixture
async def generator(folder: Path) -> AsyncIterator[BatchingGenerator]:
    async with running(lambda: load_model(folder, EXACT)) as generator:
        await generator.tokenizer()
        yield generator


def prompt(text: str) -> Prompt:
    return request("r", text).prompt


def left_out() -> list[Prompt]:
    """All items, then all but each one."""
    lists = [ITEMS, *([item for item in ITEMS if item != gone] for gone in ITEMS)]
    return [prompt(" ".join(items)) for items in lists]


async def plainly(generator: BatchingGenerator, prompt: Prompt, reply: str) -> float:
    """The same number from one forward pass over everything."""
    tokenizer: Any = await generator.tokenizer()
    before = tokenizer.encode_chat(prompt.messages)
    after = tokenizer.backend.encode(reply).ids
    with torch.no_grad():
        logits = engine_of(generator).model(torch.tensor([before + after])).logits[0].float()
    chances = torch.log_softmax(logits, dim=1)
    return sum(float(chances[len(before) - 1 + place, token]) for place, token in enumerate(after))


class Pieces:
    """Counts pieces as they are read, and calls ``during`` in the scoring thread for each."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.read = 0
        self.readings: list[LikelihoodReading] = []
        self.during: Callable[[], None] = lambda: None
        self._awaited: tuple[int, Callable[[], object]] | None = None
        real = LikelihoodReading.read_piece

        def read_piece(reading: LikelihoodReading) -> None:
            self.read += 1
            self.readings.append(reading)
            if self._awaited is not None and self.read >= self._awaited[0]:
                self._awaited[1]()
            self.during()
            real(reading)

        monkeypatch.setattr(LikelihoodReading, "read_piece", read_piece)

    async def reach(self, count: int) -> None:
        loop, reached = asyncio.get_running_loop(), asyncio.Event()
        self._awaited = count, lambda: loop.call_soon_threadsafe(reached.set)
        if self.read < count:
            await reached.wait()
        self._awaited = None


@pytest.fixture
def pieces(monkeypatch: pytest.MonkeyPatch) -> Pieces:
    return Pieces(monkeypatch)


async def test_scores_are_the_models_own_in_the_order_asked_for(
    generator: BatchingGenerator,
) -> None:
    prompts = [*left_out(), prompt("Nothing of the kind."), left_out()[0]]

    scores = await generator.score(prompts, REPLY)

    expected = [await plainly(generator, prompt, REPLY) for prompt in prompts]
    assert scores == pytest.approx(expected, abs=1e-3)
    assert scores[0] == pytest.approx(scores[-1], abs=1e-3)
    assert len({round(score, 2) for score in scores}) == len(prompts) - 1
    assert max(scores) < 0


@pytest.mark.parametrize("precision", [Precision.BF16, Precision.MIXED])
async def test_scores_agree_in_low_precision_up_to_rounding(
    folder: Path, precision: Precision
) -> None:
    options = LoadOptions(precision=precision, context_tokens=400, kv_cache_tokens=4096)
    async with running(lambda: load_model(folder, options)) as generator:
        scores = await generator.score(left_out(), REPLY)

        expected = [await plainly(generator, prompt, REPLY) for prompt in left_out()]

    assert scores == pytest.approx(expected, rel=0.03)


async def test_several_replies_to_one_prompt_are_compared(generator: BatchingGenerator) -> None:
    asked = prompt("Is Rex a dog?" + " Think." * 20)
    replies = [" yes", " no", " yes", "", " yes, he is"]

    scores = await generator.compare(asked, replies)

    assert scores == pytest.approx([await plainly(generator, asked, r) for r in replies], abs=1e-3)
    assert scores[0] != scores[1]
    assert scores[3] == 0


async def test_what_was_generated_is_likelier_than_the_same_with_a_change(
    generator: BatchingGenerator,
) -> None:
    _, written = await run(generator, request("r", "hello", tokens=12))
    changed = written.text[:5] + ("x" if written.text[5] != "x" else "y") + written.text[6:]

    likely, unlikely = await generator.compare(prompt("hello"), [written.text, changed])

    assert likely > unlikely


async def test_nothing_asked_is_answered_without_reading(
    generator: BatchingGenerator, pieces: Pieces
) -> None:
    assert await generator.score([], REPLY) == ()
    assert await generator.score([prompt("a"), prompt("b")], "") == (0, 0)
    assert pieces.read == 0


async def test_common_beginnings_are_read_once_and_pieces_are_small(
    generator: BatchingGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    real = LikelihoodReading._forward

    def forward(self: LikelihoodReading, piece: list[int], answers: int) -> torch.Tensor:
        read.append(len(piece))
        return real(self, piece, answers)

    monkeypatch.setattr(LikelihoodReading, "_forward", forward)
    tokenizer = await generator.tokenizer()
    common = "x" * 200
    prompts = [prompt(common + ending) for ending in ("a", "b", "c", "d")]
    whole = tokenizer.count_chat(prompts[0].messages)

    await generator.score(prompts, "ok")

    assert max(read) <= CPU_PIECE_TOKENS
    after = whole - 200
    assert sum(read) <= whole + 1 + 3 * (after + 1)


async def test_a_prompt_and_reply_that_do_not_fit_are_refused(generator: BatchingGenerator) -> None:
    room = 400 - (await generator.tokenizer()).count_chat(prompt("").messages)

    await generator.score([prompt("x" * (room - 5))], "y" * 5)
    with pytest.raises(PromptTooLongError, match="take 401 tokens; there is room for 400"):
        await generator.score([prompt("a"), prompt("x" * (room - 5))], "y" * 6)


async def test_a_chat_is_served_while_scores_wait(
    generator: BatchingGenerator, pieces: Pieces
) -> None:
    scoring = asyncio.create_task(generator.score(left_out(), REPLY))
    await pieces.reach(2)

    before = pieces.read
    _, result = await run(generator, request("chat", tokens=30))

    assert result.tokens == 30
    assert pieces.read <= before + 1  # the one in progress when it came
    assert not scoring.done()
    expected = [await plainly(generator, prompt, REPLY) for prompt in left_out()]
    assert await scoring == pytest.approx(expected, abs=1e-3)


async def test_scores_wait_for_every_chat_to_end(
    generator: BatchingGenerator, pieces: Pieces
) -> None:
    async with aclosing(generator.stream(request("first", tokens=200))) as first:
        assert isinstance(await anext(first), TextDelta)
        scoring = asyncio.create_task(generator.score([prompt("a")], "b"))
        await run(generator, request("second"))
        # The second is over, the first is not.
        assert {pieces.read async for _ in first} == {0}

    assert len(await scoring) == 1


async def test_a_chat_during_scores_says_what_it_would_have_said_alone(
    generator: BatchingGenerator,
) -> None:
    _, alone = await run(generator, request("alone", "number 5", tokens=40))
    scoring = asyncio.create_task(generator.score(left_out(), REPLY))
    while not scoring.done():
        _, beside = await run(generator, request("beside", "number 5", tokens=40))
        assert beside.text == alone.text
        await asyncio.sleep(0.001)
    assert len(scoring.result()) == len(left_out())


async def test_of_two_calls_at_once_one_waits_for_the_other(
    generator: BatchingGenerator, pieces: Pieces
) -> None:
    both = await asyncio.gather(
        generator.score(left_out(), REPLY), generator.compare(left_out()[0], [" yes", REPLY])
    )

    assert both[1][1] == pytest.approx(both[0][0], abs=1e-3)
    first = pieces.readings.count(pieces.readings[0])
    assert len(pieces.readings) > first > 1
    assert pieces.readings[0] not in pieces.readings[first:]


async def test_cancelling_the_caller_stops_the_work(
    generator: BatchingGenerator, pieces: Pieces
) -> None:
    scoring = asyncio.create_task(generator.score(left_out(), REPLY))
    await pieces.reach(2)
    scoring.cancel()
    with pytest.raises(asyncio.CancelledError):
        await scoring

    stopped_at = pieces.read
    assert len(await generator.score([prompt("a")], "b")) == 1
    assert pieces.read <= stopped_at + 2  # one more may have been on its way; and this one


async def test_closing_ends_scores_in_progress(folder: Path, pieces: Pieces) -> None:
    async with running(lambda: load_model(folder, EXACT)) as generator:
        scoring = asyncio.create_task(generator.score(left_out() * 20, REPLY))
        waiting = asyncio.create_task(generator.score(left_out(), REPLY))
        await pieces.reach(2)

        await generator.close()

        for task in (scoring, waiting):
            with pytest.raises(ModelError, match="not loaded"):
                await task
        assert pieces.read <= 4
        with pytest.raises(ModelError, match="not loaded"):
            await generator.score([prompt("a")], "b")


async def test_closing_ends_scores_that_wait_for_a_chat(folder: Path) -> None:
    async with running(lambda: load_model(folder, OPTIONS)) as generator:
        await generator.tokenizer()
        async with aclosing(generator.stream(request("unread", tokens=300))) as unread:
            await anext(unread)
            scoring = asyncio.create_task(generator.score([prompt("a")], "b"))
            await asyncio.sleep(0)

            await generator.close()

            async with asyncio.timeout(20):
                with pytest.raises(ModelError, match="not loaded"):
                    await scoring


async def test_closing_ends_a_chat_that_has_only_just_been_asked_for(folder: Path) -> None:
    async with running(lambda: load_model(folder, OPTIONS)) as generator:
        await generator.tokenizer()
        chat = asyncio.create_task(run(generator, request("chat", tokens=300)))
        for _ in range(10):  # steps until the engine has been asked
            await asyncio.sleep(0)

        await generator.close()

        with pytest.raises((EngineFailedError, ModelError)):
            await chat


async def test_nothing_is_generated_while_a_piece_is_read(
    generator: BatchingGenerator, pieces: Pieces
) -> None:
    manager = engine_of(generator)._manager
    step, stepped = manager._generation_step, threading.Event()
    overlapped: list[bool] = []

    def note_and_step() -> None:
        stepped.set()
        step()

    manager._generation_step = note_and_step
    pieces.during = lambda: overlapped.append(stepped.wait(0.3))
    scoring = asyncio.create_task(generator.score([prompt("a")], "b"))
    await pieces.reach(1)
    await run(generator, request("chat"))
    await scoring

    assert stepped.is_set()
    assert not overlapped[0]


async def test_a_failure_is_an_error_and_the_next_call_works(
    generator: BatchingGenerator, pieces: Pieces
) -> None:
    def fail() -> None:
        raise RuntimeError("a kernel failed")

    pieces.during = fail
    with pytest.raises(EngineFailedError):
        await generator.score([prompt("a")], "b")

    pieces.during = lambda: None
    assert len(await generator.score([prompt("a")], "b")) == 1
    _, result = await run(generator, request("after"))
    assert result.tokens == 12


async def test_a_broken_engine_is_restarted_to_score(generator: BatchingGenerator) -> None:
    def broken() -> None:
        raise RuntimeError("a kernel failed")

    engine_of(generator)._manager._generation_step = broken
    with pytest.raises(EngineFailedError):
        await run(generator, request("r"))

    scores = await generator.score([prompt("a")], "b")

    assert scores == pytest.approx([await plainly(generator, prompt("a"), "b")], abs=1e-3)


def tokens_of(tokenizer: PreTrainedTokenizerFast, reply: str) -> tuple[list[str], list[str]]:
    """The prompt's and the reply's tokens as text."""
    chat = HfChatTokenizer(tokenizer, context_tokens=400, end_token_ids=[])
    found = chat.encode_reply(request("r", "hi").prompt.messages, reply)
    assert list(found.prompt) == chat.encode_chat(request("r", "hi").prompt.messages)
    name = chat.backend.id_to_token
    return [name(token) for token in found.prompt], [name(token) for token in found.reply]


def test_a_reply_never_merges_with_the_prompts_last_token() -> None:
    merging = byte_tokenizer()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {letter: i for i, letter in enumerate([*alphabet, "ĊĊ"])}
    merging.backend_tokenizer.model = models.BPE(vocab=vocabulary, merges=[("Ċ", "Ċ")])

    prompt, reply = tokens_of(merging, "\n")

    assert prompt[-1] == "Ċ"
    assert reply == ["Ċ"]
    assert merging.backend_tokenizer.encode("a\n\n").tokens[-1] == "ĊĊ"


def test_a_reply_gets_no_space_that_only_a_text_of_its_own_would_have() -> None:
    letters = "abcdefghijklmnopqrstuvwxyzB.\n▁"
    spacing = Tokenizer(models.BPE(vocab={c: i for i, c in enumerate(letters)}, merges=[]))
    spacing.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
    fast = PreTrainedTokenizerFast(tokenizer_object=spacing, eos_token=AddedToken("<|im_end|>"))
    fast.add_special_tokens({"additional_special_tokens": ["<|im_start|>"]})
    fast.chat_template = byte_tokenizer().chat_template

    _, reply = tokens_of(fast, "ok")

    assert reply == ["o", "k"]
