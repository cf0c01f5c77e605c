"""Slack's markup of mentions and links, found in raw text.

See https://docs.slack.dev/messaging/formatting-message-text: what stands between ``<`` and ``>``
is markup, and what people typed of these two signs and of ``&`` comes as ``&lt;``, ``&gt;`` and
``&amp;``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

MAX_MARKUP = 4_000
"""Characters. The longest links are shorter."""

_PIECES = re.compile(
    r"(?P<code>```.*?```|`[^`\n]+`)"  # people mention nobody in code
    rf"|<(?P<markup>[^<>\n]{{1,{MAX_MARKUP}}})>",
    re.DOTALL,
)
_USER = re.compile(r"@(?P<id>[UW][A-Z0-9]{1,24})(?:\|(?P<label>.*))?", re.ASCII)
_CHANNEL = re.compile(r"#(?P<id>[CDG][A-Z0-9]{1,24})(?:\|(?P<label>.*))?", re.ASCII)
_GROUP = re.compile(r"!subteam\^S[A-Z0-9]{1,24}(?=\||$)", re.ASCII)
_ENTITY = re.compile(r"&(amp|lt|gt);")
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">"}


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text: ``kind`` is ``text``, ``code`` or ``markup`` (without its brackets)."""

    kind: str
    raw: str


@dataclass(frozen=True, slots=True)
class Mentions:
    """Whom a text calls. ``is_loud``: a whole channel or group; ``channels`` are only named."""

    users: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    is_loud: bool = False


def pieces_of(raw: str) -> Iterator[Piece]:
    """The text in parts, one after the other."""
    end = 0
    for found in _PIECES.finditer(raw):
        if found.start() > end:
            yield Piece("text", raw[end : found.start()])
        if found["code"] is not None:
            yield Piece("code", found["code"])
        else:
            yield Piece("markup", found["markup"])
        end = found.end()
    if end < len(raw):
        yield Piece("text", raw[end:])


def mentions_in(raw: str) -> Mentions:
    """Whom a raw text calls, and which channels it names."""
    users, channels, is_loud = set(), set(), False
    for piece in pieces_of(raw):
        if piece.kind != "markup":
            continue
        if user := user_in(piece.raw):
            users.add(user[0])
        elif channel := channel_in(piece.raw):
            channels.add(channel[0])
        elif piece.raw.startswith("!") and not piece.raw.startswith("!date^"):
            is_loud = True
    return Mentions(frozenset(users), frozenset(channels), is_loud)


def user_in(markup: str) -> tuple[str, str] | None:
    """Id and label of the user that is mentioned; the label is mostly empty."""
    return _id_and_label(_USER.fullmatch(markup))


def without_names(markup: str) -> str | None:
    """A mention of a person, a channel or a group by its id alone; None for anything else."""
    if user := user_in(markup):
        return f"<@{user[0]}>"
    if channel := channel_in(markup):
        return f"<#{channel[0]}>"
    group = _GROUP.match(markup)
    return None if group is None else f"<{group[0]}>"


def is_user_id(word: str) -> bool:
    """Whether a word has the form of a user's id."""
    return user_in(f"@{word}") is not None and "|" not in word


def channel_in(markup: str) -> tuple[str, str] | None:
    """Id and label of the channel that is named; the label may be empty."""
    return _id_and_label(_CHANNEL.fullmatch(markup))


def unescaped(raw: str) -> str:
    """What people typed: the three signs as they are. What looks like an entity then stays."""
    return _ENTITY.sub(lambda found: _ENTITIES[found[1]], raw)


def _id_and_label(found: re.Match[str] | None) -> tuple[str, str] | None:
    return None if found is None else (found["id"], found["label"] or "")
