"""Why a turn is not answered once more."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class NotAgain(StrEnum):
    """Why a turn is not answered once more."""

    ANSWERED = "answered"
    """It has a reply, or is getting one, and only an unanswered turn was meant."""
    OPEN = "open"
    """It is being answered."""
    NOT_YOURS = "not_yours"
    """There is no such turn of this person in this place, or none any more."""
    FORGOTTEN = "forgotten"
    """Nothing is left of what the person gave."""
    INCOGNITO = "incognito"
    """The person is incognito now, and another reply would be stored."""
    UNKEPT = "unkept"
    """The place keeps nothing of the person now, and another reply would be stored."""
    DENIED = "denied"
    """The person may not use Ellie there now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declined:
    """A turn that stays as it is. ``words`` are some of the person's own, in their language."""

    why: NotAgain
    words: str = ""
