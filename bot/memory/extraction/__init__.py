"""Facts from a person's own words, found without a model."""

from __future__ import annotations

from bot.memory.extraction.candidate import Candidate
from bot.memory.extraction.rules import extract

__all__ = ["Candidate", "extract"]
