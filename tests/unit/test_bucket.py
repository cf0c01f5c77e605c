"""Token buckets: never more than was agreed, and the wait that is told is the right one."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from support.engine import NOON

from bot.domain.bucket import Bucket, charged, refilled, taken, time_until_full
from bot.domain.quota import Rate

RATES = st.builds(Rate, amount=st.integers(1, 5000), seconds=st.sampled_from([60, 3600, 86_400]))
STEPS = st.lists(
    st.tuples(st.floats(-4000, 4000, allow_nan=False), st.integers(1, 40)), min_size=1, max_size=60
)
HOUR = Rate(amount=60, seconds=3600)


def drained(rate: Rate) -> Bucket:
    return Bucket(level=0.0, updated_at=NOON)


@given(rate=RATES, steps=STEPS)
def test_no_window_of_time_gives_more_than_the_amount_and_what_flows_in(
    rate: Rate, steps: list[tuple[float, int]]
) -> None:
    """Also when clocks go back: what counts is how far any clock has come since the first use."""
    now = latest = NOON
    bucket, grants = None, []
    for step, wanted in [(0.0, 1), *steps]:
        # Within what is taken for a clock that is a little off.
        now = max(now + timedelta(seconds=step), latest - timedelta(seconds=rate.seconds))
        latest = max(latest, now)
        for _ in range(wanted):
            answer = taken(bucket, rate, now)
            if isinstance(answer, timedelta):
                break
            bucket = answer
            grants.append(latest)
    for first, began in enumerate(grants):
        for last in range(first, len(grants)):
            passed = (grants[last] - began).total_seconds()
            most = rate.amount + passed * rate.amount / rate.seconds
            assert last - first + 1 <= most + 1e-3


@given(rate=RATES, level=st.floats(-2000, 0.999), ago=st.floats(-50, 50))
def test_after_the_wait_that_was_told_exactly_one_fits(
    rate: Rate, level: float, ago: float
) -> None:
    bucket = Bucket(level=level, updated_at=NOON - timedelta(seconds=ago))
    wait = taken(bucket, rate, NOON)
    if isinstance(wait, Bucket):
        return  # it has filled meanwhile
    moment = NOON + wait
    left = taken(bucket, rate, moment)
    assert isinstance(left, Bucket)
    assert isinstance(taken(left, rate, moment), timedelta)
    too_early = moment - wait * 0.01
    assert isinstance(taken(bucket, rate, too_early), timedelta)


@given(rate=RATES, level=st.floats(-5000, 5000), passed=st.floats(0, 100_000))
def test_it_never_holds_more_than_its_amount(rate: Rate, level: float, passed: float) -> None:
    bucket = Bucket(level=level, updated_at=NOON)
    now = NOON + timedelta(seconds=passed)
    assert refilled(bucket, rate, now).level <= rate.amount
    whole = now + time_until_full(bucket, rate, now)
    assert abs(refilled(bucket, rate, whole).level - rate.amount) <= 1e-3


def test_what_is_nowhere_is_full() -> None:
    assert refilled(None, HOUR, NOON) == Bucket(level=60.0, updated_at=NOON)
    assert time_until_full(None, HOUR, NOON) == timedelta(0)


def test_a_clock_that_goes_back_gives_nothing_now_or_later() -> None:
    back = NOON - timedelta(minutes=10)
    wait = taken(drained(HOUR), HOUR, back)
    assert wait == timedelta(minutes=11)
    assert isinstance(taken(drained(HOUR), HOUR, NOON + timedelta(seconds=59)), timedelta)


def test_a_clock_that_was_wrong_by_years_closes_nothing_for_years() -> None:
    bucket = Bucket(level=0.0, updated_at=NOON + timedelta(days=4000))
    wait = taken(bucket, HOUR, NOON)
    assert isinstance(wait, timedelta)
    assert wait <= timedelta(hours=2)


def test_a_changed_rate_clamps_the_level() -> None:
    bucket = Bucket(level=60.0, updated_at=NOON)
    assert refilled(bucket, Rate(amount=10, seconds=3600), NOON).level == 10.0
    assert refilled(bucket, Rate(amount=100, seconds=3600), NOON).level == 60.0


def test_what_was_used_already_is_charged_whole_and_the_next_waits_for_it() -> None:
    debt = charged(None, HOUR, NOON, 90)
    assert debt.level == -30.0
    assert taken(debt, HOUR, NOON) == timedelta(minutes=31)
