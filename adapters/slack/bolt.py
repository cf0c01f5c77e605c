"""Bolt's app, which is told whose token Ellie has.

Left to itself, Bolt asks Slack when the first event comes, and tells whoever sent it to install the
app again when Slack just then does not answer.
"""

from __future__ import annotations

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.library_log import QUIET
from adapters.slack.workspace import Workspace


def app_for(workspace: Workspace, client: AsyncWebClient, signing_secret: str) -> AsyncApp:
    """An app for one workspace, in which nobody listens yet."""

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=workspace.enterprise_id or None,
            team_id=workspace.team_id,
            bot_id=workspace.bot_id,
            bot_user_id=workspace.bot_user_id,
            bot_token=client.token,
        )

    return AsyncApp(
        # Name and secret are given, lest Bolt look for them: in its caller's frame and the
        # environment, where they may be another app's.
        name="ellie",
        signing_secret=signing_secret,
        # Without a token of its own, Bolt goes by what it is told here. It calls nothing itself.
        client=AsyncWebClient(base_url=client.base_url, logger=QUIET),
        authorize=authorize,
        # Slack gets to know that a message arrived when it is stored, and not before.
        process_before_response=True,
        ignoring_self_events_enabled=False,
        logger=QUIET,
    )
