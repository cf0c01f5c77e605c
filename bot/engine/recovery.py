"""Turns whose process died: found, recorded as interrupted, never left open.

A process that works on turns renews their leases. A turn is orphaned when its process is known to
be gone or its lease has run out. Orphans are recorded as interrupted rather than answered late:
nobody is waiting for a reply any more, the person is told on the next contact, and a platform that
delivers the event again gets its answer then.
"""

from __future__ import annotations

import asyncio

from bot.domain.turn import FailureReason, OpenTurn, TurnOutcome, TurnStatus
from bot.engine.ledger import LEASE
from bot.errors import StorageError
from bot.log import get_logger
from bot.ports.storage import Storage
from bot.ports.system import Clock, WorkerRegistry

log = get_logger(__name__)

RENEW_SECONDS = LEASE.total_seconds() / 3
"""Two renewals may fail before anybody takes this process for dead."""


class TurnRecovery:
    """Keeps this process's leases alive and closes what dead processes left open."""

    def __init__(self, storage: Storage, *, clock: Clock, workers: WorkerRegistry) -> None:
        self._storage = storage
        self._clock = clock
        self._workers = workers
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Close orphans now, and keep watching in the background."""
        await self.close_orphans()
        self._task = asyncio.create_task(self._watch(), name="turn-recovery")

    async def stop(self) -> None:
        """Stop watching."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task})

    async def close_orphans(self) -> int:
        """Record all orphaned turns as interrupted; returns how many this process recorded."""
        closed = 0
        async with self._storage.unit_of_work() as work:
            for turn in await work.turns.open_turns():
                if self._is_orphan(turn):
                    outcome = TurnOutcome(
                        status=TurnStatus.FAILED,
                        finished_at=self._clock.now(),
                        failure=FailureReason.INTERRUPTED,
                    )
                    closed += await work.turns.finish(turn.turn_id, outcome, worker=turn.worker)
            await work.commit()
        if closed:
            log.warning("orphaned_turns_closed", count=closed)
        return closed

    async def beat(self) -> None:
        """Renew this process's leases and close orphans, once."""
        async with self._storage.unit_of_work() as work:
            await work.turns.renew_leases(
                worker=self._workers.name, lease_until=self._clock.now() + LEASE
            )
            await work.commit()
        await self.close_orphans()

    def _is_orphan(self, turn: OpenTurn) -> bool:
        if turn.worker == self._workers.name:
            return False
        return self._workers.is_dead(turn.worker) or turn.lease_until < self._clock.now()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            try:
                await self.beat()
            except StorageError as error:
                log.error("recovery_failed", error=str(error))
