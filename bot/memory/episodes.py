"""Which turns of a conversation one episode covers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.domain.turn import Turn
from bot.memory.sessions import SESSION_GAP

FEWEST_TURNS = 4
"""Fewer turns are not worth a summary: their words are hardly longer than one."""

MOST_TURNS = 32
"""A longer session becomes several episodes: four sentences cannot tell what it was about."""

JOINED_WITHIN = timedelta(days=7)
"""Few turns are joined with what follows within this time, and else stand for themselves."""


def sessions(
    turns: Sequence[Turn], *, closed_before: datetime | None = None
) -> tuple[tuple[Turn, ...], ...]:
    """The stretches of ``turns`` that are to become episodes, in order.

    ``turns`` are of one conversation, oldest first, and begin where the last episode ended. Those
    that are not to be remembered or hold no words belong to no stretch.

    A stretch ends where the audience changes and where the silence is longer than a session's
    gap. One of more than :data:`MOST_TURNS` is cut in its later half at the longest silence. One of
    fewer than :data:`FEWEST_TURNS` takes in what follows it within :data:`JOINED_WITHIN` before
    the same audience, and is a short episode of its own where nothing does. The last stretch is
    left out as long as it is that short, or when it was still going on at ``closed_before``; it
    waits for later turns, and is recalled turn by turn until then.

    The first stretch depends on nothing behind it but the turn that ends it, or cuts it, and the
    others likewise: whoever stored some of them and goes on behind them finds the same others.
    """
    found: list[tuple[Turn, ...]] = []
    stretch: list[Turn] = []
    for turn in turns:
        if turn.unremembered or not turn.text.strip():
            continue
        if stretch and _ends(stretch, turn):
            found.append(tuple(stretch))
            stretch = []
        stretch.append(turn)
        if len(stretch) > MOST_TURNS:
            cut = _longest_silence(stretch)
            found.append(tuple(stretch[:cut]))
            stretch = stretch[cut:]
    if len(stretch) >= FEWEST_TURNS and _is_over(stretch, closed_before):
        found.append(tuple(stretch))
    return tuple(found)


def _ends(stretch: Sequence[Turn], following: Turn) -> bool:
    if following.audience != stretch[-1].audience:
        return True
    allowed = SESSION_GAP if len(stretch) >= FEWEST_TURNS else JOINED_WITHIN
    return following.received_at - stretch[-1].received_at > allowed


def _is_over(stretch: Sequence[Turn], closed_before: datetime | None) -> bool:
    return closed_before is None or stretch[-1].received_at < closed_before


def _longest_silence(stretch: Sequence[Turn]) -> int:
    """How many turns stand before it; of equal ones before the last.

    Both sides keep enough turns for an episode.
    """
    return max(
        range(MOST_TURNS // 2, MOST_TURNS - FEWEST_TURNS + 1),
        key=lambda at: (stretch[at].received_at - stretch[at - 1].received_at, at),
    )
