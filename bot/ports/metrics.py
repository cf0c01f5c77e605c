"""Counting what background work does, for whoever watches Ellie from outside."""

from __future__ import annotations

from collections import Counter
from typing import Protocol


class Metrics(Protocol):
    """Where background work says what it did. Names and counts only, never words or ids.

    Nothing here raises, and nothing waits.
    """

    def job_finished(self, job: str, *, outcome: str, seconds: float) -> None:
        """A scheduled job ran: how it ended, and how long it took."""

    def compaction_ended(self, status: str, *, turns: int) -> None:
        """A compaction ended, or was left for another time, as ``status`` says."""

    def compaction_due(self, people: int) -> None:
        """How many people are due for compaction now."""

    def erased(self, what: str, count: int) -> None:
        """So many turns, facts or episodes were older than may be kept, and are gone."""

    def reply_written(self, *, prompt: int, reused: int, written: int) -> None:
        """A reply was written: tokens of its prompt, those of them known already, and its own."""


class NoMetrics:
    """Nobody watches."""

    def job_finished(self, job: str, *, outcome: str, seconds: float) -> None:
        """Nothing."""

    def compaction_ended(self, status: str, *, turns: int) -> None:
        """Nothing."""

    def compaction_due(self, people: int) -> None:
        """Nothing."""

    def erased(self, what: str, count: int) -> None:
        """Nothing."""

    def reply_written(self, *, prompt: int, reused: int, written: int) -> None:
        """Nothing."""


class RecordedMetrics:
    """Keeps what it was told, for tests."""

    def __init__(self) -> None:
        self.jobs: list[tuple[str, str, float]] = []
        self.compactions: list[tuple[str, int]] = []
        self.due = 0
        self.erasures: Counter[str] = Counter()
        self.replies: list[tuple[int, int, int]] = []

    def job_finished(self, job: str, *, outcome: str, seconds: float) -> None:
        """Keep it."""
        self.jobs.append((job, outcome, seconds))

    def compaction_ended(self, status: str, *, turns: int) -> None:
        """Keep it."""
        self.compactions.append((status, turns))

    def compaction_due(self, people: int) -> None:
        """Keep the latest."""
        self.due = people

    def erased(self, what: str, count: int) -> None:
        """Add it up."""
        self.erasures[what] += count

    def reply_written(self, *, prompt: int, reused: int, written: int) -> None:
        """Keep it."""
        self.replies.append((prompt, reused, written))
