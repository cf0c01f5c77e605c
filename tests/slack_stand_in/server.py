"""The stand-in itself: an HTTP server on this machine that behaves like Slack."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from slack_stand_in.calling import Call
from slack_stand_in.delivering import ACK_SECONDS, Delivery
from slack_stand_in.dispatching import Dispatching
from slack_stand_in.faults import Faults
from slack_stand_in.routes import Routes
from slack_stand_in.team import Team

LONGEST_LOOK = 0.05
"""Conditions may be about the app's own state, of which no call tells."""


class SlackStandIn(Faults, Dispatching):
    """Slack for tests: listens on a free port of this machine while it is entered."""

    def __init__(self) -> None:
        Faults.__init__(self)
        Dispatching.__init__(self)
        self.calls: list[Call] = []
        self._runner: web.AppRunner | None = None

    @property
    def api_url(self) -> str:
        """The base url to give to a Web API client."""
        return f"{self.url}api/"

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=64 * 1024**2)
        Routes(self).add_to(app)
        self._runner = web.AppRunner(app, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{port}/"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.troubles.clear()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.sockets.close()
        await self.http.close()
        if self._runner is not None:
            await self._runner.cleanup()

    def add_team(
        self,
        team_id: str = "T1",
        *,
        name: str = "Acme",
        enterprise_id: str = "",
        manifest: Mapping[str, Any] | None = None,
        bot_name: str = "Ellie",
    ) -> Team:
        """A workspace with the app installed."""
        team = Team(
            self,
            team_id,
            name=name,
            enterprise_id=enterprise_id,
            manifest=manifest,
            bot_name=bot_name,
        )
        self.teams[team_id] = team
        return team

    # What happened, and waiting for it.

    def calls_of(self, method: str, *, ok: bool | None = None) -> list[Call]:
        """Calls of one method, all or those that went well or badly."""
        return [call for call in self.calls if call.method == method and ok in (None, call.ok)]

    async def until(
        self, condition: Callable[[], Any], seconds: float = 10.0, what: str = ""
    ) -> None:
        """Returns when the condition holds; looks at every call, delivery and confirmation.

        Raises:
            AssertionError: it did not within the seconds; says what happened last.
        """
        deadline = time.monotonic() + seconds
        while not condition():
            left = deadline - time.monotonic()
            if left <= 0:
                raise AssertionError(self._describe(what or f"within {seconds:g} seconds"))
            changed = self._changed
            try:
                async with asyncio.timeout(min(left, LONGEST_LOOK)):
                    await changed.wait()
            except TimeoutError:
                continue

    async def settled(self, seconds: float = 10.0) -> None:
        """Returns when everything that was delivered is confirmed and every call answered."""
        await self.until(
            lambda: (
                all(one.is_acked or one.retried or one.failure for one in self.deliveries)
                and all(call.response is not None or call.status for call in self.calls)
            ),
            seconds,
            "everything settled",
        )

    async def answered(self, delivery: Delivery) -> None:
        """Returns when a delivery is confirmed, or three seconds have passed."""
        deadline = delivery.started + ACK_SECONDS
        while not delivery.answered.is_set() and not delivery.failure:
            if time.monotonic() >= deadline or self.clock.now() >= delivery.sent_at + ACK_SECONDS:
                delivery.failure = "timeout"
                return
            changed = self._changed
            try:
                async with asyncio.timeout(min(ACK_SECONDS, deadline - time.monotonic())):
                    await changed.wait()
            except TimeoutError:
                continue

    def _describe(self, what: str) -> str:
        calls = "\n  ".join(map(str, self.calls[-15:])) or "none"
        deliveries = "\n  ".join(map(str, self.deliveries[-8:])) or "none"
        wrong = f"\nNot understood:\n  {self.sockets.wrong}" if self.sockets.wrong else ""
        return (
            f"It did not happen: {what}.\nThe last calls:\n  {calls}\n"
            f"The last deliveries:\n  {deliveries}{wrong}"
        )
