"""Looking at what people show."""

from __future__ import annotations

from typing import Protocol

from bot.domain.shown import Shown


class Sight(Protocol):
    """Says in words what is to be seen on an image or stands in a file."""

    async def look(self, shown: Shown) -> Shown:
        """``shown`` with a description, as far as one can be given. Never raises for bad files."""


class Blind:
    """Knows files by their names and what people say about them. Needs no model."""

    async def look(self, shown: Shown) -> Shown:
        """Returns ``shown`` as it is."""
        return shown
