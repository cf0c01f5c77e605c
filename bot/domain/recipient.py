"""Who else gets what people write."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Purpose(StrEnum):
    """What a model is asked for."""

    ANSWERING = "answering"
    SUMMARIES = "summaries"
    """Of older conversations."""
    CHOSEN = "chosen"
    """Answering in places that chose the model."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Another machine that what people write is sent to, with what is remembered, and what for.

    ``host`` may have a port. It is told to everybody, so that it holds no secret.
    """

    host: str
    purposes: tuple[Purpose, ...]
