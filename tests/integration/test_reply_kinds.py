"""Streams of models that think, or speak for others: what people see of them, and what is saved."""

from __future__ import annotations

from typing import Any

import pytest
from support.random_model import TEMPLATE, byte_tokenizer, request, run, running
from support.scripted_engine import ScriptedEngine, scripted_model
from tokenizers import AddedToken

from bot.domain.generation import FinishReason, GenerationResult

pytestmark = pytest.mark.model

OPENING = TEMPLATE[: -len("{% endif %}")] + "<think>\n{% endif %}"
CHANNELS = (
    "{% for m in messages %}<|start|>{{ m.role }}<|message|>{{ m.content }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|start|>assistant{% endif %}"
)


def tokenizer(template: str | None, *tokens: str) -> Any:
    made = byte_tokenizer(template)
    made.add_tokens([AddedToken(t, special=True, normalized=False) for t in tokens])
    return made


async def written(
    tokens: Any, text: str, *, limit: int = 200, **options: Any
) -> tuple[list[str], GenerationResult, ScriptedEngine]:
    model = scripted_model(tokens, text, **options)
    engine = model.engine
    assert isinstance(engine, ScriptedEngine)
    async with running(lambda: model) as generator:
        deltas, result = await run(generator, request("r", tokens=limit))
    assert "".join(deltas) == result.text
    return deltas, result, engine


async def test_a_reply_ends_where_the_model_speaks_for_the_user() -> None:
    text = " Rain is water.\nUser: And snow?\nAssistant: Ice. And so on, and on, and on."
    deltas, result, engine = await written(tokenizer(None), text)

    assert result.text == "Rain is water."
    assert result.finish_reason is FinishReason.STOP
    assert len(deltas) > 5
    assert engine.cancelled
    assert engine.written < len(text) - 20


@pytest.mark.parametrize("special", [(), ("<think>", "</think>")])
async def test_what_a_model_thinks_is_not_shown(special: tuple[str, ...]) -> None:
    text = "Secret.</think>\n\nYou wrote <b>.<|im_end|>"
    _, result, _ = await written(tokenizer(OPENING, *special), text)

    assert (result.text, result.finish_reason) == ("You wrote <b>.", FinishReason.STOP)


async def test_thinking_that_never_ends_shows_nothing() -> None:
    _, result, engine = await written(
        tokenizer(OPENING), "Secret. " * 30, limit=20, thinking_tokens=40
    )

    assert (result.text, result.finish_reason) == ("", FinishReason.LENGTH)
    assert result.tokens == engine.max_tokens == 60


async def test_whoever_thought_little_is_given_no_more_words_for_it() -> None:
    _, result, engine = await written(
        tokenizer(OPENING), "So.</think>" + "Rain. " * 40, limit=24, thinking_tokens=150
    )

    assert result.text == "Rain. " * 4 + "R"  # one letter is known to be whole with the next
    assert result.finish_reason is FinishReason.LENGTH
    assert engine.cancelled


async def test_of_channels_only_the_answer_is_shown() -> None:
    marks = ("<|start|>", "<|channel|>", "<|message|>", "<|end|>", "<|return|>")
    text = (
        "<|channel|>analysis<|message|>Secret.<|end|><|start|>assistant"
        "<|channel|>final<|message|>Rain.<|return|>"
    )
    _, result, _ = await written(tokenizer(CHANNELS, *marks), text)

    assert (result.text, result.finish_reason) == ("Rain.", FinishReason.STOP)


async def test_a_model_that_does_not_think_is_shown_to_the_letter() -> None:
    text = "Héllo 😀\nUser: you <think>?"
    _, result, engine = await written(tokenizer(TEMPLATE), f"{text}<|im_end|>")

    assert result.text == text
    assert not engine.cancelled
