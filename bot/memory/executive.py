"""The central executive: decides what enters the prompt, within a budget, and says why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.domain.memory import Fact, RecalledTurn, WorkingMemory
from bot.domain.turn import TraceItem, Turn
from bot.memory.loop import recent_turns

FACT_SHARE = 0.3
"""At most this share of the memory budget goes to facts."""

RECALL_SHARE = 0.3
"""This share is kept for recalled turns; what facts and recall leave unused goes to the loop."""

MAX_RECALLED = 5
"""More evidence than this makes small models worse, not better (LoCoMo, table 3)."""

OVER_BUDGET = "no room in the token budget"
TOO_MANY = "better matches came first"


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What each kind of item costs in tokens, as it will be written into the prompt."""

    fact: Callable[[Fact], int]
    turn: Callable[[Turn], int]
    recalled: Callable[[Turn], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What enters the prompt, and the account of everything that was considered."""

    facts: tuple[Fact, ...]
    loop: tuple[Turn, ...]
    recalled: tuple[RecalledTurn, ...]
    items: tuple[TraceItem, ...]


def select(memory: WorkingMemory, budget_tokens: int, costs: Costs) -> Selection:
    """Choose from ``memory`` at most ``budget_tokens`` worth of items.

    Facts come first, in their order; then recalled turns, best first; the loop gets the rest. A
    recalled turn may stand in the loop as well: a small model answers from a quote beside the
    question what it overlooks ten messages earlier.
    """
    fact_budget = int(budget_tokens * FACT_SHARE)
    recall_budget = int(budget_tokens * RECALL_SHARE)
    items: list[TraceItem] = []
    facts, facts_spent = _take_facts(memory.facts, fact_budget, costs, items)
    reserved = recall_budget if memory.recalled else 0
    loop = recent_turns(memory.loop, budget_tokens - facts_spent - reserved, costs.turn)
    in_loop = {turn.id for turn in loop}
    items += [
        _item("loop", turn.id, costs.turn(turn), "" if turn.id in in_loop else OVER_BUDGET)
        for turn in memory.loop
    ]
    recalled = _take_recalled(memory.recalled, recall_budget, costs, items)
    return Selection(facts=facts, loop=loop, recalled=recalled, items=tuple(items))


def _take_facts(
    facts: Sequence[Fact], budget: int, costs: Costs, items: list[TraceItem]
) -> tuple[tuple[Fact, ...], int]:
    taken, spent = [], 0
    for fact in facts:
        price = costs.fact(fact)
        fits = spent + price <= budget
        if fits:
            taken.append(fact)
            spent += price
        items.append(_item("fact", fact.id, price, "" if fits else OVER_BUDGET))
    return tuple(taken), spent


def _take_recalled(
    candidates: Sequence[RecalledTurn], budget: int, costs: Costs, items: list[TraceItem]
) -> tuple[RecalledTurn, ...]:
    taken: list[RecalledTurn] = []
    spent = 0
    for hit in candidates:
        price = costs.recalled(hit.turn)
        reason = TOO_MANY if len(taken) == MAX_RECALLED else ""
        if not reason and spent + price > budget:
            reason = OVER_BUDGET
        if not reason:
            taken.append(hit)
            spent += price
        items.append(_item("recalled", hit.turn.id, price, reason, hit))
    return tuple(taken)


def _item(
    kind: str, item_id: str, tokens: int, reason: str, hit: RecalledTurn | None = None
) -> TraceItem:
    scores = {"score": hit.score, **hit.parts} if hit else {}
    return TraceItem(
        kind=kind,
        item_id=item_id,
        tokens=tokens,
        included=not reason,
        reason=reason,
        scores=scores,
    )
