"""What extraction hands on: a statement found in one message that may become a fact."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain.fact import FactKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A statement found in one message that may become a fact.

    ``text`` is in the first person and the speaker's language and stands alone; prompts quote it.
    ``quote`` is the exact span of the message: ``message[start:end] == quote``.

    ``slot`` names a property with one value at a time (name, city, job, "favourite:band",
    "my:locker code" …), ``topic`` a property with many (allergy, like, hobby, "pet:dog",
    "relation:sister", plan, instruction, note …); ``value`` is the bare value, such as "Berlin".

    ``corrects`` tells of a cue that it replaces something ("actually", "now", 其实), ``replaces``
    is the old value when the sentence names it, and ``ends`` says that something is over: slot,
    topic and value say what. ``explicit`` means that the person asked to remember it.
    ``occurs_from`` and ``occurs_until`` bound plans and events, half open. ``confidence`` is
    between 0 and 1.
    """

    kind: FactKind
    text: str
    quote: str
    start: int
    end: int
    slot: str | None = None
    topic: str | None = None
    value: str | None = None
    corrects: bool = False
    replaces: str | None = None
    ends: bool = False
    explicit: bool = False
    occurs_from: datetime | None = None
    occurs_until: datetime | None = None
    confidence: float = 1.0
