"""The working memory of one turn, and what people see of theirs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.conversation import Scope
from bot.domain.episode import Episode
from bot.domain.fact import Fact
from bot.domain.identity import Person
from bot.domain.turn import Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class RecalledTurn:
    """An older turn that recall chose for this one, with the parts of its score."""

    turn: Turn
    score: float
    parts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingMemory:
    """Everything loaded for one turn: rebuilt from storage each time, bounded by the prompt budget.

    ``loop`` is the phonological loop: the latest turns of this conversation, oldest first.
    ``recalled`` is the episodic buffer: older turns, best first. ``told_now`` says that the newest
    message itself taught something. ``facts`` are current at ``now``,
    the moment at which the newest message arrived. ``episodes`` sum up what was said before, oldest
    first; turns of the ``loop`` up to number ``person.compacted_until`` may be left to them.
    ``earlier_reply`` is what the newest message was answered with before, when it is to be answered
    once more. No stale words are in any of them.
    """

    person: Person
    scope: Scope
    now: datetime
    facts: tuple[Fact, ...] = ()
    loop: tuple[Turn, ...] = ()
    recalled: tuple[RecalledTurn, ...] = ()
    episodes: tuple[Episode, ...] = ()
    told_now: bool = False
    earlier_reply: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemorySummary:
    """What is stored about a person, for that person to see."""

    person: Person
    facts: tuple[Fact, ...]
    turns: tuple[Turn, ...]
    turn_count: int
    episodes: tuple[Episode, ...] = ()
    retention_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasedMemory:
    """How much was erased. ``sentences`` are those cut out of turns and episodes that stay.

    ``scrubbed`` is False when another program kept the database's files from being overwritten:
    the rows are gone, and what the files still hold of them is overwritten later.
    """

    turns: int
    facts: int
    sentences: int = 0
    scrubbed: bool = True
