"""The phonological loop: the latest turns of a conversation, word for word, within a budget.

Older turns of it that an episode sums up may be left to that episode.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from collections.abc import Set as AbstractSet

from bot.domain.episode import Episode
from bot.domain.turn import Turn, TurnId

BLOCK_TURNS = 8
"""The loop begins at a multiple of this many turns, so that it loses old turns rarely and many at
once. In between its beginning stands still, and the model need not read it again."""

MAX_TURNS = 48
"""More turns than this are never in the loop, however short they are."""

KEPT_TURNS = 4
"""So many of the turns that episodes sum up stay, word for word: "the second one" and "why not?"
speak of what was said a few messages ago. A session that goes on has no episode yet, so four are
enough; six cost 130 tokens more in every prompt. They are the last of those turns, not of the loop,
so that its beginning stands still until the next compaction."""


def summed_up(turns: Sequence[Turn], episodes: Collection[Episode]) -> frozenset[TurnId]:
    """Those of ``turns`` (oldest first) that may be left to ``episodes``.

    An episode stands for the turns of its own conversation and audience alone, and for none that
    were said while memory was paused.
    """
    covered = [turn.id for turn in turns if any(_covers(episode, turn) for episode in episodes)]
    return frozenset(covered[:-KEPT_TURNS])


def _covers(episode: Episode, turn: Turn) -> bool:
    return (
        not turn.unremembered
        and turn.conversation_id == episode.conversation_id
        and turn.audience == episode.audience
        and episode.first_number <= turn.number <= episode.last_number
    )


def recent_turns(
    turns: Sequence[Turn],
    budget_tokens: int,
    cost: Callable[[Turn], int],
    *,
    left_out: AbstractSet[TurnId] = frozenset(),
) -> tuple[Turn, ...]:
    """The longest run of the newest ``turns`` (oldest first) that fits, from a block's beginning.

    Those in ``left_out`` are passed over. When not even the newest block fits, the run starts
    inside it; the newest turn alone may be too long, and then there is none. The result depends on
    the arguments only, so a restart finds the same one.
    """
    rest = [turn for turn in turns if turn.id not in left_out]
    start = len(rest)
    spent = 0
    while start > 0 and spent + (price := cost(rest[start - 1])) <= budget_tokens:
        spent += price
        start -= 1
    stands_still = len(turns) < MAX_TURNS or turns[0].id in left_out
    if start == 0 and stands_still:
        return tuple(rest)
    for first in range(start, len(rest)):
        if first > 0 and _block(rest[first]) != _block(rest[first - 1]):
            return tuple(rest[first:])
    return tuple(rest[start:])


def _block(turn: Turn) -> int:
    return turn.number // BLOCK_TURNS
