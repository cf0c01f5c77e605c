"""The visuospatial sketchpad: what a person showed, as words.

A picture enters memory as a short description with its name, kind and size, what its owner
says is to be seen, and what a model saw, marked as that. It stands behind the words of its turn,
in the loop, in recall and in quotes.
"""

from __future__ import annotations

from bot.domain.shown import Shown
from bot.domain.text import shorten
from bot.domain.turn import Turn

DESCRIPTION_CHARACTERS = 200
"""Alt texts and captions are shortened to this."""

SEEN_CHARACTERS = 300
"""And what a model saw on a picture, to this."""

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
    told = dict.fromkeys(filter(None, (shown.caption, shown.alt_text)))
    said = [shorten(text, DESCRIPTION_CHARACTERS) for text in told]
    if shown.description and is_picture(shown):
        said.append(as_seen(shown.description))
    elif shown.description:
        said.insert(0, shorten(shown.description, DESCRIPTION_CHARACTERS))
    words = "; ".join(said)
    line = ", ".join(parts)
    return f"{line}: {words}" if words else line


def as_seen(words: str) -> str:
    """What a model saw, in words that leave open whether it is so."""
    return f"it seems to show: {shorten(words, SEEN_CHARACTERS)}"


def is_picture(shown: Shown) -> bool:
    """Whether it is a picture, whose description is a model's."""
    return shown.media_type.startswith("image/")


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
