"""What was remembered at an earlier moment: the journal of memory operations, read backwards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bot.domain.fact import Fact, FactId, FactState
from bot.domain.operation import MemoryOperation
from bot.domain.turn import Turn, TurnId


def happened_after(
    journal: Sequence[MemoryOperation], turn: Turn, numbers: Mapping[TurnId | None, int]
) -> tuple[MemoryOperation, ...]:
    """The operations of ``journal`` that came after the reply to ``turn`` was begun, oldest first.

    What its own words changed at once came before that. ``numbers`` orders the turns that were
    received at the same moment; a change of that moment without such a turn came after.
    """

    def is_later(entry: MemoryOperation) -> bool:
        if entry.turn_id in numbers and entry.happened_at == turn.received_at:
            return numbers[entry.turn_id] > turn.number
        return entry.happened_at >= turn.received_at

    return tuple(entry for entry in journal if is_later(entry))


def facts_before(operations: Sequence[MemoryOperation], facts: Iterable[Fact]) -> tuple[Fact, ...]:
    """``facts`` as they were before ``operations``, which are the latest ones, oldest first.

    Facts that came with one of them are left out. A fact that was forgotten meanwhile is not
    brought back: the journal holds no words.
    """
    states: dict[FactId, FactState | None] = {}
    for operation in reversed(operations):
        for change in operation.changes:  # each of another fact
            states[change.fact_id] = change.before
    earlier = ((fact, states.get(fact.id, fact.state)) for fact in facts)
    return tuple(fact.in_state(state) for fact, state in earlier if state is not None)
