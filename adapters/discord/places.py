"""Channels and messages of Discord by their ids, and what Ellie may do in a channel."""

from __future__ import annotations

from typing import Protocol

import discord

from adapters.discord.outlets import ChannelOutlet
from adapters.discord.shown_reply import ShownReply
from bot.domain.delivery import Delivery


class Channels(Protocol):
    """The client, as far as it finds channels."""

    def get_partial_messageable(
        self,
        channel_id: int,
        *,
        guild_id: int | None = None,
    ) -> discord.PartialMessageable:
        """A channel of which only the id is known."""


def shown_before(delivery: Delivery, channels: Channels, *, heading: str = "") -> ShownReply:
    """The messages that a delivery noted, ready to be changed, continued or taken away."""
    channel = channels.get_partial_messageable(int(delivery.channel_id))
    return ShownReply(
        ChannelOutlet(channel, channel.id),
        [channel.get_partial_message(int(message_id)) for message_id in delivery.message_ids],
        heading=heading,
    )


def missing_permission(channel: object) -> str:
    """What Ellie may not do in a channel and would have to; empty when she can answer there."""
    guild = getattr(channel, "guild", None)
    if not isinstance(channel, discord.abc.GuildChannel | discord.Thread) or guild is None:
        return ""
    allowed = channel.permissions_for(guild.me)
    if not allowed.view_channel:
        return "View Channel"
    if isinstance(channel, discord.Thread):
        return "" if allowed.send_messages_in_threads else "Send Messages in Threads"
    return "" if allowed.send_messages else "Send Messages"
