"""Remembering what a probe of a model showed, so that it is run once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class ProbeResults(Protocol):
    """Results under names. They can always be measured again, so losing one costs time only."""

    def get(self, key: str) -> Mapping[str, str | float] | None:
        """What was put under ``key``; None when nothing was, or it cannot be read."""

    def put(self, key: str, result: Mapping[str, str | float]) -> None:
        """Keep a result, replacing an earlier one. Failing to is not an error."""


class ProbeResultsInMemory:
    """Keeps results as long as the process lives: for tests and benchmarks."""

    def __init__(self) -> None:
        self._results: dict[str, Mapping[str, str | float]] = {}

    def get(self, key: str) -> Mapping[str, str | float] | None:
        """What was put under ``key``."""
        return self._results.get(key)

    def put(self, key: str, result: Mapping[str, str | float]) -> None:
        """Keep a result."""
        self._results[key] = result
