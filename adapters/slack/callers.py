"""Who gives a command, and where."""

from __future__ import annotations

from functools import partial

from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.people import People
from adapters.slack.places import Places
from adapters.slack.workspace import Workspace
from bot.commands.call import Caller

SLASH_PREFIX = "/ellie "
"""What is written before a command, unless the workspace calls it otherwise."""


def spoken_prefix(channel_id: str, bot_name: str) -> str:
    """What is written before a command in a message: slash commands do not work in threads."""
    return "!" if channel_id.startswith("D") else f"@{bot_name} "


async def caller_for(
    user_id: str,
    channel_id: str,
    *,
    people: People,
    places: Places,
    workspace: Workspace,
    prefix: str = SLASH_PREFIX,
    team_id: str = "",
    channel_type: str = "",
    is_ext_shared: bool = False,
    root_ts: str | None = None,
) -> Caller:
    """Somebody who gives a command in a channel, or in the thread under ``root_ts``. Never raises.

    ``team_id`` is where Slack says that they come from. Rights are asked of Slack, and asked anew
    when minutes have passed.
    """
    user = await people.get(user_id, team_id=team_id)
    place = await places.get(channel_id, channel_type=channel_type, is_ext_shared=is_ext_shared)
    return Caller(
        identity=people.identity_of(user),
        conversation=place.conversation(workspace, root_ts),
        locale=user.locale,
        prefix=prefix,
        roles=user.roles,
        is_admin=user.is_admin and not user.is_stranger,
        still_admin=partial(people.is_admin, user_id),
        hears_all=True,
        account_of=people.account_of,
    )


async def direct_channel(client: AsyncWebClient, user_id: str) -> str:
    """The direct messages with somebody. Raises what slack_sdk raises."""
    opened = await client.conversations_open(users=user_id)
    return str(opened["channel"]["id"])
