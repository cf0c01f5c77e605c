"""Who and where: tokens, people, conversations and their histories."""

from __future__ import annotations

from typing import Any

from slack_stand_in.calling import Asked, Methods
from slack_stand_in.errors import SlackError
from slack_stand_in.models import Channel, Message
from slack_stand_in.payloads import channel_payload, message_payload, user_payload

Json = dict[str, Any]


def auth_test(asked: Asked) -> Json:
    """Whose token it is."""
    team = asked.team
    return {
        "url": f"https://{team.domain}.slack.com/",
        "team": team.name,
        "user": team.bot.name.lower(),
        "team_id": team.id,
        "user_id": team.bot.id,
        "bot_id": team.bot_id,
        "enterprise_id": team.enterprise_id or None,
        "is_enterprise_install": False,
    }


def connections_open(asked: Asked) -> Json:
    """An address for Socket Mode."""
    if not asked.team.manifest.uses_sockets:
        raise SlackError("socket_mode_not_enabled")
    return {"url": asked.slack.sockets.ticket(asked.team)}


def users_info(asked: Asked) -> Json:
    """One person."""
    user = asked.user()
    found = user_payload(asked.team, user, with_locale=asked.flag("include_locale"))
    return {"user": found}


def bots_info(asked: Asked) -> Json:
    """Which app a bot is."""
    team = asked.team
    if asked.text("bot") != team.bot_id:
        raise SlackError("bot_not_found")
    return {"bot": {"id": team.bot_id, "app_id": team.app_id, "user_id": team.bot.id}}


def info(asked: Asked) -> Json:
    """One conversation."""
    channel = asked.channel()
    found = channel_payload(asked.team, channel, with_locale=asked.flag("include_locale"))
    if asked.flag("include_num_members"):
        found["num_members"] = len(channel.members) + channel.bot_is_member
    return {"channel": found}


def open_(asked: Asked) -> Json:
    """The direct conversation with a person."""
    if asked.text("channel"):
        channel = asked.channel()
        return {"channel": channel_payload(asked.team, channel)}
    ids = [one for one in asked.text("users").split(",") if one]
    if not ids:
        raise SlackError("users_list_not_supplied")
    users = [asked.team.user(one) for one in ids]
    if len(users) == 1:
        if users[0] is asked.team.bot:
            raise SlackError("cannot_dm_bot")
        channel = asked.team.dm(users[0])
    else:
        asked.need("mpim:write")
        channel = asked.team.add_channel(
            asked.team.next_id("G"), name="mpdm", members=users, is_mpim=True
        )
    if asked.flag("return_im"):
        return {"channel": channel_payload(asked.team, channel)}
    return {"channel": {"id": channel.id}}


def join(asked: Asked) -> Json:
    """Into a public channel."""
    channel = asked.channel()
    if channel.kind != "channel":
        raise SlackError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise SlackError("is_archived")
    found: Json = {}
    if channel.bot_is_member:
        found["warning"] = "already_in_channel"
    channel.bot_is_member = True
    return {"channel": channel_payload(asked.team, channel), **found}


def members(asked: Asked) -> Json:
    """Who is in a conversation."""
    channel = asked.channel()
    ids = [user.id for user in channel.members]
    if channel.bot_is_member and asked.team.bot.id not in ids:
        ids.append(asked.team.bot.id)
    return {"members": ids, "response_metadata": {"next_cursor": ""}}


def history(asked: Asked) -> Json:
    """The latest messages of a conversation, newest first, without replies in threads."""
    channel = _readable(asked)
    found = [
        message
        for message in channel.kept
        if (not message.deleted or message.is_tombstone)
        and (message.thread_ts in (None, message.ts) or message.subtype == "thread_broadcast")
    ]
    page, more = _page(asked, _within(asked, found), newest_first=True)
    return {
        "messages": [_shown(asked, message) for message in page],
        "has_more": more is not None,
        "pin_count": 0,
        **({"response_metadata": {"next_cursor": more}} if more else {}),
    }


def replies(asked: Asked) -> Json:
    """A thread: its root and its replies, oldest first.

    With a reply's timestamp Slack returns that reply alone.
    """
    channel = _readable(asked)
    ts = asked.needed("ts")
    known = [message for message in channel.kept if not message.deleted or message.is_tombstone]
    asked_for = next((message for message in known if message.ts == ts), None)
    if asked_for is None:
        raise SlackError("thread_not_found")
    if asked_for.thread_ts not in (None, ts):
        found = [asked_for]
    else:
        found = [message for message in known if message.root_ts == ts]
    root, rest = found[:1], found[1:]
    page, more = _page(asked, _within(asked, rest), newest_first=False)
    return {
        "messages": [_shown(asked, message) for message in root + page],
        "has_more": more is not None,
        **({"response_metadata": {"next_cursor": more}} if more else {}),
    }


def _readable(asked: Asked) -> Channel:
    channel = asked.channel()
    if not channel.bot_is_member:
        raise SlackError("not_in_channel")
    return channel


def _shown(asked: Asked, message: Message) -> Json:
    with_metadata = asked.flag("include_all_metadata")
    return message_payload(asked.team, message, with_metadata=with_metadata)


def _within(asked: Asked, messages: list[Message]) -> list[Message]:
    oldest, latest = asked.text("oldest", "0"), asked.text("latest")
    inclusive = asked.flag("inclusive")

    def fits(message: Message) -> bool:
        ts = _order(message.ts)
        after = ts >= _order(oldest) if inclusive else ts > _order(oldest)
        if not latest:
            return after
        return after and (ts <= _order(latest) if inclusive else ts < _order(latest))

    return [message for message in messages if fits(message)]


def _order(ts: str) -> tuple[int, int]:
    try:
        seconds, _, rest = ts.partition(".")
        return int(seconds), int((rest or "0").ljust(6, "0"))
    except ValueError:
        raise SlackError("invalid_ts_latest") from None


def _page(
    asked: Asked, messages: list[Message], *, newest_first: bool
) -> tuple[list[Message], str | None]:
    limit = asked.number("limit", 100)
    if not 1 <= limit <= 999:
        raise SlackError("invalid_limit")
    start = 0
    cursor = asked.text("cursor")
    if cursor:
        if not cursor.startswith("next:"):
            raise SlackError("invalid_cursor")
        start = int(cursor.removeprefix("next:"))
    ordered = messages[::-1] if newest_first else messages
    page = ordered[start : start + limit]
    more = f"next:{start + limit}" if start + limit < len(ordered) else None
    return page, more


METHODS: Methods = {
    "auth.test": auth_test,
    "apps.connections.open": connections_open,
    "users.info": users_info,
    "bots.info": bots_info,
    "conversations.info": info,
    "conversations.open": open_,
    "conversations.join": join,
    "conversations.members": members,
    "conversations.history": history,
    "conversations.replies": replies,
}
