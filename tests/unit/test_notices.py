"""What Ellie says by herself, in the language she is spoken to."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, fields
from string import Formatter

import pytest
import regex
from support.engine import Ellie, settle, started

from bot.domain.generation import FinishReason
from bot.domain.turn import FailureReason
from bot.engine.notices import CHINESE, ENGLISH, Notices, notices_for
from bot.engine.turn import TurnLimits
from bot.errors import GenerationTimeoutError, StorageFullError
from bot.ports.scripted import ScriptedGenerator

SENTENCES = [field.name for field in fields(Notices)]


def texts(notices: Notices, name: str) -> dict[object, str]:
    """The sentence of that name, or all of them by what they are about."""
    value = asdict(notices)[name]
    return value if isinstance(value, dict) else {name: value}


@pytest.mark.parametrize("name", SENTENCES)
def test_every_sentence_is_there_in_both_languages(name: str) -> None:
    english, chinese = texts(ENGLISH, name), texts(CHINESE, name)

    assert english.keys() == chinese.keys()
    for key, sentence in english.items():
        assert not regex.search(r"\p{Han}", sentence)
        assert regex.search(r"\p{Han}", chinese[key])
        assert _places(sentence) == _places(chinese[key])


def _places(sentence: str) -> set[str | None]:
    return {place for _, place, _, _ in Formatter().parse(sentence)} - {None}


def test_there_is_a_sentence_for_every_failure_and_unfinished_end() -> None:
    assert set(ENGLISH.failures) == set(FailureReason)
    assert set(ENGLISH.unfinished) == {FinishReason.LENGTH, FinishReason.TIME_LIMIT}


@pytest.mark.parametrize(("notices", "words"), [(ENGLISH, "write it again"), (CHINESE, "再写一次")])
def test_what_is_kept_need_not_be_written_again(notices: Notices, words: str) -> None:
    """A button may stand below a failure, which tries it again."""
    assert not [why for why, text in notices.failures.items() if words in text]


@pytest.mark.parametrize(
    ("message", "notices"), [("Hi!", ENGLISH), ("", ENGLISH), ("你好", CHINESE), ("hi 你", CHINESE)]
)
def test_the_language_is_that_of_the_message(message: str, notices: Notices) -> None:
    assert notices_for(message) is notices


async def test_a_failure_is_told_in_chinese() -> None:
    async with started("好的", GenerationTimeoutError("late")) as ellie:
        await ellie.say("你好")
        outcome = await ellie.say("讲个故事")

    assert outcome.notice == CHINESE.failures[FailureReason.TIMEOUT]


async def test_an_unfinished_reply_says_so_in_chinese() -> None:
    ellie = Ellie(
        ScriptedGenerator("好的", "从前 有座 山"),
        limits=TurnLimits(reply_tokens=50, time_limit_seconds=0.001),
    )
    await ellie.say("你好")
    ellie.generator.hold(after_words=1)
    outcome = await ellie.say("讲个故事")

    assert (outcome.text, outcome.notice) == ("从前", CHINESE.unfinished[FinishReason.TIME_LIMIT])


async def test_refusals_are_in_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    ellie = Ellie(
        ScriptedGenerator("好的"),
        limits=TurnLimits(reply_tokens=50, max_waiting_per_conversation=0),
    )

    async def full(*_: object, **__: object) -> None:
        raise StorageFullError

    with monkeypatch.context() as patch:
        patch.setattr(ellie.ledger, "admit", full)
        assert (await ellie.say("你好")).notice == CHINESE.memory_unavailable
    ellie.generator.hold()
    first = await ellie.engine.handle(ellie.message("你好"))
    assert (await ellie.say("在吗")).notice == CHINESE.busy
    await settle()
    stopping = asyncio.create_task(ellie.engine.stop(30))
    await settle()
    assert (await ellie.say("在吗")).notice == CHINESE.stopping
    with monkeypatch.context() as patch:
        patch.setattr(ellie.ledger, "save", full)
        ellie.generator.release()
        assert (await first.outcome()).notice.splitlines()[0] == CHINESE.not_kept
    await stopping
