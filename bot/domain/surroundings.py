"""What stands around a message: used for the one turn that answers it, and never stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain.shown import Picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """Something that was said near a message, by whoever.

    ``pointed_at`` says that the person means it: they reply to it, or ask about it. ``by_ellie``
    marks Ellie's own words; ``speaker`` is her name then.
    """

    speaker: str
    text: str
    said_at: datetime
    by_ellie: bool = False
    pointed_at: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FileText:
    """The words of a text file that came with a message; ``is_whole`` unless it was too long."""

    name: str
    text: str
    is_whole: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What was said around a message, oldest first, and the text files that came with it.

    ``pictures`` came with a message that the person means, such as the one they reply to.

    These are other people's words, or nobody's: nothing is learned from them, they are not
    recalled later, and no row holds them.
    """

    said: tuple[Utterance, ...] = ()
    files: tuple[FileText, ...] = ()
    pictures: tuple[Picture, ...] = ()


ALONE = Surroundings()
"""Nothing around it."""
