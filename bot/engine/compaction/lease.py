"""Holding on to a job while working on it, so that nobody else begins it as well."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from bot.domain.compaction import CompactionJob
from bot.errors import StorageError
from bot.log import get_logger
from bot.ports.storage import Storage, UnitOfWork
from bot.ports.system import Clock

log = get_logger(__name__)

LEASE = timedelta(minutes=2)
"""A process that did not renew for so long is taken for dead, and another one goes on."""

RENEW_SECONDS = LEASE.total_seconds() / 4
"""Two renewals may fail before that."""


class LeaseLostError(Exception):
    """Another process works on the job now. What this one did last must not be committed."""


async def advanced(work: UnitOfWork, job: CompactionJob) -> CompactionJob:
    """Store how far ``job`` has come, in the unit of work of what was done.

    Raises:
        LeaseLostError: it is somebody else's; leave the unit of work without a commit.
    """
    if not await work.compactions.advance(job):
        raise LeaseLostError
    return job


async def begun(work: UnitOfWork, job: CompactionJob) -> int:
    """Hold off other changes of the person's facts; the number that their next fact gets.

    Raises:
        LeaseLostError: they were erased, and the job with them.
    """
    if await work.persons.get(job.person_id) is None:
        raise LeaseLostError
    return await work.facts.begin_change(job.person_id)


@asynccontextmanager
async def held(storage: Storage, job: CompactionJob, clock: Clock) -> AsyncIterator[None]:
    """Renew the lease of ``job`` as long as this lasts."""
    renewing = asyncio.create_task(_renew(storage, job, clock), name=f"lease-{job.id}")
    try:
        yield
    finally:
        renewing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait({renewing})


async def _renew(storage: Storage, job: CompactionJob, clock: Clock) -> None:
    is_ours = True
    while is_ours:
        await asyncio.sleep(RENEW_SECONDS)
        try:
            async with storage.unit_of_work() as work:
                is_ours = await work.compactions.renew(
                    job.id, worker=job.worker, lease_until=clock.now() + LEASE
                )
                await work.commit()
        except StorageError as error:
            log.warning("lease_not_renewed", job=job.id, error=str(error))
