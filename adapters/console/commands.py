"""What can be typed in the terminal besides a message."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Command(Enum):
    """A command of the terminal."""

    HELP = "help"
    SHOW = "memory show"
    FORGET = "memory forget everything"
    QUIT = "quit"


HELP_LINES = {
    Command.HELP: "list these commands",
    Command.SHOW: "show what I remember about you",
    Command.FORGET: "erase all of it, for good (I ask first)",
    Command.QUIT: "leave (so does Ctrl-D)",
}

_ALIASES = {"exit": Command.QUIT, "?": Command.HELP, "memory": Command.SHOW}


@dataclass(frozen=True, slots=True)
class UnknownCommand:
    """Something with a slash in front that is no command."""

    typed: str


def parse_command(line: str) -> Command | UnknownCommand | None:
    """The command in ``line``; None when it is a message.

    Only a line that begins with one slash is a command. Two slashes begin a message that itself
    starts with a slash; see :func:`message_of`.
    """
    text = line.strip()
    if not text.startswith("/") or text.startswith("//"):
        return None
    words = " ".join(text[1:].lower().split())
    if words in _ALIASES:
        return _ALIASES[words]
    try:
        return Command(words)
    except ValueError:
        return UnknownCommand(text)


def message_of(line: str) -> str:
    """The message in a line that is no command."""
    text = line.strip()
    return text[1:] if text.startswith("//") else text
