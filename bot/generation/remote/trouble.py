"""What can go wrong between Ellie and a server, in words that she acts on."""

from __future__ import annotations

from enum import Enum


class TroubleKind(Enum):
    """Which trouble."""

    UNREACHABLE = "unreachable"
    """No connection came about."""
    BROKEN = "broken"
    """The connection broke off, or what came through it was no answer."""
    BUSY = "busy"
    """The server is there and wants to be asked later."""


class ServerTroubleError(Exception):
    """A request failed in a way that may pass. Never leaves :mod:`bot.generation.remote`.

    ``retry_after`` is how many seconds the server asked to wait, if it did. The message holds
    nothing of the request.
    """

    def __init__(
        self, kind: TroubleKind, message: str, *, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.retry_after = retry_after
