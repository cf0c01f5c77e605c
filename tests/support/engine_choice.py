"""Which engine Ellie has in tests of the platforms: the scripted model, or it behind a server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def _itself(scripted: Any) -> Any:
    return scripted


in_place: Callable[[Any], Any] = _itself
"""What a scripted model becomes; set by the fixture ``engine``."""


def engine_over(scripted: Any) -> Any:
    """The engine that a test runs with, in place of a scripted one."""
    return in_place(scripted)
