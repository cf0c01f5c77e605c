"""Where code blocks begin and end, told line by line: what follows changes nothing above."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import regex

_CONTAINER = r"(?:[ \t]*(?:>|(?:[-*+]|\d{1,9}[.)])(?=[ \t]))){0,20}+[ \t]*+"
_OPENING = regex.compile(rf"({_CONTAINER})(`{{3,}}(?=[^`]*$)|~{{3,}})[ \t]*(.*?)[ \t]*")
_BEGINNING = regex.compile(_CONTAINER)
_QUOTE = regex.compile(r"(?:[ \t]*>)+")
_MARKER = regex.compile(r"[^ \t>]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """One code block. ``first`` and ``last`` are its lines with both fence lines, from 0.

    ``before`` stands before the opening marker: indentation, ``>`` of a quote, the bullet of a list
    item. ``is_closed`` is false when the text or the quote ends before the block does.
    """

    first: int
    last: int
    before: str
    marker: str
    info: str
    is_closed: bool

    @property
    def margin(self) -> str:
        """What stands before the further lines: a bullet is not repeated."""
        return margin_of(self.before)

    @property
    def code_lines(self) -> range:
        """The lines between the two fence lines."""
        return range(self.first + 1, self.last + (not self.is_closed))

    def code(self, lines: Sequence[str]) -> list[str]:
        """What the block says, without the margin of the quote or list item it stands in."""
        return [_without(self.margin, lines[number]) for number in self.code_lines]


def container_of(line: str) -> str:
    """The indentation, quote marks and bullets that ``line`` begins with."""
    beginning = _BEGINNING.match(line)
    return beginning[0] if beginning else ""


def margin_of(before: str) -> str:
    """What the lines after one that begins with ``before`` begin with: bullets become spaces."""
    return _MARKER.sub(" ", before)


def find_fences(lines: Sequence[str]) -> list[Fence]:
    """The code blocks of a text, in order.

    After CommonMark 0.31, section 4.5, with one difference: any indentation will do, since chat
    platforms have no code by indentation, and models indent fences freely inside lists.
    """
    fences = []
    number = 0
    while number < len(lines):
        opening = _OPENING.fullmatch(lines[number])
        if opening is None:
            number += 1
            continue
        before, marker, info = opening.groups()
        last, is_closed = _end(lines, number, before, marker)
        fences.append(
            Fence(
                first=number,
                last=last,
                before=before,
                marker=marker,
                info=info,
                is_closed=is_closed,
            )
        )
        number = last + 1
    return fences


def _end(lines: Sequence[str], first: int, before: str, marker: str) -> tuple[int, bool]:
    closing = regex.compile(rf"[ \t>]*{marker[0]}{{{len(marker)},}}[ \t]*")
    for number in range(first + 1, len(lines)):
        if ">" in before and not _QUOTE.match(lines[number]):
            return number - 1, False
        if closing.fullmatch(lines[number]):
            return number, True
    return len(lines) - 1, False


def _without(margin: str, line: str) -> str:
    rest = line
    for mark in margin:
        if mark == ">":
            stripped = rest.lstrip(" \t")
            rest = stripped.removeprefix(">") if stripped.startswith(">") else rest
        elif rest[:1] in (" ", "\t") and rest:
            rest = rest[1:]
    return rest
