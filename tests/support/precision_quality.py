"""How much a precision changes what a model says, in figures.

Weights may be multiplied in two ways, many rows at a time when a prompt is read and few when a
reply is written, and a precision may treat the two differently. So perplexity is measured in both:
a text is read in large pieces, and a shorter one token by token. Replies are written by the
product's generator; how far they agree with those in bf16 is also measured under teacher forcing,
where one other token does not change all that follow.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

import torch
from support.quality_prompts import QUESTIONS, chat_prompts
from support.teacher_forcing import Reader, reader_of

from bot.config_choices import Precision
from bot.domain.generation import ChatMessage, GenerationRequest, GenerationResult, Prompt
from bot.generation.batching import BatchingGenerator
from bot.generation.likelihood import ReplyTokens
from bot.generation.loading import LoadedModel, LoadOptions, load_model
from bot.system import SystemClock

TEXTS = Path(__file__).parents[2] / "bench" / "texts"
ENGLISH, CHINESE = TEXTS / "alice.txt", TEXTS / "peach.txt"
PIECE = 256
"""Tokens read at once where many are: far above what counts as few rows anywhere."""

CONTEXT_TOKENS = 4096
AT_ONCE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How much is measured, in tokens and in prompts: all of it takes minutes."""

    read: int
    """Of each text, in large pieces."""
    written: int
    """Of each text, token by token, after a beginning of 64."""
    prompts: int
    """The recall questions come first."""
    reply: int


WHOLE = Sizes(read=10_000, written=300, prompts=24, reply=48)
BRIEF = Sizes(read=500, written=32, prompts=14, reply=16)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """What was found of one precision.

    Perplexities are of the English text and of the Chinese one. ``agreement`` is the share of
    bf16's tokens that are the likeliest here too, each after bf16's own beginning;
    ``common`` is the share of a reply written freely that equals bf16's from its beginning on, and
    ``equal`` how many replies are the same from beginning to end.
    """

    precision: str
    read: tuple[float, float]
    written: tuple[float, float]
    agreement: float
    common: float
    equal: int
    recalled: int
    replies: tuple[tuple[int, ...], ...]
    """The replies themselves, in tokens."""


@dataclass(frozen=True, slots=True)
class Forced:
    """A text under teacher forcing: its log-likelihood, and the likeliest token at each place."""

    likelihood: float
    likeliest: list[int]

    @property
    def perplexity(self) -> float:
        """Of each token."""
        return math.exp(-self.likelihood / len(self.likeliest))


async def measured(
    folder: Path,
    precision: Precision,
    sizes: Sizes,
    reference: Quality | None = None,
    *,
    packed_dir: Path | None = None,
) -> Quality:
    """Load the model, measure, and free it. Without a reference it is compared with itself.

    Raises:
        ModelError: this precision is not possible on this processor.
    """
    options = LoadOptions(precision=precision, context_tokens=CONTEXT_TOKENS, packed_dir=packed_dir)
    loaded = await asyncio.to_thread(load_model, folder, options)
    prompts = chat_prompts(loaded.tokenizer)[: sizes.prompts]
    replies = await _written(loaded, prompts, sizes.reply)
    tokens = tuple(tuple(loaded.tokenizer.encode_reply(p, r).reply) for p, r in replies)
    of_bf16 = reference.replies if reference else tokens
    return await asyncio.to_thread(_account, loaded, sizes, replies, tokens, of_bf16)


def _account(
    loaded: LoadedModel,
    sizes: Sizes,
    replies: Sequence[tuple[tuple[ChatMessage, ...], str]],
    tokens: tuple[tuple[int, ...], ...],
    of_bf16: tuple[tuple[int, ...], ...],
) -> Quality:
    reader = reader_of(loaded.engine)
    texts = [
        loaded.tokenizer.backend.encode(file.read_text(encoding="utf-8")).ids
        for file in (ENGLISH, CHINESE)
    ]
    read = [
        forced(reader, ReplyTokens(text[:1], text[1 : sizes.read]), piece=PIECE) for text in texts
    ]
    written = [
        forced(reader, ReplyTokens(text[:64], text[64 : 64 + sizes.written]), piece=1)
        for text in texts
    ]
    agreeing = [
        told == likeliest
        for (prompt, _), reply in zip(replies, of_bf16, strict=True)
        for told, likeliest in zip(
            reply, _forced_reply(loaded, prompt, reply).likeliest, strict=True
        )
    ]
    pairs = list(zip(tokens, of_bf16, strict=True))
    return Quality(
        precision=loaded.precision.value,
        read=(read[0].perplexity, read[1].perplexity),
        written=(written[0].perplexity, written[1].perplexity),
        agreement=sum(agreeing) / len(agreeing),
        common=sum(_common(a, b) for a, b in pairs) / sum(len(b) for _, b in pairs),
        equal=sum(a == b for a, b in pairs),
        recalled=sum(
            question.is_answered_by(reply)
            for question, (_, reply) in zip(QUESTIONS, replies, strict=False)
        ),
        replies=tokens,
    )


def forced(reader: Reader, text: ReplyTokens, *, piece: int) -> Forced:
    """Read the prompt in large pieces, and the reply in pieces of ``piece`` tokens."""
    likelihood, likeliest = 0.0, []
    # The last token of the prompt already tells about the reply, so it belongs to the latter.
    beginning, told = list(text.prompt[:-1]), list(text.reply)
    inputs = [text.prompt[-1], *told[:-1]]
    read = reader.begin(len(text.prompt) + len(told))
    with torch.inference_mode():
        for start in range(0, len(beginning), PIECE):
            read(beginning[start : start + PIECE])
        for start in range(0, len(inputs), piece):
            scores = torch.log_softmax(read(inputs[start : start + piece]).float(), dim=1)
            wanted = torch.tensor(told[start : start + piece], device=scores.device)
            likelihood += float(scores.gather(1, wanted.unsqueeze(1)).sum())
            likeliest += scores.argmax(dim=1).tolist()
    return Forced(likelihood, likeliest)


def _forced_reply(
    loaded: LoadedModel, prompt: Sequence[ChatMessage], reply: Sequence[int]
) -> Forced:
    tokens = loaded.tokenizer.encode_chat(prompt)
    return forced(reader_of(loaded.engine), ReplyTokens(tokens, reply), piece=1)


async def _written(
    loaded: LoadedModel, prompts: Sequence[tuple[ChatMessage, ...]], tokens: int
) -> list[tuple[tuple[ChatMessage, ...], str]]:
    """Each prompt with its reply, written by the product's generator."""
    generator = BatchingGenerator(
        lambda: loaded,
        name="measured",
        max_parallel=AT_ONCE,
        max_waiting=len(prompts),
        clock=SystemClock(),
    )
    generator.start()
    try:
        texts = await asyncio.gather(
            *(_reply(generator, f"r{n}", prompt, tokens) for n, prompt in enumerate(prompts))
        )
    finally:
        await generator.close()
    return list(zip(prompts, texts, strict=True))


async def _reply(
    generator: BatchingGenerator, name: str, prompt: tuple[ChatMessage, ...], tokens: int
) -> str:
    request = GenerationRequest(
        id=name,
        prompt=Prompt(messages=prompt, tokens=0),
        max_tokens=tokens,
        time_limit_seconds=3600,
    )
    async with aclosing(generator.stream(request)) as events:
        async for event in events:
            if isinstance(event, GenerationResult):
                return event.text
    raise AssertionError("a stream ended without a result")


def _common(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens two replies have in common at their beginnings."""
    differing = (n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    return next(differing, min(len(one), len(other)))
