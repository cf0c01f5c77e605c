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
    regex.compile(r"\X"),
)
"""Best first: paragraphs, lines, sentences, words and clauses, between any two characters."""

_ROOM_FOR_FENCE = 24
"""Characters that close a code block, with what stands before its marker."""


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

    The best place in the second half of what fits is taken. A code block that is open there is
    closed, and opened again in the next message with its language.
    """
    fitting = _beginning(more, max(0, limit - length(shown) - _ROOM_FOR_FENCE))
    at = _best_place(fitting)
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
    return "" if fence is None else f"{fence.margin}{fence.marker}{fence.info}\n"


def _open_fence(text: str) -> Fence | None:
    lines = text.split("\n")
    fences = find_fences(lines)
    if fences and not fences[-1].is_closed and fences[-1].last == len(lines) - 1:
        return fences[-1]
    return None


def _beginning(text: str, units: int) -> str:
    """As much of ``text`` as takes so many UTF-16 units."""
    beginning = text[:units]
    while (over := length(beginning) - units) > 0:
        beginning = beginning[: -((over + 1) // 2)]
    return beginning


def _best_place(text: str) -> int:
    """After how many characters to break."""
    for place in _PLACES:
        found = [match.end() for match in place.finditer(text, len(text) // 2)]
        if found:
            # A character of several code points at the very end may go on behind it.
            is_last_resort = place is _PLACES[-1] and len(found) > 1
            return found[-2] if is_last_resort else found[-1]
    return len(text)
