"""When a workspace takes the app away: Ellie says so, erases what she was told to, and ends."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NoReturn

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.response import BoltResponse

from adapters.slack.connecting import INSTALL
from adapters.slack.workspace import Workspace
from bot.domain.identity import TenantRef
from bot.errors import PlatformRefusedError, StorageError
from bot.log import get_logger

log = get_logger(__name__)

Erase = Callable[[TenantRef], Awaitable[object]]

REMOVED = (
    "The app was removed from the Slack workspace {name}, so Ellie cannot talk there any more. "
    f"{INSTALL} Then put the new token into SLACK_BOT_TOKEN."
)
REVOKED = (
    "Slack no longer accepts SLACK_BOT_TOKEN: it was revoked in the workspace {name}. "
    f"{INSTALL} Then put the new token into SLACK_BOT_TOKEN."
)


UNERASED = (
    " What was said there could not be erased ({trouble}): `ellie retention --tenant {tenant} "
    "--erase` does it."
)

REMOVAL_SECONDS = 5.0
"""Slack tells of a removed app and of its token in any order, one right after the other."""


class Leaving:
    """Notices that the workspace has taken the app or its token away.

    ``erase`` erases everything that was said in a workspace, when the app is removed; None keeps
    it for as long as retention says.
    """

    def __init__(
        self,
        workspace: Workspace,
        erase: Erase | None,
        *,
        removal_seconds: float = REMOVAL_SECONDS,
    ) -> None:
        self._workspace = workspace
        self._erase = erase
        self._removal_seconds = removal_seconds
        self._reason = ""
        self._has_left = asyncio.Event()
        self._is_removed = asyncio.Event()
        self._is_settled = asyncio.Event()

    def add_to(self, app: AsyncApp) -> None:
        """Hear what Slack says about it. Before other listeners, so that none of them is asked."""
        app.use(self._limited)
        app.event("app_uninstalled")(self._uninstalled)
        app.event("tokens_revoked")(self._revoked)

    async def run(self) -> NoReturn:
        """Wait until there is nothing to talk in any more, and all is erased that is to be.

        Raises:
            PlatformRefusedError: always, then.
        """
        await self._has_left.wait()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._is_removed.wait(), self._removal_seconds)
        if self._is_removed.is_set():
            await self._is_settled.wait()
        elif self._erase is not None:
            trouble = "Slack did not say that the app was removed"
            self._reason += UNERASED.format(trouble=trouble, tenant=self._workspace.tenant.id)
        raise PlatformRefusedError(self._reason)

    def refused(self) -> None:
        """Somebody was told by Slack that it accepts the token no more."""
        self._leave(REVOKED)

    async def _uninstalled(self, body: Mapping[str, Any]) -> None:
        if not self._is_ours(body) or self._is_removed.is_set():
            return  # another workspace's, or told once more
        self._is_removed.set()
        log.error("slack_app_removed", workspace=self._workspace.team_id)
        self._leave(REMOVED)
        try:
            await self._erase_all()
        finally:
            self._is_settled.set()

    async def _erase_all(self) -> None:
        if self._erase is None:
            return
        tenant = self._workspace.tenant
        try:
            await self._erase(tenant)
        except StorageError as error:
            log.error("slack_workspace_not_erased", workspace=tenant.id, reason=str(error))
            self._reason += UNERASED.format(trouble=error, tenant=tenant.id)
        else:
            log.warning("slack_workspace_erased", workspace=tenant.id)

    async def _revoked(self, body: Mapping[str, Any]) -> None:
        """Tokens of people are revoked too; only the bot's matters."""
        bots = body.get("event", {}).get("tokens", {}).get("bot") or ()
        if not self._is_ours(body) or self._workspace.bot_user_id not in bots:
            return
        log.error("slack_token_revoked", workspace=self._workspace.team_id)
        self._leave(REVOKED)

    async def _limited(
        self, body: Mapping[str, Any], next_: Callable[[], Awaitable[None]]
    ) -> BoltResponse | None:
        """Slack drops events for a minute, because there were too many."""
        if body.get("type") != "app_rate_limited":
            await next_()
            return None
        log.error(
            "slack_events_dropped",
            workspace=body.get("team_id"),
            minute=body.get("minute_rate_limited"),
        )
        return BoltResponse(status=200, body="")

    def _is_ours(self, body: Mapping[str, Any]) -> bool:
        return body.get("team_id") == self._workspace.team_id

    def _leave(self, why: str) -> None:
        """Of what is told about one removal, that it was one counts."""
        if not self._has_left.is_set() or why == REMOVED:
            self._reason = why.format(name=self._workspace.team_name or self._workspace.team_id)
            self._has_left.set()
