"""The visuospatial sketchpad: what a person showed, as words.

A picture enters memory as a short description with its name, kind and size, and what its owner
says is to be seen. It stands behind the words of its turn, in the loop, in recall and in quotes.
"""

from __future__ import annotations

from bot.domain.shown import Shown
from bot.domain.text import shorten
from bot.domain.turn import Turn

DESCRIPTION_CHARACTERS = 200
"""Alt texts and captions are shortened to this."""

_UNITS = ("bytes", "KB", "MB", "GB")
_STEP = 1000


def heard_and_seen(turn: Turn) -> str:
    """The words of a turn, and descriptions of what was shown with them."""
    return described(turn.text, turn.shown)


def described(text: str, shown: tuple[Shown, ...]) -> str:
    """``text`` followed by one bracketed line for everything shown."""
    return "\n".join(filter(None, [text, *(f"[{description(item)}]" for item in shown)]))


def description(shown: Shown) -> str:
    """One line about one image or file: ``photo dog.jpg, 1024x768, 2.1 MB: Biscuit asleep``."""
    parts = [f"{_noun(shown.media_type)} {shorten(shown.name, 80)}".strip()]
    if shown.width and shown.height:
        parts.append(f"{shown.width}x{shown.height}")
    if shown.size is not None:
        parts.append(_size(shown.size))
    seen = dict.fromkeys(filter(None, (shown.description, shown.caption, shown.alt_text)))
    words = "; ".join(shorten(text, DESCRIPTION_CHARACTERS) for text in seen)
    line = ", ".join(parts)
    return f"{line}: {words}" if words else line


def _noun(media_type: str) -> str:
    kind = media_type.partition("/")[0]
    return {"image": "picture", "video": "video", "audio": "sound"}.get(kind, "file")


def _size(size: int) -> str:
    value = float(size)
    for unit in _UNITS[:-1]:
        if value < _STEP:
            return f"{value:.3g} {unit}"
        value /= _STEP
    return f"{value:.3g} {_UNITS[-1]}"
