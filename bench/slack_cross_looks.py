"""What is done and looked at in both stand-ins for Slack."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import aiohttp
from slack_cross_peers import CHANNEL, USER, Json, Peer
from slack_sdk.errors import SlackApiError

Look = Callable[[Peer], Awaitable[Json]]

BUTTON: Json = {
    "type": "button",
    "action_id": "go",
    "value": "1",
    "text": {"type": "plain_text", "text": "Go"},
}
ROW: list[Json] = [{"type": "actions", "block_id": "row", "elements": [BUTTON]}]
MODAL: Json = {
    "type": "modal",
    "callback_id": "form",
    "title": {"type": "plain_text", "text": "A form"},
    "blocks": ROW,
}
HOME: Json = {"type": "home", "blocks": ROW}


async def call(peer: Peer, method: str, /, **arguments: Any) -> Json:
    """The answer of a method, also when it is a refusal."""
    try:
        answer = await peer.client.api_call(method, json=arguments)
    except SlackApiError as error:
        answer = error.response
    found: Json = dict(answer.data)  # type: ignore[arg-type]
    return found


async def heard(peer: Peer, act: Awaitable[Any]) -> Json:
    """What the app is sent for something that a person does."""
    since = len(peer.heard.envelopes)
    doing = asyncio.ensure_future(act)
    envelope = await peer.heard.next(since)
    await doing
    return envelope or {}


def method(name: str, /, **arguments: Any) -> Look:
    """Compares the answer of one call."""

    async def look(peer: Peer) -> Json:
        return await call(peer, name, **arguments)

    return look


async def _post(peer: Peer, **arguments: Any) -> str:
    answer = await call(peer, "chat.postMessage", channel=CHANNEL, **{"text": "t", **arguments})
    return str(answer["ts"])


async def posted_message(peer: Peer) -> Json:
    """The message in the answer of a post with blocks."""
    answer = await call(peer, "chat.postMessage", channel=CHANNEL, text="t", blocks=ROW)
    found: Json = answer["message"]
    return found


async def update(peer: Peer) -> Json:
    """The answer of an update."""
    ts = await _post(peer)
    return await call(peer, "chat.update", channel=CHANNEL, ts=ts, text="u")


async def deletion(peer: Peer) -> Json:
    """The answer of a deletion."""
    return await call(peer, "chat.delete", channel=CHANNEL, ts=await _post(peer))


async def replies(peer: Peer) -> Json:
    """The root in the answer of a thread with one reply."""
    ts = await peer.say("root")
    await _post(peer, thread_ts=ts)
    answer = await call(peer, "conversations.replies", channel=CHANNEL, ts=ts)
    root: Json = answer["messages"][0]
    return root | {"count": len(answer["messages"])}


async def history(peer: Peer) -> Json:
    """The newest message of a history."""
    await peer.say("newest")
    answer = await call(peer, "conversations.history", channel=CHANNEL, limit=1)
    newest: Json = answer["messages"][0]
    return newest


async def user(peer: Peer) -> Json:
    """One person."""
    found: Json = (await call(peer, "users.info", user=USER))["user"]
    return found


async def channel(peer: Peer) -> Json:
    """One conversation."""
    found: Json = (await call(peer, "conversations.info", channel=CHANNEL))["channel"]
    return found


async def hello(peer: Peer) -> Json:
    """The first message over a socket."""
    return peer.heard.hello


async def envelope(peer: Peer) -> Json:
    """What wraps an event in Socket Mode."""
    return await heard(peer, peer.say("hello"))


async def body(peer: Peer) -> Json:
    """What wraps an event in any mode."""
    found: Json = (await heard(peer, peer.say("hello")))["payload"]
    return found


async def message_event(peer: Peer) -> Json:
    """A message."""
    found: Json = (await heard(peer, peer.say("hello")))["payload"]["event"]
    return found


async def reply_event(peer: Peer) -> Json:
    """A reply in a thread."""
    ts = await peer.say("root")
    await asyncio.sleep(0.1)
    found: Json = (await heard(peer, peer.say("reply", ts)))["payload"]["event"]
    return found


async def edit_event(peer: Peer) -> Json:
    """A person's edit."""
    ts = await peer.say("befor")
    await asyncio.sleep(0.1)
    found: Json = (await heard(peer, peer.edit(ts, "before")))["payload"]["event"]
    return found


async def delete_event(peer: Peer) -> Json:
    """A person's deletion."""
    ts = await peer.say("oops")
    await asyncio.sleep(0.1)
    found: Json = (await heard(peer, peer.delete(ts)))["payload"]["event"]
    return found


async def command(peer: Peer) -> Json:
    """A slash command."""
    found: Json = (await heard(peer, peer.slash("memory show")))["payload"]
    return found


async def press(peer: Peer) -> Json:
    """A press on a button of a message."""
    ts = await _post(peer, blocks=ROW)
    await asyncio.sleep(0.1)
    found: Json = (await heard(peer, peer.press(ts, "row", BUTTON)))["payload"]
    return found


async def action(peer: Peer) -> Json:
    """The action in the payload of a press."""
    found: Json = (await press(peer))["actions"][0]
    return found


async def container(peer: Peer) -> Json:
    """Where the button was."""
    found: Json = (await press(peer))["container"]
    return found


async def home_event(peer: Peer) -> Json:
    """The home tab is opened."""
    found: Json = (await heard(peer, peer.open_home()))["payload"]["event"]
    return found


async def modal(peer: Peer) -> Json:
    """The view in the answer of views.open."""
    trigger = (await command(peer))["trigger_id"]
    answer = await call(peer, "views.open", trigger_id=trigger, view=MODAL)
    found: Json = answer.get("view", answer)
    return found


async def used_trigger(peer: Peer) -> Json:
    """A second modal with the same trigger."""
    trigger = (await command(peer))["trigger_id"]
    await call(peer, "views.open", trigger_id=trigger, view=MODAL)
    return await call(peer, "views.open", trigger_id=trigger, view=MODAL)


async def response_url(peer: Peer) -> Json:
    """The status of an answer by a response url."""
    url = (await command(peer))["response_url"]
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, json={"text": "t", "response_type": "ephemeral"}) as answer,
    ):
        return {"status": answer.status}


LOOKS: Mapping[str, Look] = {
    "auth.test": method("auth.test"),
    "users.info": user,
    "users.info, unknown": method("users.info", user="U404"),
    "conversations.info": channel,
    "conversations.info, unknown": method("conversations.info", channel="C404"),
    "conversations.members": method("conversations.members", channel=CHANNEL),
    "conversations.open": method("conversations.open", users=USER),
    "conversations.history": history,
    "conversations.replies": replies,
    "conversations.replies, unknown": method(
        "conversations.replies", channel=CHANNEL, ts="1.000001"
    ),
    "chat.postMessage": method("chat.postMessage", channel=CHANNEL, text="t"),
    "chat.postMessage: message": posted_message,
    "chat.postMessage, unknown": method("chat.postMessage", channel="C404", text="t"),
    "chat.postMessage, empty": method("chat.postMessage", channel=CHANNEL),
    "chat.update": update,
    "chat.update, unknown": method("chat.update", channel=CHANNEL, ts="1.000001", text="t"),
    "chat.delete": deletion,
    "chat.delete, unknown": method("chat.delete", channel=CHANNEL, ts="1.000001"),
    "chat.postEphemeral": method("chat.postEphemeral", channel=CHANNEL, user=USER, text="t"),
    "chat.startStream": method(
        "chat.startStream",
        channel=CHANNEL,
        thread_ts="1.000001",
        recipient_user_id=USER,
        recipient_team_id="T1",
    ),
    "reactions.add, unknown": method(
        "reactions.add", channel=CHANNEL, timestamp="1.000001", name="eyes"
    ),
    "files.getUploadURLExternal": method("files.getUploadURLExternal", filename="a.txt", length=3),
    "views.publish": method("views.publish", user_id=USER, view=HOME),
    "views.open: view": modal,
    "views.open, used trigger": used_trigger,
    "views.open, unknown trigger": method("views.open", trigger_id="1.2.x", view=MODAL),
    "unknown method": method("chat.shout"),
    "hello": hello,
    "envelope of an event": envelope,
    "body of an event": body,
    "event: message": message_event,
    "event: reply": reply_event,
    "event: message_changed": edit_event,
    "event: message_deleted": delete_event,
    "event: app_home_opened": home_event,
    "slash command": command,
    "block_actions": press,
    "block_actions: action": action,
    "block_actions: container": container,
    "response_url": response_url,
}
