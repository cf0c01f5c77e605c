"""How long streams may become, and how long they live."""

from __future__ import annotations

from slack_stand_in.clock import Clock
from slack_stand_in.models import Message

LONGEST = 12_000
"""Characters of one call, and of one message all together."""

LIFE = 300.0
"""Seconds after which Slack ends a stream by itself."""


def end_if_expired(clock: Clock, message: Message) -> None:
    """A stream that is too old runs no more."""
    stream = message.stream
    if stream is not None and stream.is_running and clock.now() >= stream.started_at + LIFE:
        stream.is_running = False
