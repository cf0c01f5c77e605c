"""Which scope of the bot's token each method needs."""

from __future__ import annotations

from collections.abc import Mapping

METHOD_SCOPES: Mapping[str, tuple[str, ...]] = {
    "auth.test": (),
    "apps.connections.open": (),
    "chat.postMessage": ("chat:write",),
    "chat.update": ("chat:write",),
    "chat.delete": ("chat:write",),
    "chat.postEphemeral": ("chat:write",),
    "chat.startStream": ("chat:write",),
    "chat.appendStream": ("chat:write",),
    "chat.stopStream": ("chat:write",),
    "users.info": ("users:read",),
    "bots.info": ("users:read",),
    "views.open": (),
    "views.update": (),
    "views.push": (),
    "views.publish": (),
    "assistant.threads.setStatus": ("chat:write",),
    "assistant.threads.setSuggestedPrompts": ("assistant:write",),
    "assistant.threads.setTitle": ("assistant:write",),
    "agents.sessions.setStatus": ("chat:write",),
    "agents.sessions.rename": ("chat:write",),
    "files.getUploadURLExternal": ("files:write",),
    "files.completeUploadExternal": ("files:write",),
    "files.info": ("files:read",),
    "reactions.add": ("reactions:write",),
    "conversations.join": ("channels:join",),
    "conversations.open": ("im:write",),
}
"""Any one of the scopes is enough. What a conversation's type decides is in the tables below."""

READ_SCOPES: Mapping[str, str] = {
    "channel": "channels:read",
    "group": "groups:read",
    "im": "im:read",
    "mpim": "mpim:read",
}
HISTORY_SCOPES: Mapping[str, str] = {
    "channel": "channels:history",
    "group": "groups:history",
    "im": "im:history",
    "mpim": "mpim:history",
}
BY_CHANNEL: Mapping[str, Mapping[str, str]] = {
    "conversations.info": READ_SCOPES,
    "conversations.members": READ_SCOPES,
    "conversations.history": HISTORY_SCOPES,
    "conversations.replies": HISTORY_SCOPES,
}

MESSAGE_EVENTS: Mapping[str, str] = {
    "channel": "message.channels",
    "group": "message.groups",
    "im": "message.im",
    "mpim": "message.mpim",
}
"""The subscription under which a message of each type of conversation is delivered."""
