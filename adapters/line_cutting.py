"""A line that is too long for one message or block, in pieces."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import regex

from adapters.splitting import length

CLUSTERS = regex.compile(r"\X")
"""Characters as people see them: an emoji is never cut in halves."""

_BREAKS = regex.compile(r"\s")


def cut_line(
    line: str, limit: int, *, clusters: regex.Pattern[str] = CLUSTERS, longest: int | None = None
) -> Iterator[str]:
    """``line`` in pieces of at most ``limit`` UTF-16 units, cut at a blank where there is one.

    What ``clusters`` finds stays in one piece, unless it is longer than ``longest``, which is
    ``limit`` where nothing is said: one letter may have thousands of accents.
    """
    most = limit if longest is None else longest
    taken: list[str] = []
    size = 0
    found = clusters.findall(line)
    for cluster in itertools.chain(*([one] if length(one) <= most else one for one in found)):
        if size + length(cluster) > limit:
            kept = _last_break(taken) or len(taken)
            yield "".join(taken[:kept]).rstrip()
            taken = taken[kept:]
            size = sum(map(length, taken))
        taken.append(cluster)
        size += length(cluster)
    yield "".join(taken)


def _last_break(pieces: Sequence[str]) -> int | None:
    """Where the last word of the second half begins; None when that half is one word."""
    for at in range(len(pieces) - 1, len(pieces) // 2, -1):
        if _BREAKS.fullmatch(pieces[at]):
            return at + 1
    return None
