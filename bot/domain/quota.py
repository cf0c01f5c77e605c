"""Quotas: how much may be asked of Ellie in some time, by whom and where."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

_PERIODS = {"minute": 60, "hour": 3600, "day": 86_400}
_WRITTEN = re.compile(r"([1-9]\d{0,8})\s*(?:/|per)\s*(minute|hour|day)", re.IGNORECASE)


class QuotaHolder(StrEnum):
    """Who or what a quota is for."""

    PERSON = "person"
    CHANNEL = "channel"
    TENANT = "tenant"


class QuotaMeasure(StrEnum):
    """What is counted."""

    TURNS = "turns"
    TOKENS = "tokens"
    """Of prompts and replies together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """``amount`` in ``seconds``: at most so much at once, and so much again after that time."""

    amount: int
    seconds: int

    @classmethod
    def parse(cls, written: str) -> Self:
        """A rate as people write it: ``30/hour``, ``500 per day``, ``6/minute``.

        Raises:
            ValueError: it is not written like that.
        """
        found = _WRITTEN.fullmatch(written.strip())
        if found is None:
            msg = "a quota is written like 30/hour, with minute, hour or day"
            raise ValueError(msg)
        return cls(amount=int(found[1]), seconds=_PERIODS[found[2].lower()])

    def __str__(self) -> str:
        period = next((name for name, n in _PERIODS.items() if n == self.seconds), None)
        return f"{self.amount}/{period or f'{self.seconds}s'}"


@dataclass(frozen=True, slots=True)
class Quota:
    """One limit: how much of ``measure`` a ``holder`` of that kind may use."""

    holder: QuotaHolder
    measure: QuotaMeasure
