"""How long work tells what it is doing, and how it is told to stop."""

from __future__ import annotations

from typing import Protocol

from bot.errors import ModelFetchError


class Progress(Protocol):
    """Shown to the person who waits. Called from the thread that does the work."""

    def stage(self, text: str) -> None:
        """A new stage begins; ``text`` is a phrase such as "Fetching ellie-small"."""

    def advance(self, done_bytes: int, total_bytes: int) -> None:
        """This much of the current stage is done; never goes back within a stage.

        A stage whose length nobody knows never calls this.
        """


class NoProgress:
    """Shows nothing."""

    def stage(self, text: str) -> None:
        """Ignore the stage."""

    def advance(self, done_bytes: int, total_bytes: int) -> None:
        """Ignore the numbers."""


class Cancelled(Protocol):
    """Whether the work should stop; a ``threading.Event`` is one."""

    def is_set(self) -> bool:
        """True from the moment somebody asked to stop."""


class Never:
    """Nobody can stop this work."""

    def is_set(self) -> bool:
        """False."""
        return False


def stop_if(cancelled: Cancelled) -> None:
    """Give up the work when asked to.

    Raises:
        ModelFetchError: somebody asked to stop.
    """
    if cancelled.is_set():
        raise ModelFetchError(
            "Stopped before the model was ready. What is already here is kept, so pulling it "
            "again goes on from there."
        )
