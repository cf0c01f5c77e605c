"""What enters a prompt: the loop, the shares, the account."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from bot.domain.conversation import Audience, ConversationId, Scope, Visibility
from bot.domain.identity import Person, PersonId
from bot.domain.memory import Fact, FactId, FactKind, RecalledTurn, WorkingMemory
from bot.domain.turn import Turn, TurnId, TurnStatus
from bot.memory.executive import MAX_RECALLED, OVER_BUDGET, TOO_MANY, Costs, select
from bot.memory.loop import BLOCK_TURNS, MAX_TURNS, recent_turns

ANA = Person(id=PersonId("ana"), display_name="Ana", first_seen_at=datetime(2026, 1, 1, tzinfo=UTC))
DM = Audience(visibility=Visibility.DIRECT, channel="dm")
COSTS = Costs(
    fact=lambda fact: len(fact.text.split()),
    turn=lambda turn: len(turn.text.split()),
    recalled=lambda turn: len(turn.text.split()),
)


def turn(number: int, words: int = 1) -> Turn:
    return Turn(
        id=TurnId(f"t{number}"),
        person_id=ANA.id,
        conversation_id=ConversationId("c"),
        audience=DM,
        event_key=f"e{number}",
        number=number,
        text=" ".join(["word"] * words),
        received_at=datetime(2026, 1, 1, tzinfo=UTC),
        status=TurnStatus.ANSWERED,
        reply="ok",
    )


def fact(name: str, words: int) -> Fact:
    return Fact(
        id=FactId(name),
        person_id=ANA.id,
        audience=DM,
        kind=FactKind.EVENT,
        text=" ".join(["fact"] * words),
        quote="fact",
        source_turn_id=TurnId("t1"),
        valid_from=datetime(2026, 1, 1, tzinfo=UTC),
    )


def memory(
    *,
    facts: Sequence[Fact] = (),
    loop: Sequence[Turn] = (),
    recalled: Sequence[Turn] = (),
) -> WorkingMemory:
    hits = tuple(RecalledTurn(turn=t, score=9.0 - i) for i, t in enumerate(recalled))
    return WorkingMemory(
        person=ANA,
        scope=Scope(ANA.id, DM),
        facts=tuple(facts),
        loop=tuple(loop),
        recalled=hits,
    )


def numbers(turns: Sequence[Turn]) -> list[int]:
    return [t.number for t in turns]


def test_a_short_conversation_is_in_the_loop_whole() -> None:
    turns = [turn(n) for n in range(1, 6)]

    assert recent_turns(turns, 100, COSTS.turn) == tuple(turns)


def test_a_long_conversation_begins_at_a_block() -> None:
    turns = [turn(n) for n in range(1, 31)]

    kept = recent_turns(turns, 20, COSTS.turn)

    assert numbers(kept) == list(range(16, 31))


def test_the_loops_beginning_stands_still_while_turns_are_added() -> None:
    starts = []
    for last in range(30, 60):
        turns = [turn(n) for n in range(max(1, last - MAX_TURNS + 1), last + 1)]
        starts.append(recent_turns(turns, 20, COSTS.turn)[0].number)

    assert all(later >= earlier for earlier, later in itertools.pairwise(starts))
    assert len(set(starts)) <= 30 / BLOCK_TURNS + 2


def test_one_huge_turn_ends_the_loop_there() -> None:
    turns = [turn(1), turn(2, words=500), turn(3), turn(4)]

    assert numbers(recent_turns(turns, 50, COSTS.turn)) == [3, 4]
    assert recent_turns([turn(1, words=500)], 50, COSTS.turn) == ()


@pytest.mark.parametrize("budget", [0, 1, 7, 40, 200, 5000])
def test_a_selection_never_costs_more_than_its_budget(budget: int) -> None:
    chosen = select(
        memory(
            facts=[fact(f"f{n}", 5) for n in range(20)],
            loop=[turn(n, words=7) for n in range(1, 40)],
            recalled=[turn(n, words=11) for n in range(50, 60)],
        ),
        budget,
        COSTS,
    )

    spent = (
        sum(map(COSTS.fact, chosen.facts))
        + sum(map(COSTS.turn, chosen.loop))
        + sum(COSTS.recalled(hit.turn) for hit in chosen.recalled)
    )
    assert spent <= budget


def test_what_is_left_out_is_accounted_for_with_its_reason() -> None:
    chosen = select(
        memory(
            facts=[fact("small", 2), fact("huge", 400)],
            recalled=[turn(n) for n in range(1, MAX_RECALLED + 2)] + [turn(50, words=900)],
        ),
        100,
        COSTS,
    )

    account = {item.item_id: item for item in chosen.items}
    assert account["small"].included
    assert account["huge"].reason == OVER_BUDGET
    assert account[f"t{MAX_RECALLED + 1}"].reason == TOO_MANY
    assert account["t1"].scores["score"] == 9.0
    assert len(chosen.recalled) == MAX_RECALLED


def test_recall_keeps_its_share_when_the_loop_is_long() -> None:
    chosen = select(
        memory(loop=[turn(n, words=9) for n in range(1, 48)], recalled=[turn(99, words=9)]),
        100,
        COSTS,
    )

    assert [hit.turn.number for hit in chosen.recalled] == [99]
    assert chosen.loop
