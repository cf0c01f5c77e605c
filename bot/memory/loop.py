"""The phonological loop: the latest turns of a conversation, word for word, within a budget."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.domain.turn import Turn

BLOCK_TURNS = 8
"""The loop begins at a multiple of this many turns, so that it loses old turns rarely and many at
once. In between its beginning stands still, and the model need not read it again."""

MAX_TURNS = 48
"""More turns than this are never in the loop, however short they are."""


def recent_turns(
    turns: Sequence[Turn], budget_tokens: int, cost: Callable[[Turn], int]
) -> tuple[Turn, ...]:
    """The longest run of the newest ``turns`` (oldest first) that fits, from a block's beginning.

    When not even the newest block fits, the run starts inside it; the newest turn alone may be
    too long, and then there is none. The result depends on the arguments only, so a restart
    finds the same one.
    """
    start = len(turns)
    spent = 0
    while start > 0 and spent + (price := cost(turns[start - 1])) <= budget_tokens:
        spent += price
        start -= 1
    if start == 0 and len(turns) < MAX_TURNS:
        return tuple(turns)
    for first in range(start, len(turns)):
        if first > 0 and _block(turns[first]) != _block(turns[first - 1]):
            return tuple(turns[first:])
    return tuple(turns[start:])


def _block(turn: Turn) -> int:
    return turn.number // BLOCK_TURNS
