"""One workspace with the app installed: who and what is in it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from slack_stand_in.errors import SlackError
from slack_stand_in.manifest import Manifest
from slack_stand_in.models import Channel, Ephemeral, File, Message, User, View

if TYPE_CHECKING:
    from slack_stand_in.server import SlackStandIn

MENTION = re.compile(r"<@([A-Z0-9]+)(?:\|[^>]*)?>")


@dataclass(slots=True, kw_only=True)
class Trigger:
    """The right to open one modal, which a person's action gives for three seconds."""

    user: User
    expires_at: float
    is_used: bool = False
    view: View | None = None


@dataclass(slots=True, kw_only=True)
class ResponseUrl:
    """Where an app may answer an interaction: five times, within thirty minutes."""

    user: User
    channel: Channel
    expires_at: float
    message: Message | None = None
    left: int = 5
    posts: list[Message] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Session:
    """The state of an agent's session in one thread."""

    status: str = "active"
    title: str = ""
    initiator_id: str = ""


class Workspace:
    """State and look-ups; what people do is in the classes built on it."""

    def __init__(
        self,
        slack: SlackStandIn,
        team_id: str,
        *,
        name: str,
        enterprise_id: str,
        manifest: Mapping[str, Any] | None,
        bot_name: str,
    ) -> None:
        self.slack = slack
        self.id = team_id
        self.name = name
        self.domain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "team"
        self.enterprise_id = enterprise_id
        self.manifest = Manifest(manifest)
        self.app_id = f"A{team_id}"
        self.bot_id = f"B{team_id}"
        self.bot_token = f"xoxb-{team_id}-bot"
        self.app_token = f"xapp-1-{self.app_id}-app"
        self.signing_secret = f"secret-of-{team_id}"
        self.verification_token = f"verification-{team_id}"
        self.refused_with = ""
        """The error of every call with the bot's token; empty while it is good."""
        self.refused_app_with = ""
        """The same for the app-level token."""
        self.http_url = ""
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.files: dict[str, File] = {}
        self.uploads: dict[str, File] = {}
        self.whispers: list[Ephemeral] = []
        self.views: dict[str, View] = {}
        self.stacks: dict[str, list[View]] = {}
        self.homes: dict[str, View] = {}
        self.triggers: dict[str, Trigger] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self.sessions: dict[tuple[str, str], Session] = {}
        self.thinking: dict[tuple[str, str], tuple[str, float]] = {}
        self.suggested: dict[tuple[str, str], list[dict[str, str]]] = {}
        self.titles: dict[tuple[str, str], str] = {}
        self.numbers = itertools.count(1)
        self.bot = self.add_user(f"U{team_id}BOT", name=bot_name, is_bot=True)
        self.bot.bot_id = self.bot_id
        self.add_user("USLACKBOT", name="slackbot", real_name="Slackbot", is_bot=True)

    @property
    def bot_user_id(self) -> str:
        """The bot's user id, which messages mention."""
        return self.bot.id

    @property
    def mention(self) -> str:
        """How a message calls the bot."""
        return self.bot.mention

    def next_id(self, letter: str) -> str:
        """A new id in this workspace."""
        return f"{letter}{self.id[1:]}{next(self.numbers):06d}"

    def add_user(
        self,
        user_id: str,
        *,
        name: str = "",
        real_name: str | None = None,
        display_name: str | None = None,
        team_id: str | None = None,
        enterprise_id: str | None = None,
        **traits: Any,
    ) -> User:
        """Adds a person, or with another ``team_id`` somebody from elsewhere (Slack Connect)."""
        called = name or user_id.lower()
        is_ours = team_id in (None, self.id)
        if enterprise_id is None:
            enterprise_id = self.enterprise_id if is_ours else ""
        user = User(
            id=user_id,
            name=called,
            real_name=called if real_name is None else real_name,
            display_name=called if display_name is None else display_name,
            team_id=team_id or self.id,
            enterprise_id=enterprise_id,
            **traits,
        )
        self.users[user_id] = user
        return user

    def add_channel(
        self,
        channel_id: str,
        *,
        name: str = "",
        members: Iterable[User] = (),
        bot_is_member: bool = True,
        **traits: Any,
    ) -> Channel:
        """Adds a channel; the traits are the flags of :class:`Channel`."""
        channel = Channel(
            team=self,
            id=channel_id,
            name=name or channel_id.lower(),
            members=list(members),
            bot_is_member=bot_is_member,
            **traits,
        )
        self.channels[channel_id] = channel
        return channel

    def dm(self, user: User) -> Channel:
        """The direct conversation between the bot and this person."""
        for channel in self.channels.values():
            if channel.is_im and channel.members == [user]:
                return channel
        return self.add_channel(
            f"D{self.id[1:]}{user.id[1:]}", name="directmessage", members=[user], is_im=True
        )

    def add_file(
        self,
        name: str,
        content: bytes = b"",
        *,
        mimetype: str = "text/plain",
        user: User | None = None,
        **traits: Any,
    ) -> File:
        """Puts a file into the workspace, to be sent with :meth:`Team.say`."""
        file = File(
            id=self.next_id("F"),
            name=name,
            content=content,
            mimetype=mimetype,
            filetype=name.rpartition(".")[2] or "text",
            user_id=user.id if user else self.bot.id,
            **traits,
        )
        self.files[file.id] = file
        return file

    def user(self, user_id: str) -> User:
        """Raises ``user_not_found`` for somebody unknown."""
        found = self.users.get(user_id)
        if found is None:
            raise SlackError("user_not_found")
        return found

    def visible_channel(self, channel_id: str) -> Channel:
        """A channel that the bot may know of; a user's id stands for their direct conversation."""
        user = self.users.get(channel_id)
        channel = self.dm(user) if user and not user.is_bot else self.channels.get(channel_id)
        if channel is None or (channel.kind != "channel" and not channel.bot_is_member):
            raise SlackError("channel_not_found")
        return channel

    def ephemerals(self, user: User) -> list[Ephemeral]:
        """What this person alone sees and has not lost."""
        return [
            whisper
            for whisper in self.whispers
            if whisper.only_for == user.id and not whisper.deleted
        ]

    def hers(self, channel: Channel, thread_ts: str | None = None) -> list[Message]:
        """The bot's messages in a channel or in one of its threads."""
        return [message for message in channel.hers if thread_ts in (None, message.root_ts)]

    def modal(self, user: User) -> View | None:
        """The modal that this person looks at."""
        stack = self.stacks.get(user.id)
        return stack[-1] if stack else None

    def home(self, user: User) -> View | None:
        """What the app's home tab shows this person."""
        return self.homes.get(user.id)

    def status(self, channel: Channel, thread_ts: str) -> str:
        """What stands below the thread: a status text, or the session's state if it works."""
        text, until = self.thinking.get((channel.id, thread_ts), ("", 0.0))
        if text and self.slack.clock.now() < until:
            return text
        session = self.sessions.get((channel.id, thread_ts))
        return session.status if session else ""

    def session(self, channel: Channel, thread_ts: str) -> Session | None:
        """The agent's session in a thread, if the app ever spoke of one."""
        return self.sessions.get((channel.id, thread_ts))

    def prompts(self, channel: Channel, thread_ts: str = "") -> list[dict[str, str]]:
        """The suggested prompts of a direct conversation."""
        return self.suggested.get((channel.id, thread_ts), [])

    def mentioned(self, text: str) -> list[str]:
        """The users whom a text mentions."""
        return MENTION.findall(text)

    def new_trigger(self, user: User, view: View | None = None) -> str:
        """A trigger id for what this person just did."""
        key = f"{self.slack.clock.ts()}.{self.next_id('X')}"
        expires_at = self.slack.clock.now() + 3
        self.triggers[key] = Trigger(user=user, expires_at=expires_at, view=view)
        return key

    def new_response_url(
        self, user: User, channel: Channel, message: Message | None = None
    ) -> tuple[str, ResponseUrl]:
        """An address where the app may answer what this person just did."""
        key = self.next_id("R")
        expires_at = self.slack.clock.now() + 30 * 60
        found = ResponseUrl(user=user, channel=channel, message=message, expires_at=expires_at)
        self.response_urls[key] = found
        return f"{self.slack.url}response/{self.id}/{key}", found
