"""The messages in which one answer to a command follows another."""

from __future__ import annotations

from typing import Any, cast

from adapters.slack.command_layout import Part
from adapters.slack.command_outlets import Outlet, Screen, Slot

FIRST, SECOND, THIRD = (Part(text=text, blocks=()) for text in ("first", "second", "third"))


class Message:
    """One that can be changed as long as it is there."""

    def __init__(self, part: Part) -> None:
        self.said = [part.text]
        self.is_there = True

    async def change(self, part: Part) -> None:
        if not self.is_there:
            raise TimeoutError
        self.said.append(part.text)

    async def remove(self) -> None:
        self.is_there = False


class Place:
    """Where messages are sent, which can be changed or not."""

    def __init__(self, *, is_fixed: bool = False) -> None:
        self.sent: list[Message] = []
        self._is_fixed = is_fixed

    async def post(self, part: Part) -> Slot | None:
        self.sent.append(Message(part))
        return None if self._is_fixed else self.sent[-1]

    @property
    def said(self) -> list[list[str]]:
        return [message.said for message in self.sent]


def screen(place: Any) -> Screen:
    return Screen(cast(Outlet, place))


async def test_what_takes_the_place_of_a_lost_message_is_changed_from_then_on() -> None:
    place = Place()
    shown = screen(place)
    await shown.show([FIRST])
    place.sent[0].is_there = False
    assert await shown.show([SECOND])
    assert await shown.show([THIRD])
    assert place.said == [["first"], ["second", "third"]]


async def test_what_can_never_be_changed_stays() -> None:
    place = Place(is_fixed=True)
    shown = screen(place)
    await shown.show([FIRST])
    await shown.change_last(SECOND)
    assert await shown.show([THIRD])
    assert place.said == [["first"], ["third"]]


async def test_what_is_not_needed_any_more_goes() -> None:
    place = Place()
    shown = screen(place)
    await shown.show([FIRST, SECOND])
    await shown.show([THIRD])
    assert place.said == [["first", "third"], ["second"]]
    assert [message.is_there for message in place.sent] == [True, False]
