"""What enters a prompt: the loop, the shares, the account."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import pytest
from support.episodes import summary_of
from support.memory import fact, memory
from support.memory import turn as any_turn

from bot.domain.episode import Episode
from bot.domain.fact import FactKind, FactState
from bot.domain.memory import WorkingMemory
from bot.domain.turn import Turn
from bot.memory.executive import (
    DIGEST_SHARE,
    FADED,
    MAX_EPISODES,
    MAX_RECALLED,
    MAX_RECALLED_FOR_LOOP,
    NOT_ASKED,
    OVER_BUDGET,
    SUMMED_UP,
    TOO_MANY,
    TOO_MANY_EPISODES,
    TOO_WEAK,
    WEAKER_BY,
    Costs,
    Selection,
    select,
)
from bot.memory.loop import BLOCK_TURNS, KEPT_TURNS, MAX_TURNS, recent_turns

COSTS = Costs(
    fact=lambda fact: len(fact.text.split()),
    turn=lambda turn: len(turn.text.split()),
    recalled=lambda turn: len(turn.text.split()),
    episode=lambda episode: len(episode.text.split()),
)


def turn(number: int, words: int = 1) -> Turn:
    return any_turn(number, " ".join(["word"] * words))


def episode(number: int, words: int = 1, *, first: int = 0, last: int = 0) -> Episode:
    """Of the turns from ``first`` to ``last``, or else of turns that no loop has."""
    turns = [turn(n) for n in range(first or 900 + number, (last or 900 + number) + 1)]
    return summary_of(turns, (" ".join(["rain"] * words), turns), name=f"e{number}")


def with_episodes(known: WorkingMemory, *episodes: Episode) -> WorkingMemory:
    return replace(known, episodes=episodes)


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
    known = memory(
        facts=facts,
        loop=[turn(n, words=7) for n in range(1, 40)],
        recalled=[turn(n, words=11) for n in range(50, 60)],
    )
    summed_up = episode(1, words=9, first=1, last=20), episode(2, words=40, first=21, last=30)
    chosen = select(with_episodes(known, *summed_up), "Which tea?", budget, COSTS)

    spent = (
        sum(map(COSTS.fact, [*chosen.facts, *chosen.beside]))
        + sum(map(COSTS.episode, chosen.episodes))
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


def test_the_digest_is_the_latest_episodes_that_fit_oldest_first() -> None:
    episodes = episode(1, words=5), episode(2, words=9), episode(3, words=1), episode(4, words=9)

    chosen = select(with_episodes(memory(), *episodes), "hello", int(15 / DIGEST_SHARE) + 1, COSTS)

    assert [e.id for e in chosen.episodes] == ["e1", "e3", "e4"]
    assert [(i.kind, i.item_id, i.tokens, i.reason) for i in chosen.items] == [
        ("episode", "e1", 5, ""),
        ("episode", "e2", 9, OVER_BUDGET),
        ("episode", "e3", 1, ""),
        ("episode", "e4", 9, ""),
    ]


def test_the_loop_gets_what_the_digest_leaves() -> None:
    known = with_episodes(memory(loop=[turn(n) for n in range(1, 48)]), episode(1, words=7))

    chosen = select(known, "hello", 50, COSTS)

    assert chosen.episodes
    assert 50 - 7 - BLOCK_TURNS < len(chosen.loop) <= 50 - 7


def test_the_digest_has_so_many_lines_at_most() -> None:
    episodes = [episode(n) for n in range(1, MAX_EPISODES + 3)]

    chosen = select(with_episodes(memory(), *episodes), "hello", 1000, COSTS)

    assert chosen.episodes == tuple(episodes[2:])
    assert [item.reason for item in chosen.items[:3]] == [TOO_MANY_EPISODES] * 2 + [""]


@pytest.mark.parametrize("question", ["hello", "Does it rain?", "下雨吗？"])
def test_the_block_does_not_depend_on_the_question(question: str) -> None:
    known = memory(
        facts=[fact(n, f"I like tea number {n}.") for n in range(1, 30)],
        recalled=[turn(n) for n in range(50, 58)],
    )
    known = with_episodes(known, *(episode(n, words=9) for n in range(1, 9)))

    chosen, other = (select(known, asked, 200, COSTS) for asked in (question, "Which tea?"))

    assert (chosen.facts, chosen.episodes) == (other.facts, other.episodes)
    assert chosen.facts
    assert 0 < len(chosen.episodes) < 8


def test_turns_in_the_digest_are_left_out_of_the_loop_and_their_facts_settle() -> None:
    known = memory(
        facts=[fact(1, "I like tea.", source="t2"), fact(2, "I like jazz.", source="t18")],
        loop=[turn(n) for n in range(1, 21)],
    )

    chosen = select(with_episodes(known, episode(1, first=1, last=16)), "hello", 500, COSTS)

    assert numbers(chosen.loop) == list(range(17 - KEPT_TURNS, 21))
    assert [f.number for f in chosen.facts] == [1]
    reasons = {item.item_id: item.reason for item in chosen.items if item.kind == "loop"}
    assert reasons["t1"] == reasons[f"t{16 - KEPT_TURNS}"] == SUMMED_UP
    assert reasons[f"t{17 - KEPT_TURNS}"] == reasons["t20"] == ""


def test_turns_of_an_episode_that_does_not_fit_are_left_to_recall() -> None:
    known = memory(loop=[turn(n) for n in range(1, 21)])

    chosen = select(
        with_episodes(known, episode(1, words=99, first=1, last=16)), "hello", 500, COSTS
    )

    assert chosen.episodes == ()
    assert numbers(chosen.loop) == list(range(17 - KEPT_TURNS, 21))


@pytest.mark.parametrize(
    ("last", "most"), [(KEPT_TURNS, MAX_RECALLED), (KEPT_TURNS + 1, MAX_RECALLED_FOR_LOOP)]
)
def test_more_is_recalled_when_the_loop_is_shorter(last: int, most: int) -> None:
    known = memory(loop=[turn(n) for n in range(1, 21)], recalled=[turn(n) for n in range(50, 60)])

    chosen = select(with_episodes(known, episode(1, first=1, last=last)), "hello", 500, COSTS)

    assert len(chosen.recalled) == most
    assert chosen.items[-1].reason == TOO_MANY


def test_what_has_faded_is_not_in_the_block_but_beside_a_question_about_it() -> None:
    faded = fact(1, "I like jazz.", topic="like", value="jazz", state=FactState(strength=0.01))
    known = memory(facts=[faded, fact(2, "I drink tea.")])

    other, asked = (select(known, words, 500, COSTS) for words in ("hello", "Which jazz?"))

    assert [f.number for f in other.facts] == [f.number for f in asked.facts] == [2]
    assert other.beside == ()
    assert asked.beside == (faded,)
    reasons = {item.item_id: item.reason for item in asked.items if item.kind == "fact"}
    assert reasons == {"f1": FADED, "f2": ""}


def test_what_has_faded_takes_no_room_from_the_loop() -> None:
    faded = [fact(n, "I like jazz.", state=FactState(strength=0.01)) for n in range(1, 9)]

    chosen = select(memory(facts=faded, loop=[turn(n) for n in range(50, 90)]), "hello", 50, COSTS)

    assert sum(map(COSTS.turn, chosen.loop)) > 50 - 15 - BLOCK_TURNS


def test_of_one_kind_the_stronger_facts_come_first() -> None:
    strengths = (0.5, 0.9, 0.9, 1.0)
    facts = [
        fact(n, "I like tea.", state=FactState(strength=strength))
        for n, strength in enumerate(strengths, start=1)
    ]
    named = fact(9, "My name is Ana.", kind=FactKind.IDENTITY, state=FactState(strength=0.6))
    pinned = fact(5, "I like rain.", state=FactState(strength=0.4, pinned=True))

    chosen = select(memory(facts=[*facts, named, pinned]), "hello", 500, COSTS)

    assert [f.number for f in chosen.facts] == [5, 9, 4, 2, 3, 1]


def test_the_account_says_how_much_each_fact_bears_on_the_question() -> None:
    facts = [fact(1, "I like tea."), fact(2, "I like jazz.")]

    chosen = select(memory(facts=facts), "Which tea do I drink?", 500, COSTS)

    relevance = {item.item_id: item.scores["relevance"] for item in chosen.items}
    assert relevance["f1"] > 0
    assert relevance["f2"] == 0


def test_what_an_earlier_conversation_was_about_is_known() -> None:
    turns = [any_turn(900, "My dog is called Biscuit.")]
    told = summary_of(turns, ("My dog is called Biscuit.", turns))

    chosen = select(with_episodes(memory(), told), "What is my dog called?", 500, COSTS)

    assert chosen.knows_answer
    assert not select(
        with_episodes(memory(), told), "What is my cat called?", 500, COSTS
    ).knows_answer
