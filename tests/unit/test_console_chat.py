"""The terminal session: messages in, replies and remarks out."""

from __future__ import annotations

import pytest
from support.console import (
    Terminal,
)

from adapters.console.lines import PromptLines
from bot.errors import EngineFailedError


async def test_messages_are_answered_in_order(terminal: Terminal) -> None:
    terminal.generator.enqueue("Hello Ana.", "It is noon.", "Bye.")

    screen = await terminal.talk("hi", "what time is it?", "bye")

    assert screen.shown == [("reply", "Hello Ana."), ("reply", "It is noon."), ("reply", "Bye.")]
    assert [turn.text for turn in terminal.turns()] == ["hi", "what time is it?", "bye"]
    assert [turn.reply for turn in terminal.turns()] == ["Hello Ana.", "It is noon.", "Bye."]
    assert terminal.all_answered


async def test_the_prompt_shows_the_name(terminal: Terminal) -> None:
    await terminal.talk("/help", user="Ana")
    assert terminal.lines.prompts == ["Ana> "]

    await terminal.talk("/help")
    assert terminal.lines.prompts == ["you> "]


@pytest.mark.parametrize("leave", ["/quit", "/exit", " /QUIT "])
async def test_nothing_is_read_after_leaving(terminal: Terminal, leave: str) -> None:
    screen = await terminal.talk(leave, "never read")

    assert screen.shown == []
    assert terminal.turns() == []


async def test_help_lists_the_commands_and_is_no_message(terminal: Terminal) -> None:
    screen = await terminal.talk("/help")

    (text,) = screen.of("answer")
    for command in ("/help", "/memory show", "/memory forget", "/show FILE", "/quit", "Ctrl-C"):
        assert command in text
    assert terminal.turns() == []


async def test_an_unknown_command_is_named_and_reaches_nobody(terminal: Terminal) -> None:
    screen = await terminal.talk("/hlep me", "/" + "x" * 1000)

    first, second = screen.of("remark")
    assert first == "I don't know /hlep me. Did you mean /help? /help lists the commands."
    assert len(second) < 100
    assert terminal.turns() == []
    assert terminal.all_answered


@pytest.mark.parametrize("typed", ["//help", "  //help"])
async def test_two_slashes_send_a_message_that_starts_with_one(
    terminal: Terminal, typed: str
) -> None:
    terminal.generator.enqueue("That is a command.")

    await terminal.talk(typed)

    assert [turn.text for turn in terminal.turns()] == ["/help"]


async def test_memory_shows_nothing_before_and_everything_after(terminal: Terminal) -> None:
    terminal.generator.enqueue("Hi!", "A fine cat.")

    screen = await terminal.talk("/memory show", "good morning", "what a day", "/memory")

    before, after = screen.of("answer")
    assert before.startswith("I don't remember anything about you yet.")
    assert after.splitlines() == [
        "What I remember about you",
        "I keep 2 messages of yours, with my replies.",
        "You wrote:",
        "  m1  2026-03-04 12:00  good morning",
        "  m2  2026-03-04 12:00  what a day",
        "/memory forget everything erases all of it.",
    ]


async def test_memory_shows_the_latest_messages_and_says_that_there_are_more(
    terminal: Terminal,
) -> None:
    terminal.generator.enqueue(*["ok"] * 22)

    screen = await terminal.talk(*(f"message {n}" for n in range(22)), "/memory show")

    (shown,) = screen.of("answer")
    assert "I keep 22 messages of yours" in shown
    assert "You wrote (the latest 20):" in shown
    assert "message 21" in shown
    assert "message 1\n" not in shown


async def test_memory_marks_what_was_not_answered(terminal: Terminal) -> None:
    terminal.generator.enqueue(EngineFailedError("it broke"))

    screen = await terminal.talk("hi", "/memory show")

    assert "  m1  2026-03-04 12:00  hi  [failed]" in screen.of("answer")[0].splitlines()


async def test_forgetting_asks_first_and_erases_on_yes(terminal: Terminal) -> None:
    terminal.generator.enqueue("Hi!", "Nice.")

    screen = await terminal.talk(
        "good morning", "what a day", "/memory forget everything", "yes", "/memory show"
    )

    assert screen.of("remark") == [
        "This erases 2 messages and 0 facts for good. Type yes to go on.",
        "Done: 2 messages and 0 facts are erased. I don't know you any more.",
    ]
    assert "I don't remember anything about you yet." in screen.of("answer")[0]
    assert terminal.lines.prompts[3] == "yes/no> "
    assert terminal.lines.forgotten == 1
    assert not terminal.storage.state.persons
    assert not terminal.storage.state.turns
    assert not terminal.storage.state.traces


@pytest.mark.parametrize("answer", ["no", "", "maybe", "yesterday", "/memory show", None])
async def test_forgetting_erases_nothing_without_a_yes(
    terminal: Terminal, answer: str | None
) -> None:
    terminal.generator.enqueue("Hi!")

    screen = await terminal.talk("I am Ana", "/memory forget everything", answer)

    assert screen.of("remark")[-1] == "Nothing was erased."
    assert [turn.text for turn in terminal.turns()] == ["I am Ana"]
    assert terminal.lines.forgotten == 0


@pytest.mark.parametrize("answer", ["y", " YES ", "Yes"])
async def test_a_yes_may_be_short_or_loud(terminal: Terminal, answer: str) -> None:
    terminal.generator.enqueue("Hi!")

    await terminal.talk("I am Ana", "/memory forget everything", answer)

    assert terminal.turns() == []


async def test_there_is_nothing_to_forget_about_a_stranger(terminal: Terminal) -> None:
    screen = await terminal.talk("/memory forget everything", "/help")

    assert screen.of("remark") == ["There is nothing I remember about you."]
    assert "yes/no> " not in terminal.lines.prompts
    assert len(screen.of("answer")) == 1


async def test_after_forgetting_nothing_is_recalled(terminal: Terminal) -> None:
    terminal.generator.enqueue("A fine cat.", "Miezi.", "I don't know.")

    await terminal.talk("my cat is called Miezi", "how is my cat called?")
    assert "Miezi" in terminal.prompts()[-1]
    await terminal.talk("/memory forget everything", "yes", "how is my cat called?")

    last = terminal.prompts()[-1]
    assert "how is my cat called?" in last
    assert "Miezi" not in last
    assert [turn.number for turn in terminal.turns()] == [1]


async def test_forgetting_empties_the_history_of_the_prompt() -> None:
    lines = PromptLines(["my cat is Miezi", "hello"])
    assert list(lines._session.history.get_strings()) == ["my cat is Miezi", "hello"]
    earlier = lines._session

    lines.forget()

    assert lines._session is not earlier
    assert list(lines._session.history.get_strings()) == []
    assert list(lines._session.history.load_history_strings()) == []
