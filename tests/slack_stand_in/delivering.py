"""Deliveries: what was sent to the app, over which way, and what came back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from slack_stand_in.workspace import Workspace

ACK_SECONDS = 3.0
RETRY_AFTER = (0.0, 60.0, 300.0)
"""How long after the missed answer each of the three retries follows."""


@dataclass(eq=False, slots=True, kw_only=True)
class Delivery:
    """One sending of one event, command or interaction."""

    team: Workspace
    kind: str
    payload: Mapping[str, Any]
    envelope_id: str
    attempt: int = 0
    reason: str = ""
    connection: int | None = None
    sent_at: float
    due_again_at: float
    started: float = field(default_factory=time.monotonic)
    acked_after: float | None = None
    response: Any = None
    status: int | None = None
    failure: str = ""
    is_final: bool = False
    retried: bool = False
    answered: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def event_id(self) -> str:
        """The event's id, the same for every attempt; empty for interactions."""
        return str(self.payload.get("event_id", ""))

    @property
    def event_type(self) -> str:
        """What happened."""
        event = self.payload.get("event") or {}
        return str(event.get("type") or self.payload.get("type") or self.kind)

    @property
    def subtype(self) -> str:
        """The subtype of a message's event."""
        return str((self.payload.get("event") or {}).get("subtype", ""))

    @property
    def is_acked(self) -> bool:
        """Whether the app confirmed it."""
        return self.acked_after is not None

    def ack(self, response: Any = None) -> None:
        """The app confirmed it."""
        if self.acked_after is None:
            self.acked_after = time.monotonic() - self.started
            self.response = response
        self.answered.set()

    def fail(self, reason: str, *, is_final: bool = False) -> None:
        """It will not be confirmed any more."""
        self.failure = reason
        self.is_final = is_final
        self.answered.set()

    def __str__(self) -> str:
        state = f"acked after {self.acked_after:.3f} s" if self.is_acked else "not acked"
        what = f"{self.kind} {self.event_type} {self.subtype}".strip()
        return f"{what} {self.event_id} attempt {self.attempt}: {state} {self.failure}".strip()


def next_due(attempt: int, now: float) -> float:
    """When a delivery that stays without an answer is sent again."""
    return now + ACK_SECONDS + (RETRY_AFTER[attempt] if attempt < len(RETRY_AFTER) else 0.0)
