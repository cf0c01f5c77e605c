"""The shapes in which Slack tells of messages, users, channels, files and events."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from slack_stand_in.models import Channel, Ephemeral, File, Message, User, View

if TYPE_CHECKING:
    from slack_stand_in.workspace import Workspace

Json = dict[str, Any]
PIECES = re.compile(r"(<@[A-Z0-9]+(?:\|[^>]*)?>|<https?://[^>]+>)")


def rich_text(text: str) -> Json:
    """The blocks that Slack's own clients send along with a text."""
    parts: list[Json] = []
    for piece in filter(None, PIECES.split(text)):
        if piece.startswith("<@"):
            parts.append({"type": "user", "user_id": piece[2:-1].partition("|")[0]})
        elif piece.startswith("<http"):
            url, _, label = piece[1:-1].partition("|")
            parts.append({"type": "link", "url": url, **({"text": label} if label else {})})
        else:
            parts.append({"type": "text", "text": piece})
    section = {"type": "rich_text_section", "elements": parts}
    return {"type": "rich_text", "block_id": "rich", "elements": [section]}


def file_payload(team: Workspace, file: File) -> Json:
    """A file object. One of a foreign workspace has to be asked for with ``files.info``."""
    if file.is_deleted:
        return {"id": file.id, "mode": "tombstone"}
    if file.access != "visible":
        return {"id": file.id, "file_access": file.access, "mode": "file_access"}
    url = file.external_url or f"{team.slack.url}files-pri/{team.id}-{file.id}/{file.name}"
    payload: Json = {
        "id": file.id,
        "created": int(team.slack.clock.now()),
        "name": file.name,
        "title": file.title or file.name,
        "mimetype": file.mimetype,
        "filetype": file.filetype,
        "pretty_type": file.filetype.upper(),
        "user": file.user_id,
        "user_team": team.id,
        "size": len(file.content) if file.size is None else file.size,
        "mode": "external" if file.is_external else "hosted",
        "is_external": file.is_external,
        "file_access": file.access,
        "url_private": url,
        "permalink": f"https://{team.domain}.slack.com/files/{file.user_id}/{file.id}",
    }
    if not file.is_external:
        download = f"{team.slack.url}files-pri/{team.id}-{file.id}/download/{file.name}"
        payload["url_private_download"] = download
    if file.width is not None and file.height is not None:
        payload |= {"original_w": file.width, "original_h": file.height}
    if file.alt_txt:
        payload["alt_txt"] = file.alt_txt
    return payload


def message_payload(team: Workspace, message: Message, *, with_metadata: bool = True) -> Json:
    """A message as histories and events have it, without its channel."""
    if message.is_tombstone:
        return {
            "type": "message",
            "subtype": "tombstone",
            "user": "USLACKBOT",
            "text": "This message was deleted.",
            "hidden": True,
            "ts": message.ts,
            "thread_ts": message.root_ts,
        }
    payload: Json = {
        "type": "message",
        "ts": message.ts,
        "text": message.text if message.markdown is None else message.markdown,
        "team": team.id,
        **_of_bot(team, message),
        **_author(team, message),
        **_content(team, message),
        **_thread(message),
    }
    if message.edited_ts:
        payload["edited"] = {"user": message.edited_by, "ts": message.edited_ts}
    if message.metadata and with_metadata:
        payload["metadata"] = dict(message.metadata)
    if message.stream is not None:
        payload["streaming_state"] = "in_progress" if message.is_streaming else "completed"
    return payload


def _content(team: Workspace, message: Message) -> Json:
    """Everything that is there only when there is something."""
    found: Json = {
        "user": message.user_id,
        "subtype": message.subtype,
        "client_msg_id": message.client_msg_id,
        "blocks": _blocks(message),
        "attachments": message.attachments,
        "files": [file_payload(team, file) for file in message.files],
        "reactions": [
            {"name": name, "users": users, "count": len(users)}
            for name, users in message.reactions.items()
        ],
    }
    return {name: value for name, value in found.items() if value}


def _blocks(message: Message) -> list[Json]:
    """The app's blocks; before them what Slack makes of Markdown and of typed text."""
    if message.markdown:
        return [rich_text(message.markdown), *message.blocks]
    if message.blocks or not message.text or message.bot_id:
        return message.blocks
    return [rich_text(message.text)]


def _of_bot(team: Workspace, message: Message) -> Json:
    if not message.bot_id:
        return {}
    found: Json = {"bot_id": message.bot_id}
    if message.bot_id == team.bot_id:
        found["app_id"] = team.app_id
        found["bot_profile"] = {
            "id": team.bot_id,
            "app_id": team.app_id,
            "name": team.bot.name,
            "team_id": team.id,
        }
    return found


def _author(team: Workspace, message: Message) -> Json:
    """In shared channels, and for people from elsewhere, it says where the author comes from."""
    author = team.users.get(message.user_id)
    if author is None or (author.team_id == team.id and not message.channel.is_ext_shared):
        return {}
    return {"user_team": author.team_id, "source_team": author.team_id, "team": author.team_id}


def _thread(message: Message) -> Json:
    if message.thread_ts and message.thread_ts != message.ts:
        root = message.channel.find(message.thread_ts)
        found: Json = {"thread_ts": message.thread_ts}
        if root is not None:
            found["parent_user_id"] = root.user_id
        return found
    replies = [reply for reply in message.channel.thread(message.ts) if reply is not message]
    if not replies or isinstance(message, Ephemeral):
        return {}
    users = list(dict.fromkeys(reply.user_id for reply in replies))
    return {
        "thread_ts": message.ts,
        "reply_count": len(replies),
        "reply_users": users,
        "reply_users_count": len(users),
        "latest_reply": replies[-1].ts,
        "is_locked": False,
        "subscribed": False,
    }


def user_payload(team: Workspace, user: User, *, with_locale: bool) -> Json:
    """A user object as ``users.info`` has it."""
    payload: Json = {
        "id": user.id,
        "team_id": user.team_id,
        "name": user.name,
        "real_name": user.real_name,
        "deleted": user.is_deleted,
        "color": "9f69e7",
        "tz": "Europe/London",
        "tz_label": "Greenwich Mean Time",
        "tz_offset": 0,
        "profile": {
            "real_name": user.real_name,
            "real_name_normalized": user.real_name,
            "display_name": user.display_name,
            "display_name_normalized": user.display_name,
            "team": user.team_id,
        },
        "is_admin": user.is_admin,
        "is_owner": user.is_owner,
        "is_primary_owner": False,
        "is_restricted": user.is_restricted,
        "is_ultra_restricted": False,
        "is_bot": user.is_bot,
        "is_app_user": False,
        "updated": int(team.slack.clock.now()),
    }
    if user.bot_id:
        payload["profile"] |= {"bot_id": user.bot_id, "api_app_id": team.app_id}
    if user.team_id != team.id:
        payload["is_stranger"] = user.is_stranger
    if user.enterprise_id:
        payload["enterprise_user"] = {
            "id": user.id,
            "enterprise_id": user.enterprise_id,
            "enterprise_name": "The enterprise",
            "is_admin": user.is_admin,
            "is_owner": user.is_owner,
            "teams": [user.team_id],
        }
    if with_locale:
        payload["locale"] = user.locale
    return payload


def channel_payload(team: Workspace, channel: Channel, *, with_locale: bool = False) -> Json:
    """A conversation object as ``conversations.info`` has it."""
    shared = channel.is_ext_shared or channel.is_org_shared
    payload: Json = {
        "id": channel.id,
        "created": int(team.slack.clock.now()),
        "is_im": channel.is_im,
        "is_org_shared": channel.is_org_shared,
        "context_team_id": team.id,
        "is_archived": channel.is_archived,
    }
    if channel.is_im:
        payload |= {"user": channel.members[0].id, "is_user_deleted": False, "priority": 0}
    else:
        payload |= {
            "name": channel.name,
            "name_normalized": channel.name,
            "is_channel": channel.kind == "channel",
            "is_group": channel.kind == "group",
            "is_mpim": channel.is_mpim,
            "is_private": channel.kind != "channel",
            "is_general": False,
            "is_shared": shared,
            "is_ext_shared": channel.is_ext_shared,
            "is_pending_ext_shared": channel.is_pending_ext_shared,
            "pending_shared": [],
            "shared_team_ids": [team.id],
            "is_member": channel.bot_is_member,
            "creator": channel.members[0].id if channel.members else team.bot.id,
            "topic": {"value": "", "creator": "", "last_set": 0},
            "purpose": {"value": "", "creator": "", "last_set": 0},
        }
    if with_locale:
        payload["locale"] = "en-US"
    return payload


def view_payload(team: Workspace, view: View, state: Mapping[str, Any] | None = None) -> Json:
    """A view object as answers and interactions have it."""
    return {
        "private_metadata": "",
        "callback_id": "",
        "clear_on_close": False,
        "notify_on_close": False,
        "external_id": "",
        "submit": None,
        "close": None,
        **view.content,
        "id": view.id,
        "team_id": team.id,
        "app_id": team.app_id,
        "app_installed_team_id": team.id,
        "bot_id": team.bot_id,
        "hash": view.hash,
        "root_view_id": view.root_id,
        "previous_view_id": view.previous_id,
        "state": {"values": dict(state or {})},
    }


def event_body(team: Workspace, event: Json, *, is_shared: bool = False) -> Json:
    """What wraps every event."""
    return {
        "token": team.verification_token,
        "team_id": team.id,
        "context_team_id": team.id,
        "context_enterprise_id": team.enterprise_id or None,
        "api_app_id": team.app_id,
        "event": event,
        "type": "event_callback",
        "event_id": team.next_id("Ev"),
        "event_time": int(team.slack.clock.now()),
        "authorizations": [
            {
                "enterprise_id": team.enterprise_id or None,
                "team_id": team.id,
                "user_id": team.bot.id,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": is_shared,
        "event_context": f"4-{team.next_id('ctx')}",
    }
