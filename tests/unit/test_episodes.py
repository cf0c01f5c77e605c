"""Which turns one episode covers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from support.memory import DM, HALL, NOON, turn

from bot.domain.turn import Turn
from bot.memory.episodes import FEWEST_TURNS, JOINED_WITHIN, MOST_TURNS, sessions
from bot.memory.sessions import SESSION_GAP

MINUTE = timedelta(minutes=1)


def said(*minutes: float, **rest: object) -> list[Turn]:
    """Turns so many minutes after noon."""
    return [
        turn(number, f"word {number}", received_at=NOON + minute * MINUTE, **rest)
        for number, minute in enumerate(minutes, start=1)
    ]


def numbers(stretches: Sequence[Sequence[Turn]]) -> list[list[int]]:
    return [[one.number for one in stretch] for stretch in stretches]


def test_a_long_silence_ends_an_episode() -> None:
    gap = SESSION_GAP / MINUTE

    found = sessions(said(0, 1, 2, 3, 4 + gap, 5 + gap, 6 + gap, 7 + gap))

    assert numbers(found) == [[1, 2, 3, 4], [5, 6, 7, 8]]


def test_a_silence_as_long_as_the_gap_ends_nothing() -> None:
    gap = SESSION_GAP / MINUTE

    assert numbers(sessions(said(0, 1, 2, 3, 3 + gap))) == [[1, 2, 3, 4, 5]]


def test_another_audience_ends_an_episode_however_short_it_is() -> None:
    first, *others = said(*range(6))
    in_hall = turn(1, "word", audience=HALL, received_at=first.received_at)

    found = sessions([in_hall, *others])

    assert numbers(found) == [[1], [2, 3, 4, 5, 6]]
    assert [stretch[0].audience for stretch in found] == [HALL, DM]


def test_the_last_few_turns_wait_for_more() -> None:
    assert sessions(said(*range(FEWEST_TURNS - 1))) == ()
    assert numbers(sessions(said(*range(FEWEST_TURNS)))) == [[1, 2, 3, 4]]


def test_few_turns_take_in_what_follows_soon() -> None:
    day = 24 * 60

    assert numbers(sessions(said(0, 1, day, day + 1, 2 * day, 2 * day + 1))) == [[1, 2, 3, 4]]


def test_few_turns_long_before_all_others_stand_for_themselves() -> None:
    later = JOINED_WITHIN / MINUTE + 1

    found = sessions(said(0, *(later + minute for minute in range(4))))

    assert numbers(found) == [[1], [2, 3, 4, 5]]


def test_a_long_session_is_cut_at_its_longest_silence() -> None:
    minutes = [minute + (30 if minute >= 20 else 0) for minute in range(MOST_TURNS + 5)]

    found = sessions(said(*minutes))

    assert [len(stretch) for stretch in found] == [20, MOST_TURNS - 15]


def test_a_long_session_without_a_silence_leaves_both_sides_long_enough() -> None:
    found = sessions(said(*range(MOST_TURNS + 1)))

    assert [len(stretch) for stretch in found] == [MOST_TURNS - FEWEST_TURNS, FEWEST_TURNS + 1]


def test_a_session_of_the_greatest_length_is_one() -> None:
    assert [len(stretch) for stretch in sessions(said(*range(MOST_TURNS)))] == [MOST_TURNS]


def test_what_is_not_to_be_remembered_or_has_no_words_is_left_out() -> None:
    turns = said(*range(6))
    turns[1] = turn(2, "secret", received_at=turns[1].received_at, unremembered=True)
    turns[2] = turn(3, " ", received_at=turns[2].received_at)

    assert numbers(sessions(turns)) == [[1, 4, 5, 6]]


def test_a_session_that_was_still_going_on_waits() -> None:
    turns = said(*range(5))
    last = turns[-1].received_at

    assert sessions(turns, closed_before=last) == ()
    assert numbers(sessions(turns, closed_before=last + MINUTE)) == [[1, 2, 3, 4, 5]]


def test_an_earlier_session_does_not_wait_for_the_last_one() -> None:
    turns = said(0, 1, 2, 3, 100, 101, 102, 103)

    assert numbers(sessions(turns, closed_before=NOON)) == [[1, 2, 3, 4]]


def test_whoever_goes_on_behind_a_stored_episode_finds_the_same_others() -> None:
    minutes: list[float] = [0, 1, 90, 3000, *range(3100, 3190), 90000, 90001, *range(90100, 90150)]
    found = numbers(sessions(said(*minutes)))
    turns = said(*minutes)

    for done in range(len(found)):
        behind = [one for one in turns if not done or one.number > found[done - 1][-1]]
        assert numbers(sessions(behind)) == found[done:]


def test_later_turns_change_no_episode_but_the_last() -> None:
    turns = said(0, 1, 90, 3000, *range(3100, 3190), *range(90100, 90150))
    whole = numbers(sessions(turns))

    for length in range(len(turns)):
        begun = numbers(sessions(turns[:length]))
        assert begun[:-1] == whole[: len(begun[:-1])]
