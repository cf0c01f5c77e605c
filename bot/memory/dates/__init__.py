"""Time expressions of messages and questions, in English and Chinese, made absolute."""

from __future__ import annotations

from bot.memory.dates.mention import DateMention, Grain, Lean
from bot.memory.dates.search import find_dates
from bot.memory.dates.spoken import spoken_date

__all__ = ["DateMention", "Grain", "Lean", "find_dates", "spoken_date"]
