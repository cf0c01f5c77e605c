"""Where the messages of a reply go: into a channel, or in answer to an interaction.

Discord gives an interaction a token for 15 minutes. A reply may take longer, so its messages are
edited as what they are, messages of a channel.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import secrets
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, Protocol

import aiohttp
import discord

from bot.commands.reply import ReplyFile

INTERACTION_LIFETIME = timedelta(minutes=14)
"""After that an interaction is not used any more; Discord ends it after 15 minutes."""
PRESSING_AFTER = timedelta(minutes=12)
"""Then “thinking” is replaced by a message, which can still be changed when the time is over."""


Shown = discord.Message | discord.PartialMessage
"""A message of ours, which can be changed and taken away."""


NO_HISTORY = 160002
"""“Cannot reply without permission to read message history” (docs.discord.com, status codes)."""

NONCE_CHARACTERS = 24

THREAD_ARCHIVED = 50083
"""“Tried to perform an operation on an archived thread”: nothing in it can be changed."""


TROUBLE = (discord.HTTPException, aiohttp.ClientError, OSError)
"""What goes wrong between Discord and us. discord.py hands on what the network raises."""

_WORTH_ANOTHER_TRY = frozenset({401, 408, 429})
"""A token that is refused may be put right, and is, before Ellie is started again."""


def is_final(error: Exception) -> bool:
    """Whether Discord refuses what was sent, so that to send it again helps nobody."""
    if not isinstance(error, discord.HTTPException):
        return False
    return 400 <= error.status < 500 and error.status not in _WORTH_ANOTHER_TRY  # noqa: PLR2004 - HTTP


class Outlet(Protocol):
    """A place that takes the messages of one reply, in order. Raises what discord.py raises."""

    @property
    def channel_id(self) -> int:
        """The channel or thread in which they stand."""

    @property
    def may_attach(self) -> bool:
        """Whether files may be sent there."""

    @property
    def is_pressing(self) -> bool:
        """Whether a first message has to be sent now, or can never be."""

    async def post(self, content: str, *, view: discord.ui.View | None) -> Shown:
        """Send the next message."""


class ChannelOutlet:
    """Sends into a channel; the first message answers another one, if that is still there."""

    def __init__(
        self,
        channel: discord.abc.Messageable,
        channel_id: int,
        answers: int | None = None,
        event_id: str = "",
        *,
        may_be_there: bool = False,
    ) -> None:
        """``answers`` is the message that the first one replies to.

        ``event_id`` is that of the event which gets its first answer here: whoever else shows that
        answer, in another process or after a crash, names its messages alike, and Discord takes
        each of them once. ``may_be_there``: somebody else began to show it.
        """
        self._may_be_there = may_be_there
        self.channel_id = channel_id
        self._channel = channel
        self._answers = answers
        self._names = _nonces(event_id)
        self._nonce = ""

    @property
    def is_pressing(self) -> bool:
        """Never: a channel is patient."""
        return False

    @property
    def may_attach(self) -> bool:
        """Whether files may be sent there, as far as is known."""
        channel = self._channel
        if isinstance(channel, discord.Thread) and channel.parent is None:
            return True
        if isinstance(channel, discord.abc.GuildChannel | discord.Thread):
            return channel.permissions_for(channel.guild.me).attach_files
        return True

    async def post(self, content: str, *, view: discord.ui.View | None) -> Shown:
        """Send the next message.

        When it is not known whether it arrived, and it is sent again, Discord knows it by its
        nonce and gives the one that it has.
        """
        may_be_there = self._may_be_there or bool(self._nonce)
        self._nonce = self._nonce or next(self._names)
        fields: dict[str, Any] = {"content": content, "nonce": self._nonce}
        if view is not None:
            fields["view"] = view
        if self._answers is not None:
            fields["reference"] = discord.MessageReference(
                message_id=self._answers, channel_id=self.channel_id, fail_if_not_exists=False
            )
            fields["mention_author"] = False
        message = await self._sent(fields)
        if may_be_there:
            try:
                await message.edit(content=content, view=view)
            except discord.NotFound:  # somebody has deleted it
                fields["nonce"] = secrets.token_hex(NONCE_CHARACTERS // 2)
                message = await self._sent(fields)
        self._answers, self._nonce = None, ""
        return message

    async def _sent(self, fields: dict[str, Any]) -> discord.Message:
        try:
            return await self._channel.send(**fields)
        except discord.HTTPException as error:
            if error.code != NO_HISTORY or "reference" not in fields:
                raise
            del fields["reference"], fields["mention_author"]
            return await self._channel.send(**fields)


class InteractionOutlet:
    """Sends in answer to an interaction that was deferred; first in the place of “thinking”."""

    def __init__(self, interaction: discord.Interaction[Any]) -> None:
        if interaction.channel_id is None:
            msg = "an interaction without a channel cannot be answered in one"
            raise ValueError(msg)
        self.channel_id = interaction.channel_id
        self._interaction = interaction
        # By our own clock, which need not be Discord's.
        self._taken_at = discord.utils.utcnow()
        self._is_first = True

    @property
    def is_pressing(self) -> bool:
        """Whether nothing was sent yet and the interaction will soon be over."""
        return self._is_first and self._age() > PRESSING_AFTER

    @property
    def may_attach(self) -> bool:
        """Whether files may be sent there."""
        return self._interaction.app_permissions.attach_files

    async def post(self, content: str, *, view: discord.ui.View | None) -> Shown:
        """Send the next message: by the interaction while it lives, then into the channel."""
        fields: dict[str, Any] = {"content": content}
        if view is not None:
            fields["view"] = view
        if self._is_over():
            return await self._channel().send(**fields)
        message: discord.Message
        if self._is_first:
            message = await self._interaction.edit_original_response(**fields)
        else:
            message = await self._interaction.followup.send(wait=True, **fields)
        self._is_first = False
        return self._channel().get_partial_message(message.id)

    def _is_over(self) -> bool:
        return self._age() > INTERACTION_LIFETIME

    def _age(self) -> timedelta:
        return discord.utils.utcnow() - self._taken_at

    def _channel(self) -> discord.PartialMessageable:
        client: discord.Client = self._interaction.client
        return client.get_partial_messageable(self.channel_id, guild_id=self._interaction.guild_id)


def _nonces(event_id: str) -> Iterator[str]:
    """Names of messages, of at most the 25 characters that Discord takes."""
    for number in itertools.count():
        named = hashlib.sha256(f"{event_id}:{number}".encode()).hexdigest()[:NONCE_CHARACTERS]
        yield named if event_id else secrets.token_hex(NONCE_CHARACTERS // 2)


def files_of(files: Sequence[ReplyFile]) -> list[discord.File]:
    """Files as discord.py sends them. Each can be sent once."""
    return [discord.File(io.BytesIO(file.content), filename=file.name) for file in files]
