"""Replies that were cut off when a process ended: shown whole, or apologised for.

Looked for when the bot has come up, and every minute: a process on another machine is known to be
gone only when the lease of its turns has run out, and Discord may have been out of reach.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Protocol

import discord

from adapters.discord import buttons, headings
from adapters.discord.answers import Answers
from adapters.discord.composing import compose
from adapters.discord.outlets import TROUBLE, ChannelOutlet, is_final
from adapters.discord.places import Channels, channel_of, shown_before
from adapters.discord.shown_reply import ShownReply
from adapters.discord.texts import texts_for
from bot.domain.delivery import Delivery, Undelivered
from bot.domain.identity import Platform, TenantRef
from bot.domain.turn import FailureReason, Turn, TurnId, TurnStatus
from bot.engine.deliveries import Deliveries
from bot.engine.outcomes import told_late
from bot.errors import StorageError
from bot.log import get_logger

log = get_logger(__name__)

EVERY_SECONDS = 60.0


class Reach(Channels, Protocol):
    """The client, as far as recovery needs it."""

    def get_guild(self, id: int, /) -> discord.Guild | None:  # noqa: A002 - discord.py's name
        """A server that this process hears of; None for one of another shard's."""


class DeliveryRecovery:
    """Finishes what was not wholly shown."""

    def __init__(self, deliveries: Deliveries, answers: Answers, channels: Reach) -> None:
        """``answers`` are those on their way, which are left alone."""
        self._deliveries = deliveries
        self._answers = answers
        self._channels = channels
        self._tried: set[TurnId] = set()

    async def watch(self) -> None:
        """Recover now and from time to time, until cancelled."""
        while True:
            await self.recover()
            await asyncio.sleep(EVERY_SECONDS)

    async def recover(self) -> int:
        """Finish everything that can be finished now; returns how many replies that were."""
        finished = 0
        try:
            for found in await self._deliveries.unfinished(
                Platform.DISCORD, given_up=self._answers.given_up
            ):
                if self._is_ours(found.conversation.tenant):
                    finished += await self._finish_carefully(found)
                elif self._deliveries.is_old(found):
                    await self._give_up(found)
        except StorageError as error:
            log.error("deliveries_not_recovered", error=str(error))
        if finished:
            log.warning("replies_recovered", count=finished)
        return finished

    async def _finish_carefully(self, found: Undelivered) -> bool:
        """One that breaks keeps nobody else waiting."""
        if self._answers.of(found.turn.id) is not None:
            return False  # asked for again meanwhile
        try:
            return await self._finish(found)
        except StorageError:
            raise
        except Exception:
            # The next minute tries again.
            log.exception("reply_not_recoverable")
            return False

    def _is_ours(self, tenant: TenantRef | None) -> bool:
        return tenant is None or self._channels.get_guild(int(tenant.external_id)) is not None

    async def _give_up(self, found: Undelivered) -> None:
        """She is not in that server any more, or some other process would have finished it."""
        log.info("reply_given_up", turn=found.turn.id)
        await self._deliveries.reported(found.turn.id)
        await self._deliveries.unseen(found.turn.id)
        delivery = found.delivery or Delivery(
            turn_id=found.turn.id, channel_id=found.conversation.channel_id
        )
        await self._deliveries.shown(replace(delivery, is_complete=True))

    async def _finish(self, found: Undelivered) -> bool:
        """Show the end of one reply. Where nobody can be told any more, that is noted too."""
        turn, shown = found.turn, self._shown(found)
        if not await self._may_tell(turn):
            return False
        is_complete, is_seen = True, bool(turn.text or turn.shown)
        if is_seen:
            try:
                await self._show(found, shown)
            except TROUBLE as error:
                # Where she may not write, or nobody is left to read it, trying again helps nobody.
                is_complete = is_final(error)
                is_seen = not is_complete
                log.warning("reply_not_recovered", error=type(error).__name__)
        if is_complete:
            self._tried.discard(turn.id)
            self._answers.given_up.discard(turn.id)
        if not is_seen:
            await self._deliveries.unseen(turn.id)
        await self._deliveries.shown(
            Delivery(
                turn_id=turn.id,
                channel_id=str(shown.outlet.channel_id),
                message_ids=shown.message_ids,
                is_complete=is_complete,
            )
        )
        return is_complete

    async def _may_tell(self, turn: Turn) -> bool:
        """Whether it is this process that tells of an interrupted turn.

        One that was told of before and is found all the same is tried again, if not at once:
        another process may be telling of it just now.
        """
        if turn.failure is not FailureReason.INTERRUPTED or turn.id in self._tried:
            return True
        self._tried.add(turn.id)
        return await self._deliveries.reported(turn.id)

    async def _show(self, found: Undelivered, shown: ShownReply) -> None:
        turn = found.turn
        texts = texts_for(turn.text)
        notice = told_late(found)
        if turn.status is TurnStatus.FAILED:
            view, name = buttons.when_failed(turn.id, texts), "failed"
            notice = "\n".join(filter(None, (texts.interrupted, notice)))
            composed = compose(shown.heading, notice=notice)
        else:
            view, name = buttons.when_answered(turn.id, texts), "answered"
            text = shown.heading + (turn.reply or texts.nothing_said)
            composed = compose(text, notice=notice, may_attach=shown.outlet.may_attach)
        await shown.show(composed.parts, view=view, view_name=name, files=composed.files)

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
