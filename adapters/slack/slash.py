"""What somebody typed after ``/ellie``: the payload as a value, and what it asks for."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import regex

from adapters.commanding import takes_ids, with_accounts
from adapters.slack.callers import SLASH_PREFIX
from adapters.slack.markup import (
    channel_in,
    is_user_id,
    pieces_of,
    unescaped,
    user_in,
    without_names,
)
from bot.commands.definitions import BARE_ADMIN, BARE_MEMORY, EDIT, HELP, SUMMARIZE
from bot.commands.dispatch import Commands
from bot.commands.parsing import Invocation, Mistake, MistakeKind
from bot.commands.rewording import LEAST_CHARACTERS
from bot.domain.text import clean_text

FEW_WORDS = 3
"""What is longer and begins like a command without being one is talk: “why is the sky blue?”"""

_GROUPS = BARE_MEMORY | BARE_ADMIN
_LAST_NUMBER = regex.compile(r"#?(\d{1,9})\s*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Slash:
    """A slash command as Slack tells it.

    ``text`` is without Slack's markup; in ``by_id`` mentions stay, as ids: ``<@U1>``.
    """

    user_id: str
    team_id: str
    channel_id: str
    text: str
    trigger_id: str
    response_url: str
    prefix: str = SLASH_PREFIX
    by_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlashChat:
    """Something said to Ellie by the slash command that is no command.

    ``team_id`` is the workspace that Ellie is in, ``user_team_id`` the one that Slack names for
    the person; ``locale`` is their language tag.
    """

    user_id: str
    team_id: str
    channel_id: str
    text: str
    trigger_id: str
    response_url: str
    user_team_id: str = ""
    locale: str = ""

    @property
    def event_key(self) -> str:
        """The same however often Slack tells of it."""
        return f"{self.team_id}:command:{self.trigger_id}"


def slash_in(body: Mapping[str, Any]) -> Slash:
    """The command in the payload of one (https://docs.slack.dev/interactivity/implementing-slash-commands)."""
    return Slash(
        user_id=str(body.get("user_id", "")),
        team_id=str(body.get("team_id", "")),
        channel_id=str(body.get("channel_id", "")),
        text=words_of_markup(str(body.get("text") or "")),
        trigger_id=str(body.get("trigger_id", "")),
        response_url=str(body.get("response_url", "")),
        prefix=f"{body.get('command') or SLASH_PREFIX.strip()} ",
        by_id=words_of_markup(str(body.get("text") or ""), by_id=True),
    )


def asked_by(slash: Slash, locale: str = "") -> Invocation | Mistake | None:
    """The same as :func:`understand`, with the ids of whom and what a command names."""
    understood = understand(slash.text, locale)
    if not takes_ids(understood):
        return understood
    return with_accounts(understand(slash.by_id, locale), is_user_id)


def understand(text: str, locale: str = "") -> Invocation | Mistake | None:
    """The command in what was typed, or what is wrong with it; None for talk."""
    typed = text.strip().lstrip("/\uff0f").strip() or HELP.name
    understood = Commands.understand(f"/{typed}", locale)
    if understood is None or _is_talk(understood, typed):
        return Commands.understand(typed, locale)  # a plain sentence may ask for a command
    return understood


def fact_without_words(understood: Invocation | Mistake | None, text: str) -> int | None:
    """The number of the fact that is to be changed, when nothing was said of how."""
    if (
        isinstance(understood, Mistake)
        and understood.kind is MistakeKind.MISSING
        and understood.command is EDIT
        and (found := _LAST_NUMBER.search(unicodedata.normalize("NFKC", text)))
    ):
        return int(found[1])
    return None


def words_of_markup(raw: str, *, by_id: bool = False) -> str:
    """What was typed, as the person sees it: names and links without Slack's markup.

    ``by_id``: mentions stay, but for the names that Slack puts into them.
    """
    words = [
        _shown(piece.raw, by_id=by_id) if piece.kind == "markup" else unescaped(piece.raw)
        for piece in pieces_of(raw)
    ]
    return clean_text("".join(words))


def _shown(markup: str, *, by_id: bool) -> str:
    if by_id and (kept := without_names(markup)):
        return kept
    if user := user_in(markup):
        return f"@{user[1] or user[0]}"
    if channel := channel_in(markup):
        return f"#{channel[1] or channel[0]}"
    target, _, label = markup.partition("|")
    if target.startswith("!"):
        return unescaped(label) or f"@{target[1:].partition('^')[0]}"
    return unescaped(label or target.removeprefix("mailto:"))


def _goes_on(understood: Invocation) -> bool:
    """Whether what follows a command's name is the rest of a sentence.

    “help me to write a letter”, “summarize what we know of Mars”.
    """
    if understood.command is SUMMARIZE:
        return 0 < len(str(understood.arguments.get("words", ""))) < LEAST_CHARACTERS
    return understood.command is HELP


def _is_talk(understood: Invocation | Mistake, typed: str) -> bool:
    words = typed.split()
    is_long = len(words) > FEW_WORDS
    if isinstance(understood, Invocation):
        return is_long and _goes_on(understood)
    is_grouped = unicodedata.normalize("NFKC", words[0]).casefold() in _GROUPS
    if understood.kind is MistakeKind.UNKNOWN:
        return understood.command is None or (is_long and not is_grouped)
    return understood.kind is not MistakeKind.MISSING and is_long and not is_grouped
