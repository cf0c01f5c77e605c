"""What Ellie asks of a workspace: the scopes of her bot token, the events she hears, and why."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """One permission of the bot token.

    ``why`` and ``without`` are sentences for whoever installs Ellie: what it is for, and what does
    not work without it.
    """

    name: str
    why: str
    without: str
    is_needed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One kind of event that Slack sends, and why Ellie hears it."""

    name: str
    why: str


SCOPES = (
    Scope(
        name="app_mentions:read",
        why="hearing that somebody mentions her in a channel",
        without="mentions are heard only where she may read all messages",
    ),
    Scope(
        name="assistant:write",
        why="being an agent in Slack, with suggested prompts",
        without="she suggests nothing to begin with",
    ),
    Scope(
        name="channels:history",
        why="messages of public channels that she is in: to follow threads and see what was said",
        without="in public channels she knows only the message that mentions her",
    ),
    Scope(
        name="channels:read",
        why="whether a channel is public, private or shared with another company",
        without="she takes public channels for private ones",
    ),
    Scope(
        name="chat:write",
        why="answering",
        without="she cannot answer at all",
        is_needed=True,
    ),
    Scope(
        name="commands",
        why="the command /ellie and the shortcut “Ask Ellie about this”",
        without="there is neither /ellie nor the shortcut",
    ),
    Scope(
        name="files:read",
        why="reading text files and pictures that people show her",
        without="of files she knows name, kind and size",
    ),
    Scope(
        name="files:write",
        why="handing out what `/ellie memory export` gives, directly",
        without="exports cannot be handed out",
    ),
    Scope(
        name="groups:history",
        why="the same as channels:history, for private channels that she was invited to",
        without="in private channels she knows only the message that mentions her",
    ),
    Scope(
        name="groups:read",
        why="the same as channels:read, for private channels that she was invited to",
        without="she does not know which private channels are shared",
    ),
    Scope(
        name="im:history",
        why="direct messages to her",
        without="direct messages are not answered",
    ),
    Scope(
        name="im:read",
        why="telling a direct message from other conversations",
        without="commands given in direct messages are taken for those of a closed channel",
    ),
    Scope(
        name="im:write",
        why="saying directly to somebody what she cannot say in a channel, and handing files out",
        without="she cannot say that she may not write in a channel, and exports stay out",
    ),
    Scope(
        name="mpim:history",
        why="the same as channels:history, for group messages that she is part of",
        without="in group messages she is silent",
    ),
    Scope(
        name="mpim:read",
        why="the same as channels:read, for group messages that she is part of",
        without="she does not know whether a group message is shared with another company",
    ),
    Scope(
        name="users:read",
        why="names of people who write, and whether somebody may manage the workspace",
        without="she knows nobody's name, and nobody can use /ellie admin",
    ),
)
"""The least that everything works with, in alphabetical order."""

EVENTS = (
    Event(name="agent_session_stopped", why="somebody pressed Slack's own Stop button"),
    Event(name="app_home_opened", why="somebody opened her Home tab, which is then filled"),
    Event(name="app_mention", why="somebody mentions her"),
    Event(name="app_uninstalled", why="the workspace removed her: she stops, and erases if set so"),
    Event(name="message.channels", why="messages, edits and deletions in public channels"),
    Event(name="message.groups", why="the same in private channels"),
    Event(name="message.im", why="direct messages"),
    Event(name="message.mpim", why="group messages"),
    Event(name="tokens_revoked", why="her token was taken back: she stops with a sentence"),
)
"""All that Slack is asked to send, in alphabetical order. It sends messages of those channels
alone that she is in."""


def missing(granted: Collection[str]) -> tuple[Scope, ...]:
    """The scopes that were not granted."""
    return tuple(scope for scope in SCOPES if scope.name not in granted)
