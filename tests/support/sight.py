"""A sight that sees what a test tells it to, and pictures for it."""

from __future__ import annotations

import asyncio
import io
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

from bot.domain.shown import Picture, Shown


@dataclass
class ScriptedSight:
    """Says for each picture, by name, what is to be seen on it. Can be held."""

    words: dict[str, str | Exception]
    most_bytes: int = 1_000_000
    sees: bool = True
    looked_at: list[tuple[str, bytes | None]] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)
    go: asyncio.Event = field(default_factory=asyncio.Event)
    held: frozenset[str] = frozenset()

    async def look(self, picture: Picture) -> str:
        name = picture.shown.name
        self.looked_at.append((name, await picture.read(self.most_bytes)))
        if name in self.held:
            try:
                await self.go.wait()
            except asyncio.CancelledError:
                self.given_up.append(name)
                raise
        words = self.words.get(name, "")
        if isinstance(words, Exception):
            raise words
        return words


def shown(name: str = "dog.png", **more: Any) -> Shown:
    return Shown(**{"name": name, "media_type": "image/png", "size": 9, **more})


def picture(one: Shown, content: bytes | None = b"a picture") -> Picture:
    async def read(most_bytes: int) -> bytes | None:
        return content

    return Picture(shown=one, read=read)


def with_pictures(*things: Shown) -> dict[str, Any]:
    """What a message has that shows them."""
    return {"shown": things, "pictures": tuple(picture(one) for one in things)}


def png(width: int = 64, height: int = 48, color: str = "red") -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (width, height), color).save(content, "PNG")
    return content.getvalue()
