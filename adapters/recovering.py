"""Replies that were cut off when a process ended: finished, or apologised for.

Looked for when the bot has come up, and every minute: a process on another machine is known to be
gone only when the lease of its turns has run out, and the platform may have been out of reach.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Protocol

from adapters.answer import Ending
from adapters.answers import AnyAnswers
from adapters.reply_texts import ReplyTexts
from bot.domain.delivery import Delivery, Undelivered
from bot.domain.identity import Platform, TenantRef
from bot.domain.turn import FailureReason, Turn, TurnId, TurnStatus
from bot.engine.deliveries import Deliveries
from bot.engine.outcomes import told_late
from bot.engine.reply import ReplyStatus
from bot.errors import StorageError
from bot.log import get_logger

log = get_logger(__name__)

EVERY_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """What came of finishing a reply, to be noted.

    ``is_complete``: nothing is left to do, now or later. ``is_seen``: the person sees the end of
    the turn, and with it what only the end tells; when not, that is told another time.
    """

    delivery: Delivery
    is_complete: bool
    is_seen: bool


class Finisher(Protocol):
    """Shows the end of a reply on one platform."""

    @property
    def platform(self) -> Platform:
        """The platform."""

    def is_ours(self, tenant: TenantRef | None) -> bool:
        """Whether this process reaches what is said there; ``tenant`` is None in a direct one."""

    async def finish(self, found: Undelivered, *, is_first: bool) -> Finished | None:
        """Show the end of a reply. What keeps the platform from it is told in what is returned.

        ``is_first`` is False when somebody began to tell of this interrupted turn before, and may
        have come to nothing. None: an answer is on its way, and notes by itself what is shown.
        """


class DeliveryRecovery:
    """Finishes what was not wholly shown."""

    def __init__(self, deliveries: Deliveries, answers: AnyAnswers, finisher: Finisher) -> None:
        """``answers`` are those on their way, which are left alone."""
        self._deliveries = deliveries
        self._answers = answers
        self._finisher = finisher
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
                self._finisher.platform, given_up=self._answers.given_up
            ):
                if self._finisher.is_ours(found.conversation.tenant):
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

    async def _give_up(self, found: Undelivered) -> None:
        """She is not in that place any more, or some other process would have finished it."""
        log.info("reply_given_up", turn=found.turn.id)
        await self._deliveries.reported(found.turn.id)
        await self._deliveries.unseen(found.turn.id)
        delivery = found.delivery or Delivery(
            turn_id=found.turn.id, channel_id=found.conversation.channel_id
        )
        await self._deliveries.shown(replace(delivery, is_complete=True))

    async def _finish(self, found: Undelivered) -> bool:
        """Show the end of one reply. Where nobody can be told any more, that is noted too."""
        turn = found.turn
        was_tried = turn.id in self._tried
        if not await self._may_tell(turn):
            return False
        finished = await self._finisher.finish(found, is_first=not was_tried)
        if finished is None:
            return False
        if finished.is_complete:
            self._tried.discard(turn.id)
            self._answers.given_up.discard(turn.id)
        if not finished.is_seen:
            await self._deliveries.unseen(turn.id)
        await self._deliveries.shown(replace(finished.delivery, is_complete=finished.is_complete))
        return finished.is_complete

    async def _may_tell(self, turn: Turn) -> bool:
        """Whether it is this process that tells of an interrupted turn.

        One that was told of before and is found all the same is tried again, if not at once:
        another process may be telling of it just now.
        """
        if turn.failure is not FailureReason.INTERRUPTED or turn.id in self._tried:
            return True
        self._tried.add(turn.id)
        return await self._deliveries.reported(turn.id)


def late_ending(found: Undelivered, texts: ReplyTexts) -> Ending:
    """How a turn is shown whose end was stored and not shown, or which was cut off."""
    turn, notice = found.turn, told_late(found)
    if turn.status is TurnStatus.FAILED:
        notice = "\n".join(filter(None, (texts.interrupted, notice)))
        return Ending(status=ReplyStatus.FAILED, text="", notice=notice, turn_id=turn.id)
    text = turn.reply or texts.nothing_said
    return Ending(status=ReplyStatus.ANSWERED, text=text, notice=notice, turn_id=turn.id)
