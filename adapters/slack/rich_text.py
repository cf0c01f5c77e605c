"""Lines of rich text: words that are shown as exactly what they are.

In a rich text block nothing is markup. What somebody said, or what is stored, can therefore not
format, link or ping, and is shown without a sign that was changed to prevent it
(https://docs.slack.dev/reference/block-kit/blocks/rich-text-block). Slack's older ``mrkdwn`` has
no such guarantee: it knows no way to write a star that is nothing but a star.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import regex

from adapters.line_cutting import cut_line
from adapters.splitting import length

Block = dict[str, Any]

CHANNEL_ID = regex.compile(r"[CGD][A-Z0-9]{2,20}")
"""What can be nothing but the id of a channel."""

_CLUSTERS = regex.compile(r"\X")
_LONGEST_CLUSTER = 200
"""Characters. One letter with thousands of accents is cut all the same."""
_BREAKS = regex.compile(r"\s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Words of one look. With ``is_channel`` the text is a channel's id, shown as a link to it."""

    text: str
    bold: bool = False
    italic: bool = False
    is_channel: bool = False

    def element(self) -> Block:
        """The run as an element of Slack's."""
        if self.is_channel:
            return {"type": "channel", "channel_id": self.text}
        element: Block = {"type": "text", "text": self.text}
        style = {name: True for name in ("bold", "italic") if getattr(self, name)}
        return {**element, "style": style} if style else element


Line = tuple[Run, ...]


def block_of(lines: Sequence[Line]) -> Block:
    """Lines as one block, one under the other."""
    runs = itertools.chain(*([*line, Run(text="\n")] for line in lines))
    elements = [run.element() for run in _joined(runs)]
    if elements:
        last = elements[-1]
        last["text"] = str(last["text"]).removesuffix("\n")
        if not last["text"]:
            elements.pop()
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": elements}],
    }


def size_of(line: Line) -> int:
    """How long a line is, as Slack's clients count."""
    return sum(length(run.text) for run in line) + 1


def words_of(line: Line) -> str:
    """A line without its looks."""
    return "".join(run.text for run in line)


def cut(line: Line, limit: int) -> Iterator[Line]:
    """A line in pieces of at most ``limit``, at a blank where there is one."""
    taken: list[Run] = []
    size = 1
    for run in line:
        for text in (
            [run.text]
            if run.is_channel
            else cut_line(run.text, limit - 1, longest=_LONGEST_CLUSTER)
        ):
            added = length(text)
            if taken and size + added > limit:
                yield tuple(taken)
                taken, size = [], 1
            taken.append(replace(run, text=text))
            size += added
    if taken:
        yield tuple(taken)


def _joined(runs: Iterator[Run]) -> Iterator[Run]:
    """Neighbours of one look as one run: every element counts against the size of a message."""
    current: Run | None = None
    for run in runs:
        if not run.text:
            continue
        if current is None:
            current = run
        elif not (current.is_channel or run.is_channel) and (
            replace(current, text=run.text) == run or run.text.isspace()
        ):
            current = replace(current, text=current.text + run.text)
        else:
            yield current
            current = run
    if current is not None:
        yield current
