"""Where the messages of a reply go: into one thread, each of them named."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.reply_blocks import Block
from adapters.slack.web import error_code, is_final
from bot.log import get_logger

log = get_logger(__name__)

EVENT_TYPE = "ellie_reply"
"""Of the metadata that name a message of a reply; nobody sees them."""
NAME_CHARACTERS = 24
LOOKED_THROUGH = 100
"""Messages of a thread among which one is sought that may have arrived."""

STREAMING = "streaming_state_conflict"
"""Slack changes and removes no message that is being streamed."""
NOT_STREAMING = "message_not_in_streaming_state"
"""And adds nothing to one that is not, or not any more."""
_STATE, _ENDED = "streaming_state", "completed"
"""What Slack tells of a message that is or was streamed."""
_STILL_STREAMING = frozenset({STREAMING, "cant_delete_message"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A thread, and whom a reply in it is for.

    Slack wants to know the latter to stream a reply into a channel. ``recipient_team_id`` is the
    team that they come from. ``since`` is the message that is answered, where it is known: the
    reply stands after it. With ``is_about`` it is answered what somebody asks about that message.
    """

    channel_id: str
    thread_ts: str
    since: str = ""
    is_about: bool = False
    recipient_user_id: str = ""
    recipient_team_id: str = ""


class ThreadOutlet:
    """Posts, changes and takes away messages in one thread. Raises what slack_sdk raises.

    A message whose arrival was not confirmed is looked for before it is sent again. So is the
    first one of a reply that another process may have begun to show (``may_be_there``).
    """

    def __init__(
        self,
        client: AsyncWebClient,
        spot: Spot,
        *,
        me: str,
        event_key: str = "",
        may_be_there: bool = False,
        known: Callable[[], Collection[str]] = frozenset,
        session_status: Callable[[], str] = lambda: "",
        when_told: Callable[[str], object] = lambda _: None,
    ) -> None:
        """``me`` is Ellie's user id.

        ``event_key`` names the event whose first answer this is: whoever else shows it, in another
        process or after a crash, names its messages alike. ``known`` are messages of other replies.
        ``session_status`` is what the end of a stream makes of the thread's agent session, where
        that is not the end of the reply. ``when_told`` is called with what Slack made of it.
        """
        self._known = known
        self._session_status = session_status
        self._when_told = when_told
        self.client = client
        self.spot = spot
        self._me = me
        self._event_key = event_key
        self._number = 0
        self._begun = ""
        self.may_be_there = may_be_there

    def metadata(self) -> Mapping[str, Any]:
        """The name of the next message, for a stream that ends."""
        return _metadata(self._name())

    async def post(self, text: str, blocks: Sequence[Block]) -> str:
        """Send the next message; returns its timestamp, which is its id."""
        name = self._name()
        if self.may_be_there and not self._begun:
            self._begun = await self.begun() or ""
        if found := self._begun:
            await self.change(found, text, blocks, metadata=_metadata(name))
        else:
            self.may_be_there = True
            sent = await self.client.chat_postMessage(
                channel=self.spot.channel_id,
                thread_ts=self.spot.thread_ts,
                text=text,
                blocks=list(blocks),
                metadata=dict(_metadata(name)),
                unfurl_links=False,
                unfurl_media=False,
            )
            found = str(sent["ts"])
        self.may_be_there, self._begun = False, ""
        self._number += 1
        return found

    async def change(
        self,
        ts: str,
        text: str,
        blocks: Sequence[Block],
        *,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        """Have a message say something else; one that is being streamed is ended first."""
        try:
            await self._update(ts, text, blocks, metadata)
        except SlackApiError as error:
            if error_code(error) != STREAMING:
                raise
            await self.end_stream(ts)
            await self._update(ts, text, blocks, metadata)

    async def remove(self, ts: str) -> None:
        """Take a message away, if it is still there."""
        try:
            await self._delete(ts)
        except SlackApiError as error:
            if error_code(error) not in _STILL_STREAMING:
                raise
            await self.end_stream(ts)
            await self._delete(ts)

    async def end_stream(self, ts: str) -> None:
        """End a stream as it is."""
        try:
            await self.stop_stream(ts, self._session_status())
        except SlackApiError as error:
            if error_code(error) != NOT_STREAMING:
                raise

    async def stop_stream(self, ts: str, session_status: str, **last: Any) -> None:
        """End a stream with what is ``last`` in it, and say what that makes of the session."""
        await self.client.chat_stopStream(
            channel=self.spot.channel_id, ts=ts, session_status=session_status or None, **last
        )
        if session_status:
            self._when_told(session_status)

    async def begun(self, own: Collection[str] = ()) -> str | None:
        """The message that has the name of the next one, or began and never got to have one.

        ``own`` are the messages of this reply.
        """
        name, thread = self._name(), await self._thread()
        for message in thread:
            if message.get("user") == self._me and _name_of(message) == name:
                return str(message["ts"])
        return self._lost_stream(thread, own)

    def _lost_stream(self, thread: Sequence[Mapping[str, Any]], own: Collection[str]) -> str | None:
        """The one stream of hers in this place that was not ended, and of which nobody knows.

        None when there are several.
        """
        known = {*own, *self._known()}
        found = [
            str(message["ts"])
            for message in thread
            if message.get("user") == self._me
            and message["ts"] not in known
            and message.get(_STATE, _ENDED) != _ENDED
        ]
        return found[0] if len(found) == 1 else None

    async def _update(
        self, ts: str, text: str, blocks: Sequence[Block], metadata: Mapping[str, Any] | None
    ) -> None:
        await self.client.chat_update(
            channel=self.spot.channel_id,
            ts=ts,
            text=text,
            blocks=list(blocks),
            metadata=None if metadata is None else dict(metadata),
        )

    async def _delete(self, ts: str) -> None:
        try:
            await self.client.chat_delete(channel=self.spot.channel_id, ts=ts)
        except SlackApiError as error:
            if error_code(error) != "message_not_found":
                raise

    async def _thread(self) -> Sequence[Mapping[str, Any]]:
        """What was said in the thread since; nothing where Ellie may not read that."""
        since = self.spot.since or self.spot.thread_ts
        try:
            answer = await self.client.conversations_replies(
                channel=self.spot.channel_id,
                ts=self.spot.thread_ts,
                oldest=since,
                limit=LOOKED_THROUGH,
                include_all_metadata=True,
            )
        except SlackApiError as error:
            if not is_final(error):
                raise
            log.warning("thread_not_looked_through", error=error_code(error))
            return ()
        messages: Sequence[Mapping[str, Any]] = answer.get("messages", [])
        # The first message of the thread comes along, however old it is.
        return [message for message in messages if float(message["ts"]) > float(since)]

    def _name(self) -> str:
        if not self._event_key:
            self._event_key = secrets.token_hex(NAME_CHARACTERS)
        named = f"{self._event_key}:{self._number}"
        return hashlib.sha256(named.encode()).hexdigest()[:NAME_CHARACTERS]


def question_metadata() -> Mapping[str, Any]:
    """Of a message of Ellie's that repeats a question, and is no part of a reply."""
    return _metadata("question")


def _metadata(name: str) -> Mapping[str, Any]:
    return {"event_type": EVENT_TYPE, "event_payload": {"name": name}}


def _name_of(message: Mapping[str, Any]) -> str:
    metadata = message.get("metadata") or {}
    if metadata.get("event_type") != EVENT_TYPE:
        return ""
    return str(metadata.get("event_payload", {}).get("name", ""))
