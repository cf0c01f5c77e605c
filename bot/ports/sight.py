"""Looking at what people show."""

from __future__ import annotations

from typing import Protocol

from bot.domain.shown import Picture


class Sight(Protocol):
    """Says in words what is to be seen on a picture."""

    @property
    def sees(self) -> bool:
        """Whether it is any use to ask; it stays as it is."""

    async def look(self, picture: Picture) -> str:
        """What is to be seen, in a sentence or two of a model; empty where that cannot be said.

        Never raises for bad files. Takes as long as it takes, within a limit of its own; whoever
        waits no longer cancels it, which ends the work soon.

        Raises:
            ModelError: there is nobody to look now.
        """


class Blind:
    """Knows files by their names and what people say about them. Needs no model."""

    @property
    def sees(self) -> bool:
        """Nothing."""
        return False

    async def look(self, picture: Picture) -> str:  # noqa: ARG002 - as the port has it
        """Nothing is said."""
        return ""
