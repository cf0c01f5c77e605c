"""Posting, changing and deleting messages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from slack_stand_in.block_rules import check_message_blocks
from slack_stand_in.calling import Asked, Methods
from slack_stand_in.errors import SlackError
from slack_stand_in.models import Channel, Ephemeral, Message
from slack_stand_in.payloads import message_payload
from slack_stand_in.streaming import end_if_expired
from slack_stand_in.view_store import with_ids

Json = dict[str, Any]

LONGEST_TEXT = 40_000
LONGEST_UPDATE = 4_000
LONGEST_MARKDOWN = 12_000
LARGEST_METADATA = 16_000
REACTION = re.compile(r"[a-z0-9_+'-]+(::skin-tone-[2-6])?")


def content_of(asked: Asked, *, longest: int) -> Json:
    """What a message says, checked: text, blocks, Markdown, attachments."""
    text, markdown = asked.text("text"), asked.text("markdown_text")
    blocks = asked.arguments.get("blocks")
    if markdown and (text or blocks):
        raise SlackError("markdown_text_conflict")
    if not (text or markdown or blocks or asked.arguments.get("attachments")):
        raise SlackError("no_text")
    if len(text) > longest or len(markdown) > LONGEST_MARKDOWN:
        raise SlackError("msg_too_long")
    checked = with_ids(asked.team, check_message_blocks(blocks or []))
    return {
        "text": text,
        "markdown": markdown or None,
        "blocks": checked,
        "attachments": list(asked.arguments.get("attachments") or ()),
    }


def metadata_of(asked: Asked) -> Mapping[str, Any] | None:
    """The metadata of a message, checked; None when there is none."""
    metadata = asked.arguments.get("metadata")
    if metadata is None:
        return None
    if not isinstance(metadata, Mapping):
        raise SlackError("invalid_metadata_format")
    if not metadata:
        return {}
    payload = metadata.get("event_payload")
    if not isinstance(metadata.get("event_type"), str) or not isinstance(payload, Mapping):
        raise SlackError("invalid_metadata_format")
    if len(str(metadata)) > LARGEST_METADATA:
        raise SlackError("metadata_too_large")
    return metadata


def thread_of(asked: Asked, channel: Channel) -> str | None:
    """The thread to write in: its root's timestamp, also when a reply's was given."""
    ts = asked.text("thread_ts")
    if not ts:
        return None
    root = channel.find(ts)
    if root is None:
        gone = any(kept.ts == ts for kept in channel.kept)
        if gone:
            return ts  # a deleted root: Slack keeps the thread
        raise SlackError("thread_not_found")
    return root.root_ts


async def post(asked: Asked) -> Json:
    """A new message, told back to the app as an event."""
    channel = asked.channel(to_write=True)
    team = asked.team
    client_msg_id = asked.text("client_msg_id")
    if client_msg_id:
        for message in channel.messages:
            if message.client_msg_id == client_msg_id and message.bot_id == team.bot_id:
                return _answer(asked, message)
    content = content_of(asked, longest=LONGEST_TEXT)
    thread_ts = thread_of(asked, channel)
    message = Message(
        channel=channel,
        ts=asked.slack.clock.ts(),
        user_id=team.bot.id,
        bot_id=team.bot_id,
        thread_ts=thread_ts,
        metadata=metadata_of(asked) or None,
        client_msg_id=client_msg_id,
        subtype="thread_broadcast" if thread_ts and asked.flag("reply_broadcast") else "",
        **content,
    )
    channel.kept.append(message)
    team.thinking.pop((channel.id, message.root_ts), None)
    await team.tell_of(message)
    return _answer(asked, message)


def _answer(asked: Asked, message: Message) -> Json:
    shown = message_payload(asked.team, message)
    return {"channel": message.channel.id, "ts": message.ts, "message": shown}


async def update(asked: Asked) -> Json:
    """Other content for a message of the bot.

    Blocks stay only when neither text nor Markdown is given; metadata stays unless given.
    """
    channel = asked.channel()
    if channel.is_archived:
        raise SlackError("is_inactive")
    message = asked.message(channel)
    if message.bot_id != asked.team.bot_id:
        raise SlackError("cant_update_message")
    end_if_expired(asked.slack.clock, message)
    if message.is_streaming:
        raise SlackError("streaming_state_conflict")
    content = content_of(asked, longest=LONGEST_UPDATE)
    before = message_payload(asked.team, message)
    message.markdown = content["markdown"]
    if content["text"] or not content["blocks"]:
        message.text = content["text"]
    message.blocks = content["blocks"]
    if "attachments" in asked.arguments:
        message.attachments = content["attachments"]
    metadata = metadata_of(asked)
    if metadata is not None:
        message.metadata = metadata or None
    message.calls += 1
    message.edited_ts, message.edited_by = asked.slack.clock.ts(), asked.team.bot.id
    await asked.team.tell_of_change(message, before)
    return {**_answer(asked, message), "text": message.text}


async def delete(asked: Asked) -> Json:
    """A message of the bot is taken away."""
    channel = asked.channel()
    message = asked.message(channel)
    if message.bot_id != asked.team.bot_id:
        raise SlackError("cant_delete_message")
    await asked.team.delete(None, message)
    return {"channel": channel.id, "ts": message.ts}


def post_ephemeral(asked: Asked) -> Json:
    """A message that one member of the channel sees."""
    channel = asked.channel(to_write=True)
    user = asked.user()
    if user not in channel.members:
        raise SlackError("user_not_in_channel")
    content = content_of(asked, longest=LONGEST_TEXT)
    whisper = Ephemeral(
        channel=channel,
        ts=asked.slack.clock.ts(),
        user_id=asked.team.bot.id,
        bot_id=asked.team.bot_id,
        thread_ts=thread_of(asked, channel),
        only_for=user.id,
        **content,
    )
    asked.team.whispers.append(whisper)
    return {"message_ts": whisper.ts}


def react(asked: Asked) -> Json:
    """An emoji below a message."""
    channel = asked.channel()
    message = asked.message(channel, "timestamp")
    name = asked.needed("name")
    if not REACTION.fullmatch(name):
        raise SlackError("invalid_name")
    users = message.reactions.setdefault(name, [])
    if asked.team.bot.id in users:
        raise SlackError("already_reacted")
    users.append(asked.team.bot.id)
    return {}


METHODS: Methods = {
    "chat.postMessage": post,
    "chat.update": update,
    "chat.delete": delete,
    "chat.postEphemeral": post_ephemeral,
    "reactions.add": react,
}
