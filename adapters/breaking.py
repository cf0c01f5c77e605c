"""Where a Markdown text may be cut in two, and how much each place would hurt."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

import regex

from adapters.fences import Fence, container_of

# What must stay in one piece. The bounds keep text far ahead from changing what is found here, and
# the search linear.
_ATOM = regex.compile(
    r"""
    \\[\\`\[]                                                            # opens nothing
    | (?P<atom>
        (?P<ticks>`++) (?: (?!\n[ \t]*\n) (?s:.) ){1,1000}? (?<!`) (?P=ticks) (?!`)
      | !?\[ (?: [^\[\]\\\n] | \\. ){0,500}+ \]
        \( <?[^\s()<>]{0,1400}+ (?: \([^\s()]{0,200}+\) [^\s()<>]{0,200}+ ){0,4}+ >?
        (?: [ ]++ "[^"\n]{0,200}+" )? \)
      | (?: (?:https?|ftp)://? | mailto: ) [^\s<>\[\]`"，。！？；：、（）「」《》【】]++
    )
    """,
    regex.VERBOSE,
)
_CLOSERS = r"[\"'”’)\]）」』》】*_~]"
_IN_LINE = regex.compile(
    rf"""
      (?P<sentence> [。！？]++ {_CLOSERS}*+ [ \t]*+ | (?<=[.!?…]{_CLOSERS}*) [ \t]++ )
    | (?P<clause> [，；、：]++ {_CLOSERS}*+ )
    | (?P<word> [ \t\u3000]++ )
    """,
    regex.VERBOSE,
)
_EXTENDS = regex.compile(r"[\p{GCB=Extend}\p{GCB=ZWJ}\p{GCB=SpacingMark}]")
"""After any of these there may be a boundary, before them there is none (UAX 29, rule GB9)."""

_CLUSTER = regex.compile(r"\X")

_HEADING = regex.compile(r" {0,3}#{1,6}[ \t]")
_ITEM = regex.compile(r"([ \t]*)(?:[-*+]|\d{1,9}[.)])[ \t]")
_STARTERS = regex.compile(r"(?:#{1,6}|-\#)[ \t]+")
_INTRODUCES = (":", "：")


class Break(IntEnum):
    """How good it is to break at a place, from worst to best."""

    WORD = 1
    CLAUSE = 2
    SENTENCE = 3
    IN_ITEM = 4
    CODE_LINE = 5
    CODE_GAP = 6
    NESTED_ITEM = 7
    LINE = 8
    BLOCK = 9
    """Between two paragraphs, or before a heading."""


_IN_LINE_BREAKS = {
    "sentence": Break.SENTENCE,
    "clause": Break.CLAUSE,
    "word": Break.WORD,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A code block by positions in the text: ``code`` is from its first line to its last fence."""

    start: int
    code: range
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaks:
    """Places to break at, in order, with how good each is; and what must not be broken."""

    places: tuple[int, ...]
    ranks: tuple[Break, ...]
    atom_starts: tuple[int, ...]
    atom_ends: tuple[int, ...]

    def atom_at(self, place: int) -> range | None:
        """The link, address or piece of code that a cut at ``place`` would go through."""
        number = bisect_right(self.atom_starts, place) - 1
        if number < 0 or not self.atom_starts[number] < place < self.atom_ends[number]:
            return None
        return range(self.atom_starts[number], self.atom_ends[number])


def find_breaks(
    text: str, starts: Sequence[int], fences: Sequence[Fence], blocks: Sequence[Block], limit: int
) -> Breaks:
    """All places where ``text`` may be broken.

    ``starts`` are the positions of its lines, ``blocks`` the same code blocks as ``fences``. What
    is longer than ``limit`` cannot be kept in one piece.
    """
    atoms = [atom for atom in _atoms(text, blocks) if len(atom) <= limit]
    whole = Breaks(
        places=(),
        ranks=(),
        atom_starts=tuple(atom.start for atom in atoms),
        atom_ends=tuple(atom.stop for atom in atoms),
    )
    found = [
        (place, rank)
        for place, rank in _candidates(text, starts, fences, limit)
        if whole.atom_at(place) is None and not _EXTENDS.match(text, place)
    ]
    return Breaks(
        places=tuple(place for place, _ in found),
        ranks=tuple(rank for _, rank in found),
        atom_starts=whole.atom_starts,
        atom_ends=whole.atom_ends,
    )


def _atoms(text: str, blocks: Sequence[Block]) -> Iterator[range]:
    """In order. A fence line and the code next to it belong together: no block is left empty."""
    end = 0
    for block in blocks:
        yield from _atoms_in_line(text, end, block.start)
        code = text[block.code.start : block.code.stop]
        first = block.code.start + len(code) - len(code.lstrip())
        last_line = code.rstrip().rpartition("\n")[2]
        last_character = (_CLUSTER.findall(last_line) or [""])[-1]
        last = block.code.start + len(code.rstrip()) - len(last_character)
        if last <= first:
            yield range(block.start, block.end)
        else:
            yield range(block.start, first + 1)
            yield range(last, block.end)
        end = block.end
    yield from _atoms_in_line(text, end, len(text))


def _atoms_in_line(text: str, start: int, end: int) -> Iterator[range]:
    for match in _ATOM.finditer(text, start, end):
        if match["atom"]:
            yield range(match.start(), match.end())


def _candidates(
    text: str, starts: Sequence[int], fences: Sequence[Fence], limit: int
) -> Iterator[tuple[int, Break]]:
    lines = text.split("\n")
    code = {number for fence in fences for number in fence.code_lines}
    openings = {fence.first for fence in fences}
    before = ""
    """The last line that is not blank."""
    for number, line in enumerate(lines):
        start = starts[number]
        if line.strip() and number:
            gap = not lines[number - 1].strip()
            if number in code:
                yield start, Break.CODE_GAP if gap else Break.CODE_LINE
            else:
                yield start, _rank(line, before, gap=gap or number in openings)
        if number in code and len(line) > limit // 2:
            for match in _IN_LINE.finditer(text, start, start + len(line)):
                yield match.end(), Break.WORD
        elif number not in code:
            yield from _in_line(text, start, line)
        before = line if line.strip() else before


def _rank(line: str, before: str, *, gap: bool) -> Break:
    """What a break before ``line`` is worth; ``before`` is the last line above with text."""
    if _HEADING.match(before) or before.rstrip().endswith(_INTRODUCES):
        return Break.CLAUSE  # what announces something stays with it
    if _HEADING.match(line):
        return Break.BLOCK
    item = _ITEM.match(line)
    if item:
        return Break.NESTED_ITEM if item[1] else Break.BLOCK if gap else Break.LINE
    if line[:1] in (" ", "\t"):
        return Break.IN_ITEM
    return Break.BLOCK if gap else Break.LINE


def _in_line(text: str, start: int, line: str) -> Iterator[tuple[int, Break]]:
    """Breaks within a line, none of them next to the bullet or number that it begins with."""
    first = len(container_of(line))
    starter = _STARTERS.match(line, first)
    words = start + (starter.end() if starter else first)
    for match in _IN_LINE.finditer(text, words, start + len(line)):
        if words < match.end() < start + len(line):
            yield match.end(), _IN_LINE_BREAKS[match.lastgroup or "word"]
