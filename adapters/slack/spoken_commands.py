"""Commands in messages to Ellie. Nobody can send one that begins with a slash, so none needs it."""

from __future__ import annotations

import unicodedata

from adapters.commanding import takes_ids, with_accounts
from adapters.slack.events import SlackMessage
from adapters.slack.markup import is_user_id
from adapters.slack.normalising import spoken
from adapters.slack.workspace import Workspace
from bot.commands.definitions import (
    BARE_ADMIN,
    BARE_MEMORY,
    HELP,
    INCOGNITO,
    LINK,
    SUMMARIZE,
    WHY,
    Command,
)
from bot.commands.dispatch import Commands
from bot.commands.parsing import Invocation, Mistake, MistakeKind, find_command

MARKS = ("/", "\uff0f", "!", "\uff01")
"""Any of these before it makes a command of what follows."""

_GROUPS = BARE_MEMORY | BARE_ADMIN
_WITH_ONE_WORD = frozenset({INCOGNITO.name, LINK.name})
"""Commands of one word that may stand with what they are told."""
_CODE_CHARACTERS = 8
"""Of a code for linking accounts, at least; ``link them`` is talk."""


def command_of(
    message: SlackMessage, text: str, workspace: Workspace, locale: str = ""
) -> Invocation | Mistake | None:
    """The command in a message whose words are ``text``, with the ids of whom and what it names."""
    understood = command_in(text, locale)
    if not takes_ids(understood):
        return understood
    return with_accounts(command_in(spoken(message, workspace, by_id=True), locale), is_user_id)


def command_in(text: str, locale: str = "") -> Invocation | Mistake | None:
    """The command in what somebody said to Ellie, or what is wrong with it; None for talk.

    Without a mark in front, only what is nothing else is taken for one: ``memory show``, ``help``
    alone, ``incognito on``. ``forget it, tell me a joke`` is talk.
    """
    typed = text.strip()
    if typed.startswith(MARKS) and not typed.startswith(tuple(mark * 2 for mark in MARKS)):
        return Commands.understand(f"/{typed[1:].strip()}", locale)
    understood = Commands.understand(f"/{typed}", locale) if typed else None
    if understood is not None and _is_plainly_one(understood, typed):
        return understood
    return Commands.understand(typed, locale)  # a plain sentence may ask for one


def _is_plainly_one(understood: Invocation | Mistake, typed: str) -> bool:
    if isinstance(understood, Mistake) and understood.kind is MistakeKind.UNKNOWN:
        return False
    words = [unicodedata.normalize("NFKC", word).casefold() for word in typed.split()]
    if words[0] in _GROUPS:
        return True
    if isinstance(understood, Mistake):
        return False
    if _is_name_of(understood.command, " ".join(words)):
        return understood.command is not WHY  # asked alone it is a question like any other
    return _is_told_little(understood, typed)


def _is_told_little(understood: Invocation, typed: str) -> bool:
    """Whether what follows the command's name is what it takes, and not the rest of a sentence."""
    if understood.command is HELP:
        return find_command(str(understood.arguments.get("command", ""))) is not None
    if understood.command is SUMMARIZE:
        return "count" in understood.arguments
    if understood.command.name not in _WITH_ONE_WORD or len(typed.split()) != 2:  # noqa: PLR2004
        return False
    code = typed.split()[1]
    is_code = len(code) >= _CODE_CHARACTERS and code == code.upper()
    return understood.command is INCOGNITO or is_code


def _is_name_of(command: Command, typed: str) -> bool:
    names = (command.name, *command.aliases)
    return typed in {unicodedata.normalize("NFKC", name).casefold() for name in names}
