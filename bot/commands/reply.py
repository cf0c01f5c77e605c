"""What a command answers: a document that every platform can render in its own way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum


class ReplyKind(StrEnum):
    """What sort of answer it is, so that an adapter can give it the right tone."""

    ANSWER = "answer"
    """What was asked for."""
    DONE = "done"
    """Something changed; this confirms it."""
    QUESTION = "question"
    """Nothing changed yet: the confirmation has to be answered."""
    REFUSED = "refused"
    """Nothing changed, and the lines say what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One entry of a list: a short id such as ``#12``, text, and what there is to say about it.

    With ``names_channel`` the label is the id of a channel, as its platform names it. Where a
    channel can be linked to, the link is shown in its place.
    """

    text: str
    label: str = ""
    names_channel: bool = False
    marks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Rows under a heading."""

    rows: tuple[Row, ...]
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyFile:
    """A file for the person."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """A question to answer with yes or no, once; ``answer`` goes on from there.

    Words that mean yes on any platform are in :data:`YES`.
    """

    question: str
    answer: Callable[[bool], Awaitable[CommandReply]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandReply:
    """The answer to a command, in this order: title, lines, sections, closing.

    ``private`` answers are for the person's eyes alone, wherever they asked. ``page`` of ``pages``
    counts from 1. ``more``, if set, takes a while and then has the same answer in a fuller form,
    to be shown in place of this one or after it. With ``erased`` the adapter drops its own copies
    of what the person wrote, such as the history of an input line.
    """

    kind: ReplyKind = ReplyKind.ANSWER
    title: str = ""
    lines: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()
    closing: tuple[str, ...] = ()
    files: tuple[ReplyFile, ...] = ()
    confirmation: Confirmation | None = None
    private: bool = True
    page: int = 1
    pages: int = 1
    more: Callable[[], Awaitable[CommandReply]] | None = None
    erased: bool = False


YES = frozenset({"y", "yes", "是", "是的", "好", "好的", "确定", "确认", "对"})
"""Answers that mean yes, in small letters. Anything else means no."""
