"""Where a text that is streamed, and cannot be taken back, goes on in the next message."""

from __future__ import annotations

from dataclasses import dataclass

import regex

from adapters.fences import Fence, find_fences
from adapters.splitting import length

_PLACES = (
    regex.compile(r"\n[ \t]*\n"),
    regex.compile(r"\n"),
    regex.compile(r"(?<=[.!?…])[ \t]|(?<=[。！？])"),
    regex.compile(r"[ \t\u3000]|(?<=[，；、：])"),
)
"""Best first: paragraphs, lines, sentences, words and clauses."""
_CHARACTER = regex.compile(r"\X")

_ROOM_FOR_FENCE = 24
"""Characters that close a code block, with what stands before its marker. One that needs more is
not closed and opened again."""
_LONGEST_OPENING = 60
"""Of the first line of a code block; where it is longer it is repeated without the language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """How a message ends and the next one begins.

    The message gets ``head``; then ``taken`` characters of what was to be added are shown, with the
    white space at the break. The next one begins with ``opening``.
    """

    head: str
    opening: str
    taken: int


def fits(shown: str, more: str, limit: int) -> bool:
    """Whether a message takes ``more`` after what it shows, and can still close a code block."""
    return length(shown) + length(more) + _ROOM_FOR_FENCE <= limit


def cut(shown: str, more: str, limit: int) -> Cut:
    """Where to break ``more``, which does not fit into a message that shows ``shown`` already.

    The best place in the second half of the message is taken. A code block that is open there is
    closed, and opened again in the next message with its language.
    """
    fitting = _beginning(more, max(0, limit - length(shown) - _ROOM_FOR_FENCE))
    at = _best_place(shown, fitting, limit)
    if at is None:
        at = _between_characters(more, len(fitting), limit)
    head = more[:at].rstrip()
    rest = more[at:]
    is_code = _open_fence(shown + head) is not None
    taken = at + (len(rest) - len(rest.lstrip("\n")) if not is_code else 0)
    return Cut(head=head + closing(shown + head), opening=opening(shown + head), taken=taken)


def closing(shown: str) -> str:
    """What ends the code block that ``shown`` leaves open; empty when it leaves none."""
    fence = _open_fence(shown)
    if fence is None:
        return ""
    return f"{'' if shown.endswith(chr(10)) else chr(10)}{fence.margin}{fence.marker}"


def opening(shown: str) -> str:
    """What begins the code block anew that ``shown`` leaves open; empty when it leaves none."""
    fence = _open_fence(shown)
    if fence is None:
        return ""
    bare = f"{fence.margin}{fence.marker}"
    whole = f"{bare}{fence.info}"
    return f"{whole if length(whole) < _LONGEST_OPENING else bare}\n"


def rounded_off(more: str) -> int:
    """How many characters of ``more`` are whole words, so that a message may end behind them."""
    ends = (match.end() for place in _PLACES for match in place.finditer(more))
    return max(ends, default=0)


def _open_fence(text: str) -> Fence | None:
    lines = text.split("\n")
    fences = find_fences(lines)
    if not fences or fences[-1].is_closed or fences[-1].last != len(lines) - 1:
        return None
    fence = fences[-1]
    return fence if length(fence.margin + fence.marker) < _ROOM_FOR_FENCE else None


def _beginning(text: str, units: int) -> str:
    """As much of ``text`` as takes so many UTF-16 units."""
    beginning = text[:units]
    while (over := length(beginning) - units) > 0:
        beginning = beginning[: -((over + 1) // 2)]
    return beginning


def _best_place(shown: str, fitting: str, limit: int) -> int | None:
    """After how many characters to break; None when there is no good place.

    That may be before the first of them, unless the message is still short.
    """
    before = shown[-2:]
    least = max(0, (len(shown) + len(fitting)) // 2 - len(shown), len(shown) < limit // 2)
    for place in _PLACES:
        ends = [match.end() - len(before) for match in place.finditer(before + fitting)]
        found = [end for end in ends if end >= least]
        if found:
            return found[-1]
    return None


def _between_characters(text: str, at: int, limit: int) -> int:
    """The last place up to ``at`` that is within no character, as people see them.

    Through one that is longer than a fourth of ``limit``, and none of any script.
    """
    longest = limit // 4
    ends = [match.end() for match in _CHARACTER.finditer(text, 0, at + longest)]
    fitting = [end for end in ends if end <= at]
    if fitting:
        return fitting[-1]
    return at if ends and ends[0] > longest else 0
