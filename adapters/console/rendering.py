"""A command's answer as lines of text."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from bot.commands.reply import CommandReply, Row, Section

_WIDEST_LABEL = 34
"""Columns. Text after a longer label begins on its own line."""


def rendered(reply: CommandReply) -> str:
    """Title, lines, sections and closing; not the question of a confirmation."""
    blocks = ["\n".join(filter(None, [reply.title, *reply.lines]))]
    blocks += ["\n".join(_section(section)) for section in reply.sections]
    blocks.append("\n".join(reply.closing))
    return "\n".join(filter(None, blocks))


def _section(section: Section) -> Iterator[str]:
    if section.title:
        yield f"{section.title}:"
    width = max(
        (w for row in section.rows if (w := columns(row.label)) <= _WIDEST_LABEL), default=0
    )
    for row in section.rows:
        yield from _row(row, width)


def _row(row: Row, width: int) -> Iterator[str]:
    marks = "".join(f"  [{mark}]" for mark in row.marks)
    first, *others = row.text.splitlines() or [""]
    start = "  "
    if columns(row.label) > width:
        yield f"  {row.label}"
        start = "      "
    elif width:
        start = f"  {row.label}{' ' * (width - columns(row.label) + 2)}"
    yield f"{start}{first}{marks}".rstrip()
    indent = " " * (columns(start) if width else 4)
    yield from (f"{indent}{line}" for line in others)
    yield from (f"{indent}{note}" for note in row.notes)


def columns(text: str) -> int:
    """How many columns of a terminal ``text`` takes: two for a wide character."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
