"""What time does to facts: plans end, and what nobody speaks of fades."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.fact import Fact, FactKind, FactStatus
from bot.domain.operation import MemoryPatch
from bot.memory.operations import ChangeContext, MemoryChange
from bot.memory.strength import strength


def expired(facts: Sequence[Fact], context: ChangeContext) -> MemoryPatch:
    """Closes the active plans whose time has passed; they keep it."""
    change = MemoryChange(facts, context)
    over = [fact for fact in change.facts if _is_over(fact, context)]
    if over:
        change.expire(over, "its date has passed")
    return change.patch()


def _is_over(fact: Fact, context: ChangeContext) -> bool:
    ended = fact.state.valid_to
    return fact.kind is FactKind.PLAN and ended is not None and ended <= context.now


def faded(facts: Sequence[Fact], context: ChangeContext) -> MemoryPatch:
    """Gives the active facts the strength that they have now; one operation for all."""
    change = MemoryChange(facts, context)
    moved = [
        (fact, now)
        for fact in facts
        if fact.status is FactStatus.ACTIVE
        and (now := strength(fact, context.now)) != fact.state.strength
    ]
    if moved:
        change.fade(moved, "time has passed, or it was used")
    return change.patch()
