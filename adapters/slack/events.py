"""Slack's payloads about messages, as values. Nothing is asked here.

See https://docs.slack.dev/reference/events/message for the shapes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from adapters.slack.attached import (
    Forwarded,
    SlackFile,
    embedded_in,
    files_in,
    forwarded_in,
)
from adapters.slack.payloads import mapping_of, mappings_of, text_of

SLACKBOT = "USLACKBOT"
"""Slack's own voice: no person, and no app's bot either."""

_SAID = frozenset({"", "file_share", "me_message", "thread_broadcast"})
"""Subtypes of what people say. Everything else is a notice of Slack's, or said by a program."""
_BY_PROGRAMS = frozenset({"assistant_app_thread", "bot_message"})
_TIME = re.compile(r"(?P<seconds>\d{1,11})\.(?P<fraction>\d{1,6})", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackMessage:
    """A message. ``text`` is raw mrkdwn; ids and names that Slack did not tell are empty.

    ``team_id`` is the workspace that the event was sent to, and ``user_team_id`` where the author
    comes from. ``user_name`` is told of programs, and of people from other organisations only.
    ``embedded`` is raw too: what programs show beside words, and previews of links. ``is_hidden``
    marks what Slack's own clients do not show.
    """

    team_id: str
    channel_id: str
    ts: str
    thread_ts: str | None = None
    parent_user_id: str = ""
    user_id: str = ""
    user_team_id: str = ""
    user_name: str = ""
    text: str = ""
    channel_type: str = ""
    subtype: str = ""
    bot_id: str = ""
    app_id: str = ""
    files: tuple[SlackFile, ...] = ()
    forwarded: tuple[Forwarded, ...] = ()
    embedded: tuple[str, ...] = ()
    is_ext_shared: bool = False
    edited_ts: str | None = None
    is_hidden: bool = False

    @property
    def root_ts(self) -> str:
        """The message that its thread stands under; itself where it may begin one."""
        return self.thread_ts or self.ts

    @property
    def is_in_thread(self) -> bool:
        """Whether it is a reply in a thread, and not the message that the thread stands under."""
        return self.root_ts != self.ts

    @property
    def event_key(self) -> str:
        """The same for every event that tells of this message."""
        return message_key(self.team_id, self.channel_id, self.ts)

    @property
    def sent_at(self) -> datetime:
        """When it was written."""
        return moment_of(self.ts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """A person changed their message, which now is ``message``."""

    message: SlackMessage
    before: SlackMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """A message was deleted, by whomever. ``user_id`` is its author, where Slack tells them."""

    team_id: str
    channel_id: str
    ts: str
    user_id: str = ""

    @property
    def event_key(self) -> str:
        """The key of the message that is no more."""
        return message_key(self.team_id, self.channel_id, self.ts)


def message_key(team_id: str, channel_id: str, ts: str) -> str:
    """What names a message among all messages of all workspaces."""
    return f"{team_id}:{channel_id}:{ts}"


def moment_of(ts: str) -> datetime:
    """The moment in a message's id.

    Raises:
        ValueError: it is no such id.
    """
    found = _TIME.fullmatch(ts)
    if found is None:
        msg = f"no time stamp of Slack's: {ts!r}"
        raise ValueError(msg)
    moment = datetime.fromtimestamp(int(found["seconds"]), UTC)
    return moment.replace(microsecond=int(found["fraction"].ljust(6, "0")))


def message_in(body: Mapping[str, Any]) -> SlackMessage | None:
    """The new message that an event tells of; None for every other event.

    That is a ``message`` of one of the kinds that people write, or an ``app_mention``: Slack sends
    both for a mention. Whether a program wrote it is not looked at.
    """
    event = mapping_of(body, "event")
    if text_of(event, "type") not in {"app_mention", "message"}:
        return None
    if text_of(event, "subtype") not in _SAID:
        return None
    return _message(event, body=body, event=event)


def edit_in(body: Mapping[str, Any]) -> Edited | None:
    """The edit by its author that an event tells of, or that a file of theirs is gone.

    None for every other event; Slack also sends ``message_changed`` when a link gets a preview or
    a thread its first reply, and when a program changes its own words.
    """
    event = mapping_of(body, "event")
    if text_of(event, "type") != "message" or text_of(event, "subtype") != "message_changed":
        return None
    new, old = mapping_of(event, "message"), mapping_of(event, "previous_message")
    if text_of(new, "subtype") not in _SAID or text_of(new, "bot_id"):
        return None
    message = _message(new, body=body, event=event)
    before = _message(old, body=body, event=event)
    if message is None or before is None:
        return None
    left = {file.id for file in message.files}
    if message.text == before.text and any(file.id not in left for file in before.files):
        return Edited(message=message, before=before)
    by = text_of(mapping_of(new, "edited"), "user")
    is_the_same = (message.text, message.files) == (before.text, before.files)
    if message.edited_ts is None or is_the_same or by != message.user_id or not by:
        return None
    return Edited(message=message, before=before)


def deletion_in(body: Mapping[str, Any]) -> Deleted | None:
    """The deletion that an event tells of; None for every other event.

    Where a message has replies, Slack leaves a tombstone: a change that looks like an edit.
    """
    event = mapping_of(body, "event")
    if text_of(event, "type") != "message":
        return None
    subtype, ts = text_of(event, "subtype"), ""
    if subtype == "message_deleted":
        ts = text_of(event, "deleted_ts") or text_of(mapping_of(event, "previous_message"), "ts")
    elif subtype == "message_changed":
        changed = mapping_of(event, "message")
        ts = text_of(changed, "ts") if text_of(changed, "subtype") == "tombstone" else ""
    channel_id = text_of(event, "channel")
    if not ts or not channel_id:
        return None
    return Deleted(
        team_id=team_of(body),
        channel_id=channel_id,
        ts=ts,
        user_id=text_of(mapping_of(event, "previous_message"), "user"),
    )


def read_back(
    raw: Mapping[str, Any],
    *,
    team_id: str,
    channel_id: str,
    channel_type: str = "",
    is_ext_shared: bool = False,
) -> SlackMessage | None:
    """A message as ``conversations.history`` and ``conversations.replies`` tell it.

    None for Slack's notices, and for what was deleted. Messages of programs are messages.
    """
    if text_of(raw, "subtype") not in _SAID | _BY_PROGRAMS:
        return None
    body = {"team_id": team_id, "is_ext_shared_channel": is_ext_shared}
    event = {"channel": channel_id, "channel_type": channel_type}
    return _message(raw, body=body, event=event)


def _message(
    raw: Mapping[str, Any], *, body: Mapping[str, Any], event: Mapping[str, Any]
) -> SlackMessage | None:
    """``raw`` is the message, and ``event`` where it is told of; for new ones they are the same."""
    ts, channel_id = text_of(raw, "ts"), text_of(event, "channel")
    thread_ts = text_of(raw, "thread_ts")
    if not _TIME.fullmatch(ts) or not channel_id:
        return None
    teams = (text_of(raw, key) for key in ("user_team", "source_team", "team"))
    return SlackMessage(
        team_id=team_of(body),
        channel_id=channel_id,
        ts=ts,
        thread_ts=thread_ts if _TIME.fullmatch(thread_ts) else None,
        parent_user_id=text_of(raw, "parent_user_id"),
        user_id=text_of(raw, "user"),
        user_team_id=next(filter(None, teams), ""),
        user_name=_name_in(raw),
        text=text_of(raw, "text"),
        channel_type=text_of(event, "channel_type"),
        subtype=text_of(raw, "subtype"),
        bot_id=text_of(raw, "bot_id"),
        app_id=text_of(raw, "app_id"),
        files=files_in(raw),
        forwarded=tuple(forwarded_in(raw)),
        embedded=tuple(embedded_in(raw)),
        is_ext_shared=body.get("is_ext_shared_channel") is True,
        edited_ts=text_of(mapping_of(raw, "edited"), "ts") or None,
        is_hidden=raw.get("hidden") is True,
    )


def team_of(body: Mapping[str, Any]) -> str:
    """The workspace that an event was sent to.

    ``team_id`` itself may be the workspace of somebody else who shares the channel.
    """
    granted = next(mappings_of(body, "authorizations"), {})
    teams = (
        text_of(granted, "team_id"),
        text_of(body, "context_team_id"),
        text_of(body, "team_id"),
    )
    return next(filter(None, teams), "")


def _name_in(raw: Mapping[str, Any]) -> str:
    profile, program = mapping_of(raw, "user_profile"), mapping_of(raw, "bot_profile")
    names = [text_of(profile, key) for key in ("display_name", "real_name", "name")]
    return next(filter(None, [*names, text_of(raw, "username"), text_of(program, "name")]), "")
