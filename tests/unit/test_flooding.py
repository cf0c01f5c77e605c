"""Refusals do not flood, and loops are cut: what tells one account, place and text from another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from support.dialog import ANA, HALL, account, channel
from support.engine import NOON

from bot.domain.conversation import ConversationRef, Visibility
from bot.domain.identity import Platform
from bot.engine import flooding
from bot.engine.flooding import MOST_REPEATS, LoopBreaker, RefusalPacing

BEN = account("ben")


@dataclass
class HandClock:
    """Goes on by hand."""

    seconds: float = 0.0

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.seconds)

    def elapsed(self) -> float:
        return self.seconds


def test_a_refusal_is_told_once_in_ten_seconds() -> None:
    clock = HandClock()
    pacing = RefusalPacing(clock)
    told = []
    for clock.seconds in range(25):
        if not pacing.was_told(ANA, HALL):
            told.append(clock.seconds)
    assert told == [0, 10, 20]


def test_each_account_and_each_place_is_told() -> None:
    pacing = RefusalPacing(HandClock())
    assert not pacing.was_told(ANA, HALL)
    assert not pacing.was_told(BEN, HALL)
    assert not pacing.was_told(ANA, channel("other"))
    assert pacing.was_told(ANA, channel(thread="7"))  # of the same channel


def test_whoever_was_told_long_ago_is_not_remembered_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(flooding, "MAX_KNOWN", 3)
    pacing, loops = RefusalPacing(HandClock()), LoopBreaker(HandClock())
    for number in range(10):
        pacing.was_told(account(f"p{number}"), HALL)
        loops.repeats(ANA, HALL, f"text {number}")
    assert len(pacing._told) == len(loops._said) == 3


def test_a_slow_repetition_is_no_loop() -> None:
    clock = HandClock()
    loops = LoopBreaker(clock)
    for clock.seconds in range(0, 1000, 61 // MOST_REPEATS + 1):
        assert not loops.repeats(ANA, HALL, "go on")


def test_a_loop_is_cut_until_it_has_been_silent_for_a_minute() -> None:
    clock = HandClock()
    loops = LoopBreaker(clock)
    found = []
    for clock.seconds in range(0, 200, 2):
        found.append(loops.repeats(ANA, HALL, "ping"))
    assert found[:MOST_REPEATS] == [0] * MOST_REPEATS
    assert found[MOST_REPEATS] == 1
    assert set(found[MOST_REPEATS + 1 :]) == {2}
    clock.seconds += 60
    assert not loops.repeats(ANA, HALL, "ping")


def test_a_clock_that_goes_back_cuts_nobody_off_for_long() -> None:
    clock = HandClock(10_000)
    loops = LoopBreaker(clock)
    for _ in range(MOST_REPEATS + 2):
        loops.repeats(ANA, HALL, "ping")
    clock.seconds = 0
    assert not loops.repeats(ANA, HALL, "ping")


def test_nobody_loops_in_the_terminal_and_files_are_no_words() -> None:
    loops = LoopBreaker(HandClock())
    owner = account("", Platform.CONSOLE)
    here = ConversationRef(
        platform=Platform.CONSOLE, channel_id="owner", visibility=Visibility.DIRECT
    )
    for _ in range(50):
        assert not loops.repeats(owner, here, "again")
        assert not loops.repeats(ANA, HALL, "")


def test_no_words_are_kept() -> None:
    loops = LoopBreaker(HandClock())
    loops.repeats(ANA, HALL, "my secret")
    assert "secret" not in repr(loops._said)
