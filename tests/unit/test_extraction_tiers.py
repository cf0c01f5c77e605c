"""What a model may add to memory: the person's own sentences, and only those it points at."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from support.engine import CountingIds

from bot.domain.fact import FactKind
from bot.domain.generation import Priority, Prompt
from bot.engine.model_extraction import ModelExtraction
from bot.memory.extraction import questions
from bot.memory.extraction.probe import Tier
from bot.memory.extraction.rules import extract
from bot.memory.extraction.statements import packaged, statements
from bot.ports.scripted import ScriptedGenerator

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
CELLO = "I restore cellos in a shed."
MESSAGE = f"Hello there! {CELLO} It rained on me today."


def extraction(*replies: str | Exception) -> tuple[ModelExtraction, ScriptedGenerator]:
    generator = ScriptedGenerator(*replies)
    return ModelExtraction(generator, CountingIds()), generator


async def bulleted(answer: str, message: str = MESSAGE, *more: str) -> list[str]:
    asked, generator = extraction(answer, *more)
    found = await asked.find(Tier.BULLETS, message, NOON)
    assert len(generator.requests) == 1 + len(more)
    return [candidate.text for candidate in found]


def lasting(*words: str) -> Callable[[Prompt, str], float]:
    """A likelihood: sentences with one of the words are lasting facts, all others small talk."""

    def likelihood(prompt: Prompt, reply: str) -> float:
        asks_for_fact = prompt.messages[-1].content == questions.LASTING
        return -4.0 if any(word in reply for word in words) is asks_for_fact else -8.0

    return likelihood


# --- which sentences a model may see ---


@pytest.mark.parametrize(
    "silent",
    [
        "Do I restore cellos in a shed?",
        "I restore cellos in a shed?",
        "I restore `old` cellos in a shed.",
        "我在木屋里修大提琴？",
        "Would I ever restore cellos in a shed",
        "If I restored cellos I would need a shed.",
        "She said I restore cellos in a shed.",
        "Pretend that I restore cellos in a shed.",
        "> I restore cellos in a shed.",
        "`I restore cellos in a shed`",
        'He wrote "I restore cellos in a shed".',
        "lol I restore cellos in a shed 😂",
        "Just kidding, I restore cellos in a shed.",
        "Forget that I restore cellos in my shed.",
        "Cellos get restored in sheds.",
        "I did.",
        "我修大提琴吗？",
        "如果我会修大提琴就好了。",
        "他说我会修大提琴。",
        f"I restore {'old ' * 100}cellos.",
    ],
)
def test_what_is_no_plain_statement_of_the_speaker_is_never_shown(silent: str) -> None:
    assert statements(silent) == ()


def test_role_play_hides_everything_after_it() -> None:
    found = statements("I restore cellos. Let's play a game. I am a dragon with two heads.")

    assert [statement.text for statement in found] == ["I restore cellos."]


def test_a_statement_is_an_exact_span_of_the_message() -> None:
    message = "ok…  **i restore cellos   in a shed**, 我在木屋里修大提琴。"
    for statement in (found := statements(message)):
        assert message[statement.start : statement.end] == statement.quote
    assert found
    assert found[0].text.startswith("I restore cellos in a shed")


def test_a_date_that_depends_on_the_day_is_spelt_out_and_bounds_the_plan() -> None:
    (statement,) = statements("I hand the shed over next month.")
    plan = packaged(statement, FactKind.PLAN, NOON, confidence=0.5)

    assert plan.text == "I hand the shed over next month (June 2026)."
    assert plan.quote == "I hand the shed over next month"
    assert plan.occurs_from == datetime(2026, 6, 1, tzinfo=UTC)
    assert (plan.kind, plan.topic, plan.slot, plan.value) == (FactKind.PLAN, "note", None, None)


def test_a_plan_that_is_past_is_an_event() -> None:
    (statement,) = statements("I handed the shed over on 3 May 2025.")

    assert packaged(statement, FactKind.PLAN, NOON, confidence=0.5).kind is FactKind.EVENT


# --- tier 1 ---


async def test_the_likelier_fact_is_kept_and_nothing_is_generated() -> None:
    asked, generator = extraction()
    generator.likelihood = lasting("cellos")

    (found,) = await asked.find(Tier.QUESTIONS, MESSAGE, NOON)

    assert (found.text, found.quote) == (CELLO, CELLO[:-1])
    assert MESSAGE[found.start : found.end] == found.quote
    assert generator.requests == []


@pytest.mark.parametrize(("behind", "kept"), [(0.5, True), (0.0, True), (2.0, False)])
async def test_a_fact_may_be_a_little_less_likely_than_small_talk(
    behind: float, kept: bool
) -> None:
    asked, generator = extraction()
    generator.likelihood = lambda prompt, reply: (
        -5.0 - behind if prompt.messages[-1].content == questions.LASTING else -5.0
    )

    assert bool(await asked.find(Tier.QUESTIONS, CELLO, NOON)) is kept


def test_confidence_comes_from_the_margin_and_stays_modest() -> None:
    assert questions.confidence((-5.0, -5.0)) == pytest.approx(0.5)
    assert questions.confidence((-4.0, -5.0)) == pytest.approx(1 / (1 + math.exp(-1)))
    assert questions.confidence((-1.0, -900.0)) == questions.MOST_CONFIDENT < 1
    assert questions.margin((-4.0, -8.0), 8) == pytest.approx(0.5)


async def test_the_kind_is_the_one_that_makes_the_sentence_likeliest() -> None:
    asked, generator = extraction()
    fact = lasting("cellos")

    def likelihood(prompt: Prompt, reply: str) -> float:
        request = prompt.messages[-1].content
        if request in questions.KINDS.values():
            return -1.0 if request == questions.KINDS[FactKind.RELATION] else -3.0
        return fact(prompt, reply)

    generator.likelihood = likelihood
    (found,) = await asked.find(Tier.QUESTIONS, MESSAGE, NOON)

    assert found.kind is FactKind.RELATION


def test_no_model_declares_an_instruction() -> None:
    assert FactKind.INSTRUCTION not in questions.KINDS


@pytest.mark.parametrize("tier", [Tier.QUESTIONS, Tier.BULLETS])
async def test_a_question_of_the_speaker_is_not_asked_about(tier: Tier) -> None:
    asked, generator = extraction()

    assert await asked.find(tier, "Do I look like I restore cellos?", NOON) == ()
    assert generator.scored == []
    assert generator.requests == []


@pytest.mark.parametrize("tier", [Tier.QUESTIONS, Tier.BULLETS])
async def test_a_sentence_that_rules_read_is_not_asked_about(tier: Tier) -> None:
    asked, generator = extraction()
    message = "My name is Ana."

    assert extract(message, NOON)
    assert await asked.find(tier, message, NOON, extract(message, NOON)) == ()
    assert generator.scored == []
    assert generator.requests == []


async def test_control_tokens_in_a_message_reach_no_prompt() -> None:
    asked, generator = extraction("NONE")
    message = "I restore cellos <|im_end|> in a shed."
    await asked.find(Tier.QUESTIONS, message, NOON)
    await asked.find(Tier.BULLETS, message, NOON)

    assert generator.scored
    assert not any("<|im_end|>" in reply for _, reply in generator.scored)
    (request,) = generator.requests
    assert not any("<|im_end|>" in message.content for message in request.prompt.messages)


# --- tier 2 ---


async def test_a_quoted_sentence_is_kept_in_the_persons_words() -> None:
    assert await bulleted(f'- Repairs string instruments: "{CELLO}"') == [CELLO]


@pytest.mark.parametrize(
    "answer",
    [
        '- "i RESTORE   cellos in a shed"',
        "1. “I restore cellos”",
        f"* {CELLO}",
        '- works with wood: "restore cellos in a shed"\n- "I have a yacht."',
        'NONSENSE\n- "I restore cellos in a shed."',
    ],
)
async def test_space_case_and_marks_may_differ(answer: str) -> None:
    assert await bulleted(answer) == [CELLO]


@pytest.mark.parametrize(
    "answer",
    [
        '- The user is rich: "I have a yacht."',
        '- "I restore violins in a shed."',
        '- "cellos"',  # one word is found anywhere
        '- "I rest"',  # half a word
        '- "restore cellos in a shed. It rained on me"',  # which of the two?
        '- They teach: "On Tuesdays I teach the cello to children."',
        "- 对猫毛过敏：“我对猫毛过敏”",
        '{"facts": [{"quote": "none of it"}]}',
        "Sure! Here is the list you asked for:",
    ],
)
async def test_a_quote_that_is_not_in_the_message_is_dropped(answer: str) -> None:
    assert await bulleted(answer, MESSAGE, answer) == []


async def test_a_message_that_is_one_statement_is_not_taken_for_any_quote() -> None:
    answer = '- "I restore harps now."'  # as long as its first four words

    assert await bulleted(answer, CELLO, answer) == []


@pytest.mark.parametrize("answer", ["NONE", "None.", "- NONE", "", "  \n", "没有", "NONE\n- x"])
async def test_none_means_none_and_is_not_asked_again(answer: str) -> None:
    assert await bulleted(answer) == []


async def test_a_useless_answer_is_asked_for_once_more_with_what_was_wrong() -> None:
    asked, generator = extraction("- likes music", f'- "{CELLO}"')

    (found,) = await asked.find(Tier.BULLETS, MESSAGE, NOON)

    assert found.text == CELLO
    first, second = generator.requests
    assert second.prompt.messages[: len(first.prompt.messages)] == first.prompt.messages
    assert second.prompt.messages[-2].content == "- likes music"


async def test_the_quote_of_a_question_of_the_same_message_is_dropped() -> None:
    message = f"{CELLO} Am I supposed to own the shed?"

    assert await bulleted('- "Am I supposed to own the shed"\n- "I restore"', message) == [CELLO]


@pytest.mark.parametrize(("behind", "kept"), [(1.5, True), (3.0, False)])
async def test_a_quoted_sentence_that_reads_like_small_talk_is_dropped(
    behind: float, kept: bool
) -> None:
    asked, generator = extraction(f'- "{CELLO}"')
    generator.likelihood = lambda prompt, reply: (
        -5.0 - behind if prompt.messages[-1].content == questions.LASTING else -5.0
    )

    found = await asked.find(Tier.BULLETS, MESSAGE, NOON)

    assert bool(found) is kept
    assert all(candidate.confidence < 0.5 for candidate in found)
    assert len(generator.requests) == 1


async def test_chinese_is_quoted_by_characters() -> None:
    message = "今天好冷啊。我和外公一起修大提琴。"

    assert await bulleted("- 修琴：“我和外公一起修大提琴”", message) == ["我和外公一起修大提琴。"]


async def test_generation_is_bounded_background_work() -> None:
    asked, generator = extraction("NONE")
    await asked.find(Tier.BULLETS, MESSAGE, NOON)

    (request,) = generator.requests
    assert request.priority is Priority.BACKGROUND
    assert request.max_tokens <= 160
    assert request.prompt.tokens == (await generator.tokenizer()).count_chat(
        request.prompt.messages
    )
