"""A two-layer random model that talks nonsense, and ways to make it talk."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, Qwen2Config
from transformers.models.qwen2 import Qwen2ForCausalLM

from bot.domain.generation import (
    ChatMessage,
    GenerationRequest,
    GenerationResult,
    Priority,
    Prompt,
    Role,
    TextDelta,
)
from bot.generation.batching import BatchingGenerator
from bot.generation.cpu.engine import PackedEngine
from bot.generation.loading import LoadedModel, LoadOptions
from bot.system import SystemClock

TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
OPTIONS = LoadOptions(context_tokens=400, kv_cache_tokens=4096)


def byte_tokenizer(template: str | None = TEMPLATE) -> PreTrainedTokenizerFast:
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(
        models.BPE(vocab={letter: i for i, letter in enumerate(alphabet)}, merges=[])
    )
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|endoftext|>"
    )
    fast.add_special_tokens({"additional_special_tokens": ["<|im_start|>"]})
    fast.chat_template = template
    return fast


def save_random_model(path: Path, *, packable: bool = False, positions: int = 512) -> None:
    """A model that never says an end token, so that replies have the length asked for.

    A ``packable`` one has heads of 32 dimensions, which packed weights need.
    """
    tokenizer = byte_tokenizer()
    tokenizer.save_pretrained(path)
    torch.manual_seed(7)
    model = Qwen2ForCausalLM(
        Qwen2Config(
            vocab_size=len(tokenizer),
            hidden_size=64,
            intermediate_size=96,
            num_hidden_layers=2,
            num_attention_heads=2 if packable else 4,
            num_key_value_heads=1 if packable else 2,
            max_position_embeddings=positions,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
            tie_word_embeddings=False,
            initializer_range=0.5,  # large weights, so that different prompts get different replies
        )
    )
    with torch.no_grad():
        model.lm_head.weight[94:] = 0  # printable ASCII is likelier than anything else
    model.save_pretrained(path)


@asynccontextmanager
async def running(
    load: Callable[[], LoadedModel], *, places: int = 4, waiting: int = 8
) -> AsyncIterator[BatchingGenerator]:
    generator = BatchingGenerator(
        load, name="random", max_parallel=places, max_waiting=waiting, clock=SystemClock()
    )
    generator.start()
    try:
        yield generator
    finally:
        await generator.close()


def request(
    name: str,
    text: str = "hello",
    *,
    tokens: int = 12,
    seconds: float = 60,
    priority: Priority = Priority.CHAT,
) -> GenerationRequest:
    messages = (ChatMessage(Role.SYSTEM, "Be kind."), ChatMessage(Role.USER, text))
    return GenerationRequest(
        id=name,
        prompt=Prompt(messages=messages, tokens=0),
        max_tokens=tokens,
        time_limit_seconds=seconds,
        priority=priority,
    )


async def run(
    generator: BatchingGenerator, asked: GenerationRequest
) -> tuple[list[str], GenerationResult]:
    deltas: list[str] = []
    async with aclosing(generator.stream(asked)) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                deltas.append(event.text)
            else:
                return deltas, event
    raise AssertionError("a stream ended without a result")


def engine_of(generator: BatchingGenerator) -> Any:
    assert generator._loading
    return generator._loading.result().engine


def unfinished(engine: Any) -> int:
    """How many replies the engine is at work on."""
    if isinstance(engine, PackedEngine):
        return len(engine._running) + len(engine._waiting) + len(engine._arrived)
    return len(engine._manager.batch_processor.scheduler.active_requests)


def break_next_step(engine: Any) -> None:
    """Let the engine's thread die at its next step."""
    if isinstance(engine, PackedEngine):

        def broken_once() -> None:
            del engine._step
            raise RuntimeError("a kernel failed")

        engine._step = broken_once
        return

    def broken() -> None:
        raise RuntimeError("a kernel failed")

    engine._manager._generation_step = broken
