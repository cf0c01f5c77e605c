"""The messages that show one reply by edits: brought, one after the other, to what is wanted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from adapters.slack.outlets import ThreadOutlet
from adapters.slack.reply_blocks import Block, said


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
            if place == len(self._seen):
                self._seen.append(_Seen(await self._outlet.post(*message), message))
            elif self._seen[place].message != message:
                await self._outlet.change(self._seen[place].ts, *message)
                self._seen[place].message = message
        while len(self._seen) > len(wanted):
            await self._outlet.remove(self._seen[-1].ts)
            self._seen.pop()

    async def remove(self) -> None:
        """Take all messages away."""
        while self._seen:
            await self._outlet.remove(self._seen[-1].ts)
            self._seen.pop()
