"""Whether each part of Ellie is well, for whoever watches her from outside.

Parts say so themselves, by name; the health check and the metrics read it, from other threads too.
Reasons are for the owner: never words of people, never a token.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

Heard = Callable[[str, bool], None]
"""Told of a part and whether it is well, whenever it says so."""


class Health:
    """What every part said last. A part that has not spoken yet is not well: it is starting."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reasons: dict[str, str | None] = {}
        self._listeners: list[Heard] = []

    def part(self, name: str) -> Part:
        """The voice of a part, which counts from now on."""
        part = Part(self, name)
        part.ill("starting")
        return part

    def listen(self, heard: Heard) -> None:
        """Tell ``heard`` from now on, and what holds now at once."""
        with self._lock:
            self._listeners.append(heard)
            known = dict(self._reasons)
        for name, reason in known.items():
            heard(name, reason is None)

    @property
    def parts(self) -> Mapping[str, str | None]:
        """Every part with the reason why it is not well; None when it is."""
        with self._lock:
            return dict(self._reasons)

    @property
    def is_well(self) -> bool:
        """Whether all parts are."""
        return not self.ills

    @property
    def ills(self) -> Mapping[str, str]:
        """The parts that are not well, with their reasons."""
        return {name: reason for name, reason in self.parts.items() if reason is not None}

    def say(self, name: str, reason: str | None) -> None:
        """A part is well (None), or is not for a ``reason``."""
        with self._lock:
            self._reasons[name] = reason
            listeners = tuple(self._listeners)
        for heard in listeners:
            heard(name, reason is None)


class Part:
    """How one part says whether it is well."""

    def __init__(self, health: Health, name: str) -> None:
        self._health = health
        self.name = name

    def well(self) -> None:
        """It does its work."""
        self._health.say(self.name, None)

    def ill(self, reason: str) -> None:
        """It does not, because of ``reason``: a few words."""
        self._health.say(self.name, reason)
