"""The commands for background jobs, over a storage in memory and scripted jobs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest
from click.testing import Result
from structlog.testing import capture_logs
from support.commanding import Ids
from support.engine import FakeClock
from typer.testing import CliRunner

from bot.background import CompactionApp
from bot.cli import main
from bot.config import Settings
from bot.domain.compaction import CompactionJob, JobId, JobStatus, Step
from bot.domain.identity import IdentityRef, PersonId, Platform, TenantRef
from bot.engine.audit import AuditLog
from bot.errors import EllieError
from bot.ports.compaction_storage import Expired
from bot.ports.storage import UnitOfWork
from storage.inmemory import InMemoryStorage

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
ANA = IdentityRef(platform=Platform.CONSOLE, external_id="ana", display_name="Ana")
ANA_ID = PersonId("a1b2c3d4" * 4)
BEA = IdentityRef(
    platform=Platform.SLACK,
    external_id="U2",
    display_name="Bea",
    tenant=TenantRef(platform=Platform.SLACK, external_id="T1"),
)
BEA_ID = PersonId("a1ffffff" * 4)

T = TypeVar("T")


def job(number: int, person_id: PersonId = ANA_ID, **rest: Any) -> CompactionJob:
    known: dict[str, Any] = {
        "id": JobId(f"{number:08}" * 4),
        "after_number": 10,
        "until_number": 50,
        "step": Step.PUBLISH,
        "read_until": 50,
        "worker": "this",
        "lease_until": NOON,
        "started_at": NOON,
        "status": JobStatus.DONE,
    }
    return CompactionJob(person_id=person_id, **{**known, **rest})


class ScriptedCompactor:
    """Ends the queued jobs, and knows what it was asked."""

    def __init__(self) -> None:
        self.jobs: list[CompactionJob] = []
        self.asked: list[tuple[str, object]] = []
        self.may_undo = True

    async def compact_due(
        self, *, on_done: Callable[[CompactionJob], None]
    ) -> tuple[CompactionJob, ...]:
        self.asked.append(("due", None))
        for each in self.jobs:
            on_done(each)
        return tuple(self.jobs)

    async def compact(self, person_id: PersonId) -> CompactionJob | None:
        self.asked.append(("person", person_id))
        return next(iter(self.jobs), None)

    async def preview(self, person_id: PersonId | None = None) -> tuple[CompactionJob, ...]:
        self.asked.append(("preview", person_id))
        return tuple(self.jobs)

    async def undo(self, job_id: JobId) -> CompactionJob | None:
        self.asked.append(("undo", job_id))
        return job_by_id(self.jobs, job_id) if self.may_undo else None


def job_by_id(jobs: list[CompactionJob], job_id: JobId) -> CompactionJob:
    (found,) = (each for each in jobs if each.id == job_id)
    return replace(found, status=JobStatus.UNDONE)


class ScriptedRetention:
    def __init__(self) -> None:
        self.expired = Expired()
        self.runs = 0

    async def erase_expired(self) -> Expired:
        self.runs += 1
        return self.expired


class ScriptedErasure:
    def __init__(self) -> None:
        self.expired = Expired()
        self.tenants: list[TenantRef] = []

    async def erase(self, tenant: TenantRef) -> Expired:
        self.tenants.append(tenant)
        return self.expired


class Ellie:
    """The command line over a storage in memory."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.storage = InMemoryStorage()
        self.compactor = ScriptedCompactor()
        self.retention = ScriptedRetention()
        self.erasure = ScriptedErasure()
        self.clock = FakeClock(NOON)
        self.audit = AuditLog(self.storage, clock=self.clock, ids=Ids())
        self.settings = Settings(_env_file=None, data_dir=folder)  # type: ignore[call-arg]
        monkeypatch.setattr(main, "_settings", lambda: self.settings)
        for command in ("audit", "jobs", "compact", "retention", "policy"):
            monkeypatch.setattr(f"bot.cli.{command}.compaction_app", self._app)
        self.priorities: list[int] = []
        monkeypatch.setattr(psutil.Process, "nice", lambda _, value: self.priorities.append(value))

    @asynccontextmanager
    async def _app(self, settings: Settings) -> AsyncIterator[CompactionApp]:
        assert settings is self.settings
        yield CompactionApp(
            compactor=self.compactor,  # type: ignore[arg-type]
            retention=self.retention,  # type: ignore[arg-type]
            erasure=self.erasure,  # type: ignore[arg-type]
            storage=self.storage,
            audit=self.audit,
            clock=self.clock,
        )

    def run(self, *arguments: str) -> Result:
        with capture_logs():
            return CliRunner().invoke(main.app, arguments)

    def lines(self, *arguments: str) -> list[str]:
        """What it prints when all is well."""
        result = self.run(*arguments)
        assert (result.exit_code, result.exception) == (0, None), result.output
        return result.stdout.splitlines()

    def problem(self, *arguments: str) -> EllieError:
        """The sentence on which it ends."""
        error = self.run(*arguments).exception
        assert isinstance(error, EllieError)
        return error

    def stored(self, work: Callable[[UnitOfWork], Awaitable[T]]) -> T:
        """What ``work`` returns, committed."""

        async def run() -> T:
            async with self.storage.unit_of_work() as unit:
                result = await work(unit)
                await unit.commit()
                return result

        return asyncio.run(run())

    def knows_ana_and_bea(self) -> None:
        async def meet(work: UnitOfWork) -> None:
            await work.persons.resolve(ANA, new_id=ANA_ID, seen_at=NOON)
            await work.persons.resolve(BEA, new_id=BEA_ID, seen_at=NOON)

        self.stored(meet)

    def has(self, *jobs: CompactionJob) -> None:
        """Jobs of the past."""
        self.storage.state.jobs.update({each.id: each for each in jobs})
