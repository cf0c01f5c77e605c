"""Messages that are written piece by piece."""

from __future__ import annotations

from typing import Any

from slack_stand_in.block_rules import check_message_blocks
from slack_stand_in.calling import Asked, Methods
from slack_stand_in.errors import SlackError
from slack_stand_in.methods.agents import STATUSES, set_session
from slack_stand_in.methods.chat import metadata_of, thread_of
from slack_stand_in.models import Blocks, Message, Stream
from slack_stand_in.payloads import message_payload
from slack_stand_in.streaming import LONGEST, end_if_expired
from slack_stand_in.view_store import with_ids

Json = dict[str, Any]
CHUNKS = frozenset({"markdown_text", "task_update", "plan_update", "blocks"})
APPEND = "chat.appendStream"
TASK_STATES = frozenset({"pending", "in_progress", "complete", "error"})


def _piece(asked: Asked) -> tuple[str, Blocks, str]:
    """The text, the blocks, and the mode of one call.

    Raises:
        SlackError: it is too long, or no valid piece of a stream.
    """
    text, chunks = asked.text("markdown_text"), asked.arguments.get("chunks")
    if text and chunks:
        raise SlackError("cannot_provide_both_markdown_text_and_chunks")
    blocks: Blocks = []
    mode = "text" if text else ""
    if chunks is not None:
        if not isinstance(chunks, list):
            raise SlackError("invalid_chunks")
        mode = "chunks"
        for chunk in chunks:
            kind = chunk.get("type") if isinstance(chunk, dict) else None
            if kind not in CHUNKS:
                raise SlackError("invalid_chunks")
            if kind == "markdown_text":
                text += str(chunk.get("text", ""))
            elif kind == "blocks":
                blocks += check_message_blocks(chunk.get("blocks"))
            elif kind == "task_update" and chunk.get("status") not in TASK_STATES:
                raise SlackError("invalid_chunks")
    if len(text) > LONGEST:
        raise SlackError("msg_too_long")
    return text, blocks, mode


def _append(asked: Asked, message: Message) -> None:
    """Adds a piece. What would make the message too long is refused as a whole."""
    stream = message.stream
    if stream is None:
        raise SlackError("message_not_in_streaming_state")
    text, blocks, mode = _piece(asked)
    if stream.length + len(text) > LONGEST:
        raise SlackError("msg_too_long")
    if mode and stream.mode and mode != stream.mode:
        raise SlackError("streaming_mode_mismatch")
    stream.mode = stream.mode or mode
    stream.length += len(text)
    stream.pieces.append(text)
    message.markdown = (message.markdown or "") + text
    message.blocks += with_ids(asked.team, blocks)


def _running(asked: Asked) -> Message:
    message = asked.message(asked.channel(to_write=True))
    if message.bot_id != asked.team.bot_id:
        raise SlackError("message_not_owned_by_app")
    end_if_expired(asked.slack.clock, message)
    if message.stream and message.stream.is_stopped_by_user and asked.method == APPEND:
        raise SlackError("stopped_by_user")
    if not message.is_streaming:
        raise SlackError("message_not_in_streaming_state")
    return message


async def start(asked: Asked) -> Json:
    """Begin a message in a thread."""
    channel = asked.channel(to_write=True)
    if not channel.is_im:
        if not asked.text("recipient_user_id"):
            raise SlackError("missing_recipient_user_id")
        if not asked.text("recipient_team_id"):
            raise SlackError("missing_recipient_team_id")
        asked.user("recipient_user_id")
    asked.needed("thread_ts")
    message = Message(
        channel=channel,
        ts="",
        user_id=asked.team.bot.id,
        bot_id=asked.team.bot_id,
        text="",
        thread_ts=thread_of(asked, channel),
        markdown="",
        stream=Stream(started_at=asked.slack.clock.now(), mode=""),
    )
    _append(asked, message)
    message.ts = asked.slack.clock.ts()
    channel.kept.append(message)
    asked.team.thinking.pop((channel.id, message.root_ts), None)
    await asked.team.tell_of(message)
    return {"channel": channel.id, "ts": message.ts}


def append(asked: Asked) -> Json:
    """More of a message."""
    message = _running(asked)
    if not (asked.text("markdown_text") or asked.arguments.get("chunks")):
        raise SlackError("markdown_text_or_chunks_required")
    _append(asked, message)
    message.calls += 1
    return {"channel": message.channel.id, "ts": message.ts}


async def stop(asked: Asked) -> Json:
    """The last of a message, with the blocks below it."""
    message = _running(asked)
    status = asked.text("session_status", "active")
    if status not in STATUSES:
        raise SlackError("invalid_arguments")
    blocks = asked.arguments.get("blocks") or []
    if isinstance(blocks, list) and len(blocks) > 50:
        raise SlackError("msg_blocks_too_many")
    checked = check_message_blocks(blocks)
    metadata = metadata_of(asked)
    before = message_payload(asked.team, message)
    _append(asked, message)
    message.blocks += with_ids(asked.team, checked)
    if metadata is not None:
        message.metadata = metadata or None
    if message.stream is not None:
        message.stream.is_running = False
    set_session(asked.team, message.channel, message.root_ts, status, create=False)
    await asked.team.tell_of_change(message, before)
    shown = message_payload(asked.team, message)
    return {"channel": message.channel.id, "ts": message.ts, "message": shown}


METHODS: Methods = {
    "chat.startStream": start,
    APPEND: append,
    "chat.stopStream": stop,
}
