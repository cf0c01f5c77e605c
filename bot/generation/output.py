"""What the inference thread reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Output:
    """All tokens of a reply so far. ``error`` is set when it will never be finished.

    ``reused`` tokens of its prompt did not have to be read, as far as is known.
    """

    tokens: Sequence[int]
    finished: bool
    error: str | None
    reused: int = 0
