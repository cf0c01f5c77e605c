"""Where an answer to a command can be put, and the messages that then show it.

Ephemeral messages are what their reader alone sees. Slack lets nobody change one except by a press
of a button in it; messages in direct messages can be changed at any time.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.command_layout import Part
from adapters.slack.pending import Press
from adapters.slack.response_urls import ResponseUrl
from adapters.slack.web import TROUBLE, error_code
from bot.log import get_logger

log = get_logger(__name__)


class Slot(Protocol):
    """One message of an answer, which can be changed."""

    async def change(self, part: Part) -> None:
        """Show something else in it."""

    async def remove(self) -> None:
        """Take it away."""


class PressedSlot:
    """The ephemeral message whose button was pressed."""

    def __init__(self, url: ResponseUrl) -> None:
        self._url = url

    async def change(self, part: Part) -> None:
        """Show something else in it."""
        await self._url.replace(part)

    async def remove(self) -> None:
        """Take it away."""
        await self._url.delete()


class MessageSlot:
    """A message that was posted by itself."""

    def __init__(self, client: AsyncWebClient, channel_id: str, ts: str) -> None:
        self._client = client
        self._channel_id = channel_id
        self._ts = ts

    async def change(self, part: Part) -> None:
        """Show something else in it."""
        await self._client.chat_update(
            channel=self._channel_id, ts=self._ts, text=part.text, blocks=list(part.blocks)
        )

    async def remove(self) -> None:
        """Take it away."""
        await self._client.chat_delete(channel=self._channel_id, ts=self._ts)


class Way(Protocol):
    """One way to put a message somewhere. Raises what slack_sdk raises."""

    async def post(self, part: Part) -> Slot | None:
        """Send the next message. None when it can never be changed: its reader alone sees it."""


@dataclass(frozen=True, slots=True)
class ByUrl:
    """By what came with a command or a press, where that takes more."""

    url: ResponseUrl
    thread_ts: str | None = None

    async def post(self, part: Part) -> None:
        """Send the next message."""
        await self.url.post(part, thread_ts=self.thread_ts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ephemerally:
    """To one person in a channel that Ellie is a member of."""

    client: AsyncWebClient
    channel_id: str
    user_id: str
    thread_ts: str | None = None

    async def post(self, part: Part) -> None:
        """Send the next message."""
        await self.client.chat_postEphemeral(
            channel=self.channel_id,
            user=self.user_id,
            thread_ts=self.thread_ts,
            text=part.text,
            blocks=list(part.blocks),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class InDirectMessages:
    """Into the direct messages with a person, wherever those are."""

    client: AsyncWebClient
    find_channel: Callable[[], Awaitable[str]]
    thread_ts: str | None = None

    async def post(self, part: Part) -> Slot:
        """Send the next message."""
        channel_id = await self.find_channel()
        sent = await self.client.chat_postMessage(
            channel=channel_id,
            thread_ts=self.thread_ts,
            text=part.text,
            blocks=list(part.blocks),
            unfurl_links=False,
            unfurl_media=False,
        )
        return MessageSlot(self.client, str(sent.get("channel") or channel_id), str(sent["ts"]))


class Outlet:
    """Puts messages by the first way that works."""

    def __init__(self, ways: Sequence[Way], client: AsyncWebClient) -> None:
        self._ways = list(ways)
        self._client = client

    async def post(self, part: Part) -> Slot | None:
        """Send the next message. A way that failed once is not tried again.

        Raises:
            Exception: what the last way raised, one of :data:`~adapters.slack.web.TROUBLE`.
        """
        while len(self._ways) > 1:
            try:
                return await self._ways[0].post(part)
            except TROUBLE as error:
                log.info(
                    "command_answer_takes_another_way",
                    way=type(self._ways[0]).__name__,
                    code=error_code(error),
                )
                del self._ways[0]
        return await self._ways[0].post(part)

    def pressed(self, press: Press) -> Slot | None:
        """Go on after a press: the slot that it opens, if the message could not be changed before.

        Its address counts before all other ways, except in a thread, where those stay in it.
        """
        if not (press.is_ephemeral and press.response_url):
            return None
        url = ResponseUrl(press.response_url, self._client)
        fresh = ByUrl(url, press.thread_ts)
        others = [way for way in self._ways if not isinstance(way, ByUrl)]
        self._ways = [*others, fresh] if press.thread_ts else [fresh, *others]
        return PressedSlot(url)


async def delivered(sending: Awaitable[Any], event: str) -> bool:
    """Whether Slack took it. What it refuses, and an unreachable Slack, is logged."""
    try:
        await sending
    except TROUBLE as error:
        log.warning(event, code=error_code(error))
        return False
    return True


class Screen:
    """Shows one answer after another in the same messages, as many as each needs."""

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet
        self._slots: list[Slot | None] = []  # None for what can never be changed

    async def show(self, parts: Sequence[Part]) -> bool:
        """Show these in place of what stands there. False when Slack took none of it.

        What cannot be changed stays, and the next messages come after it.
        """
        shown = False
        changeable = [slot for slot in self._slots if slot is not None]
        kept = list(zip(changeable, parts, strict=False))
        surplus = changeable[len(kept) :]
        self._slots = [slot for slot, _ in kept]
        for place, (slot, part) in enumerate(kept):
            if await delivered(slot.change(part), "command_answer_not_changed"):
                shown = True
            elif posted := await self._posted(part):
                self._slots[place : place + 1] = posted
                shown = True
        for slot in surplus:
            await delivered(slot.remove(), "command_answer_not_removed")
        for part in parts[len(kept) :]:
            shown |= await self.add(part)
        return shown

    async def add(self, part: Part) -> bool:
        """Show one more message. False when Slack did not take it."""
        posted = await self._posted(part)
        self._slots += posted
        return bool(posted)

    async def change_last(self, part: Part) -> None:
        """Show something else in the last message, if that can be changed."""
        last = self._slots[-1] if self._slots else None
        if last is not None:
            await delivered(last.change(part), "command_answer_not_changed")

    def pressed(self, press: Press) -> None:
        """Go on from a press of a button in the last message."""
        slot = self._outlet.pressed(press)
        if slot is not None:
            self._slots[-1:] = [slot]

    async def _posted(self, part: Part) -> list[Slot | None]:
        """The message that was sent; none when Slack did not take it."""
        try:
            return [await self._outlet.post(part)]
        except TROUBLE as error:
            log.warning("command_answer_not_sent", code=error_code(error))
            return []
