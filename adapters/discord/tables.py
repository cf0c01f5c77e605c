"""Tables for Discord, which has none: aligned in a code block, or as a list if too wide."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import regex
from markdown_it.token import Token

WIDEST = 60
"""Columns of a table in a code block; a wider one would wrap and be hard to read."""

_GAP = "  "
_LINE_BREAK = regex.compile(r"(?:(?<![ \t])[ \t]++)?<br[ \t]*/?>[ \t]*", regex.IGNORECASE)
_LINK = regex.compile(r"!?\[[^\[\]]*\]\([^()\s]+\)|https?://")
_MARKUP = regex.compile(
    r"(?<!`)(?P<ticks>`++) ?(?P<code>.+?) ?(?P=ticks)(?!`)"
    r"|(?P<mark>\*\*|__|~~|(?<!\w)_(?=\S)|\*(?=\S))(?P<marked>[^*_~`]+)(?P=mark)"
    r"|\\(?P<escaped>[|*_`\\])"
)


@dataclass(slots=True, kw_only=True)
class Table:
    """One table, in the text's lines from number ``first`` to before ``last``, from 0.

    The first of its own ``lines`` is the header; all have equally many cells. ``alignments`` are
    style attributes, empty where the table says nothing.
    """

    first: int
    last: int
    alignments: list[str] = field(default_factory=list)
    lines: list[list[str]] = field(default_factory=list)


def find_tables(tokens: Sequence[Token]) -> list[Table]:
    """The tables among the block tokens of a text."""
    tables: list[Table] = []
    is_inside = False
    for token in tokens:
        if token.type == "table_open" and token.map:
            tables.append(Table(first=token.map[0], last=token.map[1]))
            is_inside = True
        elif token.type == "table_close":
            is_inside = False
        elif token.type == "tr_open":
            tables[-1].lines.append([])
        elif token.type == "th_open":
            tables[-1].alignments.append(str(token.attrGet("style") or ""))
        elif token.type == "inline" and is_inside:
            tables[-1].lines[-1].append(_LINE_BREAK.sub("; ", token.content.strip()))
    return tables


def in_columns(table: Table) -> list[str]:
    """The lines of ``table`` as code; none if it is too wide, or has links that must work."""
    if any(_LINK.search(cell) for line in table.lines for cell in line):
        return []
    plain = [[_plain(cell) for cell in line] for line in table.lines]
    widths = [max(map(_columns, column)) for column in zip(*plain, strict=True)]
    if sum(widths) + len(_GAP) * (len(widths) - 1) > WIDEST:
        return []
    lines = [_aligned(line, widths, table.alignments) for line in plain]
    rule = _GAP.join("-" * width for width in widths)
    return [lines[0], rule, *lines[1:]]


def as_list(table: Table) -> Iterator[str]:
    """One item for each row, with its further cells below the first."""
    header, *rows = table.lines
    for row in rows:
        bullet = "- "
        for name, cell in zip(header, row, strict=True):
            if cell:
                title = name.replace("**", "").strip()
                yield f"{bullet}**{title}**: {cell}" if title else f"{bullet}{cell}"
                bullet = "  - "


def _plain(cell: str) -> str:
    """``cell`` without markup, which a code block would show as it is."""
    text = cell
    for _ in range(2):  # bold around code, italics in bold
        text = _MARKUP.sub(lambda m: m["code"] or m["marked"] or m["escaped"], text)
    return text


def _aligned(row: Sequence[str], widths: Sequence[int], alignments: Sequence[str]) -> str:
    padded = []
    for cell, width, alignment in zip(row, widths, alignments, strict=True):
        room = width - _columns(cell)
        before = room if "right" in alignment else room // 2 if "center" in alignment else 0
        padded.append(f"{' ' * before}{cell}{' ' * (room - before)}")
    return _GAP.join(padded).rstrip()


def _columns(text: str) -> int:
    """Columns in a font of fixed width: wide characters take two, combining ones none."""
    return sum(
        0
        if unicodedata.combining(character) or unicodedata.category(character) in ("Cf", "Me", "Mn")
        else 2
        if unicodedata.east_asian_width(character) in "WF"
        else 1
        for character in text
    )
