"""Guessing the next tokens of a reply from what was said before.

Replies repeat names, dates and phrases of their prompts. When the last three tokens stood somewhere
before, what followed there is a guess at what follows here (prompt lookup decoding; Saxena, 2023).
The model reads the guesses as further rows, which cost little beside the first; those that it would
have written itself are right, and the reply is the same as without.
"""

from __future__ import annotations

MATCHED = 3
"""Tokens that have to agree for a guess."""


class Lookup:
    """Where each group of three tokens stood last."""

    def __init__(self) -> None:
        self._tokens: list[int] = []
        self._after: dict[tuple[int, ...], int] = {}

    def add(self, tokens: list[int]) -> None:
        """More of the text."""
        for token in tokens:
            if len(self._tokens) >= MATCHED:
                # Known only once something followed: the end must not find itself.
                self._after[tuple(self._tokens[-MATCHED:])] = len(self._tokens)
            self._tokens.append(token)

    def guess(self, count: int) -> list[int]:
        """Up to so many tokens that may come next; none when nothing is known."""
        at = self._after.get(tuple(self._tokens[-MATCHED:]))
        return [] if at is None else self._tokens[at : at + count]
