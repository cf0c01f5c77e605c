"""What people do with messages, and how the app hears of it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from slack_stand_in.delivering import Delivery
from slack_stand_in.models import Channel, File, Message, User
from slack_stand_in.payloads import event_body, message_payload, view_payload
from slack_stand_in.scopes import MESSAGE_EVENTS
from slack_stand_in.workspace import Workspace

NewFile = File | tuple[str, bytes] | tuple[str, bytes, str]
ALWAYS_HEARD = frozenset({"app_rate_limited"})


class Talking(Workspace):
    """Messages: said, edited, deleted; and every event of the Events API."""

    async def say(
        self,
        user: User,
        channel: Channel,
        text: str,
        *,
        thread_ts: str | None = None,
        files: Iterable[NewFile] = (),
        forwards: Message | Sequence[Message] = (),
        attachments: Iterable[Mapping[str, Any]] = (),
        blocks: list[dict[str, Any]] | None = None,
        subtype: str = "",
        broadcast: bool = False,
        mention_first: bool = False,
        bot_id: str = "",
        deliver: bool = True,
    ) -> Message:
        """Somebody writes; the app is told as it subscribed.

        A mention of the bot outside direct conversations is told twice, as Slack does: as
        ``message`` and as ``app_mention``, each with an event id of its own; ``mention_first``
        turns their order round.
        """
        sent = [self._file(file, user) for file in files]
        shared = [forwards] if isinstance(forwards, Message) else forwards
        if not subtype and sent:
            subtype = "file_share"
        if not subtype and broadcast:
            subtype = "thread_broadcast"
        if user not in channel.members and not user.is_bot:
            channel.members.append(user)
        message = Message(
            channel=channel,
            ts=self.slack.clock.ts(),
            user_id=user.id,
            text=text,
            thread_ts=thread_ts,
            files=sent,
            attachments=[*map(dict, attachments), *map(self._shared, shared)],
            blocks=blocks or [],
            subtype=subtype,
            bot_id=bot_id or user.bot_id,
            client_msg_id=str(uuid.uuid4()),
        )
        channel.kept.append(message)
        self.slack.changed()
        if deliver:
            await self.tell_of(message, mention_first=mention_first)
        return message

    async def edit(self, user: User, message: Message, text: str) -> list[Delivery]:
        """The author writes other words; the app is told of both."""
        before = message_payload(self, message)
        message.text = text
        message.blocks = []
        message.edited_ts, message.edited_by = self.slack.clock.ts(), user.id
        return await self.tell_of_change(message, before)

    async def delete(self, user: User | None, message: Message) -> list[Delivery]:
        """A message is taken away; a root with replies leaves a tombstone."""
        before = message_payload(self, message)
        has_replies = len(message.channel.thread(message.ts)) > 1
        message.deleted = True
        if message.stream is not None:
            message.stream.is_running = False
        if has_replies:
            message.is_tombstone = True
            return await self.tell_of_change(message, before)
        self.slack.changed()
        now = self.slack.clock.ts()
        event = {
            "type": "message",
            "subtype": "message_deleted",
            "previous_message": before,
            "channel": message.channel.id,
            "hidden": True,
            "deleted_ts": message.ts,
            "event_ts": now,
            "ts": now,
            "channel_type": message.channel.kind,
        }
        return await self.tell(event, message.channel)

    async def unfurl(self, message: Message, *previews: Mapping[str, Any]) -> list[Delivery]:
        """Slack adds previews of links to a message, which is no edit of its author."""
        before = message_payload(self, message)
        message.attachments += [dict(preview) for preview in previews]
        return await self.tell_of_change(message, before)

    async def revoke(self, error: str = "token_revoked") -> list[Delivery]:
        """The bot's token is taken away: every call is refused, and the app is told."""
        self.refused_with = error
        return await self.emit(
            {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [self.bot.id]}}
        )

    async def uninstall(self) -> list[Delivery]:
        """The app is removed from the workspace."""
        told = await self.revoke("account_inactive")
        return told + await self.emit({"type": "app_uninstalled"})

    async def stop(self, user: User, channel: Channel, thread_ts: str) -> list[Delivery]:
        """Somebody presses the stop button below a thread: running streams end at once."""
        stopped = []
        for message in list(channel.running(thread_ts)):
            if message.stream is not None:
                message.stream.is_running = False
                message.stream.is_stopped_by_user = True
                stopped.append(message.ts)
        self.slack.changed()
        return await self.emit(
            {
                "type": "agent_session_stopped",
                "user": user.id,
                "channel": channel.id,
                "thread_ts": thread_ts,
                "streaming_message_ts": stopped,
            }
        )

    async def open_home(self, user: User, tab: str = "home") -> list[Delivery]:
        """Somebody opens the app: its home tab, or the conversation with it."""
        event: dict[str, Any] = {
            "type": "app_home_opened",
            "user": user.id,
            "channel": self.dm(user).id,
            "tab": tab,
        }
        home = self.home(user)
        if home is not None and tab == "home":
            event["view"] = view_payload(self, home)
        return await self.emit(event)

    async def emit(self, event: Mapping[str, Any]) -> list[Delivery]:
        """Any other event, delivered if the app subscribed to it.

        ``app_rate_limited`` is no event inside a body, but a body of its own.
        """
        full = {"event_ts": self.slack.clock.ts(), **event}
        if event["type"] in ALWAYS_HEARD:
            body = {"token": self.verification_token, "team_id": self.id, **event}
            body["api_app_id"] = self.app_id
            return [await self.slack.deliver(self, "events_api", body)]
        channel = self.channels.get(str(event.get("channel", "")))
        return await self.tell(full, channel)

    async def tell_of(self, message: Message, *, mention_first: bool = False) -> list[Delivery]:
        """That there is a new message, and that the bot is mentioned in it."""
        channel = message.channel
        payload = message_payload(self, message) | {
            "channel": channel.id,
            "event_ts": message.ts,
            "channel_type": channel.kind,
        }
        events = [payload]
        is_call = self.bot.id in self.mentioned(message.text) and not channel.is_im
        if is_call and message.user_id != self.bot.id:
            mention = {key: value for key, value in payload.items() if key != "channel_type"}
            mention["type"] = "app_mention"
            mention.pop("subtype", None)
            events.insert(0 if mention_first else 1, mention)
        return [found for event in events for found in await self.tell(event, channel)]

    async def tell_of_change(self, message: Message, before: Mapping[str, Any]) -> list[Delivery]:
        """That a message is another one than before."""
        self.slack.changed()
        now = self.slack.clock.ts()
        event = {
            "type": "message",
            "subtype": "message_changed",
            "message": message_payload(self, message),
            "previous_message": dict(before),
            "channel": message.channel.id,
            "hidden": True,
            "ts": now,
            "event_ts": now,
            "channel_type": message.channel.kind,
        }
        return await self.tell(event, message.channel)

    async def tell(self, event: dict[str, Any], channel: Channel | None = None) -> list[Delivery]:
        """Deliver one event, unless the app did not ask for it or is not in the channel."""
        kind = str(event["type"])
        if kind == "message" and channel is not None:
            kind = MESSAGE_EVENTS[channel.kind]
        if not self.manifest.hears(kind):
            return []
        is_of_channel = kind.startswith("message.") or kind == "app_mention"
        if is_of_channel and channel is not None and not channel.bot_is_member:
            return []
        shared = channel is not None and channel.is_ext_shared
        body = event_body(self, event, is_shared=shared)
        return [await self.slack.deliver(self, "events_api", body)]

    def _file(self, file: NewFile, user: User) -> File:
        if isinstance(file, File):
            return file
        name, content, *kind = file
        return self.add_file(name, content, mimetype=kind[0] if kind else "text/plain", user=user)

    def _shared(self, message: Message) -> dict[str, Any]:
        """How a message looks inside the one that forwards it."""
        author = self.users.get(message.user_id)
        shown = (author.display_name or author.real_name) if author else ""
        place = f"{message.channel.id}/p{message.ts.replace('.', '')}"
        url = f"https://{self.domain}.slack.com/archives/{place}"
        return {
            "is_share": True,
            "is_msg_unfurl": True,
            "from_url": url,
            "original_url": url,
            "channel_id": message.channel.id,
            "channel_team": self.id,
            "author_id": message.user_id,
            "author_name": shown,
            "author_subname": shown,
            "ts": message.ts,
            "text": message.shown_text,
            "fallback": f"[{message.ts}] {shown}: {message.shown_text}",
            "footer": "Posted in a channel",
            "mrkdwn_in": ["text"],
            "files": [],
        }
