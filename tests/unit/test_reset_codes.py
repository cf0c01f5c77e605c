"""Codes for resets are good once, for one thing, for ten minutes, and not for a guess."""

from __future__ import annotations

import pytest
from support.commanding import Ids
from support.engine import FakeClock

from bot.engine.reset_codes import LIFETIME, MOST_CODES, MOST_TRIES, ResetCodes

THIS = ("T1", "boss", "", "", "now")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def codes(clock: FakeClock) -> ResetCodes:
    return ResetCodes(clock=clock, ids=Ids())


def test_a_code_is_good_once_however_it_is_written(codes: ResetCodes) -> None:
    code = codes.issue(THIS)

    assert codes.redeem(THIS, f" {code[:4].lower()}-{code[4:]}")
    assert not codes.redeem(THIS, code)


@pytest.mark.parametrize("place", range(5))
def test_it_is_good_for_nothing_else(codes: ResetCodes, place: int) -> None:
    code = codes.issue(THIS)
    other = (*THIS[:place], "another", *THIS[place + 1 :])

    assert not codes.redeem(other, code)
    assert codes.redeem(THIS, code)


def test_it_expires(codes: ResetCodes, clock: FakeClock) -> None:
    code = codes.issue(THIS)
    clock.moment += LIFETIME
    assert not codes.redeem(THIS, code)


def test_a_new_one_voids_the_one_before(codes: ResetCodes) -> None:
    first, second = codes.issue(THIS), codes.issue(THIS)
    assert not codes.redeem(THIS, first)
    assert codes.redeem(THIS, second)


def test_guesses_void_it(codes: ResetCodes) -> None:
    code = codes.issue(THIS)
    for _ in range(MOST_TRIES - 1):
        assert not codes.redeem(THIS, "guess")
    assert codes.redeem(THIS, code)

    code = codes.issue(THIS)
    for _ in range(MOST_TRIES):
        assert not codes.redeem(THIS, "")
    assert not codes.redeem(THIS, code)


def test_only_so_many_are_remembered(codes: ResetCodes) -> None:
    given = {(*THIS[:4], str(number)): "" for number in range(MOST_CODES + 1)}
    for purpose in given:
        given[purpose] = codes.issue(purpose)

    assert [codes.redeem(*pair) for pair in given.items()] == [False, *[True] * MOST_CODES]
