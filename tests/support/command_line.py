"""What comes of a run of Ellie's command line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Ended:
    """The exit code, and what was printed."""

    code: int
    out: str
    err: str


Ellie = Callable[..., Ended]
"""Runs the command line with these arguments to its end."""
