"""What stands above a reply: the question that nobody else sees, and what was wrong with files."""

from __future__ import annotations

from collections.abc import Iterable

from adapters.slack.files import literal_line
from bot.domain.text import shorten

QUESTION_CHARACTERS = 300
"""How much of a question is repeated above its answer: nobody else sees what was typed."""


def of_question(name: str, text: str) -> str:
    """Who asks, and what."""
    words = shorten(" ".join(text.split()), QUESTION_CHARACTERS)
    return f"> **{literal_line(name)}**: {words}\n\n"


def of_remarks(remarks: Iterable[str]) -> str:
    """Remarks about files that came with a message."""
    return "".join(f"_{remark}_\n\n" for remark in remarks)
