"""How facts fade: what never does, what keeps others up, and when they leave the memory block."""

from __future__ import annotations

import dataclasses
import math
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.memory import NOON, fact

from bot.domain.fact import Evidence, Fact, FactKind, FactState
from bot.domain.turn import TurnId
from bot.memory.strength import DEMOTED, fades_at, is_demoted, strength

DAY = timedelta(days=1)
FADING = {
    FactKind.RELATION: 1095,
    FactKind.PREFERENCE: 365,
    FactKind.EVENT: 90,
    FactKind.PLAN: 30,
}


def told(kind: FactKind, *days: int, **rest: object) -> Fact:
    """A fact that was said on each of these days."""
    evidence = tuple(
        Evidence(quote="so", turn_id=TurnId(f"t{day}"), said_at=NOON + day * DAY) for day in days
    )
    return fact(1, kind=kind, evidence=evidence or fact(1).evidence, **rest)


@pytest.mark.parametrize(("kind", "tau"), FADING.items())
def test_what_is_never_used_falls_to_a_third_within_the_time_of_its_kind(
    kind: FactKind, tau: int
) -> None:
    new = told(kind)

    assert strength(new, NOON) == 1
    assert strength(new, NOON + tau * DAY) == 0.37
    assert strength(new, NOON + 2 * tau * DAY) == 0.14


@pytest.mark.parametrize(
    ("repetitions", "used", "uses"), [(0, 0, 0), (1, 0, 1), (0, 1, 1), (2, 3, 5)]
)
def test_repetitions_and_uses_slow_it_down_by_their_logarithm(
    repetitions: int, used: int, uses: int
) -> None:
    known = told(FactKind.EVENT, *range(repetitions + 1), use_count=used)

    now = NOON + (repetitions + 100) * DAY
    exact = math.exp(-100 / (90 * (1 + math.log(1 + uses))))
    assert strength(known, now) == pytest.approx(exact, abs=0.005)


@pytest.mark.parametrize(("used", "days"), [(None, 40), (20, 40), (70, 30)])
def test_time_counts_from_when_it_was_last_said_or_used(used: int | None, days: int) -> None:
    at = None if used is None else NOON + used * DAY
    known = told(FactKind.EVENT, 60, 0, last_used_at=at)

    exact = math.exp(-days / (90 * (1 + math.log(2))))
    assert strength(known, NOON + 100 * DAY) == round(exact, 2)


@pytest.mark.parametrize(
    "lasting",
    [
        told(FactKind.IDENTITY),
        told(FactKind.INSTRUCTION),
        told(FactKind.PREFERENCE, slot="favourite:band"),
        told(FactKind.EVENT, state=FactState(pinned=True)),
        told(FactKind.PLAN, state=FactState(valid_to=NOON + 3000 * DAY)),
    ],
)
def test_some_things_never_fade(lasting: Fact) -> None:
    for days in (0, 1, 400, 2999):
        assert strength(lasting, NOON + days * DAY) == 1
        assert fades_at(lasting, NOON + days * DAY) is None


def test_words_from_the_future_are_just_said() -> None:
    assert strength(told(FactKind.EVENT, 5), NOON) == 1


def test_what_is_weak_is_demoted_unless_it_is_pinned() -> None:
    def weak(strength: float, *, pinned: bool = False) -> Fact:
        return told(FactKind.EVENT, state=FactState(strength=strength, pinned=pinned))

    assert is_demoted(weak(DEMOTED - 0.01))
    assert not is_demoted(weak(DEMOTED))
    assert not is_demoted(weak(0.01, pinned=True))


FACTS = st.builds(
    lambda kind, days, used, uses: told(
        kind, *days, last_used_at=NOON + used * DAY if uses else None, use_count=uses
    ),
    kind=st.sampled_from(list(FADING)),
    days=st.lists(st.integers(0, 2000), min_size=1, max_size=5),
    used=st.integers(0, 2000),
    uses=st.integers(0, 50),
)
MOMENTS = st.integers(0, 9000 * 86400).map(lambda seconds: NOON + timedelta(seconds=seconds))


def settled(known: Fact, now: datetime) -> Fact:
    """The fact as compaction leaves it."""
    return known.in_state(dataclasses.replace(known.state, strength=strength(known, now)))


@given(FACTS, MOMENTS)
def test_a_fact_is_demoted_at_the_moment_that_was_foretold_and_not_before(
    known: Fact, now: datetime
) -> None:
    known = settled(known, now)
    moment = fades_at(known, now)

    if moment is None:
        assert is_demoted(known)
        assert strength(known, now) < DEMOTED
        return
    assert moment > now
    before = max(now, moment - timedelta(seconds=3))
    assert strength(known, before) >= DEMOTED
    assert not is_demoted(settled(known, before))
    assert is_demoted(settled(known, moment))
    assert fades_at(settled(known, moment), moment) is None


@given(FACTS, MOMENTS, MOMENTS)
def test_strength_only_falls_while_nothing_happens(
    known: Fact, one: datetime, other: datetime
) -> None:
    assert 0 <= strength(known, max(one, other)) <= strength(known, min(one, other)) <= 1


def test_what_has_faded_since_strengths_were_computed_is_due_at_once() -> None:
    known = told(FactKind.PLAN)
    late = NOON + 60 * DAY

    assert fades_at(known, late) == late + timedelta(seconds=1)
    assert fades_at(settled(known, late), late) is None
