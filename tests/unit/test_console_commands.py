"""What counts as a command in the terminal, and what is meant for Ellie."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.console.commands import (
    HELP_LINES,
    Command,
    UnknownCommand,
    message_of,
    parse_command,
)


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("/help", Command.HELP),
        ("/?", Command.HELP),
        ("/memory", Command.SHOW),
        ("/memory show", Command.SHOW),
        ("/memory forget everything", Command.FORGET),
        ("/quit", Command.QUIT),
        ("/exit", Command.QUIT),
        ("  /HELP \n", Command.HELP),
        ("/ help", Command.HELP),
        ("/Memory\tFORGET   everything", Command.FORGET),
    ],
)
def test_commands_are_known_whatever_their_case_and_spacing(line: str, command: Command) -> None:
    assert parse_command(line) is command


@pytest.mark.parametrize(
    "line", ["/", "/hlep", "/memory forget", "/memory forget all", "/help me", "/etc/hosts is lost"]
)
def test_any_other_line_with_one_slash_is_an_unknown_command(line: str) -> None:
    assert parse_command(f" {line} ") == UnknownCommand(line)


@pytest.mark.parametrize("line", ["", "  ", "hello", "help", "quit", "a /help", "\\/help", "1/2"])
def test_other_lines_are_messages_as_they_are(line: str) -> None:
    assert parse_command(line) is None
    assert message_of(line) == line.strip()


@pytest.mark.parametrize("before", ["", " ", "\t  "])
@pytest.mark.parametrize("after", ["", " ", "\n"])
@pytest.mark.parametrize("text", ["/help", "/etc/hosts", "/", "/memory forget everything"])
def test_two_slashes_begin_a_message_that_starts_with_one(
    before: str, after: str, text: str
) -> None:
    line = f"{before}/{text}{after}"

    assert parse_command(line) is None
    assert message_of(line) == text


@given(st.text())
def test_every_line_is_either_a_command_or_a_message(line: str) -> None:
    command = parse_command(line)

    if command is None:
        message = message_of(line)
        assert message in line
        assert not message.startswith("//") or line.strip().startswith("///")
    else:
        assert line.strip().startswith("/")


def test_help_lists_every_command() -> None:
    assert set(HELP_LINES) == set(Command)
