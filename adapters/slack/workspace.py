"""The workspace that a bot token belongs to, and Ellie in it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.identity import Platform, TenantRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """What Slack says about a bot token.

    ``enterprise_id`` is empty where the workspace is none of an Enterprise Grid's. ``scopes`` are
    what the workspace granted.
    """

    team_id: str
    team_name: str
    bot_user_id: str
    bot_id: str
    bot_name: str
    enterprise_id: str = ""
    app_id: str = ""
    url: str = ""
    scopes: frozenset[str] = frozenset()

    @property
    def tenant(self) -> TenantRef:
        """The workspace as the core knows it."""
        return TenantRef(platform=Platform.SLACK, external_id=self.team_id)
