"""Slack's native streams: one reply over as many messages as it needs.

What was streamed cannot be taken back, and a stream does not last: it takes about 12,000
characters, ends about five minutes after it began, and when nothing comes for long
(slackapi/python-slack-sdk#1859, CopilotKit/CopilotKit#6063; Slack documents none of it). So a reply
goes on in a new message in time, and what a stream did not take is shown by an edit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from slack_sdk.errors import SlackApiError

from adapters.slack import rolling
from adapters.slack.markdown import for_slack, undecided
from adapters.slack.outlets import NOT_STREAMING, ThreadOutlet
from adapters.slack.pacing import NotNowError
from adapters.slack.reply_blocks import MARKDOWN_CHARACTERS, Block, said
from adapters.slack.web import TROUBLE, error_code, in_a_hurry, may_have_happened
from bot.log import get_logger

log = get_logger(__name__)

LIFETIME_SECONDS = 255.0
"""A stream that has lasted so long is ended where a word ends, and the reply goes on in the next
message."""
LATEST_SECONDS = 275.0
"""And anywhere, when it has lasted so long."""

_NOT_TAKEN = frozenset({NOT_STREAMING, "stopped_by_user", "msg_too_long", "msg_blocks_too_long"})
"""The stream is over, or full; the message can still be changed."""


@dataclass(slots=True)
class _Part:
    """One message of the reply, and what it shows.

    ``is_open``: more may be added. ``is_streaming``: Slack shows it as not finished. ``in_doubt``:
    it may show more than is known, because an answer of Slack's got lost. ``edited``: what it says
    since it was changed, without the end of a code block; the end of the reply may be put behind.
    """

    ts: str
    shown: str
    began_at: float
    is_open: bool = True
    is_streaming: bool = True
    in_doubt: bool = False
    edited: str | None = None


class NativeStream:
    """Shows a growing text. Raises what slack_sdk raises; the same call can be made again."""

    def __init__(
        self,
        outlet: ThreadOutlet,
        *,
        clock: Callable[[], float],
        limit: int = MARKDOWN_CHARACTERS,
    ) -> None:
        """``clock`` gives seconds; ``limit`` of one message is in UTF-16 units."""
        self._outlet = outlet
        self._clock = clock
        self._limit = limit
        self._parts: list[_Part] = []
        self._taken = 0
        self._prefix = ""
        self._is_ending = False

    @property
    def message_ids(self) -> tuple[str, ...]:
        """The messages, first to last."""
        return tuple(part.ts for part in self._parts)

    async def show(self, text: str) -> None:
        """Show all of a text so far that cannot change any more.

        What Slack would have to be waited for is left to the next time: the text is longer then,
        and whatever ends goes first.
        """
        try:
            with in_a_hurry():
                await self._grow(text)
        except NotNowError as error:
            log.info("partial_reply_left_out", reason=str(error))

    async def _grow(self, text: str) -> None:
        await self._end_completed()
        rest = await self._fill(for_slack(text[: len(text) - undecided(text)]))
        part = self._open_part()
        age = 0.0 if part is None else self._clock() - part.began_at
        if part is not None and age > LIFETIME_SECONDS:
            whole_words = rolling.rounded_off(rest)
            if whole_words or age > LATEST_SECONDS:
                await self._complete_at(part, rest[:whole_words])
                rest = rest[whole_words:]
        if rest.strip():
            await self._add(rest)
            self._taken += len(rest)

    async def end(self, text: str, blocks: Sequence[Block], *, session_status: str = "") -> None:
        """Show the whole text, with ``blocks`` under it."""
        self._is_ending = True
        await self._end_completed()
        whole = for_slack(text)
        rest = await self._fill(whole)
        part = self._open_part()
        if part is not None:
            await self._end_open(part, rest, blocks, session_status)
        elif not self._parts or (rest.strip() and not self._may_take(self._parts[-1], rest)):
            await self._post(self._prefix + rest, blocks)
        else:
            await self._end_complete(self._parts[-1], rest, blocks)
        self._taken, self._prefix = len(whole), ""

    async def _fill(self, whole: str) -> str:
        """Fill up messages until what is missing fits into one; returns what that is."""
        while True:
            rest = whole[self._taken :]
            part = self._open_part()
            shown = self._prefix if part is None else part.shown
            if rolling.fits(shown, rest, self._limit):
                return rest
            found = rolling.cut(shown, rest, self._limit)
            if found.head.strip():
                await self._add(found.head)
            self._taken += found.taken
            await self._complete(found.opening)

    async def _add(self, more: str) -> None:
        """Add to the open message, or begin one."""
        part = self._open_part()
        if part is None:
            await self._begin(self._prefix + more)
            return
        if part.in_doubt:
            await self._rewrite(part, part.shown + more)
            return
        try:
            await self._outlet.client.chat_appendStream(
                channel=self._outlet.spot.channel_id, ts=part.ts, markdown_text=more
            )
        except TROUBLE as error:
            if error_code(error) not in _NOT_TAKEN:
                part.in_doubt = may_have_happened(error)
                raise
            await self._rewrite(part, part.shown + more)
        else:
            part.shown += more

    async def _begin(self, text: str) -> None:
        outlet, spot = self._outlet, self._outlet.spot
        if outlet.may_be_there:
            found = await outlet.begun(self.message_ids)
            if found is not None:
                self._parts.append(_Part(found, "", self._clock(), in_doubt=True))
                outlet.may_be_there, self._prefix = False, ""
                await self._rewrite(self._parts[-1], text)
                return
        outlet.may_be_there, began_at = True, self._clock()
        try:
            with in_a_hurry():
                sent = await outlet.client.chat_startStream(
                    channel=spot.channel_id,
                    thread_ts=spot.thread_ts,
                    markdown_text=text,
                    recipient_user_id=spot.recipient_user_id or None,
                    recipient_team_id=spot.recipient_team_id or None,
                )
        except NotNowError:
            outlet.may_be_there = False
            if not self._is_ending:
                raise
            await self._post(text, ())  # it is full, and needs no stream
            self._prefix = ""
            return
        except TROUBLE as error:
            outlet.may_be_there = may_have_happened(error)
            raise
        self._parts.append(_Part(str(sent["ts"]), text, began_at))
        outlet.may_be_there, self._prefix = False, ""

    async def _rewrite(self, part: _Part, text: str) -> None:
        """Show by an edit what the stream did not take, or may not have taken; that completes it.

        What comes after stands in the next message.
        """
        whole = text + rolling.closing(text)
        await self._outlet.change(part.ts, *said(whole))
        part.shown, part.is_open, part.is_streaming, part.in_doubt = whole, False, False, False
        part.edited = text
        self._prefix = rolling.opening(text)

    async def _complete_at(self, part: _Part, more: str) -> None:
        """Complete a message with ``more``, although more would fit."""
        shown = part.shown + more.rstrip()
        opening = rolling.opening(shown)
        head = more.rstrip() + rolling.closing(shown)
        if head.strip():
            await self._add(head)
        self._taken += len(more)
        await self._complete(opening)

    async def _complete(self, opening: str) -> None:
        """Have the next message begin, with ``opening``."""
        if self._parts:
            self._parts[-1].is_open, self._parts[-1].edited = False, None
        self._prefix = opening
        await self._end_completed()

    async def _end_completed(self) -> None:
        """Have no completed message look unfinished."""
        for part in self._parts:
            if part.is_streaming and not part.is_open:
                await self._outlet.end_stream(part.ts)
                part.is_streaming = False

    async def _end_open(
        self, part: _Part, rest: str, blocks: Sequence[Block], session_status: str
    ) -> None:
        whole = part.shown + rest
        whole += rolling.closing(whole)
        more = whole[len(part.shown) :]
        if part.in_doubt:
            await self._outlet.change(part.ts, *said(whole, blocks))
        else:
            try:
                await self._outlet.stop_stream(
                    part.ts,
                    session_status,
                    markdown_text=more or None,
                    blocks=list(blocks),
                    metadata=dict(self._outlet.metadata()),
                )
            except SlackApiError as error:
                if error_code(error) not in _NOT_TAKEN:
                    raise
                await self._outlet.change(part.ts, *said(whole, blocks))
        part.shown, part.is_open, part.is_streaming, part.in_doubt = whole, False, False, False

    def _may_take(self, part: _Part, rest: str) -> bool:
        if part.edited is None or self._outlet.may_be_there:  # then there may be one after it
            return False
        return rolling.fits(part.edited, rest, self._limit)

    async def _end_complete(self, part: _Part, rest: str, blocks: Sequence[Block]) -> None:
        whole = part.shown
        if rest.strip() and part.edited is not None:
            whole = part.edited + rest
            whole += rolling.closing(whole)
        await self._outlet.change(part.ts, *said(whole, blocks))
        part.shown = whole

    async def _post(self, text: str, blocks: Sequence[Block]) -> None:
        """Show a message that nothing is added to any more."""
        whole = text + rolling.closing(text)
        ts = await self._outlet.post(*said(whole, blocks))
        self._parts.append(_Part(ts, whole, self._clock(), is_open=False, is_streaming=False))

    def _open_part(self) -> _Part | None:
        return self._parts[-1] if self._parts and self._parts[-1].is_open else None
