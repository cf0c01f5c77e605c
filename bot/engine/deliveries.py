"""Where replies are shown, and which of them were cut off when a process ended."""

from __future__ import annotations

from collections.abc import Callable
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
        self, platform: Platform, *, is_being_shown: Callable[[TurnId], bool] = lambda _: True
    ) -> tuple[Undelivered, ...]:
        """Turns of a platform that have ended and were not wholly shown, oldest first.

        Not those of another process that may still be showing them. Of this one only what it gave
        up: noted as not complete, and by ``is_being_shown`` not being shown now.
        """
        async with self._storage.unit_of_work() as work:
            found = await work.deliveries.unfinished(platform, limit=LIMIT)
        return tuple(turn for turn in found if self._is_abandoned(turn, is_being_shown))

    async def reported(self, turn_id: TurnId) -> bool:
        """Note that the person is told of an interrupted turn. False when somebody did before."""
        async with self._storage.unit_of_work() as work:
            is_first = await work.deliveries.take_report(turn_id, at=self._clock.now())
            await work.commit()
        return is_first

    def _is_abandoned(self, turn: Undelivered, is_being_shown: Callable[[TurnId], bool]) -> bool:
        if turn.worker == self._workers.name:
            is_given_up = turn.delivery is not None and not turn.delivery.is_complete
            return is_given_up and not is_being_shown(turn.turn.id)
        is_overdue = turn.lease_until < self._clock.now() - PATIENCE
        return is_overdue or self._workers.is_dead(turn.worker)
