"""Turns that end in another way than with a whole reply."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest
from support.engine import Ellie, settle, started

from bot.domain.generation import (
    FinishReason,
    GenerationEvent,
    GenerationRequest,
    GenerationResult,
)
from bot.domain.turn import FailureReason, TurnStatus
from bot.engine import notices
from bot.engine.reply import ReplyStatus
from bot.engine.turn import TurnLimits
from bot.engine.writing import require_words
from bot.errors import (
    EngineFailedError,
    GenerationTimeoutError,
    GeneratorBusyError,
    ModelCorruptError,
    NothingSaidError,
    StorageFullError,
)
from bot.ports.scripted import ScriptedGenerator, WordTokenizer


async def test_too_many_messages_are_refused_and_not_stored() -> None:
    ellie = Ellie(
        ScriptedGenerator(*["ok"] * 3),
        limits=TurnLimits(reply_tokens=50, max_waiting_per_conversation=2),
    )
    ellie.generator.hold()
    taken = [await ellie.engine.handle(ellie.message(f"m{n}")) for n in range(3)]

    refused = await ellie.say("one more")

    assert (refused.status, refused.notice) == (ReplyStatus.REFUSED, notices.ENGLISH.busy)
    ellie.generator.release()
    assert [(await r.outcome()).text for r in taken] == ["ok"] * 3
    assert len(await ellie.turns()) == 3


@pytest.mark.parametrize("text", ["", "  \n\t ", "\x00\x07", "\u202e", "\ud800"])
def test_a_message_without_words_is_refused(text: str) -> None:
    async def run() -> None:
        async with started() as ellie:
            outcome = await ellie.say(text)
            assert (outcome.status, outcome.notice) == (ReplyStatus.REFUSED, notices.ENGLISH.empty)

    asyncio.run(run())


async def test_a_message_too_long_is_kept_and_the_person_is_told() -> None:
    async with started() as ellie:
        outcome = await ellie.say("word " * 8000)

        (turn,) = await ellie.turns()
        assert (turn.status, turn.failure) == (TurnStatus.FAILED, FailureReason.TOO_LONG)
        assert len(turn.text) == 39_999
        assert outcome.notice.splitlines()[0] == notices.ENGLISH.failures[FailureReason.TOO_LONG]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (GenerationTimeoutError("late"), FailureReason.TIMEOUT),
        (GeneratorBusyError("busy"), FailureReason.BUSY),
        (EngineFailedError("broken"), FailureReason.MODEL),
        (ModelCorruptError("damaged"), FailureReason.MODEL),
        (RuntimeError("a bug"), FailureReason.INTERNAL),
    ],
)
async def test_a_failure_is_recorded_and_told_and_the_next_message_is_answered(
    error: Exception, reason: FailureReason
) -> None:
    async with started(error, "Fine again.") as ellie:
        outcome = await ellie.say("My dog is called Biscuit.")
        after = await ellie.say("my dog?")

        failed, answered = await ellie.turns()
        assert (failed.status, failed.failure) == (TurnStatus.FAILED, reason)
        assert outcome.status is ReplyStatus.FAILED
        # What was kept and learned all the same, and who keeps it, is said as after a reply.
        assert outcome.notice.splitlines() == [
            notices.ENGLISH.failures[reason],
            "Remembered as #1: My dog is called Biscuit.",
            notices.ENGLISH.first_contact,
        ]
        assert after.text == answered.reply == "Fine again."
        assert "Biscuit" in ellie.last_prompt()


async def test_a_cancelled_reply_keeps_what_was_written() -> None:
    async with started("one two three four") as ellie:
        ellie.generator.hold(after_words=2)
        reply = await ellie.engine.handle(ellie.message("count"))
        await settle()
        reply.cancel()
        outcome = await reply.outcome()

        (turn,) = await ellie.turns()
        assert (turn.status, turn.reply) == (TurnStatus.CANCELLED, "one two")
        assert (outcome.status, outcome.text) == (ReplyStatus.CANCELLED, "one two")


async def test_a_reply_can_be_cancelled_before_it_begins() -> None:
    async with started("first", "never said") as ellie:
        ellie.generator.hold()
        first = await ellie.engine.handle(ellie.message("a"))
        second = await ellie.engine.handle(ellie.message("b"))
        await settle()
        second.cancel()
        ellie.generator.release()
        await first.outcome()

        assert (await second.outcome()).status is ReplyStatus.CANCELLED
        assert len(ellie.generator.requests) == 1


async def test_a_reply_can_be_cancelled_while_the_model_loads() -> None:
    class Loading(ScriptedGenerator):
        async def tokenizer(self) -> WordTokenizer:
            await asyncio.Event().wait()
            raise AssertionError

    ellie = Ellie(Loading())
    reply = await ellie.engine.handle(ellie.message("a"))
    await settle()
    reply.cancel()

    assert (await reply.outcome()).status is ReplyStatus.CANCELLED


async def test_a_message_that_cannot_be_stored_is_refused_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with started("ok") as ellie:

        async def full(*_: object) -> None:
            raise StorageFullError

        with monkeypatch.context() as patch:
            patch.setattr(ellie.ledger, "admit", full)
            outcome = await ellie.say("hi")

        assert (outcome.status, outcome.notice) == (
            ReplyStatus.REFUSED,
            notices.ENGLISH.memory_unavailable,
        )
        assert (await ellie.say("hi again")).text == "ok"


async def test_a_reply_that_cannot_be_saved_is_shown_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with started("Hello.") as ellie:

        async def full(*_: object, **__: object) -> bool:
            raise StorageFullError

        monkeypatch.setattr(ellie.ledger, "save", full)
        outcome = await ellie.say("hi")

        assert outcome.text == "Hello."
        assert notices.ENGLISH.not_kept in outcome.notice


async def test_control_characters_of_a_model_reach_neither_storage_nor_the_screen() -> None:
    async with started("Hello\x00 \x1b[31mred") as ellie:
        outcome = await ellie.say("hi")

        (turn,) = await ellie.turns()
        assert turn.reply == outcome.text == "Hello [31mred"


@pytest.mark.parametrize(
    ("text", "reason", "log_says"),
    [
        ("", FinishReason.LENGTH, "still thinking"),
        (" \n", FinishReason.STOP, "before the first word"),
    ],
)
async def test_a_reply_without_a_word_is_a_failure_that_the_person_is_told_of(
    text: str, reason: FinishReason, log_says: str
) -> None:
    class Silent(ScriptedGenerator):
        async def stream(self, request: GenerationRequest) -> AsyncGenerator[GenerationEvent]:
            yield GenerationResult(text=text, finish_reason=reason, tokens=50)

    ellie = Ellie(Silent())
    for said in ("Why?", "为什么？"):
        outcome = await ellie.say(said)

        expected = notices.notices_for(said).failures[FailureReason.NOTHING_SAID]
        assert outcome.status is ReplyStatus.FAILED
        assert outcome.notice.splitlines()[0] == expected
    assert {turn.failure for turn in await ellie.turns()} == {FailureReason.NOTHING_SAID}
    with pytest.raises(NothingSaidError, match=log_says):
        require_words(GenerationResult(text=text, finish_reason=reason, tokens=50))
