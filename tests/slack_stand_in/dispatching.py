"""Sending to apps: once, again after a missed confirmation, by socket or by HTTP."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Coroutine, Mapping
from typing import TYPE_CHECKING, Any

from slack_stand_in.clock import Clock
from slack_stand_in.delivering import Delivery, next_due
from slack_stand_in.signed_http import Answer, Posted, SignedHttp, body_of, signed
from slack_stand_in.sockets import Connection, Sockets
from slack_stand_in.streaming import end_if_expired
from slack_stand_in.workspace import Workspace

if TYPE_CHECKING:
    from slack_stand_in.team import Team


class Dispatching:
    """Everything that goes from Slack to the app, and time, which decides about retries."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.teams: dict[str, Team] = {}
        self.deliveries: list[Delivery] = []
        self.http = SignedHttp()
        self.sockets = Sockets(self)
        self.url = ""
        self._changed = asyncio.Event()
        self._tasks: set[asyncio.Task[Any]] = set()

    def changed(self) -> None:
        """Something happened: whoever waits looks again."""
        self._changed.set()
        self._changed = asyncio.Event()

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Work that belongs to the stand-in and ends with it."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def deliver(
        self,
        team: Workspace,
        kind: str,
        payload: Mapping[str, Any],
        *,
        attempt: int = 0,
        reason: str = "",
    ) -> Delivery:
        """Send something to the app, over its socket or to its address."""
        now = self.clock.now()
        delivery = Delivery(
            team=team,
            kind=kind,
            payload=payload,
            envelope_id=str(uuid.uuid4()),
            attempt=attempt,
            reason=reason,
            sent_at=now,
            due_again_at=next_due(attempt, now),
        )
        self.deliveries.append(delivery)
        if team.http_url:
            self.spawn(self._post(delivery))
        else:
            await self.sockets.send(delivery, answers_with_payload=kind != "events_api")
        self.changed()
        return delivery

    async def _post(self, delivery: Delivery) -> None:
        await self.http.send(delivery)
        self.changed()

    async def redeliver(
        self, delivery: Delivery, attempt: int = 1, reason: str = "timeout"
    ) -> Delivery:
        """The same once more, as Slack does when it missed the confirmation."""
        delivery.retried = True
        return await self.deliver(
            delivery.team, delivery.kind, delivery.payload, attempt=attempt, reason=reason
        )

    def retry_unacked(self) -> asyncio.Task[list[Delivery]]:
        """Every event without a confirmation is delivered again, now."""
        return self.spawn(self._retry([one for one in self.deliveries if self._is_open(one)]))

    def advance(self, seconds: float) -> asyncio.Task[list[Delivery]]:
        """Let time pass; what Slack does at that time happens. Awaiting it is optional."""
        self.clock.move(seconds)
        now = self.clock.now()
        for team in self.teams.values():
            for channel in team.channels.values():
                for message in list(channel.running()):
                    end_if_expired(self.clock, message)
        self.changed()
        due = [one for one in self.deliveries if self._is_open(one) and one.due_again_at <= now]
        return self.spawn(self._retry(due))

    async def _retry(self, due: list[Delivery]) -> list[Delivery]:
        return [
            await self.redeliver(one, one.attempt + 1, self._reason(one))
            for one in due
            if self._is_open(one)
        ]

    def _is_open(self, delivery: Delivery) -> bool:
        can_retry = delivery.kind == "events_api" and delivery.attempt < 3
        over = delivery.is_acked or delivery.retried or delivery.is_final
        return can_retry and not over

    def _reason(self, delivery: Delivery) -> str:
        if delivery.failure.startswith(("http_", "connection_")):
            return delivery.failure
        return "timeout"

    def connections(self, team: Workspace) -> list[Connection]:
        """The open sockets of a team's app."""
        return self.sockets.of(team)

    async def refresh(self, team: Workspace, reason: str = "refresh_requested") -> None:
        """Tell the app to connect anew and close its sockets."""
        await self.sockets.refresh(team, reason)

    async def cut(self, team: Workspace) -> None:
        """Break the app's sockets off without a word."""
        await self.sockets.cut(team)

    def go_silent(self, team: Workspace) -> None:
        """The open sockets stay open and nothing comes over them any more, not even pongs."""
        for connection in self.sockets.of(team):
            connection.is_silent = True

    def speak(self, team: Workspace) -> None:
        """Silent sockets work again."""
        for connection in self.sockets.of(team):
            connection.is_silent = False

    def connect_http(self, team: Workspace, url: str) -> None:
        """From now on everything is posted, signed, to this address."""
        team.http_url = url

    async def post_signed(
        self,
        team: Workspace,
        payload: Mapping[str, Any],
        *,
        kind: str = "events_api",
        url: str = "",
        secret: str | None = None,
        timestamp: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """A request made by hand: with another secret, another time, other headers."""
        body, content_type = body_of(kind, payload)
        posted = signed(
            url or team.http_url,
            body,
            secret=team.signing_secret if secret is None else secret,
            content_type=content_type,
            timestamp=timestamp,
            headers=headers,
        )
        return await self.http.post(posted)

    async def replay(self, posted: Posted | None = None) -> Answer:
        """The very same request once more; without one, the last that was posted."""
        again = posted or self.http.last
        if again is None:
            raise LookupError("Nothing was posted yet.")
        return await self.http.post(again)
