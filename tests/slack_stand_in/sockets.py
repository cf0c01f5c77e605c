"""Socket Mode: the connections of apps, hello, pings, acknowledgements, refreshes."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

from slack_stand_in.delivering import Delivery

if TYPE_CHECKING:
    from slack_stand_in.dispatching import Dispatching
    from slack_stand_in.workspace import Workspace

MOST_CONNECTIONS = 10
LIFE = 3600
OVER = frozenset({WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.CLOSING, WSMsgType.ERROR})


@dataclass(eq=False, slots=True, kw_only=True)
class Connection:
    """One open socket of an app."""

    number: int
    team: Workspace
    socket: web.WebSocketResponse
    is_silent: bool = False
    is_refreshing: bool = False
    pings: int = 0


class Sockets:
    """Every open socket, and what was sent over them without an answer yet."""

    def __init__(self, slack: Dispatching) -> None:
        self._slack = slack
        self._open: list[Connection] = []
        self._numbers = itertools.count(1)
        self._tickets: dict[str, Workspace] = {}
        self._turn = itertools.count()
        self.waiting: dict[str, Delivery] = {}
        self.wrong: list[str] = []
        self.opened = 0

    def ticket(self, team: Workspace) -> str:
        """The address of a socket, good for one connection."""
        key = f"{team.id}-{next(self._numbers)}"
        self._tickets[key] = team
        url = self._slack.url.replace("http://", "ws://")
        return f"{url}link/?ticket={key}&app_id={team.app_id}"

    def of(self, team: Workspace) -> list[Connection]:
        """The open connections of a team's app."""
        return [
            connection
            for connection in self._open
            if connection.team is team and not connection.socket.closed
        ]

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Holds one connection for as long as it lasts."""
        team = self._tickets.pop(request.query.get("ticket", ""), None)
        if team is None:
            return web.Response(status=401, text="unknown ticket")
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        connection = Connection(number=next(self._numbers), team=team, socket=socket)
        if len(self.of(team)) >= MOST_CONNECTIONS:
            await self._say_goodbye(connection, "too_many_websockets")
            return socket
        self._open.append(connection)
        self.opened += 1
        await socket.send_json(
            {
                "type": "hello",
                "num_connections": len(self.of(team)),
                "connection_info": {"app_id": team.app_id},
                "debug_info": {
                    "host": "stand-in",
                    "build_number": 1,
                    "approximate_connection_time": LIFE,
                },
            }
        )
        self._slack.changed()
        try:
            await self._listen(connection)
        finally:
            self._open.remove(connection)
            self._slack.changed()
        return socket

    async def send(self, delivery: Delivery, *, answers_with_payload: bool) -> None:
        """Over one of the team's sockets, in turn; without one it stays undelivered."""
        usable = [one for one in self.of(delivery.team) if not one.is_refreshing]
        if not usable:
            delivery.failure = "no connection"
            return
        connection = usable[next(self._turn) % len(usable)]
        delivery.connection = connection.number
        self.waiting[delivery.envelope_id] = delivery
        if connection.is_silent:
            return
        envelope: dict[str, Any] = {
            "envelope_id": delivery.envelope_id,
            "type": delivery.kind,
            "payload": delivery.payload,
            "accepts_response_payload": answers_with_payload,
        }
        if delivery.kind == "events_api":
            envelope |= {"retry_attempt": delivery.attempt, "retry_reason": delivery.reason}
        try:
            await connection.socket.send_json(envelope)
        except (ConnectionError, RuntimeError):  # it closed in the meantime
            delivery.failure = "connection lost"

    async def refresh(self, team: Workspace, reason: str = "refresh_requested") -> None:
        """Ask the app to connect anew, then close the sockets that it had."""
        for connection in self.of(team):
            connection.is_refreshing = True
            await self._say_goodbye(connection, reason)

    async def close(self) -> None:
        """End every connection without a word."""
        for connection in list(self._open):
            await connection.socket.close()

    async def cut(self, team: Workspace) -> None:
        """Break a team's connections off, as a network does."""
        for connection in self.of(team):
            request = connection.socket._req  # there is no public way to the wire
            if request is not None and request.transport is not None:
                request.transport.abort()

    async def _say_goodbye(self, connection: Connection, reason: str) -> None:
        message = {"type": "disconnect", "reason": reason, "debug_info": {"host": "stand-in"}}
        await connection.socket.send_json(message)
        await connection.socket.close()

    async def _listen(self, connection: Connection) -> None:
        socket = connection.socket
        while True:
            message = await socket.receive()
            if message.type is WSMsgType.PING:
                connection.pings += 1
                self._slack.changed()
                if not connection.is_silent:
                    await socket.pong(message.data)
            elif message.type is WSMsgType.TEXT:
                self._take_ack(message.data)
            elif message.type in OVER:
                return

    def _take_ack(self, text: str) -> None:
        try:
            answer = json.loads(text)
            delivery = self.waiting[answer["envelope_id"]]
        except (ValueError, TypeError, KeyError):
            self.wrong.append(text)
            self._slack.changed()
            return
        payload = answer.get("payload")
        is_known = set(answer) <= {"envelope_id", "payload"}
        if not is_known or (payload is not None and delivery.kind == "events_api" and payload):
            self.wrong.append(text)
        delivery.ack(payload)
        self._slack.changed()
