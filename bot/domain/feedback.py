"""What a person thinks of a reply."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """Whether a reply was any good, as the person who got it says."""

    GOOD = "good"
    BAD = "bad"
