"""The forgetting curve: how present a fact is, by when it last mattered and how often it did.

    strength = exp(-Δt / (τ · (1 + ln(1 + uses))))

Ebbinghaus's curve (1885) with a stability that grows with the logarithm of repetitions, as
MemoryBank and FadeMem have it for language models. Δt is the time since the fact was last said or
last helped to answer; uses count both, the first time it was said apart. What fades leaves the
memory block of prompts; nothing is ever deleted because of it.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from bot.domain.fact import Fact, FactKind

DEMOTED = 0.3
"""A fact weaker than this leaves the memory block: 1.2 τ after it last mattered, so that what is
said to last a year is there for fourteen months."""

_DECIMALS = 2
"""Finer steps would be written down every day and change no prompt."""

_DAY = timedelta(days=1)

_TAU: dict[FactKind, timedelta] = {
    FactKind.RELATION: 1095 * _DAY,  # people stay for years, also when nobody speaks of them
    FactKind.PREFERENCE: 365 * _DAY,  # tastes change within years
    FactKind.EVENT: 90 * _DAY,  # what happened is talked about for a season; recall finds it later
    FactKind.PLAN: 30 * _DAY,  # a plan without a date is done or dropped within weeks
}
"""The time in which an unused fact falls to 1/e. Kinds that are not here never fade."""


def strength(fact: Fact, now: datetime) -> float:
    """From 1, just said or used, to 0; rounded, so that computing it twice changes nothing.

    Names, instructions, whatever has one value at a time, and pinned facts stay at 1; so does a
    plan with a date, which ends instead.
    """
    stability = _stability(fact)
    if stability is None:
        return 1.0
    idle = max(now - _last_mattered(fact), timedelta(0))
    return round(math.exp(-idle / stability), _DECIMALS)


def is_demoted(fact: Fact) -> bool:
    """Whether a fact has faded from the memory block, by the strength that is stored."""
    return fact.state.strength < DEMOTED and not fact.state.pinned


def fades_at(fact: Fact, now: datetime) -> datetime | None:
    """The first moment after ``now`` at which the fact will be demoted, if nobody speaks of it.

    None when it never will be, or is already. One that has faded since strengths were last computed
    is due at once.
    """
    stability = _stability(fact)
    if stability is None:
        return None
    # Rounded strengths fall below the threshold half a step earlier than exact ones.
    least = DEMOTED - 0.5 * 10**-_DECIMALS
    moment = _last_mattered(fact) - math.log(least) * stability + timedelta(seconds=1)
    if moment > now:
        return moment
    return None if is_demoted(fact) else now + timedelta(seconds=1)


def _stability(fact: Fact) -> timedelta | None:
    tau = _TAU.get(fact.kind)
    dated = fact.kind is FactKind.PLAN and fact.state.valid_to is not None
    if tau is None or fact.slot is not None or fact.state.pinned or dated:
        return None
    uses = len(fact.evidence) - 1 + fact.use_count
    return tau * (1 + math.log1p(uses))


def _last_mattered(fact: Fact) -> datetime:
    said = max(evidence.said_at for evidence in fact.evidence)
    return max(said, fact.last_used_at) if fact.last_used_at is not None else said
