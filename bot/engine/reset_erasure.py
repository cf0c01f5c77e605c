"""The work that resets leave for the background: erasing for good, and bringing back in order.

A reset is claimed in the database for as long as somebody works on it, so that two processes never
both do, and what one left half done is gone on with by the next.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

from bot.domain.erasure import SaidIn
from bot.domain.identity import PersonId
from bot.domain.operation import Actor
from bot.domain.reset import Reset, ResetCounts, ResetStatus
from bot.engine.chat_traffic import ChatTraffic
from bot.engine.erasing import Erasing
from bot.engine.recall_cache import RecallCache
from bot.engine.retention import erase_of_person
from bot.engine.settling import settle_slots
from bot.engine.shielding import shielded
from bot.errors import EllieError, StorageError
from bot.log import get_logger
from bot.ports.compaction_storage import Expired
from bot.ports.storage import Storage, UnitOfWork
from bot.ports.system import Clock, IdSource

log = get_logger(__name__)

LEASE = timedelta(minutes=2)
"""For how long a reset is believed to be worked on without news."""

TURNS_AT_ONCE = 200
"""So many turns are erased in one transaction: others wait for it."""

PEOPLE_AT_ONCE = 200
"""People looked up at once."""

KEPT = timedelta(days=90)
"""For how long a reset is listed that is over."""

ERASED = "reset by an admin"
UNDONE = "reset taken back"
"""What the journals of those whom it concerns say."""


class ResetErasure:
    """Finishes what resets began.

    Gives way to chat when ``traffic`` says that somebody is being answered. ``worker`` names this
    process. Methods that are awaited may raise a StorageError.
    """

    def __init__(
        self,
        storage: Storage,
        recall: RecallCache,
        *,
        clock: Clock,
        ids: IdSource,
        worker: str,
        erasing: Erasing | None = None,
        traffic: ChatTraffic | None = None,
    ) -> None:
        self._storage = storage
        self._recall = recall
        self._clock = clock
        self._ids = ids
        self._worker = worker
        self._erasing = erasing or Erasing(storage, recall, clock=clock, ids=ids)
        self._traffic = traffic or ChatTraffic()
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, reset: Reset) -> None:
        """See to a reset that was just requested or taken back, in a task of its own."""
        task = asyncio.create_task(self._see_to(reset), name=f"reset-{reset.id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def drain(self) -> None:
        """Wait for everything that :meth:`begin` began."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def stop(self) -> None:
        """Leave what is not done to the next run. A transaction that is open ends first."""
        for task in self._tasks:
            task.cancel()
        await self.drain()

    async def run_due(self) -> ResetCounts:
        """Work on every reset that is due and that nobody works on; returns what was erased."""
        total = ResetCounts()
        while (reset := await self._claim()) is not None:
            total += await self._work_on(reset)
        async with self._storage.unit_of_work() as work:
            if await work.resets.drop_finished(before=self._clock.now() - KEPT):
                await work.commit()
        return total

    async def refresh(self, reset: Reset) -> None:
        """Have caches, and replies that are being written, know of what is set aside now."""
        async for person_id in self._people(reset):
            await shielded(self._renew(person_id))

    async def _see_to(self, reset: Reset) -> None:
        try:
            if reset.person_id is None and reset.hides:
                await self.refresh(reset)
            await self.run_due()
        except EllieError as error:
            # The scheduled run tries again.
            log.error("reset_put_off", reset=reset.id, error=str(error))

    async def _claim(self) -> Reset | None:
        async with self._storage.unit_of_work() as work:
            now = self._clock.now()
            reset = await work.resets.claim(worker=self._worker, now=now, lease_until=now + LEASE)
            if reset is not None:
                await work.commit()
        return reset

    async def _work_on(self, reset: Reset) -> ResetCounts:
        try:
            if reset.status is ResetStatus.UNDONE:
                return await self._bring_back(reset)
            return await self._erase(reset)
        except _LostError:
            log.warning("reset_lost", reset=reset.id)
            return ResetCounts()
        finally:
            await shielded(self._release(reset))

    async def _bring_back(self, reset: Reset) -> ResetCounts:
        """Let one value of each slot stand, where what is there again says otherwise."""
        async for person_id in self._people(reset):
            await self._traffic.quiet()
            await shielded(self._settle(person_id))
            await self._advance(reset)
        await self._finish(reset)
        return ResetCounts()

    async def _erase(self, reset: Reset) -> ResetCounts:
        before = reset.erased
        async for person_id in self._people(reset):
            is_first, is_whole = True, False
            while not is_whole:
                await self._traffic.quiet()
                step = self._erase_some(reset, person_id, is_first=is_first)
                reset, is_whole = await shielded(step)
                is_first = False
        # Also what a process erased that died before it came to this.
        await self._erasing.scrub(anyway=bool(reset.erased))
        await self._finish(reset)
        erased = reset.erased
        log.info(
            "reset_done",
            reset=reset.id,
            tenant=reset.tenant_id,
            people=erased.people,
            turns=erased.turns,
            facts=erased.facts,
        )
        return ResetCounts(
            people=erased.people - before.people,
            turns=erased.turns - before.turns,
            facts=erased.facts - before.facts,
            episodes=erased.episodes - before.episodes,
        )

    async def _erase_some(
        self, reset: Reset, person_id: PersonId, *, is_first: bool
    ) -> tuple[Reset, bool]:
        """Erase some of what is concerned of a person; the reset then, and whether it was all.

        The first step puts all of it on the erase list.
        """
        is_whole = True

        async def remove(work: UnitOfWork) -> Expired:
            nonlocal reset, is_whole
            expired = await work.resets.erase(reset, person_id, limit=TURNS_AT_ONCE)
            if expired.turns >= TURNS_AT_ONCE:
                theirs = replace(reset, person_id=person_id)
                is_whole = not await work.resets.people(theirs, after=None, limit=1)
            if expired:
                reset = _with(reset, expired, is_whole=is_whole)
                await self._advanced(work, reset)
            return expired

        said = SaidIn(
            tenant_id=reset.tenant_id,
            channel=reset.channel,
            until=reset.requested_at,
            with_direct=False,
        )
        await erase_of_person(
            self._storage,
            self._erasing,
            person_id,
            remove,
            reason=ERASED,
            what=[said] if is_first else (),
        )
        return reset, is_whole

    async def _people(self, reset: Reset) -> AsyncIterator[PersonId]:
        last: PersonId | None = None
        while True:
            async with self._storage.unit_of_work() as work:
                people = await work.resets.people(reset, after=last, limit=PEOPLE_AT_ONCE)
            for person_id in people:
                yield person_id
            if len(people) < PEOPLE_AT_ONCE:
                return
            last = people[-1]

    async def _renew(self, person_id: PersonId) -> None:
        async with self._storage.unit_of_work() as work:
            await work.persons.bump_epoch(person_id)
            await work.commit()
        self._recall.forget(person_id)

    async def _settle(self, person_id: PersonId) -> None:
        async with self._storage.unit_of_work() as work:
            if await work.persons.get(person_id) is None:
                return
            await settle_slots(
                work, person_id, actor=Actor.ADMIN, reason=UNDONE, clock=self._clock, ids=self._ids
            )
            await work.persons.bump_epoch(person_id)
            await work.commit()
        self._recall.forget(person_id)

    async def _advance(self, reset: Reset) -> None:
        async with self._storage.unit_of_work() as work:
            await self._advanced(work, reset)
            await work.commit()

    async def _advanced(self, work: UnitOfWork, reset: Reset) -> None:
        lease_until = self._clock.now() + LEASE
        if not await work.resets.advance(reset, worker=self._worker, lease_until=lease_until):
            raise _LostError

    async def _finish(self, reset: Reset) -> None:
        async with self._storage.unit_of_work() as work:
            # It went with the person whom it was about, when nothing was left of them.
            await work.resets.finish(reset.id, worker=self._worker, at=self._clock.now())
            await work.commit()

    async def _release(self, reset: Reset) -> None:
        try:
            async with self._storage.unit_of_work() as work:
                await work.resets.release(reset.id, worker=self._worker)
                await work.commit()
        except StorageError as error:
            log.warning("reset_not_released", reset=reset.id, error=str(error))


class _LostError(Exception):
    """Another process works on this reset."""


def _with(reset: Reset, expired: Expired, *, is_whole: bool) -> Reset:
    """A reset that has erased so much more; ``is_whole`` when that was the last of somebody."""
    more = ResetCounts(
        people=int(is_whole), turns=expired.turns, facts=expired.facts, episodes=expired.episodes
    )
    return replace(reset, erased=reset.erased + more)
