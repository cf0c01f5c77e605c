"""Replies that were cut off when a process ended: shown whole on Discord, or apologised for."""

from __future__ import annotations

from typing import Protocol

import discord

from adapters.answer import ScreenError
from adapters.discord import headings
from adapters.discord.outlets import ChannelOutlet
from adapters.discord.places import Channels, channel_of, shown_before
from adapters.discord.reply_screen import ReplyScreen
from adapters.discord.shown_reply import ShownReply
from adapters.discord.texts import texts_for
from adapters.recovering import Finished, late_ending
from bot.domain.delivery import Delivery, Undelivered
from bot.domain.identity import Platform, TenantRef
from bot.log import get_logger

log = get_logger(__name__)


class Reach(Channels, Protocol):
    """The client, as far as recovery needs it."""

    def get_guild(self, id: int, /) -> discord.Guild | None:  # noqa: A002 - discord.py's name
        """A server that this process hears of; None for one of another shard's."""


class ReplyFinisher:
    """Discord's :class:`adapters.recovering.Finisher`."""

    platform = Platform.DISCORD

    def __init__(self, channels: Reach) -> None:
        self._channels = channels

    def is_ours(self, tenant: TenantRef | None) -> bool:
        """Whether Discord tells this process of that server."""
        return tenant is None or self._channels.get_guild(int(tenant.external_id)) is not None

    async def finish(self, found: Undelivered, *, is_first: bool) -> Finished:  # noqa: ARG002 - an apology is the same each time
        """Show the end of one reply."""
        turn, shown = found.turn, self._shown(found)
        is_complete, is_seen = True, bool(turn.text or turn.shown)
        if is_seen:
            texts = texts_for(turn.text)
            try:
                await ReplyScreen(shown, texts).show_end(late_ending(found, texts))
            except ScreenError as error:
                # Where she may not write, or nobody is left to read it, trying again helps nobody.
                is_complete = error.is_final
                is_seen = not is_complete
                log.warning("reply_not_recovered", error=type(error.__cause__).__name__)
        delivery = Delivery(
            turn_id=turn.id,
            channel_id=str(shown.outlet.channel_id),
            message_ids=shown.message_ids,
        )
        return Finished(delivery=delivery, is_complete=is_complete, is_seen=is_seen)

    def _shown(self, found: Undelivered) -> ShownReply:
        is_message = found.turn.event_key.count(":") == 1
        heading = "" if is_message else headings.of_question(found.turn.text)
        if found.delivery is not None and found.delivery.message_ids:
            return shown_before(found.delivery, self._channels, heading=heading)
        where = found.conversation
        channel = channel_of(int(where.thread_id or where.channel_id), self._channels)
        event_id = found.turn.event_key.rpartition(":")[2]
        answers = int(event_id) if is_message and event_id.isdecimal() else None
        outlet = ChannelOutlet(
            channel, channel.id, answers=answers, event_id=event_id, may_be_there=True
        )
        return ShownReply(outlet, heading=heading)
