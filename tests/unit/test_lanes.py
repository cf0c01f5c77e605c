"""One turn at a time in each lane, in arrival order, within bounds."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace

import pytest
from support.dialog import HALL, account, direct

from bot.engine.lanes import LaneFullError, Lanes, Place, lane_of


def is_first(place: Place) -> bool:
    return place._turn.is_set()


async def test_places_of_one_lane_are_called_in_order() -> None:
    lanes = Lanes(max_waiting=5, max_open=10)
    first, second, third = (lanes.enter("c", "c") for _ in range(3))
    order: list[int] = []

    async def work(number: int, place: Place) -> None:
        await place.turn()
        order.append(number)
        await asyncio.sleep(0)
        lanes.leave(place)

    await asyncio.gather(work(3, third), work(2, second), work(1, first))

    assert order == [1, 2, 3]


async def test_lanes_do_not_wait_for_each_other() -> None:
    lanes = Lanes(max_waiting=1, max_open=10)
    lanes.enter("a", "a")

    assert is_first(lanes.enter("b", "b"))


async def test_a_full_lane_takes_nobody_and_does_not_grow() -> None:
    lanes = Lanes(max_waiting=1, max_open=10)
    answered = lanes.enter("c", "c")
    lanes.enter("c", "c")
    for _ in range(100):
        with pytest.raises(LaneFullError):
            lanes.enter("c", "c")

    lanes.leave(answered)

    assert not is_first(lanes.enter("c", "c"))


async def test_all_lanes_together_are_bounded() -> None:
    lanes = Lanes(max_waiting=9, max_open=2)
    first = lanes.enter("a", "a")
    lanes.enter("b", "b")
    with pytest.raises(LaneFullError):
        lanes.enter("c", "c")

    lanes.leave(first)
    lanes.leave(first)

    assert is_first(lanes.enter("c", "c"))
    with pytest.raises(LaneFullError):
        lanes.enter("d", "d")


async def test_leaving_while_waiting_lets_the_others_move_up() -> None:
    lanes = Lanes(max_waiting=5, max_open=10)
    first, gone, last = (lanes.enter("c", "c") for _ in range(3))

    lanes.leave(gone)
    assert not is_first(last)
    lanes.leave(first)

    assert is_first(last)


async def test_an_empty_lane_leaves_nothing_behind() -> None:
    lanes = Lanes(max_waiting=5, max_open=10)

    lanes.leave(lanes.enter("c", "c"))

    assert not lanes._lanes


def test_a_lane_belongs_to_an_account_in_a_conversation_by_whatever_name() -> None:
    ana, bea = account("ana"), account("bea")

    assert lane_of(HALL, ana) == lane_of(HALL, replace(ana, display_name="Ana Maria"))
    assert len({lane_of(where, who) for where in (HALL, direct(ana)) for who in (ana, bea)}) == 4


async def test_one_account_takes_half_of_the_room_and_two_a_third_each() -> None:
    def crowd(lanes: Lanes, owner: str) -> int:
        taken = 0
        for number in range(100):
            with suppress(LaneFullError):
                lanes.enter((owner, number), owner)
                taken += 1
        return taken

    lanes = Lanes(max_waiting=3, max_open=40)
    assert crowd(lanes, "flood") == 20
    assert is_first(lanes.enter("a", "ana"))

    assert [crowd(lanes, "second"), crowd(lanes, "third")] == [10, 5]
    assert is_first(lanes.enter("b", "ben"))


async def test_room_that_an_account_leaves_can_be_taken_again() -> None:
    lanes = Lanes(max_waiting=0, max_open=4)
    places = [lanes.enter(number, "ana") for number in range(2)]
    for number in range(2, 9):
        with pytest.raises(LaneFullError):
            lanes.enter(number, "ana")
        lanes.leave(places.pop(0))
        places.append(lanes.enter(number, "ana"))

    for place in places:
        lanes.leave(place)
    assert not lanes._owned


async def test_alone_an_account_always_finds_room() -> None:
    lanes = Lanes(max_waiting=0, max_open=1)
    lanes.leave(lanes.enter("a", "ana"))

    assert is_first(lanes.enter("b", "ana"))
