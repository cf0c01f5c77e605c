"""Whoever lost a compaction to another process changes nothing any more, wherever that happens."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs
from support.compacting import CompactingDialog, compactor_over, remembered
from support.dialog import account
from support.engine import NOON

from bot.domain.compaction import CompactionJob, JobId, JobStatus, Step
from bot.domain.identity import IdentityRef
from bot.domain.operation import MemoryOperation
from bot.engine.compaction import compactor as module
from bot.engine.compaction import publishing
from bot.engine.compaction.lease import LEASE
from bot.memory.gate import Verdict
from bot.ports.storage import Storage, UnitOfWork

BEA = account("bea")


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[Any]]:
    """What is logged, instead of long tracebacks on the screen."""
    with capture_logs() as logs:
        yield logs


class Counting:
    """A storage that counts its units of work, and has something happen before one of them."""

    def __init__(
        self, storage: Storage, happen: Callable[[], Awaitable[None]], at: int | None = None
    ) -> None:
        self._storage = storage
        self._happen = happen
        self._at = at
        self.opened = 0

    def unit_of_work(self) -> AbstractAsyncContextManager[UnitOfWork]:
        return self._opened()

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[UnitOfWork]:
        self.opened += 1
        if self.opened == self._at:
            await self._happen()
        async with self._storage.unit_of_work() as work:
            yield work


@dataclass(frozen=True)
class Everything:
    """All that a compaction may change, and the job itself."""

    memory: dict[str, Any]
    journal: tuple[MemoryOperation, ...]
    job: CompactionJob | None


class Taken(CompactingDialog):
    """A dialog of people whose compaction another process takes over."""

    before: Everything | None = None
    """How things stood when it had done so."""

    async def tell(self, who: IdentityRef) -> None:
        """Something for every step to do, at the same hours for everybody."""
        self.clock.moment = NOON
        await self.say("I like mango ice cream.", who)
        await self.say("I like peach cobbler.", who)
        await self.ask("/memory edit 2 I really like mango ice cream.", who)
        await self.say("I'm going to Lisbon on Friday.", who)
        await self.unread("I live in Berlin.", who)
        await self.small_talk(3, who)
        self.later(days=600)

    async def everything(self, who: IdentityRef) -> Everything:
        person = await self.person(who)
        assert person
        memory = await remembered(self.storage, who)
        async with self.storage.unit_of_work() as work:
            journal = await work.operations.of_person(person.id)
            jobs = await work.compactions.latest(limit=1, person_id=person.id)
        return Everything(memory, tuple(journal), next(iter(jobs), None))

    async def take_over(self, who: IdentityRef) -> None:
        """Another process finds the lease run out; its clock is two minutes ahead."""
        person = await self.person(who)
        assert person
        late = self.clock.now() + LEASE + timedelta(seconds=1)
        async with self.storage.unit_of_work() as work:
            job = await work.compactions.claim(
                JobId("unused"),
                worker="other",
                now=late,
                lease_until=late + LEASE,
                rule=module.DueRule(),
                person_id=person.id,
            )
            await work.commit()
        assert job
        assert (job.worker, job.attempts) == ("other", 2)
        self.before = await self.everything(who)

    async def compact_over(self, storage: Any, who: IdentityRef) -> CompactionJob:
        person = await self.person(who)
        assert person
        compactor = compactor_over(storage, clock=self.clock, ids=self.ids)
        job = await compactor.compact(person.id)
        assert job
        return job

    async def go_on(self, who: IdentityRef) -> CompactionJob:
        """The other process dies as well, and a third one ends the job."""
        person = await self.person(who)
        assert person
        self.later(minutes=5)
        compactor = compactor_over(self.storage, clock=self.clock, ids=self.ids, worker="third")
        job = await compactor.compact(person.id)
        assert job
        return job


async def test_who_loses_a_job_before_any_of_its_transactions_commits_no_more(
    storage: Storage,
) -> None:
    dialog = Taken(storage)
    await dialog.tell(BEA)

    async def nothing() -> None:
        """Nobody takes it over."""

    counting = Counting(storage, nothing)
    undisturbed = await dialog.compact_over(counting, BEA)
    for count in ("learned", "merged", "expired", "faded", "episodes", "probes"):
        assert undisturbed.counts[count], f"nothing {count}"

    steps: Counter[Step] = Counter()
    for number in range(2, counting.opened + 1):
        who = account(f"ana{number}")
        await dialog.tell(who)

        async def take_over(who: IdentityRef = who) -> None:
            await dialog.take_over(who)

        left = await dialog.compact_over(Counting(storage, take_over, at=number), who)

        assert left.status is JobStatus.RUNNING, number
        then = dialog.before
        assert then is not None
        assert then.job is not None
        assert await dialog.everything(who) == then, f"transaction {number}, {then.job.step}"
        steps[then.job.step] += 1
    assert set(steps) == set(Step)
    assert steps[Step.EXTRACT] > 2, "also inside a step"
    assert steps[Step.SUMMARISE] > 2


async def fail(*_: Any) -> None:
    raise RuntimeError


async def refuse(*_: Any) -> Verdict:
    return Verdict(asked=9, before=9, after=0, lost=9, passes=False)


@pytest.mark.parametrize("end", [fail, refuse])
async def test_who_lost_a_job_takes_nothing_of_it_back(
    storage: Storage, monkeypatch: pytest.MonkeyPatch, end: Callable[..., Awaitable[Any]]
) -> None:
    monkeypatch.setattr(module, "MAX_FAILURES", 1)
    dialog = Taken(storage)
    await dialog.tell(BEA)

    async def lose(*_: Any) -> Any:
        await dialog.take_over(BEA)
        return await end()

    with monkeypatch.context() as patched:
        patched.setattr(publishing.Publishing, "_compare", lose)
        left = await dialog.compact_over(storage, BEA)

    assert left.status is JobStatus.RUNNING
    assert dialog.before is not None
    assert dialog.before.memory["episodes"]
    assert await dialog.everything(BEA) == dialog.before
    ended = await dialog.go_on(BEA)
    assert (ended.status, ended.attempts) == (JobStatus.DONE, 3)
