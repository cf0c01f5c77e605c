"""Troubles on order, by the names that tests use."""

from __future__ import annotations

from typing import Any

from slack_stand_in.troubles import Condition, Trouble, Troubles


class Faults:
    """What can go wrong between the app and Slack; every order befalls the next calls that fit."""

    def __init__(self) -> None:
        self.troubles = Troubles()

    def fail(
        self,
        method: str,
        error: str = "internal_error",
        *,
        times: int = 1,
        when: Condition | None = None,
        **details: Any,
    ) -> None:
        """The next calls of a method are refused; ``*`` stands for every method."""
        self._order(method, "error", times, when, error=error, details=details)

    def limit(
        self,
        method: str,
        retry_after: float = 1,
        times: int = 1,
        when: Condition | None = None,
    ) -> None:
        """The next calls of a method come too fast: 429 with ``Retry-After``."""
        self._order(method, "limit", times, when, seconds=retry_after)

    def drop(
        self,
        method: str,
        times: int = 1,
        *,
        after_effect: bool = True,
        when: Condition | None = None,
    ) -> None:
        """The next calls get no answer, the connection breaks; with or without their effect."""
        self._order(method, "drop" if after_effect else "drop_before", times, when)

    def status_code(
        self, method: str, status: int = 503, times: int = 1, when: Condition | None = None
    ) -> None:
        """The next calls are answered by something in between that is no Slack."""
        self._order(method, "status", times, when, status=status)

    def hold(self, method: str) -> None:
        """Calls of a method wait, without effect, until it is released."""
        self.troubles.hold(method)

    def release(self, method: str) -> None:
        """Held calls go on."""
        self.troubles.release(method)

    def _order(
        self, method: str, kind: str, times: int, when: Condition | None, **traits: Any
    ) -> None:
        trouble = Trouble(method=method, kind=kind, times=times, when=when, **traits)
        self.troubles.order(trouble)
