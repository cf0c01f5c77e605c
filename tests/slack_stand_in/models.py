"""What is in a workspace: people, channels, messages, files, views."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from slack_stand_in.block_text import text_of_blocks

if TYPE_CHECKING:
    from slack_stand_in.workspace import Workspace

Blocks = list[dict[str, Any]]


@dataclass(eq=False, slots=True, kw_only=True)
class User:
    """A person or a bot. ``team_id`` differs from the workspace's for guests from elsewhere."""

    id: str
    name: str
    real_name: str
    display_name: str
    team_id: str
    enterprise_id: str = ""
    is_admin: bool = False
    is_owner: bool = False
    is_bot: bool = False
    is_restricted: bool = False
    is_stranger: bool = False
    is_deleted: bool = False
    locale: str = "en-US"
    bot_id: str = ""

    @property
    def mention(self) -> str:
        """How a message names this user."""
        return f"<@{self.id}>"


@dataclass(eq=False, slots=True, kw_only=True)
class File:
    """A file in the workspace."""

    id: str
    name: str
    content: bytes
    mimetype: str
    filetype: str
    user_id: str
    title: str = ""
    alt_txt: str = ""
    width: int | None = None
    height: int | None = None
    is_external: bool = False
    external_url: str = ""
    size: int | None = None
    is_deleted: bool = False
    access: str = "visible"


@dataclass(eq=False, slots=True, kw_only=True)
class Stream:
    """That a message is being written, piece by piece."""

    started_at: float
    mode: str
    is_running: bool = True
    is_stopped_by_user: bool = False
    length: int = 0
    pieces: list[str] = field(default_factory=list)


@dataclass(eq=False, slots=True, kw_only=True)
class Message:
    """A message in a channel, or what only one person sees of one (see :class:`Ephemeral`)."""

    channel: Channel
    ts: str
    user_id: str
    text: str
    thread_ts: str | None = None
    blocks: Blocks = field(default_factory=list)
    attachments: list[dict[str, Any]] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    metadata: Mapping[str, Any] | None = None
    markdown: str | None = None
    bot_id: str = ""
    subtype: str = ""
    client_msg_id: str = ""
    edited_ts: str = ""
    edited_by: str = ""
    deleted: bool = False
    is_tombstone: bool = False
    stream: Stream | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    calls: int = 0

    @property
    def is_streaming(self) -> bool:
        """Whether more of it is still to come through a stream."""
        return self.stream is not None and self.stream.is_running

    @property
    def root_ts(self) -> str:
        """The thread that it is in, or would start."""
        return self.thread_ts or self.ts

    @property
    def shown_text(self) -> str:
        """What a person reads: the blocks when there are some, else the text."""
        shown = text_of_blocks(self.blocks)
        if self.markdown is not None:
            return "\n".join(part for part in (self.markdown, shown) if part)
        return shown or self.text


@dataclass(eq=False, slots=True, kw_only=True)
class Ephemeral(Message):
    """A message that one person alone sees, and that no history has."""

    only_for: str
    response_url: str = ""


@dataclass(eq=False, slots=True, kw_only=True)
class Channel:
    """A channel, a private one, a group conversation or a direct one."""

    team: Workspace
    id: str
    name: str
    members: list[User] = field(default_factory=list)
    bot_is_member: bool = True
    is_private: bool = False
    is_im: bool = False
    is_mpim: bool = False
    is_ext_shared: bool = False
    is_org_shared: bool = False
    is_archived: bool = False
    is_pending_ext_shared: bool = False
    kept: list[Message] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """Its type as events name it: channel, group, im or mpim."""
        if self.is_im:
            return "im"
        if self.is_mpim:
            return "mpim"
        return "group" if self.is_private else "channel"

    @property
    def messages(self) -> list[Message]:
        """Every message that is still there, threads included, oldest first."""
        return [message for message in self.kept if not message.deleted]

    @property
    def hers(self) -> list[Message]:
        """Every message of the bot that is still there."""
        return [message for message in self.messages if message.bot_id == self.team.bot_id]

    def thread(self, ts: str) -> list[Message]:
        """The root and its replies, oldest first."""
        return [message for message in self.messages if message.root_ts == ts]

    def find(self, ts: str) -> Message | None:
        """The message with this timestamp, if it is still there."""
        return next((message for message in self.messages if message.ts == ts), None)

    def running(self, thread_ts: str | None = None) -> Iterator[Message]:
        """Messages that are being streamed, of one thread or of all."""
        for message in self.messages:
            if message.is_streaming and thread_ts in (None, message.root_ts):
                yield message


@dataclass(eq=False, slots=True, kw_only=True)
class View:
    """A modal, or somebody's home tab."""

    id: str
    kind: str
    user_id: str
    content: dict[str, Any]
    hash: str
    root_id: str
    previous_id: str | None = None
    is_open: bool = True

    @property
    def blocks(self) -> Blocks:
        """What it shows."""
        blocks: Blocks = self.content.get("blocks", [])
        return blocks

    @property
    def title(self) -> str:
        """What stands above a modal."""
        title: str = (self.content.get("title") or {}).get("text", "")
        return title

    @property
    def private_metadata(self) -> str:
        """What the app keeps in the view."""
        return str(self.content.get("private_metadata", ""))

    @property
    def callback_id(self) -> str:
        """What the app calls this kind of view."""
        return str(self.content.get("callback_id", ""))

    @property
    def shown_text(self) -> str:
        """What a person reads."""
        return text_of_blocks(self.blocks)
