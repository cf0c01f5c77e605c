"""Whether somebody agreed to be remembered, where a place asks for that."""

from __future__ import annotations

from datetime import datetime

from bot.domain.identity import Person
from bot.domain.place_policy import MemoryMode


def is_kept(mode: MemoryMode, person: Person | None) -> bool:
    """Whether a place keeps what ``person`` says there, who is None when nobody knows them.

    Whether they are incognito is another question, which only they answer.
    """
    if mode is MemoryMode.OPT_IN:
        return person is not None and person.consented_at is not None
    return mode is MemoryMode.OPT_OUT


def consent_of_both(one: datetime | None, other: datetime | None) -> datetime | None:
    """The consent of a person who was two: only if both had agreed, and since the later of them.

    One of them may be somebody who never did, and what is not kept can still be agreed to.
    """
    return None if one is None or other is None else max(one, other)
