"""A command's answer as messages of blocks that Slack takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from adapters.slack.markdown import escaped
from adapters.slack.rich_text import (
    CHANNEL_ID,
    Block,
    Line,
    Run,
    block_of,
    cut,
    size_of,
    words_of,
)
from adapters.splitting import length
from bot.commands.reply import CommandReply, Row
from bot.domain.text import shorten

PART_SIZE = 9_000
"""Of one message: its characters, and :data:`RUN_SIZE` for each piece of one look. Slack refuses
something over 12,000 characters, and counts what the blocks are made of as well, without saying
how (https://github.com/slackapi/bolt-js/issues/2867)."""
RUN_SIZE = 25
BLOCK_CHARACTERS = 3_000
"""In one block, as Slack has it for sections."""
BLOCKS = 40
"""In one message. Slack takes 50; the rest is room for buttons and a remark."""
FALLBACK_CHARACTERS = 150
"""What is shown where blocks are not: in notifications."""
TITLE_CHARACTERS = 150
"""Of a header (https://docs.slack.dev/reference/block-kit/blocks/header-block)."""

_NOTHING = "✓"
"""Stands for an answer without words: Slack takes no empty message."""
_INDENT = "\u2003"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One message: its blocks, and the words for where no blocks are shown."""

    blocks: tuple[Block, ...]
    text: str

    def with_blocks(self, *blocks: Block) -> Part:
        """The same with more under it."""
        return replace(self, blocks=(*self.blocks, *blocks))


@dataclass(slots=True)
class _Sheet:
    """A message that is being filled."""

    blocks: list[Block] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    size: int = 0
    block_size: int = 0

    def takes(self, line: Line) -> bool:
        """Whether there is room for it."""
        if not self.words:
            return True
        return len(self.blocks) < BLOCKS - 1 and self.size + _cost(line) <= PART_SIZE

    def head(self, title: str) -> None:
        """Begin with a title."""
        self.blocks.append(
            {"type": "header", "text": {"type": "plain_text", "text": title, "emoji": False}}
        )
        self.words.append(title)
        self.size += length(title)

    def add(self, line: Line) -> None:
        """Write one more line."""
        if self.lines and self.block_size + size_of(line) > BLOCK_CHARACTERS:
            self.close()
        self.lines.append(line)
        self.words.append(words_of(line))
        self.size += _cost(line)
        self.block_size += size_of(line)

    def close(self) -> None:
        """Begin another block, if anything stands in this one."""
        if self.lines:
            self.blocks.append(block_of(self.lines))
        self.lines, self.block_size = [], 0

    def part(self) -> Part:
        """What was filled in."""
        self.close()
        return Part(blocks=tuple(self.blocks), text=_fallback(self.words[:3]))


def parts_of(reply: CommandReply) -> list[Part]:
    """All that a reply says, its question included, in as many messages as it needs; at least one.

    Words of people stand in it as they are: see :mod:`adapters.slack.rich_text`.
    """
    sheets = [_Sheet()]
    title = _one_line(reply.title)
    has_header = bool(title) and length(title) <= TITLE_CHARACTERS
    if has_header:
        sheets[0].head(title)
    for line in _lines(reply, None if has_header else title):
        if not line:
            sheets[-1].close()
            continue
        for piece in cut(line, BLOCK_CHARACTERS):
            if not words_of(piece).strip():  # Slack takes no block without words
                continue
            if not sheets[-1].takes(piece):
                sheets.append(_Sheet())
            sheets[-1].add(piece)
    if not sheets[0].words:
        sheets[0].add((Run(text=_NOTHING),))
    return [sheet.part() for sheet in sheets]


def remark(text: str) -> Block:
    """A remark of Ellie's own under an answer, in small print."""
    return {"type": "context", "elements": [{"type": "plain_text", "text": text, "emoji": False}]}


def line_part(text: str) -> Part:
    """One sentence of Ellie's own as a message."""
    shown = text if text.strip() else _NOTHING
    return Part(blocks=(block_of([(Run(text=shown),)]),), text=_fallback([shown]))


def _lines(reply: CommandReply, title: str | None) -> Iterator[Line]:
    """Line by line; an empty one where there is a gap."""
    if title:
        yield (Run(text=title, bold=True),)
    yield from _plain(reply.lines)
    for section in reply.sections:
        yield ()
        if section.title:
            yield (Run(text=_one_line(section.title), bold=True),)
        for row in section.rows:
            yield from _row(row)
    if reply.closing:
        yield ()
        yield from _plain(reply.closing)
    if reply.confirmation:
        yield ()
        yield (Run(text=_one_line(reply.confirmation.question), bold=True),)


def _plain(texts: Sequence[str]) -> Iterator[Line]:
    for text in texts:
        for line in text.splitlines():
            if line.strip():
                yield (Run(text=line),)


def _row(row: Row) -> Iterator[Line]:
    first, *others = row.text.splitlines() or [""]
    lines: list[Line] = [(*_label(row), Run(text=first))]
    lines += [(Run(text=line),) for line in others if line.strip()]
    marks = tuple(Run(text=f" · {_one_line(mark)}", italic=True) for mark in row.marks)
    lines[-1] = (*lines[-1], *marks)
    yield from lines
    for note in row.notes:
        yield (Run(text=f"{_INDENT}{_one_line(note)}", italic=True),)


def _label(row: Row) -> Line:
    # Ids are stored words: only what cannot be anything but an id becomes a link.
    if row.names_channel and CHANNEL_ID.fullmatch(row.label):
        return (Run(text=row.label, is_channel=True), Run(text=" "))
    return (Run(text=f"{_one_line(row.label)} ", bold=True),) if row.label else ()


def _cost(line: Line) -> int:
    return size_of(line) + RUN_SIZE * len(line)


def _fallback(lines: Sequence[str]) -> str:
    return escaped(shorten(" ".join(lines), FALLBACK_CHARACTERS)) or _NOTHING


def _one_line(text: str) -> str:
    return " ".join(text.split())
