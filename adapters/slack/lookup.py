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


async def message_at(
    client: AsyncWebClient, workspace: Workspace, place: Place, *, ts: str, thread_ts: str
) -> SlackMessage | None:
    """The message ``ts`` in the thread under ``thread_ts``; None when it is there no more.

    Raises:
        Exception: what slack_sdk raises, when it may be there all the same.
    """
    try:
        answer = await client.conversations_replies(
            channel=place.channel_id,
            ts=thread_ts,
            oldest=ts,
            latest=ts,
            inclusive=True,
            limit=2,
        )
    except SlackApiError as error:
        if not is_gone(error):
            raise
        log.info("message_not_read", code=error_code(error))
        return None
    messages: Sequence[Mapping[str, Any]] = answer.get("messages", [])
    found = [raw for raw in messages if raw.get("ts") == ts]
    if not found:
        return None
    return read_back(
        found[0],
        team_id=workspace.team_id,
        channel_id=place.channel_id,
        channel_type=_TYPES.get(place.kind, ""),
        is_ext_shared=place.is_external,
    )
