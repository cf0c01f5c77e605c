"""Channels and messages of Discord by their ids, and what Ellie may do in a channel."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Protocol, TypeAlias

import discord

from adapters.discord.normalising import Channel, conversation_of
from adapters.discord.outlets import ChannelOutlet
from adapters.discord.shown_reply import ShownReply
from bot.domain.conversation import ConversationRef
from bot.domain.delivery import Delivery
from bot.domain.policy import AnswerPolicy
from bot.engine.policies import ChannelPolicies
from bot.errors import StorageError
from bot.log import get_logger

log = get_logger(__name__)

_ServerChannel: TypeAlias = (
    discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.Thread
)


class Channels(Protocol):
    """The client, as far as it finds channels."""

    def get_partial_messageable(
        self,
        channel_id: int,
        *,
        guild_id: int | None = None,
    ) -> discord.PartialMessageable:
        """A channel of which only the id is known."""

    def get_channel(self, id: int, /) -> object:  # noqa: A002 - discord.py's name
        """A channel that is known better; None for any other."""


def ruled_place(channel: Channel) -> ConversationRef:
    """Where the policy of a channel or thread is kept.

    A private thread is a circle of its own, and still part of its channel.
    """
    conversation = conversation_of(channel)
    if isinstance(channel, discord.Thread):
        return replace(conversation, channel_id=str(channel.parent_id))
    return conversation


async def policy_in(channel: Channel, policies: ChannelPolicies) -> AnswerPolicy:
    """When Ellie answers in a channel or thread. The usual when that cannot be read."""
    try:
        return await policies.of(ruled_place(channel))
    except StorageError as error:
        # The engine says what is wrong, to whoever speaks to her in any case.
        log.error("policy_not_read", error=str(error))
        return AnswerPolicy.USUAL


def shown_before(delivery: Delivery, channels: Channels, *, heading: str = "") -> ShownReply:
    """The messages that a delivery noted, ready to be changed, continued or taken away."""
    channel = channel_of(int(delivery.channel_id), channels)
    return ShownReply(
        ChannelOutlet(channel, channel.id),
        [channel.get_partial_message(int(message_id)) for message_id in delivery.message_ids],
        heading=heading,
    )


def channel_of(channel_id: int, channels: Channels) -> _ServerChannel | discord.PartialMessageable:
    """What may be done in a channel is known only of one that is known itself."""
    known = channels.get_channel(channel_id)
    return (
        known if isinstance(known, _ServerChannel) else channels.get_partial_messageable(channel_id)
    )


def missing_permission(channel: object) -> str:
    """What Ellie may not do in a channel and would have to; empty when she can answer there."""
    guild = getattr(channel, "guild", None)
    if not isinstance(channel, discord.abc.GuildChannel | discord.Thread) or guild is None:
        return ""
    if isinstance(channel, discord.Thread) and channel.parent is None:
        return ""  # nothing is known of it
    return _missing(channel.permissions_for(guild.me), channel)


def missing_to_answer(interaction: discord.Interaction[Any]) -> str:
    """The same where somebody used a command or a button, as Discord says of this moment.

    An answer begins by the interaction, which needs no permission, and may have to go on without.
    """
    if interaction.guild_id is None:
        return ""
    return _missing(interaction.app_permissions, interaction.channel)


def _missing(allowed: discord.Permissions, channel: object) -> str:
    if not allowed.view_channel:
        return "View Channel"
    if isinstance(channel, discord.Thread):
        return "" if allowed.send_messages_in_threads else "Send Messages in Threads"
    return "" if allowed.send_messages else "Send Messages"
