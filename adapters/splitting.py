"""A long text becomes several messages, cut where it hurts least."""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Iterator, Sequence

import regex

from adapters.breaking import Block, find_breaks
from adapters.fences import Fence, find_fences

SHORTEST_LIMIT = 20
"""Below this there is no room for the lines that close and reopen a code block."""

_VISIBLE = regex.compile(r"[^\s\p{Cc}\p{Cf}]")
_CLUSTER = regex.compile(r"\X")
_LONGEST_CLUSTER = 200
"""Characters. A cluster that is longer is cut; the longest emoji in use has ten."""

_IDEOGRAPH = r"[\p{Han}\p{Hiragana}\p{Katakana}]"
_BETWEEN_IDEOGRAPHS = regex.compile(rf"(?r)(?<={_IDEOGRAPH})(?={_IDEOGRAPH})")
_BLANK_LINES = regex.compile(r"(?:[^\S\n]*+\n)*+")


def length(text: str) -> int:
    """How long ``text`` is in UTF-16 units, as clients count: an emoji is two.

    Discord's documentation does not name its unit. Its API was said to count code points
    (discord/discord-api-docs issue 1315), of which there are never more than UTF-16 units.
    """
    return len(text) + sum(character > "\uffff" for character in text)


def split(text: str, limit: int) -> list[str]:
    """``text`` in parts of at most ``limit`` (see :func:`length`), none of them blank.

    A part ends, best first: between paragraphs or before a heading; at the end of a line or between
    list items; between lines of code; at the end of a sentence, a clause, a word. The best place in
    the second half of what fits is taken, the last one if several are as good. A user-perceived
    character, a link, an address and inline code stay whole unless one alone is over the limit. A
    code block that goes on in the next part is closed and opened again there with its language, and
    one that never ends is closed at the end. Otherwise only white space at the breaks is lost.

    For a text that grows at its end, all parts but the last two stay as they are, as long as no
    link, address or piece of inline code is longer than half of ``limit``, and the first half of no
    part is without a place to break at.

    Raises:
        ValueError: ``limit`` is below :data:`SHORTEST_LIMIT`.
    """
    if limit < SHORTEST_LIMIT:
        raise ValueError(f"A limit of {limit} leaves no room for text")
    cutter = _Cutter(text.replace("\r\n", "\n").rstrip(), limit)
    return list(cutter.parts())


class _Cutter:
    """Cuts one text from its start to its end, looking no further ahead than it has to."""

    def __init__(self, text: str, limit: int) -> None:
        self._text = text
        self._limit = limit
        lines = text.split("\n")
        self._starts = list(itertools.accumulate((len(line) + 1 for line in lines), initial=0))
        self._fences = [fence for fence in find_fences(lines) if self._fits_twice(fence)]
        self._blocks = [self._block(fence) for fence in self._fences]
        self._block_starts = [block.start for block in self._blocks]
        self._breaks = find_breaks(text, self._starts, self._fences, self._blocks, limit)
        self._units: Sequence[int] = range(len(text) + 1)
        if text and max(text) > "\uffff":
            weights = (2 if character > "\uffff" else 1 for character in text)
            self._units = list(itertools.accumulate(weights, initial=0))

    def parts(self) -> Iterator[str]:
        start = self._next(0)
        while start < len(self._text):
            head = self._head(start)
            stop = self._stop(start, self._limit - length(head))
            body = self._text[start:stop].rstrip()
            if _VISIBLE.search(body):
                yield f"{head}{body}{self._tail(stop)}"
            start = self._next(stop)

    def _next(self, place: int) -> int:
        """Where to go on after a break: at the next line with text, before its indentation."""
        if self._fence_at(place):
            return place
        blank = _BLANK_LINES.match(self._text, place)
        return blank.end() if blank else place

    def _stop(self, start: int, room: int) -> int:
        """Where the part that begins at ``start`` ends."""
        end = len(self._text)
        if self._used(start, end) <= room:
            return end
        reach = self._reach(start, room)
        half = self._reach(start, room // 2)
        reach_closed = self._reach(start, room - self._reserve(reach))
        return (
            self._best(start, room, half, reach)
            or self._between_ideographs(half, reach_closed)
            or self._before_atom(half, reach_closed)
            or self._best(start, room, start, half)
            or self._before_atom(start + 1, reach_closed)
            or self._hard(start, reach_closed)
        )

    def _best(self, start: int, room: int, after: int, reach: int) -> int | None:
        """The best break behind ``after`` and up to ``reach``, of equals the last one."""
        ranks, places = self._breaks.ranks, self._breaks.places
        fitting = [
            (ranks[number], places[number])
            for number in range(bisect_right(places, after), bisect_right(places, reach))
            if self._used(start, places[number]) <= room
        ]
        return max(fitting)[1] if fitting else None

    def _before_atom(self, first: int, reach: int) -> int | None:
        """The start of what must not be cut at ``reach``, if it is not before ``first``."""
        atom = self._breaks.atom_at(reach)
        return atom.start if atom and atom.start >= first else None

    def _between_ideographs(self, half: int, reach: int) -> int | None:
        """The last place between two characters of a script that is written without spaces."""
        while half < reach:
            match = _BETWEEN_IDEOGRAPHS.search(self._text, half, reach + 1)
            if match is None or match.start() <= half:
                return None
            atom = self._breaks.atom_at(match.start())
            if atom is None:
                return match.start()
            reach = atom.start
        return None

    def _hard(self, start: int, reach: int) -> int:
        """Through a word or address that is too long for one part, but through no character."""
        stop = start
        for cluster in _CLUSTER.finditer(self._text, start, reach + _LONGEST_CLUSTER):
            if cluster.end() > reach:
                break
            stop = cluster.end()
        return stop if stop > start else max(reach, start + 1)

    def _used(self, start: int, stop: int) -> int:
        """Units that the text between takes, with the line that closes a code block after it."""
        return self._units[stop] - self._units[start] + length(self._tail(stop))

    def _reach(self, start: int, room: int) -> int:
        """The furthest place that ``room`` units from ``start`` lead to."""
        if isinstance(self._units, range):
            return min(start + room, len(self._text))
        return bisect_right(self._units, self._units[start] + room) - 1

    def _fence_at(self, place: int) -> Fence | None:
        """The code block that a cut at ``place`` would leave open."""
        number = bisect_right(self._block_starts, place) - 1
        if number < 0:
            return None
        code = self._blocks[number].code
        return self._fences[number] if code.start <= place <= code.stop else None

    def _head(self, start: int) -> str:
        """What has to be said again before the text that begins at ``start``."""
        fence = self._fence_at(start)
        if fence is None:
            return ""
        in_line = fence.margin if self._text[start - 1] != "\n" and ">" in fence.margin else ""
        return f"{self._opening(fence)}\n{in_line}"

    def _tail(self, stop: int) -> str:
        fence = self._fence_at(stop)
        return f"\n{fence.margin}{fence.marker}" if fence else ""

    def _reserve(self, reach: int) -> int:
        """Units to leave free for closing a code block, when a cut is sought before ``reach``."""
        number = bisect_right(self._block_starts, reach) - 1
        if number < 0 or reach >= self._blocks[number].end:
            return 0
        return length(self._tail(self._blocks[number].code.stop))

    def _opening(self, fence: Fence) -> str:
        bare = f"{fence.margin}{fence.marker}"
        opening = f"{bare}{fence.info}"
        return opening if self._is_small(opening, bare) else bare

    def _fits_twice(self, fence: Fence) -> bool:
        bare = f"{fence.margin}{fence.marker}"
        return self._is_small(bare, bare)

    def _is_small(self, opening: str, closing: str) -> bool:
        """Whether these lines around a part leave at least half of it to the text."""
        return length(opening) + length(closing) + 2 <= self._limit // 2

    def _block(self, fence: Fence) -> Block:
        end = len(self._text)
        lines = fence.code_lines
        code = range(min(self._starts[lines.start], end), min(self._starts[lines.stop], end))
        return Block(
            start=self._starts[fence.first],
            code=code,
            end=min(self._starts[fence.last + 1], end),
        )
