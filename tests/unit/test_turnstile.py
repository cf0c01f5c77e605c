"""Who generates next."""

from __future__ import annotations

import pytest

from bot.domain.generation import Priority
from bot.errors import GeneratorBusyError
from bot.generation.turnstile import Ticket, Turnstile


class Door:
    """A turnstile that notes who was let in."""

    def __init__(self, *, places: int, max_waiting: int) -> None:
        self.turnstile = Turnstile(places=places, max_waiting=max_waiting)
        self.admitted: list[str] = []

    def enter(self, name: str, priority: Priority = Priority.CHAT, asker: str = "") -> Ticket:
        return self.turnstile.enter(priority, lambda: self.admitted.append(name), asker)


def test_requests_enter_while_there_are_places_and_then_in_order() -> None:
    door = Door(places=2, max_waiting=5)
    first = door.enter("a")
    door.enter("b")
    door.enter("c")
    door.enter("d")
    assert door.admitted == ["a", "b"]

    door.turnstile.leave(first)

    assert door.admitted == ["a", "b", "c"]


def test_chat_goes_before_background_that_came_earlier() -> None:
    door = Door(places=1, max_waiting=5)
    first = door.enter("a")
    door.enter("job", Priority.BACKGROUND)
    chat = door.enter("b")

    door.turnstile.leave(first)
    assert door.admitted == ["a", "b"]
    door.turnstile.leave(chat)

    assert door.admitted == ["a", "b", "job"]


def test_background_takes_one_place_at_most() -> None:
    door = Door(places=3, max_waiting=5)
    door.enter("job 1", Priority.BACKGROUND)
    door.enter("job 2", Priority.BACKGROUND)
    door.enter("chat")

    assert door.admitted == ["job 1", "chat"]


def test_a_full_line_refuses_and_keeps_its_size() -> None:
    door = Door(places=1, max_waiting=2)
    for name in "abc":
        door.enter(name)
    for _ in range(50):
        with pytest.raises(GeneratorBusyError):
            door.enter("too many")

    assert door.turnstile.waiting == 2


def test_leaving_twice_frees_one_place_only() -> None:
    door = Door(places=1, max_waiting=5)
    first = door.enter("a")
    door.enter("b")
    door.enter("c")

    door.turnstile.leave(first)
    door.turnstile.leave(first)

    assert door.admitted == ["a", "b"]


def test_somebody_who_gives_up_waiting_is_not_let_in() -> None:
    door = Door(places=1, max_waiting=5)
    first = door.enter("a")
    door.turnstile.leave(door.enter("gone"))
    door.enter("b")

    door.turnstile.leave(first)

    assert door.admitted == ["a", "b"]


def test_whoever_asks_for_much_waits_for_everybody_else_in_between() -> None:
    door = Door(places=1, max_waiting=20)
    tickets = {name: door.enter(name, asker="flood") for name in ("f1", "f2", "f3", "f4")}
    for name in ("a1", "a2", "b1"):
        tickets[name] = door.enter(name, asker=name[0])
    for _ in range(7):
        door.turnstile.leave(tickets[door.admitted[-1]])

    assert door.admitted == ["f1", "a1", "b1", "f2", "a2", "f3", "f4"]


def test_everybody_waits_for_one_request_of_each_other_at_most() -> None:
    door = Door(places=2, max_waiting=1000)
    tickets = {f"f{number}": door.enter(f"f{number}", asker="flood") for number in range(300)}
    for turn in range(100):
        door.turnstile.leave(tickets.pop(door.admitted[-2]))
        name = f"a{turn}"
        tickets[name] = door.enter(name, asker="ana")
        came = len(door.admitted)
        while name not in door.admitted:
            door.turnstile.leave(tickets.pop(door.admitted[-2]))
        assert len(door.admitted) - came <= 2


def test_the_unnamed_and_background_work_stand_for_themselves() -> None:
    door = Door(places=1, max_waiting=20)
    tickets = {name: door.enter(name) for name in ("x1", "x2")}
    tickets["job"] = door.enter("job", Priority.BACKGROUND)
    tickets["x3"] = door.enter("x3")
    for _ in range(4):
        door.turnstile.leave(tickets[door.admitted[-1]])

    assert door.admitted == ["x1", "x2", "x3", "job"]


def test_what_was_refused_or_given_up_costs_no_round() -> None:
    door = Door(places=1, max_waiting=2)
    first = door.enter("f1", asker="flood")
    door.enter("f2", asker="flood")
    door.turnstile.leave(door.enter("gone", asker="flood"))
    other = door.enter("a1", asker="ana")
    for _ in range(50):
        with pytest.raises(GeneratorBusyError):
            door.enter("too many", asker="flood")
    door.turnstile.leave(first)
    door.turnstile.leave(other)
    door.enter("f3", asker="flood")

    assert [ticket.round for ticket in door.turnstile._line] == [2]


def test_nobody_who_left_is_remembered() -> None:
    door = Door(places=1, max_waiting=5)
    for name in "abc":
        door.turnstile.leave(door.enter(name, asker=name))

    assert not door.turnstile._last_rounds
    assert not door.turnstile._open
