"""Plans of the past are closed, and strengths are computed anew."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

from support.memory import NOON, Journal, fact

from bot.domain.fact import Fact, FactId, FactKind, FactState, FactStatus
from bot.domain.operation import OperationKind
from bot.memory.ageing import expired, faded

DAY = timedelta(days=1)


def holding(*facts: Fact) -> Journal:
    journal = Journal()
    journal.facts = {known.id: known for known in facts}
    return journal


def plan(number: int, days: int, **rest: object) -> Fact:
    state = FactState(valid_to=NOON + days * DAY)
    return fact(number, f"Plan {number}", **{"kind": FactKind.PLAN, "state": state, **rest})


def test_a_plan_is_closed_at_its_end_and_keeps_its_time() -> None:
    journal = holding(plan(1, 3), plan(2, 4))
    journal.now += 3 * DAY

    [operation] = journal.change(expired).operations

    one, other = journal.facts.values()
    assert (one.status, other.status) == (FactStatus.EXPIRED, FactStatus.ACTIVE)
    assert one.state == dataclasses.replace(plan(1, 3).state, status=FactStatus.EXPIRED)
    assert (operation.kind, len(operation.changes)) == (OperationKind.EXPIRE, 1)


def test_only_active_plans_with_a_date_expire() -> None:
    ended = FactState(status=FactStatus.SUPERSEDED, valid_to=NOON)
    journal = holding(
        plan(1, 0, kind=FactKind.EVENT),
        plan(2, 0, state=ended),
        plan(3, 0, state=FactState()),
    )
    journal.now += DAY

    assert not journal.change(expired)


def test_all_plans_of_the_past_are_closed_by_one_operation_and_once() -> None:
    journal = holding(plan(1, 1), plan(2, 2))
    journal.now += 9 * DAY

    [operation] = journal.change(expired).operations

    assert {change.fact_id for change in operation.changes} == {"f1", "f2"}
    assert not journal.change(expired)


def test_one_operation_changes_all_strengths_that_have_changed() -> None:
    journal = holding(
        fact(1), fact(2, kind=FactKind.IDENTITY), fact(3, at=NOON + 90 * DAY), fact(4)
    )
    journal.now += 90 * DAY

    [operation] = journal.change(faded).operations

    assert operation.kind is OperationKind.FADE
    assert {change.fact_id for change in operation.changes} == {"f1", "f4"}
    assert [known.state.strength for known in journal.facts.values()] == [0.37, 1, 1, 0.37]
    assert not journal.change(faded)


def test_what_was_used_is_strong_again() -> None:
    journal = holding(fact(1, last_used_at=NOON, state=FactState(strength=0.1)))

    journal.change(faded)

    assert journal.facts[FactId("f1")].state.strength == 1


def test_what_is_not_active_does_not_fade() -> None:
    others = [status for status in FactStatus if status is not FactStatus.ACTIVE]
    journal = holding(*(fact(n, state=FactState(status=status)) for n, status in enumerate(others)))
    journal.now += 900 * DAY

    assert not journal.change(faded)
