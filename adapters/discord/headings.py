"""What stands above a reply: the question that nobody else sees, and what was wrong with files."""

from __future__ import annotations

from collections.abc import Iterable

import discord

from adapters.discord.texts import CHINESE, ENGLISH
from bot.domain.text import shorten

QUESTION_CHARACTERS = 200
"""How much of a question is repeated above its answer: nobody else sees what was typed."""

_QUOTED = "> "


def of_question(text: str) -> str:
    """The question to which a command's answer is given."""
    return f"{_QUOTED}{shorten(text.replace(chr(10), ' '), QUESTION_CHARACTERS)}\n"


def of_remarks(remarks: Iterable[str]) -> str:
    """Remarks about attachments, in small print."""
    return "".join(f"-# {remark}\n" for remark in remarks)


def above(message: discord.Message) -> str:
    """The question above the answer to a command, as it stands there already."""
    first, _, _ = message.content.partition("\n")
    # What a process that was killed owes is shown by another one, as a message of its own.
    is_apology = message.reference is None and any(
        texts.interrupted in message.content for texts in (ENGLISH, CHINESE)
    )
    is_answer = message.interaction_metadata is not None or is_apology
    return f"{first}\n" if is_answer and first.startswith(_QUOTED) else ""
