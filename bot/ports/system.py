"""Time, ids and processes: injected, so that tests control them."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """The time of day and elapsed time."""

    def now(self) -> datetime:
        """The current moment, with time zone UTC."""

    def elapsed(self) -> float:
        """Seconds on a clock that never goes back, from an arbitrary start."""


class IdSource(Protocol):
    """Where new ids and codes come from."""

    def new_id(self) -> str:
        """An id that was never given out before, by this or any other process."""

    def new_code(self) -> str:
        """A code that nobody can guess and people can type: eight letters and digits.

        None of them is easily taken for another one.
        """


class WorkerRegistry(Protocol):
    """Knows this process by name and can tell whether another one is still alive."""

    @property
    def name(self) -> str:
        """This process's name, unique across machines and restarts."""

    def is_dead(self, name: str) -> bool:
        """True only when that process is certainly gone. False when it lives or nobody can tell."""
