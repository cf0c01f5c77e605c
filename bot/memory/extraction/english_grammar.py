"""The English words around a statement: the speaker, being, having, and adverbs between."""

from __future__ import annotations

import regex

ADV = (
    r"(?:(?:really|absolutely|totally|just|also|still|actually|now|currently|always|usually|mostly"
    r"|recently|finally|already|both|all|have|only|originally|mainly|quite|a big|kind of|kinda"
    r"|definitely|honestly|literally|generally|most of the time|mostly)\s+){0,3}"
)

BE = r"(?:i'?m|i am|we'?re|we are)\s+" + ADV

PERFECT = r"(?:i'?ve|i have|we'?ve|we have)\s+" + ADV

HAVE = r"(?:i|we)(?:'?ve| have)?\s+" + ADV

SELF = r"(?:i|we)\s+" + ADV


def compiled(source: str) -> regex.Pattern[str]:
    """``source`` for matching in any case."""
    return regex.compile(source, regex.IGNORECASE)
