"""What rules find in a message, as the tests write it down."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.memory.extraction import Candidate, extract

FRIDAY = datetime(2026, 7, 3, 12, tzinfo=UTC)


def found(text: str) -> list[tuple[str, str | None]]:
    """Slot or topic and value of each candidate, in order."""
    return [(c.slot or c.topic or "", c.value) for c in extract(text, FRIDAY)]


def only(text: str) -> Candidate:
    (candidate,) = extract(text, FRIDAY)
    return candidate
