"""What a person shows: images and files, as far as Ellie knows them without looking inside."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One image or file that came with a message.

    ``size`` is in bytes, ``width`` and ``height`` in pixels. ``alt_text`` is what its owner says
    is to be seen, ``caption`` what they wrote under it, and ``description`` what Ellie saw herself
    (see :mod:`bot.ports.sight`).
    """

    name: str
    media_type: str = "application/octet-stream"
    size: int | None = None
    width: int | None = None
    height: int | None = None
    alt_text: str = ""
    caption: str = ""
    description: str = ""
