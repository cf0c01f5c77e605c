"""Calls of the Web API: their arguments, who makes them, what they are checked for."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web

from slack_stand_in.errors import SlackError
from slack_stand_in.models import Channel, Message, User
from slack_stand_in.scopes import BY_CHANNEL, METHOD_SCOPES

if TYPE_CHECKING:
    from slack_stand_in.server import SlackStandIn
    from slack_stand_in.team import Team

IN_JSON = frozenset(
    {
        "attachments", "blocks", "chunks", "files", "loading_messages", "metadata", "prompts",
        "view",
    }
)  # fmt: skip
"""Arguments that are JSON inside a form."""


@dataclass(eq=False, slots=True, kw_only=True)
class Call:
    """One call as it arrived; ``response`` is None until it was answered."""

    method: str
    arguments: Mapping[str, Any]
    team: Team | None
    at: float
    token: str = ""
    response: Mapping[str, Any] | None = None
    status: int = 0

    @property
    def ok(self) -> bool:
        """Whether it did what it should."""
        return bool(self.response and self.response.get("ok"))

    @property
    def error(self) -> str:
        """The error that it was refused with."""
        return str((self.response or {}).get("error", ""))

    def __str__(self) -> str:
        outcome = "waits" if self.response is None else self.error or "ok"
        return f"{self.method}: {outcome}"


async def arguments_of(request: web.Request) -> dict[str, Any]:
    """The arguments from the query and from a body of either kind."""
    found: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        try:
            body = await request.json()
        except ValueError:
            raise SlackError("invalid_json") from None
        if not isinstance(body, dict):
            raise SlackError("json_not_object")
        found |= body
    elif request.method == "POST":
        found |= dict(await request.post())
    return {name: _decoded(value) if name in IN_JSON else value for name, value in found.items()}


def _decoded(value: Any) -> Any:
    """What is JSON inside a form or inside JSON, as both are taken."""
    if not isinstance(value, str) or value[:1] not in ("[", "{"):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise SlackError("invalid_arguments") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A call that passed authentication, with its arguments read safely."""

    slack: SlackStandIn
    team: Team
    method: str
    arguments: Mapping[str, Any]

    def text(self, name: str, default: str = "") -> str:
        """A text argument."""
        value = self.arguments.get(name)
        return default if value is None else str(value)

    def needed(self, name: str) -> str:
        """A text argument that must be there."""
        value = self.text(name)
        if not value:
            raise SlackError(
                "invalid_arguments",
                response_metadata={"messages": [f"[ERROR] missing required field: {name}"]},
            )
        return value

    def flag(self, name: str) -> bool:
        """A yes or no."""
        return str(self.arguments.get(name, "")).lower() in {"1", "true"}

    def number(self, name: str, default: int) -> int:
        """A whole number."""
        try:
            return int(self.arguments.get(name, default))
        except (TypeError, ValueError):
            raise SlackError("invalid_arguments") from None

    def user(self, name: str = "user") -> User:
        """The user who is named."""
        return self.team.user(self.needed(name))

    def channel(self, name: str = "channel", *, to_write: bool = False) -> Channel:
        """The channel that is named, if the bot may know of it, and write there if it has to."""
        value = self.text(name)
        if not value:
            raise SlackError("channel_not_found")
        channel = self.team.visible_channel(value)
        kinds = BY_CHANNEL.get(self.method)
        if kinds is not None:
            self.need(kinds[channel.kind])
        if to_write:
            if channel.is_archived:
                raise SlackError("is_archived")
            may_post = not channel.is_private and self.team.manifest.scopes is not None
            anywhere = may_post and self.team.manifest.allows("chat:write.public")
            if not channel.bot_is_member and not (anywhere and self.method == "chat.postMessage"):
                raise SlackError("not_in_channel")
        return channel

    def message(self, channel: Channel, name: str = "ts") -> Message:
        """The message in the channel with the timestamp that is named."""
        found = channel.find(self.needed(name))
        if found is None:
            raise SlackError("message_not_found")
        return found

    def need(self, *scopes: str) -> None:
        """Raises ``missing_scope`` unless the token has one of the scopes."""
        if scopes and not any(map(self.team.manifest.allows, scopes)):
            provided = ",".join(sorted(self.team.manifest.scopes or ()))
            raise SlackError("missing_scope", needed=",".join(scopes), provided=provided)

    def need_scopes(self) -> None:
        """Raises ``missing_scope`` if the method may not be called at all."""
        self.need(*METHOD_SCOPES.get(self.method, ()))


Answer = Mapping[str, Any]
Method = Callable[[Asked], Answer | Awaitable[Answer]]
Methods = Mapping[str, Method]
