"""A message of Slack's, read again by its id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.events import SlackMessage, read_back
from adapters.slack.places import Place, PlaceKind
from adapters.slack.web import error_code, is_gone
from adapters.slack.workspace import Workspace
from bot.log import get_logger

log = get_logger(__name__)

_TYPES = {PlaceKind.DIRECT: "im", PlaceKind.GROUP: "mpim"}


class UnclearError(OSError):
    """Slack neither told a message nor said that there is none."""


async def message_at(
    client: AsyncWebClient, workspace: Workspace, place: Place, *, ts: str, thread_ts: str
) -> SlackMessage | None:
    """The message ``ts`` in the thread under ``thread_ts``; None when it is there no more.

    That is only when Slack says so: what a person said is forgotten then.

    Raises:
        Exception: what slack_sdk raises, or an :class:`UnclearError`, when it may be there.
    """
    try:
        raw = await _found(client, place.channel_id, ts, of=thread_ts, alone=True)
        raw = raw or await _found(client, place.channel_id, ts, of=ts)
    except SlackApiError as error:
        if not is_gone(error):
            raise
        log.info("message_not_read", code=error_code(error))
        return None
    if raw is None:
        raise UnclearError("Slack neither told the message nor said that there is none.")
    return read_back(
        raw,
        team_id=workspace.team_id,
        channel_id=place.channel_id,
        channel_type=_TYPES.get(place.kind, ""),
        is_ext_shared=place.is_external,
    )


async def _found(
    client: AsyncWebClient, channel_id: str, ts: str, *, of: str, alone: bool = False
) -> Mapping[str, Any] | None:
    """The message as ``conversations.replies`` tells it of the thread ``of``."""
    window = ts if alone else None
    try:
        answer = await client.conversations_replies(
            channel=channel_id, ts=of, oldest=window, latest=window, inclusive=True, limit=2
        )
    except SlackApiError as error:
        if of == ts or not is_gone(error):
            raise
        return None  # the thread's first message may be gone, and this one not
    messages: Sequence[Mapping[str, Any]] = answer.get("messages", [])
    return next((raw for raw in messages if raw.get("ts") == ts), None)
