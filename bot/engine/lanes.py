"""One turn at a time for each person in a conversation, in the order in which messages came."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Hashable

from bot.domain.conversation import ConversationRef
from bot.domain.identity import IdentityRef


class LaneFullError(Exception):
    """Too many messages wait already."""


def lane_of(conversation: ConversationRef, author: IdentityRef) -> Hashable:
    """The lane of an account in a conversation. A changed display name is no other account."""
    return conversation, account_of(author)


def account_of(author: IdentityRef) -> Hashable:
    """What tells one account from another, in whatever conversation."""
    return author.platform, author.tenant, author.external_id


class Place:
    """A message's place in its lane."""

    def __init__(self, key: Hashable, owner: Hashable) -> None:
        self.key = key
        self.owner = owner
        self._turn = asyncio.Event()

    async def turn(self) -> None:
        """Wait until this message is the first in its lane."""
        await self._turn.wait()

    def call(self) -> None:
        """Tell this message that it is the first."""
        self._turn.set()


class Lanes:
    """Bounded lanes. ``enter`` decides the order at once, without waiting for anything.

    Of what is left of ``max_open``, an owner may take as much as they leave: one who fills all
    their lanes gets half of it, two a third each. So there is room for those who come later,
    whatever somebody does in however many conversations.

    Args:
        max_waiting: messages of one lane that may wait behind the one being answered.
        max_open: messages of all lanes that may be waiting or in progress.
    """

    def __init__(self, *, max_waiting: int, max_open: int) -> None:
        self._max_waiting = max_waiting
        self._max_open = max_open
        self._lanes: dict[Hashable, deque[Place]] = {}
        self._open = 0
        self._owned: Counter[Hashable] = Counter()

    def enter(self, key: Hashable, owner: Hashable) -> Place:
        """Take the last place of a lane, which is one of ``owner``'s.

        Raises:
            LaneFullError: the lane is full, or all of them together, or there is as little room
                left as the owner has taken. Nothing was taken.
        """
        lane = self._lanes.get(key, deque())
        left = self._max_open - self._open
        if len(lane) > self._max_waiting or self._owned[owner] >= left:
            raise LaneFullError
        place = Place(key, owner)
        lane.append(place)
        self._lanes[key] = lane
        self._open += 1
        self._owned[owner] += 1
        if lane[0] is place:
            place.call()
        return place

    def leave(self, place: Place) -> None:
        """Give a place up and let the next one be first. Leaving twice changes nothing."""
        lane = self._lanes.get(place.key)
        if lane is None or place not in lane:
            return
        lane.remove(place)
        self._open -= 1
        self._owned[place.owner] -= 1
        if not self._owned[place.owner]:
            del self._owned[place.owner]
        if lane:
            lane[0].call()
        else:
            del self._lanes[place.key]
