"""Several people, failing parts, and what an earlier process left."""

from __future__ import annotations

import asyncio

import pytest
from support.console import (
    Terminal,
    until,
)

from bot.domain.turn import FailureReason
from bot.engine import notices
from bot.errors import EngineFailedError, ModelError


async def test_two_people_never_see_each_others_words(terminal: Terminal) -> None:
    terminal.generator.enqueue(*["ok"] * 5)

    await terminal.talk("my secret cat is called Miezi", user="Ana")
    await terminal.talk("my secret cat is called Rex", "what is my secret cat called?", user="Bob")
    bobs = await terminal.talk("/memory show", user="Bob")
    await terminal.talk("what is my secret cat called?", user="Ana")
    await terminal.talk("what is my secret cat called?")

    ana_1, bob_1, bob_2, ana_2, owner = terminal.prompts()
    assert "Miezi" in ana_1
    assert "Ana" in ana_1
    for prompt in (bob_1, bob_2):
        assert "Miezi" not in prompt
        assert "Ana" not in prompt
    assert "Rex" in bob_2
    assert "Miezi" in ana_2
    assert "Rex" not in ana_2
    assert "Miezi" not in owner
    assert "Rex" not in owner
    assert "Rex" in bobs.of("answer")[0]
    assert "Miezi" not in bobs.of("answer")[0]


async def test_forgetting_one_person_leaves_the_others(terminal: Terminal) -> None:
    terminal.generator.enqueue("ok", "ok")
    await terminal.talk("I am Ana", user="Ana")

    await terminal.talk("I am Bob", "/memory forget everything", "yes", user="Bob")

    assert [turn.text for turn in terminal.turns()] == ["I am Ana"]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (EngineFailedError("CUDA on fire"), FailureReason.MODEL),
        (ModelError("no weights"), FailureReason.MODEL),
        (ZeroDivisionError("a bug"), FailureReason.INTERNAL),
    ],
)
async def test_a_failing_model_gives_a_sentence_and_the_chat_goes_on(
    terminal: Terminal, error: Exception, reason: FailureReason
) -> None:
    terminal.generator.enqueue(error, "I am back.")

    screen = await terminal.talk("hi", "still there?")

    assert screen.of("remark") == [notices.ENGLISH.failures[reason]]
    assert str(error) not in str(screen.shown)
    assert screen.of("reply") == ["", "I am back."]
    assert [turn.failure for turn in terminal.turns()] == [reason, None]
    assert not terminal.all_answered


async def test_interrupted_messages_of_an_earlier_process_are_told_once(
    terminal: Terminal,
) -> None:
    await terminal.die_while_answering("what is the meaning of life?", user="Ana")

    strangers = await terminal.talk(user="Bob")
    first = await terminal.talk(user="Ana")
    second = await terminal.talk(user="Ana")

    assert strangers.shown == []
    (remark,) = first.of("remark")
    assert "“what is the meaning of life?”" in remark
    assert "interrupted" in remark
    assert second.shown == []
    (turn,) = terminal.turns()
    assert turn.failure is FailureReason.INTERRUPTED


async def test_all_interrupted_messages_are_told_and_long_ones_shortened(
    terminal: Terminal,
) -> None:
    await terminal.die_while_answering("one")
    await terminal.die_while_answering("word " * 5000)

    remarks = (await terminal.talk()).of("remark")

    assert len(remarks) == 2
    assert "“one”" in remarks[0]
    assert len(remarks[1]) < 400


@pytest.mark.parametrize("command", ["/memory show", "/memory forget everything"])
async def test_a_failing_database_gives_a_sentence_and_the_chat_goes_on(
    terminal: Terminal, command: str
) -> None:
    terminal.generator.enqueue("Hi!", "I am back.")

    def fail() -> None:
        terminal.storage.broken = True

    def recover() -> None:
        terminal.storage.broken = False

    screen = await terminal.talk("hi", fail, command, "not kept", recover, "still there?")

    assert screen.of("remark") == [
        "I can't reach my memory: The database file is gone.",
        notices.ENGLISH.memory_unavailable,
    ]
    assert screen.of("reply") == ["Hi!", "", "I am back."]
    assert [turn.text for turn in terminal.turns()] == ["hi", "still there?"]
    assert not terminal.all_answered


async def test_a_database_that_fails_after_the_yes_says_so(terminal: Terminal) -> None:
    terminal.generator.enqueue("Hi!")

    def fail() -> None:
        terminal.storage.broken = True

    screen = await terminal.talk("hi", "/memory forget everything", fail, "yes")

    assert screen.of("remark")[-1] == "I can't reach my memory: The database file is gone."
    assert terminal.lines.forgotten == 0
    assert len(terminal.turns()) == 1


async def test_a_reply_that_could_not_be_saved_is_shown_with_a_remark(terminal: Terminal) -> None:
    terminal.generator.enqueue("one two three")
    chat = terminal.session("hi")

    def fail() -> None:
        terminal.storage.broken = True

    terminal.screen.on_piece = fail
    terminal.generator.hold(after_words=1)
    running = asyncio.create_task(chat.run())
    await until(lambda: terminal.storage.broken)
    terminal.generator.release()
    await running

    assert terminal.screen.shown == [
        ("reply", "one two three"),
        ("remark", notices.ENGLISH.not_kept),
    ]
