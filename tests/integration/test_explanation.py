"""Influences measured with a real engine and a real database: the whole way of `memory why`."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
import torch
from support.engine import Ellie
from support.published import publish, sum_up
from support.random_model import engine_of, running, save_random_model

from bot.config_choices import Precision
from bot.domain.conversation import Visibility
from bot.domain.generation import ChatMessage, GenerationEvent, GenerationRequest
from bot.engine.explanation import ExplainedItem, Explanations
from bot.engine.turn import TurnLimits
from bot.generation.batching import BatchingGenerator
from bot.generation.loading import LoadOptions, load_model
from storage.database import open_storage

pytestmark = [pytest.mark.model, pytest.mark.timeout(180)]

WINDOW = 3000
EXACT = LoadOptions(precision=Precision.FP32, context_tokens=WINDOW, kv_cache_tokens=4 * WINDOW)
LIMITS = TurnLimits(memory_tokens=1500, reply_tokens=30)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("random-model")
    save_random_model(path)
    config = json.loads((path / "config.json").read_text())
    # A token is one byte for this model, so that a prompt takes more than the usual window.
    (path / "config.json").write_text(json.dumps({**config, "max_position_embeddings": WINDOW}))
    return path


@pytest.fixture
async def generator(folder: Path) -> AsyncIterator[BatchingGenerator]:
    async with running(lambda: load_model(folder, EXACT)) as generator:
        await generator.tokenizer()
        yield generator


@pytest.fixture
def asked(
    generator: BatchingGenerator, monkeypatch: pytest.MonkeyPatch
) -> list[tuple[ChatMessage, ...]]:
    """The messages of every prompt that a reply was written to."""
    seen: list[tuple[ChatMessage, ...]] = []
    real = generator.stream

    async def stream(request: GenerationRequest) -> AsyncGenerator[GenerationEvent]:
        seen.append(request.prompt.messages)
        async with aclosing(real(request)) as events:
            async for event in events:
                yield event

    monkeypatch.setattr(generator, "stream", stream)
    return seen


async def likelihood(
    generator: BatchingGenerator, messages: Sequence[ChatMessage], reply: str
) -> float:
    """From one forward pass over everything."""
    tokenizer: Any = await generator.tokenizer()
    before = tokenizer.encode_chat(messages)
    after = tokenizer.backend.encode(reply).ids
    with torch.no_grad():
        logits = engine_of(generator).model(torch.tensor([before + after])).logits[0].float()
    chances = torch.log_softmax(logits, dim=1)
    return sum(float(chances[len(before) - 1 + place, token]) for place, token in enumerate(after))


def without(item: ExplainedItem, messages: Sequence[ChatMessage]) -> list[ChatMessage]:
    """The messages without what they hold of an item, cut out by hand."""
    if item.kind == "loop":
        (place,) = [n for n, message in enumerate(messages[:-1]) if message.content == item.words]
        return [*messages[:place], *messages[place + 2 :]]
    place = 0 if item.kind in ("fact", "episode") else -1
    line = f'"{item.words}"'
    lines = messages[place].content.split("\n")
    (gone,) = [n for n, text in enumerate(lines) if text.startswith("- ") and text.endswith(line)]
    del lines[gone]
    if not any(text.startswith("- ") for text in lines):
        del lines[slice(-2, None) if item.kind == "fact" else slice(2)]
    if item.kind == "episode":
        del lines[-2:]  # the blank line and the header, of the only one
    changed = ChatMessage(messages[place].role, "\n".join(lines))
    return [changed, *messages[1:]] if place == 0 else [*messages[:-1], changed]


async def test_influences_are_the_differences_that_the_model_makes(
    generator: BatchingGenerator,
    asked: list[tuple[ChatMessage, ...]],
    new_url: Callable[[], str],
) -> None:
    async with open_storage(new_url()) as storage:
        ellie = Ellie(generator, storage, LIMITS)  # type: ignore[arg-type]
        for words in ("My dog is called Biscuit.", "I like tea. It keeps me warm."):
            await ellie.say(words, channel="lobby", visibility=Visibility.PUBLIC)
        await ellie.say("The weather is grey.")
        await sum_up(ellie, 3, 3, words="I looked at the clouds.")
        await publish(ellie)
        await ellie.say("What is my dog called, and do I like tea?")
        await ellie.engine.stop(1)
        message = ellie.message("x")
        why = Explanations(storage, generator, ids=ellie.ids, limits=LIMITS)

        explanation = await why.explain(message.author, message.conversation)
        assert explanation
        found = await why.measure(message.author, explanation)

    assert found
    items = [item for item in found.items if item.included]
    assert {item.kind for item in items} == {"fact", "loop", "recalled", "episode"}
    reply = found.turn.reply
    assert reply
    whole = await likelihood(generator, asked[-1], reply)
    expected = [whole - await likelihood(generator, without(i, asked[-1]), reply) for i in items]
    assert [item.influence for item in items] == pytest.approx(expected, abs=5e-3)
    assert len({round(value, 2) for value in expected}) == len(expected)
