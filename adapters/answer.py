"""One answer on its way: read from the engine while it is written, shown on its platform.

The first text is shown shortly after the first token, then at most one change a second, and the
last one as soon as there is nothing more to come. At the end
the person has the whole answer or a clear apology, or the delivery stays marked as unfinished and
is finished later (see :mod:`adapters.recovering`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import Generic, Protocol, TypeVar

from adapters.reply_texts import ReplyTexts
from bot.domain.delivery import Delivery
from bot.domain.turn import TurnId
from bot.engine.deliveries import Deliveries
from bot.engine.reply import Outcome, Reply, ReplyStatus
from bot.errors import StorageError
from bot.log import get_logger

log = get_logger(__name__)

_NOTHING: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often a platform is bothered, in seconds.

    ``look`` passes between looks for the first text, so that it is more than one word. Changes
    that fail are made less often, down to ``slowest``. ``last_tries`` are the pauses between
    attempts to show the end of a reply.
    """

    look: float = 0.5
    edit: float = 1.0
    slowest: float = 8.0
    last_tries: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0, 16.0)


USUAL_PACE = Pace()


class ScreenError(Exception):
    """The platform did not take what was to be shown."""

    def __init__(self, *, is_final: bool = False, detail: Mapping[str, object] = _NOTHING) -> None:
        """``is_final``: it never will. ``detail`` is for the log, and holds no words."""
        super().__init__(dict(detail))
        self.is_final = is_final
        self.detail = detail


class ScreenGoneError(ScreenError):
    """Somebody deleted what shows the reply."""


class ScreenForbiddenError(ScreenError):
    """Ellie may not write there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What a finished reply says, and the small print below it.

    ``turn_id`` is None when the message was refused: there is nothing that a button could do.
    """

    status: ReplyStatus
    text: str
    notice: str = ""
    turn_id: TurnId | None = None


class Screen(Protocol):
    """Shows one reply on its platform, always in the same messages.

    Its methods raise a :class:`ScreenError` when the platform did not take something; what was
    done until then is remembered, so that the same call can be made again.
    """

    @property
    def channel_id(self) -> str:
        """The channel in which the messages stand, as a delivery notes it."""

    @property
    def message_ids(self) -> tuple[str, ...]:
        """The messages, first to last."""

    @property
    def is_pressing(self) -> bool:
        """Whether something has to be shown now, even if nothing is written yet."""

    async def show_partial(self, text: str, turn_id: TurnId) -> bool:
        """Show all of the text so far, which can be stopped.

        ``text`` is empty only when something :attr:`is_pressing`. False when it comes to nothing
        that could be seen.
        """

    async def show_end(self, ending: Ending) -> None:
        """Show the reply in its final form."""

    async def show_apology(self, turn_id: TurnId | None) -> None:
        """Say in place of everything that the reply cannot be shown."""


S = TypeVar("S", bound=Screen)


class Answer(Generic[S]):
    """Shows one reply. Owned by a task that runs :meth:`show`."""

    def __init__(
        self,
        reply: Reply,
        screen: S,
        *,
        author_id: str,
        texts: ReplyTexts,
        deliveries: Deliveries,
        pace: Pace = USUAL_PACE,
        when_shown: Callable[[], object] = lambda: None,
        when_refused: Callable[[], Awaitable[None]] | None = None,
        is_awaited: bool = False,
    ) -> None:
        """Of ``reply``, on ``screen``, at ``pace``.

        ``author_id`` is whoever asked, as the platform names them. ``when_shown`` is called once
        there is something to see, and ``when_refused`` when Ellie may not write there.
        ``is_awaited``: the platform shows that she is thinking until something is shown.
        """
        self.author_id = author_id
        self.screen = screen
        self._reply = reply
        self._texts = texts
        self._deliveries = deliveries
        self._pace = pace
        self._when_shown = when_shown
        self._when_refused = when_refused
        self._is_awaited = is_awaited
        self._text = ""
        self._noted: tuple[str, ...] = ()
        self._retracted = False
        self._is_settled = False
        self.is_given_up = False
        """Whether the platform did not take the end of it, and somebody should try later."""

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
        """Show the reply to its end. Raises nothing of the platform's."""
        reader = asyncio.create_task(self._read(), name="read-reply")
        try:
            # Before anything is shown: what is saved and not shown yet must not get lost.
            await self._note(complete=False)
            await self._follow(reader)
            if not self._retracted:
                await self._end(await self._reply.outcome())
            if self._retracted:
                await self._note(complete=True)  # nobody is to finish it
        except ScreenGoneError:
            log.info("reply_deleted")
            self._reply.cancel()
            await self._note(complete=True)
        except ScreenForbiddenError as error:
            log.warning("may_not_write", code=error.detail.get("code"))
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
            if not self._text and not self.screen.is_pressing:
                continue
            try:
                await self._show_partial()
                pause = self._pace.edit
            except (ScreenGoneError, ScreenForbiddenError):
                raise
            except ScreenError as error:
                pause = min(2 * max(pause, self._pace.edit), self._pace.slowest)
                log.warning("partial_reply_not_shown", **error.detail)
        await reader

    async def _show_partial(self) -> None:
        turn_id = self._reply.turn_id
        if turn_id is None or not await self.screen.show_partial(self._text, turn_id):
            return
        self._when_shown()
        if self.screen.message_ids != self._noted:
            await self._note(complete=False)

    async def _end(self, outcome: Outcome) -> None:
        """Show how it ended, with patience."""
        if outcome.status is ReplyStatus.DUPLICATE:
            return
        if outcome.told_before and not self._is_awaited:
            return
        ending = self._ending(outcome)
        for pause in (*self._pace.last_tries, None):
            if self._retracted:
                return
            try:
                await self.screen.show_end(ending)
            except (ScreenGoneError, ScreenForbiddenError):
                raise
            except ScreenError as error:
                log.warning("reply_not_shown", **error.detail)
                if error.is_final:
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
        try:
            await self.screen.show_apology(self._reply.turn_id)
        except ScreenError as error:
            log.warning("apology_not_shown", **error.detail)
            if isinstance(error, ScreenForbiddenError) and self._when_refused is not None:
                await self._when_refused()
        await self._note(complete=True)

    def _ending(self, outcome: Outcome) -> Ending:
        text, notice = outcome.text, outcome.notice
        if outcome.status is ReplyStatus.CANCELLED:
            notice = "\n".join(filter(None, (self._texts.stopped, notice)))
        elif outcome.status is ReplyStatus.FAILED:
            text = self._text
        elif outcome.status is ReplyStatus.ANSWERED and not text.strip():
            notice = "\n".join(filter(None, (self._texts.nothing_said, notice)))
        return Ending(status=outcome.status, text=text, notice=notice, turn_id=self._reply.turn_id)

    async def _note(self, *, complete: bool) -> None:
        """Write down what is shown, so that a later process can go on from there."""
        if self._reply.turn_id is None:
            return
        self._noted = self.screen.message_ids
        delivery = Delivery(
            turn_id=self._reply.turn_id,
            channel_id=self.screen.channel_id,
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
