"""The loop when episodes sum up part of it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest
from support.episodes import summary_of
from support.memory import HALL, turn

from bot.domain.conversation import ConversationId
from bot.domain.episode import Episode
from bot.domain.turn import Turn
from bot.memory.loop import BLOCK_TURNS, KEPT_TURNS, MAX_TURNS, recent_turns, summed_up

TURNS = tuple(turn(number) for number in range(1, 21))


def cost(_: Turn) -> int:
    return 1


def covering(turns: Sequence[Turn]) -> Episode:
    return summary_of(turns, ("It rained.", turns[:1]))


def numbers(turns: Iterable[Turn]) -> list[int]:
    return [turn.number for turn in turns]


def left(turns: Sequence[Turn], *episodes: Episode) -> list[int]:
    gone = summed_up(turns, episodes)
    return numbers(turn for turn in turns if turn.id not in gone)


def test_what_episodes_sum_up_is_left_to_them_but_for_its_last_turns() -> None:
    both = covering(TURNS[:8]), covering(TURNS[8:16])

    assert left(TURNS, *both) == list(range(17 - KEPT_TURNS, 21))


def test_without_an_episode_nothing_is_left_out() -> None:
    assert left(TURNS) == numbers(TURNS)
    assert left(TURNS, covering(TURNS[:KEPT_TURNS])) == numbers(TURNS)


def test_turns_before_and_after_an_episode_stay() -> None:
    assert left(TURNS, covering(TURNS[2:18])) == [1, 2, *range(19 - KEPT_TURNS, 21)]


@pytest.mark.parametrize(
    "other",
    [
        {"conversation_id": ConversationId("elsewhere")},
        {"audience": HALL},
        {"unremembered": True},
    ],
)
def test_an_episode_stands_for_no_other_turns(other: dict[str, object]) -> None:
    others = [replace(said, **other) for said in TURNS]  # type: ignore[arg-type]

    assert left(others, covering(TURNS)) == numbers(TURNS)


def test_what_is_left_out_takes_no_room() -> None:
    gone = summed_up(TURNS, [covering(TURNS)])

    kept = list(range(21 - KEPT_TURNS, 21))
    assert numbers(recent_turns(TURNS, KEPT_TURNS, cost, left_out=gone)) == kept
    assert numbers(recent_turns(TURNS, KEPT_TURNS - 1, cost, left_out=gone)) == kept[1:]


def test_the_beginning_stands_still_until_the_window_has_passed_what_is_summed_up() -> None:
    episode = covering(TURNS)
    starts = []
    for last in range(20, 100):
        turns = [turn(number) for number in range(max(1, last - MAX_TURNS + 1), last + 1)]
        gone = summed_up(turns, [episode])
        starts.append(recent_turns(turns, 1000, cost, left_out=gone)[0].number)

    assert set(starts[: MAX_TURNS - KEPT_TURNS]) == {21 - KEPT_TURNS}
    assert starts[-1] > 100 - MAX_TURNS
    assert all(later >= earlier for earlier, later in itertools.pairwise(starts))
    assert len(set(starts)) <= 80 / BLOCK_TURNS + 2


def test_a_full_window_begins_at_a_block_also_when_a_hole_is_in_it() -> None:
    starts = set()
    for last in range(MAX_TURNS + 2, MAX_TURNS + BLOCK_TURNS - 1):
        turns = [turn(number) for number in range(last - MAX_TURNS + 1, last + 1)]
        gone = summed_up(turns, [covering(turns[20:30])])
        starts.add(recent_turns(turns, 1000, cost, left_out=gone)[0].number)

    assert starts == {BLOCK_TURNS}
