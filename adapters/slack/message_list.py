"""The messages that show one reply by edits: brought, one after the other, to what is wanted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from slack_sdk.errors import SlackApiError

from adapters.slack.outlets import ThreadOutlet
from adapters.slack.reply_blocks import Block, said
from adapters.slack.web import is_gone


@dataclass(slots=True)
class _Seen:
    """One message, and what it says; None when that is not known."""

    ts: str
    message: tuple[str, list[Block]] | None = None


class MessageList:
    """Knows which messages show a reply and what they say, and sends only what differs.

    Raises what slack_sdk raises; what was done until then is remembered, so that the same call can
    be made again.
    """

    def __init__(self, outlet: ThreadOutlet, earlier: Iterable[str] = ()) -> None:
        """``earlier`` are messages that showed this reply before; they are used again."""
        self._outlet = outlet
        self._seen = [_Seen(ts) for ts in earlier]

    @property
    def message_ids(self) -> tuple[str, ...]:
        """The messages, first to last."""
        return tuple(seen.ts for seen in self._seen)

    async def show(self, parts: Sequence[str], blocks: Sequence[Block] = ()) -> None:
        """Have the messages say ``parts``, with ``blocks`` under the last."""
        wanted = list(parts) or [""]
        for place, part in enumerate(wanted):
            message = said(part, blocks if place == len(wanted) - 1 else ())
            while not await self._says(place, message):
                continue  # with the next one that is still there
        while len(self._seen) > len(wanted):
            await self._outlet.remove(self._seen[-1].ts)
            self._seen.pop()

    async def _says(self, place: int, message: tuple[str, list[Block]]) -> bool:
        """Have one message say something. False when it is gone since before this reply."""
        if place == len(self._seen):
            self._seen.append(_Seen(await self._outlet.post(*message), message))
            return True
        seen = self._seen[place]
        if seen.message == message:
            return True
        try:
            await self._outlet.change(seen.ts, *message)
        except SlackApiError as error:
            if seen.message is not None or not is_gone(error):
                raise
            self._seen.remove(seen)
            return False
        seen.message = message
        return True

    async def remove(self) -> None:
        """Take all messages away."""
        while self._seen:
            await self._outlet.remove(self._seen[-1].ts)
            self._seen.pop()
