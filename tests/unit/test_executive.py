"""What enters a prompt: the loop, the shares, the account."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import pytest
from support.memory import fact, memory
from support.memory import turn as any_turn

from bot.domain.fact import FactKind, FactState
from bot.domain.turn import Turn
from bot.memory.executive import (
    MAX_RECALLED,
    NOT_ASKED,
    OVER_BUDGET,
    TOO_MANY,
    TOO_WEAK,
    WEAKER_BY,
    Costs,
    Selection,
    select,
)
from bot.memory.loop import BLOCK_TURNS, MAX_TURNS, recent_turns

COSTS = Costs(
    fact=lambda fact: len(fact.text.split()),
    turn=lambda turn: len(turn.text.split()),
    recalled=lambda turn: len(turn.text.split()),
)


def turn(number: int, words: int = 1) -> Turn:
    return any_turn(number, " ".join(["word"] * words))


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
    facts = [fact(n, "green tea is what I like", source=f"t{n}") for n in range(20)]
    chosen = select(
        memory(
            facts=facts,
            loop=[turn(n, words=7) for n in range(1, 40)],
            recalled=[turn(n, words=11) for n in range(50, 60)],
        ),
        "Which tea?",
        budget,
        COSTS,
    )

    spent = (
        sum(map(COSTS.fact, [*chosen.facts, *chosen.beside]))
        + sum(map(COSTS.turn, chosen.loop))
        + sum(COSTS.recalled(hit.turn) for hit in chosen.recalled)
    )
    assert spent <= budget


def test_what_is_left_out_is_accounted_for_with_its_reason() -> None:
    chosen = select(
        memory(
            facts=[fact(1, "I like tea."), fact(2, "word " * 400)],
            recalled=[turn(n) for n in range(1, MAX_RECALLED + 2)] + [turn(50, words=900)],
        ),
        "hello",
        100,
        COSTS,
    )

    account = {item.item_id: item for item in chosen.items if item.kind != "fresh"}
    assert account["f1"].included
    assert account["f2"].reason == OVER_BUDGET
    assert account[f"t{MAX_RECALLED + 1}"].reason == TOO_MANY
    assert account["t1"].scores["score"] == 9.0
    assert len(chosen.recalled) == MAX_RECALLED


def test_a_quote_much_weaker_than_the_best_one_stays_out() -> None:
    recalled = [turn(n) for n in range(1, 4)]
    known = memory(recalled=recalled)
    scores = (9.0, 9.0 - WEAKER_BY, 8.9 - WEAKER_BY)
    hits = tuple(replace(h, score=s) for h, s in zip(known.recalled, scores, strict=True))

    chosen = select(replace(known, recalled=hits), "hello", 100, COSTS)

    assert [hit.turn.number for hit in chosen.recalled] == [1, 2]
    assert chosen.items[-1].reason == TOO_WEAK


def test_recall_keeps_its_share_when_the_loop_is_long() -> None:
    chosen = select(
        memory(loop=[turn(n, words=9) for n in range(1, 48)], recalled=[turn(99, words=9)]),
        "hello",
        100,
        COSTS,
    )

    assert [hit.turn.number for hit in chosen.recalled] == [99]
    assert chosen.loop


def test_settled_facts_form_the_block_and_fresh_ones_wait_beside_the_question() -> None:
    settled = fact(1, "I like tea.", source="t1")
    fresh = fact(2, "I like jazz.", source="t8")
    asked = memory(facts=[settled, fresh], loop=[turn(8)])

    def chosen(question: str) -> Selection:
        return select(asked, question, 500, COSTS)

    assert chosen("hello").facts == chosen("Which jazz?").facts == (settled,)
    assert chosen("hello").beside == ()
    assert chosen("Which jazz?").beside == (fresh,)
    assert NOT_ASKED in {item.reason for item in chosen("hello").items}
    assert select(memory(facts=[settled, fresh]), "hello", 500, COSTS).facts == (settled, fresh)


def test_instructions_and_pinned_facts_are_always_there() -> None:
    standing = [
        fact(1, "Answer in Portuguese.", kind=FactKind.INSTRUCTION, source="t8"),
        fact(2, "The code is 4711.", state=FactState(pinned=True), source="t8"),
        fact(3, "I like tea.", source="t8"),
    ]

    chosen = select(memory(facts=standing, loop=[turn(8)]), "hello", 500, COSTS)

    assert {f.number for f in chosen.beside} == {1, 2}


def test_no_fact_stands_in_both_places() -> None:
    facts = [fact(n, f"I like tea number {n}.", source=f"t{n}") for n in range(1, 30)]

    chosen = select(memory(facts=facts, loop=[turn(8)]), "Which tea?", 200, COSTS)

    assert chosen.facts
    assert chosen.beside
    assert not {f.id for f in chosen.facts} & {f.id for f in chosen.beside}


def test_the_block_begins_with_what_matters_most() -> None:
    facts = [
        fact(1, "We bought a house.", kind=FactKind.EVENT),
        fact(2, "I like tea.", kind=FactKind.PREFERENCE),
        fact(3, "My name is Ana.", kind=FactKind.IDENTITY),
        fact(4, "Answer briefly.", kind=FactKind.INSTRUCTION),
        fact(5, "I fly to Rome.", kind=FactKind.PLAN, state=FactState(pinned=True)),
    ]

    chosen = select(memory(facts=facts), "hello", 500, COSTS)

    assert [f.number for f in chosen.facts] == [5, 4, 3, 2, 1]


@pytest.mark.parametrize(
    ("question", "knows"),
    [
        ("What is my dog called?", False),
        ("Where do I live?", True),
        ("Which tea do I like?", True),
        ("我的狗叫什么？", False),
    ],
)
def test_it_knows_what_it_does_not_know(question: str, knows: bool) -> None:
    facts = [
        fact(1, "I'm called Ana.", slot="name", value="Ana"),
        fact(2, "I moved to Berlin.", slot="city", value="Berlin"),
        fact(3, "I like green tea.", topic="like", value="green tea"),
    ]
    recalled = [any_turn(3, "Call me Ana")]

    assert (
        select(memory(facts=facts, recalled=recalled), question, 500, COSTS).knows_answer is knows
    )


@pytest.mark.parametrize(
    ("question", "knows"), [("What is my cat called?", True), ("What is my dog called?", False)]
)
def test_what_the_conversation_was_just_about_is_known(question: str, knows: bool) -> None:
    told = memory(loop=[any_turn(1, "My cat is called Tom."), any_turn(2, "Have I a dog?")])

    assert select(told, question, 500, COSTS).knows_answer is knows
    assert select(replace(memory(), told_now=True), question, 500, COSTS).knows_answer
