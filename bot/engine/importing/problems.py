"""What is wrong with a file, in sentences that say where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.errors import ImportRefusedError

SHOWN = 20
"""So many problems are told; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where, as ``turns[12].received_at``, and what, as a predicate."""

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place} {self.message}."


def refuse(problems: Sequence[Problem]) -> None:
    """Do nothing when there are no problems.

    Raises:
        ImportRefusedError: there are some; it tells the first ones.
    """
    if not problems:
        return
    lines = [f"  - {problem}" for problem in problems[:SHOWN]]
    if (left := len(problems) - SHOWN) > 0:
        lines.append(f"  - and {left} more.")
    heading = "Nothing was imported. The file cannot be used as it is:"
    raise ImportRefusedError("\n".join((heading, *lines)))
