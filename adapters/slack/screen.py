"""One reply on Slack: streamed where Slack can do that, or else posted and edited."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from slack_sdk.errors import SlackApiError

from adapters.answer import Ending, ScreenError, ScreenForbiddenError, ScreenGoneError
from adapters.reply_texts import ReplyTexts
from adapters.slack.markdown import for_slack
from adapters.slack.message_list import MessageList
from adapters.slack.outlets import Spot, ThreadOutlet
from adapters.slack.reply_blocks import (
    MARKDOWN_CHARACTERS,
    Asked,
    Block,
    small_print,
    when_answered,
    when_failed,
    while_written,
)
from adapters.slack.stream import NativeStream
from adapters.slack.web import TROUBLE, error_code, is_final, is_forbidden, is_gone
from adapters.splitting import split
from bot.domain.turn import TurnId
from bot.engine.reply import ReplyStatus
from bot.log import get_logger

log = get_logger(__name__)

_GROWING = " …"
_SAYS_NOTHING_OF_STREAMS = frozenset(
    {"internal_error", "fatal_error", "ratelimited", "rate_limited", "service_unavailable"}
)


class SlackScreen:
    """Shows one reply. Fulfils :class:`adapters.answer.Screen`."""

    def __init__(
        self,
        outlet: ThreadOutlet,
        texts: ReplyTexts,
        *,
        prefix: str,
        heading: str = "",
        earlier: Iterable[str] | None = None,
        session_status: Callable[[], str] = lambda: "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``prefix`` is what people write before a command there.

        ``heading`` stands above the reply, whatever it says.

        ``earlier`` are messages that showed this reply before: they are used again, by edits.
        ``session_status`` is what the end of a stream makes of the thread's agent session.
        """
        self._outlet = outlet
        self._texts = texts
        self._prefix = prefix
        self._heading = heading
        self._session_status = session_status
        self._list = MessageList(outlet, earlier or ())
        self._stream = NativeStream(outlet, clock=clock) if earlier is None else None

    @property
    def spot(self) -> Spot:
        """Where it is shown."""
        return self._outlet.spot

    @property
    def channel_id(self) -> str:
        """The channel in which the messages stand."""
        return self._outlet.spot.channel_id

    @property
    def message_ids(self) -> tuple[str, ...]:
        """The messages, first to last."""
        return self._list.message_ids if self._stream is None else self._stream.message_ids

    @property
    def is_pressing(self) -> bool:
        """Never: a thread is patient."""
        return False

    async def show_partial(self, text: str, turn_id: TurnId) -> bool:
        """Show all of the text so far."""
        if not text.strip():
            return False
        with _translated():
            if self._stream is not None:
                try:
                    await self._stream.show(self._heading + text)
                except SlackApiError as error:
                    self._fall_back(error)
                else:
                    return bool(self.message_ids)
            parts = self._parts(self._heading + text)
            parts[-1] += _GROWING
            await self._list.show(parts, while_written(self._asked(turn_id), self._texts))
        return True

    async def show_end(self, ending: Ending) -> None:
        """Show the reply in its final form."""
        blocks = [*small_print(ending.notice, self._prefix), *self._buttons(ending)]
        with _translated():
            if self._stream is not None:
                try:
                    await self._stream.end(
                        self._heading + ending.text,
                        blocks,
                        session_status=self._session_status(),
                    )
                except SlackApiError as error:
                    self._fall_back(error)
                else:
                    return
            await self._list.show(self._parts(self._heading + ending.text), blocks)

    async def show_apology(self, turn_id: TurnId | None) -> None:
        """Say in place of everything that the reply cannot be shown."""
        await self.replace(self._texts.trouble, turn_id)

    async def replace(self, text: str, turn_id: TurnId | None) -> None:
        """Say ``text``, and offer to try again, in place of everything."""
        self._by_edits()
        blocks = [] if turn_id is None else when_failed(self._asked(turn_id), self._texts)
        with _translated():
            await self._list.show([text], blocks)

    async def remove(self) -> None:
        """Take all messages away."""
        self._by_edits()
        with _translated():
            await self._list.remove()

    def _fall_back(self, error: SlackApiError) -> None:
        """Go on by edits where Slack does not stream.

        Raises:
            SlackApiError: that is not what it says.
        """
        refused = is_final(error) and not is_gone(error) and not is_forbidden(error)
        if not refused or error_code(error) in _SAYS_NOTHING_OF_STREAMS:
            raise error
        log.warning("reply_not_streamed", code=error_code(error))
        self._by_edits()

    def _by_edits(self) -> None:
        if self._stream is not None:
            self._list = MessageList(self._outlet, self._stream.message_ids)
            self._stream = None

    def _buttons(self, ending: Ending) -> Sequence[Block]:
        if ending.turn_id is None:
            return ()
        if ending.status is ReplyStatus.FAILED:
            return when_failed(self._asked(ending.turn_id), self._texts)
        return when_answered(self._asked(ending.turn_id), self._texts)

    def _asked(self, turn_id: TurnId) -> Asked:
        spot = self._outlet.spot
        return Asked(turn_id=turn_id, ts=spot.since, is_about=spot.is_about)

    @staticmethod
    def _parts(text: str) -> list[str]:
        return split(for_slack(text), MARKDOWN_CHARACTERS) or [""]


@contextmanager
def _translated() -> Iterator[None]:
    """What Slack does not take, as those who show replies know it."""
    try:
        yield
    except TROUBLE as error:
        detail = {"code": error_code(error)}
        kind = ScreenError
        if is_gone(error):
            kind = ScreenGoneError
        elif is_forbidden(error):
            kind = ScreenForbiddenError
        raise kind(is_final=is_final(error), detail=detail) from error
