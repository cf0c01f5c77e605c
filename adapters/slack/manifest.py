"""The app's manifest: all that Slack has to be told, made from what the code asks for and offers.

Limits: https://docs.slack.dev/reference/app-manifest.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from adapters.slack.callers import SLASH_PREFIX
from adapters.slack.home_texts import home_texts
from adapters.slack.http_events import PATH
from adapters.slack.scopes import EVENTS, SCOPES
from adapters.slack.shortcuts import CALLBACK_ID
from bot.commands.definitions import COMMANDS, Command
from bot.commands.language import Language
from bot.errors import UsageError

NAME = "Ellie"
DESCRIPTION = "A companion that remembers what you tell her, on your own machine."
ABOUT = (
    "Ellie talks with you and remembers what you tell her about yourself, for your own "
    "conversations only. Ask her what she remembers, correct her, or have her forget it."
)
"""Shown where somebody opens the agent: at most 300 characters."""

_NEW_APP = "https://api.slack.com/apps?new_app=1&manifest_json="


def manifest(url: str = "") -> Mapping[str, Any]:
    """The manifest for Socket Mode, or with the address of Ellie's web server for HTTP.

    Raises:
        UsageError: Slack would not send anything to that address.
    """
    address = _request_url(url) if url else ""
    where = {"request_url": address} if address else {}
    return {
        "display_information": {"name": NAME, "description": DESCRIPTION},
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "agent_view": {"agent_description": ABOUT, "suggested_prompts": _prompts()},
            "bot_user": {"display_name": NAME, "always_online": True},
            "shortcuts": [
                {
                    "name": "Ask Ellie about this",
                    "type": "message",
                    "callback_id": CALLBACK_ID,
                    "description": "Ask something about a message; the answer is in its thread",
                }
            ],
            "slash_commands": [
                {
                    "command": SLASH_PREFIX.strip(),
                    "description": "Your memory with Ellie, or a question; only you see it",
                    "usage_hint": usage_hint(COMMANDS),
                    # People and channels that are named arrive as ids, which no name imitates.
                    "should_escape": True,
                    **({"url": address} if address else {}),
                }
            ],
        },
        "oauth_config": {"scopes": {"bot": [scope.name for scope in SCOPES]}},
        "settings": {
            "event_subscriptions": {**where, "bot_events": [event.name for event in EVENTS]},
            "interactivity": {"is_enabled": True, **where},
            "org_deploy_enabled": False,
            "socket_mode_enabled": not address,
            "token_rotation_enabled": False,
        },
    }


def as_json(content: Mapping[str, Any]) -> str:
    """The manifest as Slack takes it."""
    return json.dumps(content, indent=2, ensure_ascii=False)


def creating_link(content: Mapping[str, Any]) -> str:
    """The address at which somebody creates the app with a few clicks."""
    return _NEW_APP + quote(json.dumps(content, separators=(",", ":")), safe="")


def usage_hint(commands: Iterable[Command]) -> str:
    """What may follow the command, for everybody: what only some may use, help tells them."""
    return " | ".join(_usage(command) for command in commands if not command.admin)


def _usage(command: Command) -> str:
    words = (
        parameter.name if parameter.required else f"[{parameter.name}]"
        for parameter in command.parameters
    )
    return " ".join((command.name, *words))


def _prompts() -> list[Mapping[str, str]]:
    """Those that are whole sentences: what is offered here is said at once."""
    offered = home_texts(Language.ENGLISH).prompts
    return [
        {"title": title, "message": message}
        for title, message in offered.items()
        if message == message.strip()
    ]


def _request_url(url: str) -> str:
    """Where Slack sends requests, for the address of a server or of :data:`PATH` on it."""
    parts = urlsplit(url.strip())
    if parts.scheme != "https" or not parts.hostname or parts.query or parts.fragment:
        raise UsageError(
            f"Slack sends requests to https addresses alone, and '{url}' is none. Give that of "
            "your proxy, for example https://ellie.example.org."
        )
    path = parts.path.rstrip("/")
    return f"https://{parts.netloc}{path if path.endswith(PATH) else path + PATH}"
