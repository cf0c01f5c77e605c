"""Where replies are shown, and which of them were cut off when a process ended."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from bot.domain.delivery import Delivery, Undelivered
from bot.domain.identity import Platform
from bot.domain.turn import TurnId
from bot.ports.storage import Storage
from bot.ports.system import Clock, WorkerRegistry

LIMIT = 100
"""How many turns :meth:`Deliveries.unfinished` gives at a time."""

PATIENCE = timedelta(minutes=1)
"""For how long after the end of a turn's lease its process is believed to be still showing it.

A lease is not renewed once the turn has ended, and the last edits may wait for a rate limit.
"""


GIVEN_UP_AFTER = timedelta(days=1)
"""What no process finished within this time is in a place that none of them sees any more."""


class Deliveries:
    """Notes what was shown of replies, and finds what was not. May raise a StorageError."""

    def __init__(self, storage: Storage, *, clock: Clock, workers: WorkerRegistry) -> None:
        self._storage = storage
        self._clock = clock
        self._workers = workers

    async def shown(self, delivery: Delivery) -> bool:
        """Note where a reply is shown. False when its turn is not stored: nothing is noted."""
        async with self._storage.unit_of_work() as work:
            is_stored = await work.deliveries.save(delivery)
            await work.commit()
        return is_stored

    async def unseen(self, turn_id: TurnId) -> None:
        """Note that nobody will see the end of a turn: what it tells is told another time.

        That is what is kept about the person, if this turn was to tell it.
        """
        async with self._storage.unit_of_work() as work:
            await work.persons.return_notice(turn_id)
            await work.commit()

    async def of_event(self, platform: Platform, event_key: str) -> Delivery | None:
        """Where the reply to an event is shown, by the key that the event's message had."""
        async with self._storage.unit_of_work() as work:
            # As the ledger writes events down.
            return await work.deliveries.of_event(platform, f"{platform}:{event_key}")

    async def of_turn(self, turn_id: TurnId) -> Delivery | None:
        """Where the reply to a turn is shown."""
        async with self._storage.unit_of_work() as work:
            return await work.deliveries.of_turn(turn_id)

    async def unfinished(
        self, platform: Platform, *, given_up: Collection[TurnId] = ()
    ) -> tuple[Undelivered, ...]:
        """Turns of a platform that have ended and were not wholly shown, oldest first.

        Not those of another process that may still be showing them; of this one only those that
        it has ``given_up``.
        """
        async with self._storage.unit_of_work() as work:
            found = await work.deliveries.unfinished(platform, limit=LIMIT)
        return tuple(turn for turn in found if self._is_abandoned(turn, given_up))

    def is_old(self, found: Undelivered) -> bool:
        """Whether nobody finished it for so long that nobody will."""
        return found.lease_until < self._clock.now() - GIVEN_UP_AFTER

    async def reported(self, turn_id: TurnId) -> bool:
        """Note that the person is told of an interrupted turn. False when somebody did before."""
        async with self._storage.unit_of_work() as work:
            is_first = await work.deliveries.take_report(turn_id, at=self._clock.now())
            await work.commit()
        return is_first

    def _is_abandoned(self, turn: Undelivered, given_up: Collection[TurnId]) -> bool:
        if turn.worker == self._workers.name:
            return turn.turn.id in given_up
        is_overdue = turn.lease_until < self._clock.now() - PATIENCE
        return is_overdue or self._workers.is_dead(turn.worker)
