"""One answer on its way: read from the engine while it is written, shown on Discord.

The first text is shown shortly after the first token, then at most one edit a second, and the last
one as soon as there is nothing more to come. At the end
the person has the whole answer or a clear apology, or the delivery stays marked as unfinished and
is finished later (see :mod:`adapters.discord.recovering`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

import discord

from adapters.discord import buttons
from adapters.discord.composing import Composed, compose, compose_partial
from adapters.discord.outlets import TROUBLE, is_final
from adapters.discord.shown_reply import ShownReply
from adapters.discord.texts import Texts
from bot.domain.delivery import Delivery
from bot.domain.turn import TurnId
from bot.engine.deliveries import Deliveries
from bot.engine.reply import Outcome, Reply, ReplyStatus
from bot.errors import StorageError
from bot.log import get_logger

log = get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often Discord is bothered, in seconds.

    ``look`` passes between looks for the first text, so that it is more than one word. Edits that
    fail are made less often, down to ``slowest``. ``last_tries`` are the pauses between attempts
    to show the end of a reply.
    """

    look: float = 0.5
    edit: float = 1.0
    slowest: float = 8.0
    last_tries: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0, 16.0)


USUAL_PACE = Pace()


class Answer:
    """Shows one reply. Owned by a task that runs :meth:`show`."""

    def __init__(
        self,
        reply: Reply,
        shown: ShownReply,
        *,
        author_id: int,
        texts: Texts,
        deliveries: Deliveries,
        pace: Pace = USUAL_PACE,
        when_shown: Callable[[], object] = lambda: None,
        when_refused: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Of ``shown``, the reply, at ``pace``.

        ``when_shown`` is called once there is something to see, and ``when_refused`` when Discord
        does not let Ellie write there.
        """
        self.author_id = author_id
        self.shown = shown
        self._reply = reply
        self._texts = texts
        self._deliveries = deliveries
        self._pace = pace
        self._when_shown = when_shown
        self._when_refused = when_refused
        self._text = ""
        self._noted: tuple[str, ...] = ()
        self._retracted = False
        self._is_settled = False
        self.is_given_up = False
        """Whether Discord did not take the end of it, and somebody should try later."""

    @property
    def turn_id(self) -> TurnId | None:
        """The turn that is answered; None when the message was refused."""
        return self._reply.turn_id

    def stop(self) -> None:
        """Have the model stop; what was written until then stays."""
        self._reply.cancel()

    def retract(self) -> None:
        """Have the model stop, and show nothing any more."""
        self._retracted = True
        self._reply.cancel(is_seen=False)

    async def show(self) -> Outcome:
        """Show the reply to its end. Raises nothing of Discord's."""
        reader = asyncio.create_task(self._read(), name="read-reply")
        try:
            # Before anything is shown: what is saved and not shown yet must not get lost.
            await self._note(complete=False)
            await self._follow(reader)
            if not self._retracted:
                await self._end(await self._reply.outcome())
            if self._retracted:
                await self._note(complete=True)  # nobody is to finish it
        except discord.NotFound:
            log.info("reply_deleted_on_discord")
            self._reply.cancel()
            await self._note(complete=True)
        except discord.Forbidden as error:
            log.warning("may_not_write", code=error.code)
            self._reply.cancel()
            await self._note(complete=True)
            if self._when_refused is not None:
                await self._when_refused()
        except Exception:
            # Whatever it is, nobody is left with half an answer and silence.
            log.exception("answer_broke")
            self._reply.cancel()
            await self._apologise()
        finally:
            self._when_shown()
            reader.cancel()
            with suppress(asyncio.CancelledError):
                await reader
        outcome = await self._reply.outcome()
        if not self._is_settled:
            await self._note_unseen()
        return outcome

    async def _read(self) -> None:
        async for piece in self._reply:
            self._text += piece

    async def _follow(self, reader: asyncio.Task[None]) -> None:
        """Show the growing text until there is no more of it."""
        pause = self._pace.look
        while not (await asyncio.wait({reader}, timeout=pause))[0] and not self._retracted:
            if not self._text and not self.shown.outlet.is_pressing:
                continue
            try:
                await self._show_partial()
                pause = self._pace.edit
            except (discord.NotFound, discord.Forbidden):
                raise
            except TROUBLE as error:
                pause = min(2 * max(pause, self._pace.edit), self._pace.slowest)
                log.warning("partial_reply_not_shown", **_what_went_wrong(error))
        await reader

    async def _show_partial(self) -> None:
        turn_id = self._reply.turn_id
        text = self._text or f"-# {self._texts.still_thinking}"
        parts = compose_partial(self.shown.heading + text, may_attach=self.shown.outlet.may_attach)
        if turn_id is None or not parts:
            return
        view = buttons.while_written(turn_id, self._texts)
        await self.shown.show(parts, view=view, view_name="stop")
        self._when_shown()
        if self.shown.message_ids != self._noted:
            await self._note(complete=False)

    async def _end(self, outcome: Outcome) -> None:
        """Show how it ended, with patience."""
        if outcome.status is ReplyStatus.DUPLICATE:
            return
        composed = self._composed(outcome)
        view, name = self._view(outcome)
        for pause in (*self._pace.last_tries, None):
            if self._retracted:
                return
            try:
                await self.shown.show(
                    composed.parts, view=view, view_name=name, files=composed.files
                )
            except (discord.NotFound, discord.Forbidden):
                raise
            except TROUBLE as error:
                log.warning("reply_not_shown", **_what_went_wrong(error))
                if is_final(error):
                    await self._apologise()
                    return
                if pause is None:
                    self._is_settled = self.is_given_up = True
                    await self._note(complete=False)
                    return
                await asyncio.sleep(pause)
            else:
                self._is_settled = True
                await self._note(complete=True)
                return

    async def _apologise(self) -> None:
        """Say that the reply cannot be shown, if at least that can be."""
        turn_id = self._reply.turn_id
        view = None if turn_id is None else buttons.when_failed(turn_id, self._texts)
        try:
            await self.shown.show((self._texts.trouble,), view=view, view_name="failed")
        except TROUBLE as error:
            log.warning("apology_not_shown", **_what_went_wrong(error))
            if isinstance(error, discord.Forbidden) and self._when_refused is not None:
                await self._when_refused()
        await self._note(complete=True)

    def _composed(self, outcome: Outcome) -> Composed:
        text, notice = outcome.text, outcome.notice
        if outcome.status is ReplyStatus.CANCELLED:
            notice = "\n".join(filter(None, (self._texts.stopped, notice)))
        elif outcome.status is ReplyStatus.FAILED:
            text = self._text
        elif outcome.status is ReplyStatus.ANSWERED and not text.strip():
            notice = "\n".join(filter(None, (self._texts.nothing_said, notice)))
        may_attach = self.shown.outlet.may_attach
        return compose(self.shown.heading + text, notice=notice, may_attach=may_attach)

    def _view(self, outcome: Outcome) -> tuple[discord.ui.View | None, str]:
        turn_id = self._reply.turn_id
        if turn_id is None:
            return None, ""
        if outcome.status is ReplyStatus.FAILED:
            return buttons.when_failed(turn_id, self._texts), "failed"
        return buttons.when_answered(turn_id, self._texts), "answered"

    async def _note(self, *, complete: bool) -> None:
        """Write down what is shown, so that a later process can go on from there."""
        if self._reply.turn_id is None:
            return
        self._noted = self.shown.message_ids
        delivery = Delivery(
            turn_id=self._reply.turn_id,
            channel_id=str(self.shown.outlet.channel_id),
            message_ids=self._noted,
            is_complete=complete,
        )
        try:
            await self._deliveries.shown(delivery)
        except StorageError as error:
            log.error("delivery_not_noted", error=str(error))

    async def _note_unseen(self) -> None:
        """Have told another time what only the end of the reply would have told."""
        if self._reply.turn_id is None:
            return
        try:
            await self._deliveries.unseen(self._reply.turn_id)
        except StorageError as error:
            log.error("unseen_end_not_noted", error=str(error))


def _what_went_wrong(error: Exception) -> dict[str, object]:
    """For the log."""
    if isinstance(error, discord.HTTPException):
        return {"status": error.status, "code": error.code}
    return {"error": type(error).__name__}
