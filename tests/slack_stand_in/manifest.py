"""What an app's manifest says that it may do and wants to hear."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

EVERYTHING = None
"""In place of a set: nothing is left out."""

SOCKET_SCOPE = "connections:write"


class Manifest:
    """Reads the parts of an app manifest that change how Slack behaves.

    Without a manifest everything is allowed and every event is delivered.
    """

    def __init__(self, content: Mapping[str, Any] | None) -> None:
        self._content = content
        features: Mapping[str, Any] = (content or {}).get("features", {})
        settings: Mapping[str, Any] = (content or {}).get("settings", {})
        oauth: Mapping[str, Any] = (content or {}).get("oauth_config", {})
        self.scopes: frozenset[str] | None = EVERYTHING
        self.events: frozenset[str] | None = EVERYTHING
        self.commands: frozenset[str] | None = EVERYTHING
        self.shortcuts: frozenset[str] | None = EVERYTHING
        self.is_interactive = True
        self.is_agent = True
        self.is_assistant = True
        self.has_home = True
        self.has_messages = True
        self.uses_sockets = True
        self.escapes: Mapping[str, bool] = {}
        if content is None:
            return
        self.scopes = frozenset(oauth.get("scopes", {}).get("bot", ()))
        self.events = frozenset(settings.get("event_subscriptions", {}).get("bot_events", ()))
        commands = features.get("slash_commands", ())
        self.commands = frozenset(command["command"] for command in commands)
        self.escapes = {
            command["command"]: bool(command.get("should_escape")) for command in commands
        }
        self.shortcuts = frozenset(
            shortcut["callback_id"] for shortcut in features.get("shortcuts", ())
        )
        self.is_interactive = bool(settings.get("interactivity", {}).get("is_enabled"))
        self.is_agent = "agent_view" in features
        self.is_assistant = self.is_agent or "assistant_view" in features
        home: Mapping[str, Any] = features.get("app_home", {})
        self.has_home = bool(home.get("home_tab_enabled"))
        self.has_messages = self.is_agent or bool(home.get("messages_tab_enabled"))
        self.uses_sockets = bool(settings.get("socket_mode_enabled"))

    def allows(self, scope: str) -> bool:
        """Whether the bot's token has this scope."""
        return self.scopes is None or scope in self.scopes

    def hears(self, event: str) -> bool:
        """Whether the app is told of this kind of event."""
        return self.events is None or event in self.events
