"""What is said on Slack, in words: markup that only Slack can read becomes readable."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from adapters.calling import HER, without_calls
from adapters.names import mention, one_line
from adapters.slack.attached import Forwarded, SlackFile
from adapters.slack.events import SlackMessage
from adapters.slack.markup import channel_in, pieces_of, unescaped, user_in, without_names
from adapters.slack.people import NOBODY
from adapters.slack.workspace import Workspace
from bot.domain.text import clean_text, shorten

EMBEDDED_CHARACTERS = 300

_ALARMS = frozenset({"channel", "everyone", "here"})
_ADDRESS = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]{0,30}):")
_BARE_SCHEMES = frozenset({"mailto", "tel"})
_LINK_IN_CODE = re.compile(
    r"<(?P<url>[A-Za-z][A-Za-z0-9+.-]{0,30}:[^<>|\n]*)(?:\|(?P<label>[^<>\n]*))?>"
)
_DATE = re.compile(r"!date\^(?P<seconds>\d{1,11})\^", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What the ids in a text stand for, as far as it is known; channels are open ones only."""

    people: Mapping[str, str] = field(default_factory=dict)
    channels: Mapping[str, str] = field(default_factory=dict)


NOTHING_NAMED = Named()


def spoken(
    message: SlackMessage,
    workspace: Workspace,
    named: Named = NOTHING_NAMED,
    *,
    by_id: bool = False,
) -> str:
    """What somebody said, in words.

    Ellie's own mention is dropped where it only calls her, and is her name inside a sentence. A
    forwarded message is not said by whoever forwards it: only that there is one is told here (see
    :mod:`adapters.slack.surroundings`). ``by_id``: mentions of others stay as they are, for a
    command that has to know whom or what it names.
    """
    said = readable(message.text, workspace, named, by_id=by_id)
    brought = ["[forwarded message]" for shared in message.forwarded if shared.is_share]
    return clean_text("\n".join(filter(None, [said, *brought])))


def forwarded(shared: Forwarded, workspace: Workspace, named: Named = NOTHING_NAMED) -> str:
    """The words of a message that was forwarded, or what there was instead of words."""
    return clean_text(readable(shared.text, workspace, named) or _attached(shared.files))


def quoted(message: SlackMessage, workspace: Workspace, named: Named = NOTHING_NAMED) -> str:
    """A message as it is told to somebody else: its words and what else there is to see in it."""
    parts = [
        spoken(message, workspace, named),
        "" if message.text.strip() else _embedded(message.embedded, workspace, named),
        _attached(message.files),
        *(forwarded(shared, workspace, named) for shared in message.forwarded),
    ]
    return clean_text("\n".join(filter(None, parts)))


def readable(
    raw: str, workspace: Workspace, named: Named = NOTHING_NAMED, *, by_id: bool = False
) -> str:
    """Raw text of Slack's in words."""
    words = []
    for piece in pieces_of(raw.replace(HER, "")):
        if piece.kind == "text":
            words.append(unescaped(piece.raw))
        elif piece.kind == "code":
            words.append(_code(piece.raw))
        else:
            kept = without_names(piece.raw) if by_id else None
            if kept is None or kept == f"<@{workspace.bot_user_id}>":
                kept = _word(piece.raw, workspace, named)
            words.append(kept)
    return without_calls("".join(words), workspace.bot_name)


def _word(markup: str, workspace: Workspace, named: Named) -> str:
    user = user_in(markup)
    if user is not None:
        user_id, label = user
        if user_id == workspace.bot_user_id:
            return HER
        return mention("@", named.people.get(user_id) or unescaped(label), otherwise=NOBODY)
    channel = channel_in(markup)
    if channel is not None:
        channel_id, label = channel
        name = named.channels.get(channel_id) or unescaped(label)
        return mention("#", name, otherwise="channel")
    if markup.startswith("!"):
        return _special(markup)
    return _link(markup)


def _special(markup: str) -> str:
    """Calls of many people, dates, and what Slack may think of later."""
    command, _, label = markup.partition("|")
    kind, _, _ = command[1:].partition("^")
    label = unescaped(label)
    if kind in _ALARMS:
        return kind
    if kind == "subteam":
        return mention("@", label, otherwise="group")
    if kind == "date":
        return label or _moment(markup) or "some time"
    return label or kind


def _link(markup: str) -> str:
    url, _, label = markup.partition("|")
    found = _ADDRESS.match(url)
    if found is None:
        return unescaped(f"<{markup}>")
    url, label = unescaped(url), unescaped(label).strip()
    address = url[found.end() :] if found["scheme"].lower() in _BARE_SCHEMES else url
    # Slack completes the address of whoever typed only a part of it.
    if not label or label == address:
        return address
    is_the_same = label.rstrip("/") == address.removeprefix(f"{found[0]}//").rstrip("/")
    return label if is_the_same else f"{label} ({address})"


def _code(raw: str) -> str:
    """Code as it was typed: Slack makes links in it too, but people mention nobody there."""
    return unescaped(_LINK_IN_CODE.sub(lambda found: found["label"] or found["url"], raw))


def _moment(markup: str) -> str:
    found = _DATE.match(markup)
    if found is None:
        return ""
    return f"{datetime.fromtimestamp(int(found['seconds']), UTC):%Y-%m-%d %H:%M} UTC"


def _embedded(embedded: Iterable[str], workspace: Workspace, named: Named) -> str:
    words = (readable(text, workspace, named) for text in embedded)
    return "\n".join(f"[embed: {shorten(text, EMBEDDED_CHARACTERS)}]" for text in words if text)


def _attached(files: Iterable[SlackFile]) -> str:
    return "\n".join(f"[file: {one_line(file.name) or 'file'}]" for file in files)
