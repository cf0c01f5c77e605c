"""One turn at a time for each person in a conversation, in the order in which messages came."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Hashable

from bot.domain.conversation import ConversationRef
from bot.domain.identity import IdentityRef


class LaneFullError(Exception):
    """Too many messages wait already."""


def lane_of(conversation: ConversationRef, author: IdentityRef) -> Hashable:
    """The lane of an account in a conversation. A changed display name is no other account."""
    return conversation, author.platform, author.tenant, author.external_id


class Place:
    """A message's place in its lane."""

    def __init__(self, key: Hashable) -> None:
        self.key = key
        self._turn = asyncio.Event()

    async def turn(self) -> None:
        """Wait until this message is the first in its lane."""
        await self._turn.wait()

    def call(self) -> None:
        """Tell this message that it is the first."""
        self._turn.set()


class Lanes:
    """Bounded lanes. ``enter`` decides the order at once, without waiting for anything.

    Args:
        max_waiting: messages of one lane that may wait behind the one being answered.
        max_open: messages of all lanes that may be waiting or in progress.
    """

    def __init__(self, *, max_waiting: int, max_open: int) -> None:
        self._max_waiting = max_waiting
        self._max_open = max_open
        self._lanes: dict[Hashable, deque[Place]] = {}
        self._open = 0

    def enter(self, key: Hashable) -> Place:
        """Take the last place of a lane.

        Raises:
            LaneFullError: the lane, or all of them together, are full. Nothing was taken.
        """
        lane = self._lanes.get(key, deque())
        if len(lane) > self._max_waiting or self._open >= self._max_open:
            raise LaneFullError
        place = Place(key)
        lane.append(place)
        self._lanes[key] = lane
        self._open += 1
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
        if lane:
            lane[0].call()
        else:
            del self._lanes[place.key]
