"""A command's answer as texts that fit Discord's messages, and those as messages to show.

They are messages of components: unlike embeds they are shown to people who switched previews off,
they need no permission in a channel, and hold twice as much as plain text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import discord
import regex
from discord import ui

from adapters.discord.escaping import literal, literal_line
from adapters.line_cutting import cut_line
from adapters.splitting import length
from bot.commands.reply import CommandReply, ReplyKind, Row

PART_UNITS = 3_800
"""UTF-16 units in one message. Discord takes 4,000 characters in all its texts together
(docs.discord.com, components, text display); it does not say how it counts, and this is the
strictest way. The rest is room for a remark."""

COLOURS = {
    ReplyKind.ANSWER: discord.Colour(0x5865F2),
    ReplyKind.DONE: discord.Colour(0x2D9D5C),
    ReplyKind.QUESTION: discord.Colour(0xE0A030),
    ReplyKind.REFUSED: discord.Colour(0xC0453B),
}

_SUBTEXT = "-# "
# A backslash stays with what it escapes, and an emoji is never cut in halves.
_PIECES = regex.compile(r"\\?\X")
_BREAKS = regex.compile(r"\s")


def parts_of(reply: CommandReply, limit: int = PART_UNITS) -> list[str]:
    """All that a reply says, its question included, as texts of at most ``limit`` units."""
    parts: list[str] = []
    part: list[str] = []
    size = 0
    for line in _cut_lines(_lines(reply), limit):
        added = length(line) + 1
        if part and size + added > limit:
            parts.append("\n".join(part).strip("\n"))
            part, size = [], 0
        if part or line:  # a part does not begin with an empty line
            part.append(line)
            size += added
    parts.append("\n".join(part).strip("\n"))
    return [text for text in parts if text]


def container(
    text: str, kind: ReplyKind, buttons: Sequence[ui.Button[Any]] = ()
) -> ui.Container[Any]:
    """A text in the colour of its kind, with buttons under it."""
    box: ui.Container[Any] = ui.Container(ui.TextDisplay(text), accent_colour=COLOURS[kind])
    if buttons:
        box.add_item(ui.ActionRow(*buttons))
    return box


def still(text: str, kind: ReplyKind) -> ui.LayoutView:
    """A message without buttons."""
    return ui.LayoutView(timeout=None).add_item(container(text, kind))


def _lines(reply: CommandReply) -> Iterator[str]:
    if reply.title:
        yield f"### {literal_line(reply.title)}"
    for line in reply.lines:
        yield from literal(line).split("\n")
    for section in reply.sections:
        yield ""
        if section.title:
            yield f"**{literal_line(section.title)}**"
        for row in section.rows:
            yield from _row(row)
    if reply.closing:
        yield ""
        for line in reply.closing:
            yield from literal(line).split("\n")
    if reply.confirmation:
        yield ""
        yield f"**{literal_line(reply.confirmation.question)}**"


def _row(row: Row) -> Iterator[str]:
    marks = "".join(f" · *{literal_line(mark)}*" for mark in row.marks)
    first, *others = literal(row.text).split("\n")
    lines = [f"{_label(row)}{first}", *others]
    lines[-1] += marks
    yield from lines
    for note in row.notes:
        yield f"{_SUBTEXT}{literal_line(note)}"


def _label(row: Row) -> str:
    # Ids are stored words: only what cannot be anything but an id becomes a link.
    if row.names_channel and row.label.isascii() and row.label.isdecimal():
        return f"<#{row.label}> "
    return f"**{literal_line(row.label)}** " if row.label else ""


def _cut_lines(lines: Iterator[str], limit: int) -> Iterator[str]:
    for line in lines:
        if length(line) <= limit:
            yield line
            continue
        prefix = _SUBTEXT if line.startswith(_SUBTEXT) else ""
        pieces = cut_line(line.removeprefix(prefix), limit - len(prefix), clusters=_PIECES)
        for piece in pieces:
            yield prefix + piece
