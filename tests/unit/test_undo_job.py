"""A compaction that is taken back leaves memory as it was: case by case."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import timedelta

import pytest
from support.memory import NOON, said
from support.undoing import JOB, Memory, told

from bot.domain.fact import Evidence, Fact, FactId, FactKind, FactState, FactStatus
from bot.domain.operation import Actor, MemoryPatch, OperationKind
from bot.domain.turn import TurnId
from bot.memory.ageing import expired, faded
from bot.memory.consolidation import consolidate
from bot.memory.duplicates import merged
from bot.memory.operations import ChangeContext, MemoryChange, edited, pinned, undone


def quotes(memory: Memory, number: int) -> list[str]:
    return [evidence.quote for evidence in memory.facts[FactId(f"f{number}")].evidence]


def state(memory: Memory, number: int) -> FactState:
    return memory.facts[FactId(f"f{number}")].state


def one_operation(change: Callable[[MemoryChange, Fact], None]) -> Callable[..., MemoryPatch]:
    def step(facts: tuple[Fact, ...], context: ChangeContext) -> MemoryPatch:
        made = MemoryChange(facts, context)
        change(made, facts[0])
        return made.patch()

    return step


WORDS = Evidence(quote="Row!", turn_id=TurnId("s9"), said_at=NOON)


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda change, one: change.strengthen(one, WORDS, "x"), OperationKind.STRENGTHEN),
        (lambda change, one: change.expire([one], "x"), OperationKind.EXPIRE),
        (lambda change, one: change.fade([(one, 0.5)], "x"), OperationKind.FADE),
        (lambda change, one: change.merge(one, [change.facts[1]], "x"), OperationKind.MERGE),
        (lambda change, one: change.erase([one], "x"), OperationKind.ERASE),
        (lambda change, _: change.append(told(3), "x"), OperationKind.APPEND),
    ],
)
def test_every_operation_belongs_to_the_job_and_can_be_taken_back(
    change: Callable[[MemoryChange, Fact], None], kind: OperationKind
) -> None:
    memory = Memory(told(1, state=FactState(strength=0.8)), told(2, "I really row."))
    before = memory.picture
    context = dataclasses.replace(memory.job_context(), turn_id=TurnId("s9"))

    [operation] = memory.apply(one_operation(change)(memory.all, context)).operations
    assert (operation.kind, operation.job_id, operation.actor) == (kind, JOB, Actor.COMPACTION)
    assert memory.picture != before
    [undo] = memory.take_back([operation]).operations

    assert memory.picture == before
    assert (undo.kind, undo.undoes, undo.job_id) == (OperationKind.UNDO, operation.id, JOB)
    assert not memory.take_back([operation])


def test_a_merge_gives_its_words_and_pin_and_gets_none_back_twice() -> None:
    memory = Memory(
        told(1), told(2, "I really row.", state=FactState(pinned=True)), told(3, "I row!")
    )

    operations = memory.do(merged)

    assert quotes(memory, 2) == ["I really row.", "I row.", "I row!"]
    assert state(memory, 2) == FactState(pinned=True)
    memory.take_back(operations)
    assert [quotes(memory, n) for n in (1, 2, 3)] == [["I row."], ["I really row."], ["I row!"]]


def test_the_one_that_stays_takes_over_a_pin_and_gives_it_back() -> None:
    memory = Memory(told(1), told(2, state=FactState(pinned=True)))

    def step(facts: tuple[Fact, ...], context: ChangeContext) -> MemoryPatch:
        change = MemoryChange(facts, context)
        change.merge(facts[0], [facts[1]], "x")
        return change.patch()

    operations = memory.do(step)
    assert state(memory, 1).pinned
    assert state(memory, 2).superseded_by == "f1"
    memory.take_back(operations)
    assert [state(memory, n).pinned for n in (1, 2)] == [False, True]


def test_words_of_a_turn_are_given_once() -> None:
    memory = Memory(told(1), told(2, "I row!", source="s1"), told(3, "Row", source="s1"))

    def step(facts: tuple[Fact, ...], context: ChangeContext) -> MemoryPatch:
        change = MemoryChange(facts, context)
        change.merge(facts[0], facts[1:], "x")
        return change.patch()

    memory.do(step)

    assert quotes(memory, 1) == ["I row."]


def test_typed_words_are_given_and_taken_back_too() -> None:
    typed = told(2, "I row!", source=None)
    memory = Memory(told(1, source=None), typed)
    before = memory.picture

    operations = memory.do(merged)
    assert sorted(quotes(memory, 1)) == ["I row!", "I row."]
    memory.take_back(operations)

    assert memory.picture == before


def test_what_was_said_again_since_stays_said() -> None:
    memory = Memory(told(1), told(2, "I really row."))
    operations = memory.do(merged)
    memory.change(consolidate, [said("I row.", topic="note")])

    memory.take_back(operations)

    assert quotes(memory, 1) == ["I row.", "I row."]
    assert quotes(memory, 2) == ["I really row."]
    assert state(memory, 2).status is FactStatus.ACTIVE


def test_a_pin_since_stays_and_keeps_nothing_from_coming_back() -> None:
    memory = Memory(told(1), told(2, "I really row."))
    operations = memory.do(merged)
    memory.apply(pinned(memory.facts[FactId("f1")], memory.context(), pin=True))

    memory.take_back(operations)

    assert state(memory, 1) == FactState(pinned=True)
    assert state(memory, 2) == FactState()


def test_what_was_merged_into_something_that_is_over_by_now_does_not_come_back() -> None:
    def city(number: int, text: str, value: str) -> Fact:
        return told(number, text, topic=None, slot="city", value=value)

    memory = Memory(city(1, "I live in Porto.", "Porto"), city(2, "I live in porto!", "porto"))
    operations = memory.do(merged)
    memory.now += timedelta(days=1)
    memory.change(consolidate, [said("I live in Berlin.", slot="city", value="Berlin")])

    memory.take_back(operations)

    assert memory.active == ["I live in Berlin."]
    assert state(memory, 2).status is FactStatus.MERGED
    assert len(quotes(memory, 1)) == 2


def test_one_value_in_other_letters_makes_way_for_nobody() -> None:
    def city(number: int, value: str) -> Fact:
        return told(number, f"I live in {value}.", topic=None, slot="city", value=value)

    memory = Memory(city(1, "Porto"), city(2, "porto"))
    operations = memory.do(merged)
    memory.apply(pinned(memory.facts[FactId("f1")], memory.context(), pin=True))

    memory.take_back(operations)

    assert memory.active == ["I live in Porto.", "I live in porto."]


def test_a_repetition_is_taken_back_with_its_words() -> None:
    memory = Memory(told(1, state=FactState(strength=0.4)))
    operations = memory.read(said("I row!", topic="note"))
    assert quotes(memory, 1) == ["I row.", "I row!"]
    assert state(memory, 1).strength == 1

    memory.take_back(operations)

    assert quotes(memory, 1) == ["I row."]
    assert state(memory, 1).strength == 0.4


def test_a_repetition_by_a_turn_that_taught_it_gives_and_takes_nothing() -> None:
    memory = Memory(told(1))
    memory.change(consolidate, [said("I row!", topic="note"), said("I row!", topic="note")])
    [repetition] = memory.patches[-1].operations

    memory.apply(undone(repetition, memory.all, memory.context()))

    assert quotes(memory, 1) == ["I row."]


def test_the_only_words_of_a_fact_are_never_taken() -> None:
    memory = Memory(told(1))
    operations = memory.read(said("I row!", topic="note"))
    known = memory.facts[FactId("f1")]
    memory.facts[known.id] = dataclasses.replace(known, evidence=known.evidence[1:])

    memory.take_back(operations)

    assert quotes(memory, 1) == ["I row!"]


def test_what_was_taken_back_before_is_skipped() -> None:
    memory = Memory(told(1), told(2, "I really row."), told(3, kind=FactKind.PLAN))
    memory.now += timedelta(days=100)
    operations = memory.do(merged, faded)
    merge, fade = operations
    strengths = [known.state.strength for known in memory.all]

    patch = memory.take_back(operations, frozenset({fade.id}))

    assert [operation.undoes for operation in patch.operations] == [merge.id]
    assert [known.state.strength for known in memory.all][0::2] == strengths[0::2]


def test_an_undo_is_not_undone_with_the_job() -> None:
    memory = Memory(told(1), told(2, "I really row."))
    operations = memory.do(merged)
    [undo] = memory.take_back(operations).operations

    assert not memory.take_back([*operations, undo])


def test_fading_keeps_no_change_from_being_taken_back_and_stays() -> None:
    memory = Memory(told(1))
    memory.apply(pinned(memory.facts[FactId("f1")], memory.context(), pin=True))
    [pin] = memory.patches[-1].operations
    known = memory.facts[FactId("f1")]
    memory.facts[known.id] = known.in_state(dataclasses.replace(known.state, strength=0.2))

    memory.apply(undone(pin, memory.all, memory.context()))

    assert state(memory, 1) == FactState(strength=0.2)


def test_what_was_said_again_after_fading_stays_fresh() -> None:
    memory = Memory(told(1))
    memory.now += timedelta(days=50)
    operations = memory.do(faded)
    memory.change(consolidate, [said("I row.", topic="note")])

    memory.take_back(operations)

    assert state(memory, 1).strength == 1


def test_what_the_job_learned_is_retracted_and_what_it_overwrote_is_back() -> None:
    memory = Memory(told(1, "I live in Porto.", topic=None, slot="city", value="Porto"))
    before = memory.picture
    operations = memory.read(
        said("I live in Berlin.", slot="city", value="Berlin"), said("I swim.", topic="note")
    )
    operations += memory.do(merged, expired, faded)

    memory.take_back(operations)

    assert memory.picture == before
    assert [known.status for known in memory.all] == [
        FactStatus.ACTIVE,
        FactStatus.RETRACTED,
        FactStatus.RETRACTED,
    ]


def test_an_edit_of_the_one_that_stays_is_left_alone() -> None:
    memory = Memory(told(1), told(2, "I really row."))
    operations = memory.do(merged)
    memory.apply(edited(memory.facts[FactId("f1")], "I scull.", memory.context()))

    memory.take_back(operations)

    assert memory.active == ["I scull."]
