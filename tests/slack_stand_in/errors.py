"""What the stand-in answers when it refuses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class SlackError(Exception):
    """A call is refused with Slack's own error code.

    Attributes:
        code: what Slack puts into ``error``.
        details: further fields of the answer, such as ``needed`` and ``provided``.
    """

    def __init__(self, code: str, **details: Any) -> None:
        super().__init__(code)
        self.code = code
        self.details: Mapping[str, Any] = details


class InvalidBlocksError(SlackError):
    """Blocks or a view break a rule of Block Kit; the reasons are listed as Slack lists them."""

    def __init__(self, *reasons: str, code: str = "invalid_blocks") -> None:
        messages = [f"[ERROR] {reason}" for reason in reasons]
        super().__init__(code, errors=list(reasons), response_metadata={"messages": messages})
        self.reasons = reasons
