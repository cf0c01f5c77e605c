"""What a person shows: images and files, as far as Ellie knows them without looking inside."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One image or file that came with a message.

    ``size`` is in bytes, ``width`` and ``height`` in pixels. ``alt_text`` is what its owner says
    is to be seen, ``caption`` what they wrote under it, and ``description`` what Ellie saw herself
    (see :mod:`bot.ports.sight`), which may be wrong.
    """

    name: str
    media_type: str = "application/octet-stream"
    size: int | None = None
    width: int | None = None
    height: int | None = None
    alt_text: str = ""
    caption: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture whose content can still be had, which is stored nowhere.

    ``shown`` is what is known of it. ``read`` fetches all of it, and None when that is not to be
    had or has more than so many bytes. It never raises; whoever waits no longer cancels it.
    """

    shown: Shown
    read: Callable[[int], Awaitable[bytes | None]] = field(compare=False, repr=False)
