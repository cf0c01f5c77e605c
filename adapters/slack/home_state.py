"""Which part of the Home tab somebody looks at, and what it tells them on top.

The former travels with the view, in its ``private_metadata``, so that buttons of a view that an
earlier process showed still mean what they meant.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from adapters.slack.home_blocks import QUERY_CHARACTERS
from bot.commands.language import Language
from bot.domain.text import clean_text

MOST_PAGES = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Pages count from 1. With a ``query`` only what bears on it is shown.

    ``channels`` is the page of channels that the panel for admins shows. ``language`` is for what
    must be said before anybody can be asked which language it should be in.
    """

    page: int = 1
    query: str = ""
    channels: int = 1
    language: Language = Language.ENGLISH

    def packed(self) -> str:
        """As text that fits into a view."""
        values = {"page": self.page, "query": self.query, "channels": self.channels}
        return json.dumps({**values, "language": self.language.value}, ensure_ascii=True)

    @classmethod
    def unpacked(cls, text: str) -> Self:
        """The position in a view; the first page when there is none in it."""
        values = unpacked(text)
        known = {language.value: language for language in Language}
        return cls(
            page=number_in(values.get("page")),
            query=clean_text(str(values.get("query", "")))[:QUERY_CHARACTERS],
            channels=number_in(values.get("channels")),
            language=known.get(str(values.get("language")), Language.ENGLISH),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What came of the last press, and the channel that it is about, if any."""

    lines: tuple[str, ...]
    channel_id: str = ""


def unpacked(text: str) -> Mapping[str, Any]:
    """What was packed into a view; nothing when it is none of ours."""
    try:
        values = json.loads(text)
    except ValueError:
        return {}
    return values if isinstance(values, dict) else {}


def number_in(value: object) -> int:
    """The number of a page, from a view or a button; 1 when it is none."""
    try:
        number = int(str(value))
    except ValueError:
        return 1
    return min(max(1, number), MOST_PAGES)
