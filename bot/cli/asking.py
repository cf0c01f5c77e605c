"""Saying something to the owner on the command line, and asking before what cannot be undone."""

from __future__ import annotations

from pathlib import Path

import typer
from rich.console import Console

from bot.errors import UsageError

_SHOWN = 100
"""Characters of a name that are repeated to whoever typed it."""


def say(console: Console, text: str) -> None:
    """Print a line as it is."""
    console.print(text, highlight=False, markup=False, soft_wrap=True)


def require_consent(console: Console, question: str, *, yes: bool) -> None:
    """Go on when the owner wants it: they said so beforehand (``yes``), or are asked.

    Ctrl-C, and an input that is at its end, count as no.

    Raises:
        typer.Exit: they do not; the program ends with 1.
    """
    try:
        agreed = yes or typer.confirm(question)
    except typer.Abort:
        console.print()
        agreed = False
    if not agreed:
        say(console, "Nothing was changed.")
        raise typer.Exit(1)


def number_of(count: int, what: str) -> str:
    """``1 turn``, ``2 turns``, ``1,000 turns``."""
    plural = {"person": "people", "entry": "entries", "memory": "memories"}.get(what, f"{what}s")
    return f"{count:,} {what if count == 1 else plural}"


def size_of(count: float) -> str:
    """A number of bytes as people read it."""
    for unit in ("bytes", "kB", "MB"):
        if count < 1000:  # noqa: PLR2004 - the next unit
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def absolute(name: str) -> Path:
    """The file that somebody means by ``name``, which may be there or not.

    Raises:
        UsageError: there can be none of that name, or nobody may look.
    """
    try:
        path = Path(name).expanduser().absolute()
        path.exists()
    except (OSError, RuntimeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(
            f"The file {name[:_SHOWN]!r} cannot be used ({reason}). Name another one."
        ) from error
    return path
