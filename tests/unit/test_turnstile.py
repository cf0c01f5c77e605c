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

    def enter(self, name: str, priority: Priority = Priority.CHAT) -> Ticket:
        return self.turnstile.enter(priority, lambda: self.admitted.append(name))


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
