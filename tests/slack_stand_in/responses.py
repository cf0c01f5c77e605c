"""Answers by a response url."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from slack_stand_in.block_rules import check_message_blocks
from slack_stand_in.errors import SlackError
from slack_stand_in.models import Ephemeral, Message
from slack_stand_in.payloads import message_payload
from slack_stand_in.view_store import with_ids

if TYPE_CHECKING:
    from slack_stand_in.team import Team
    from slack_stand_in.workspace import ResponseUrl


async def show_response(team: Team, url: ResponseUrl, body: Mapping[str, Any]) -> Message | None:
    """Show what the app answered: to one person, to all, or in place of the message pressed.

    Raises:
        SlackError: the url is used up or too old, or the answer says nothing.
    """
    if team.slack.clock.now() >= url.expires_at:
        raise SlackError("expired_url")
    if url.left <= 0:
        raise SlackError("used_url")
    source = url.message
    if body.get("delete_original"):
        url.left -= 1
        await _delete(team, source)
        return None
    blocks = check_message_blocks(body.get("blocks") or [])
    text = str(body.get("text") or "")
    if not text and not blocks and not body.get("attachments"):
        raise SlackError("no_text")
    url.left -= 1
    blocks = with_ids(team, blocks)
    if body.get("replace_original") and source is not None and not source.deleted:
        return await _replace(team, source, text, blocks)
    traits: dict[str, Any] = {
        "channel": url.channel,
        "ts": team.slack.clock.ts(),
        "user_id": team.bot.id,
        "text": text,
        "blocks": blocks,
        "bot_id": team.bot_id,
        "thread_ts": body.get("thread_ts"),
        "attachments": list(body.get("attachments") or ()),
    }
    message: Message
    if body.get("response_type") == "in_channel":
        message = Message(**traits)
        url.channel.kept.append(message)
        await team.tell_of(message)
    else:
        message = Ephemeral(**traits, only_for=url.user.id)
        team.whispers.append(message)
    url.posts.append(message)
    team.slack.changed()
    return message


async def _replace(team: Team, source: Message, text: str, blocks: list[dict[str, Any]]) -> Message:
    before = message_payload(team, source)
    source.text, source.blocks, source.markdown = text, blocks, None
    source.calls += 1
    if not isinstance(source, Ephemeral):
        await team.tell_of_change(source, before)
    team.slack.changed()
    return source


async def _delete(team: Team, source: Message | None) -> None:
    if source is None or source.deleted:
        return
    if isinstance(source, Ephemeral):
        source.deleted = True
        team.slack.changed()
    else:
        await team.delete(None, source)
