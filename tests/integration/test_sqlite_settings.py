"""What every SQLite connection is told, and that the indexes are used."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import PrimaryKeyConstraint, UniqueConstraint, event

from bot.domain.compaction import DueRule, JobId, JobStatus
from bot.domain.conversation import Audience, ConversationId, Scope, Visibility
from bot.domain.delivery import Delivery
from bot.domain.episode import EpisodeId
from bot.domain.fact import Evidence, FactId, FactState, FactStatus
from bot.domain.identity import IdentityRef, PersonId, Platform, TenantRef
from bot.domain.turn import TurnId, TurnOutcome, TurnStatus
from bot.ports.memory_storage import TurnVector
from storage.database import open_storage
from storage.engine import run_bare
from storage.schema import metadata
from storage.unit_of_work import SqlUnitOfWork

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ANN, BEA = (
    IdentityRef(platform=Platform.DISCORD, external_id=name, display_name=name)
    for name in ("ann", "bea")
)
GUILD = TenantRef(platform=Platform.DISCORD, external_id="g1")
HOME = ConversationId("c1")
PERSON = PersonId("p1")
EVIDENCE = Evidence(quote="q", turn_id=TurnId("t"), said_at=NOW)
VECTOR = TurnVector(turn_id=TurnId("t"), person_id=PERSON, model="m", data=b"")
SCOPE = Scope(PERSON, Audience(visibility=Visibility.PRIVATE, channel="c", tenant_id=None))


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("foreign_keys", 1),
        ("secure_delete", 1),
        ("synchronous", 2),
        ("temp_store", 2),
        ("busy_timeout", 5000),
    ],
)
async def test_pragmas(tmp_path: Path, pragma: str, value: object) -> None:
    async with open_storage(f"sqlite:///{tmp_path}/ellie.db") as storage:
        await storage.scrub()  # which sets some of them for a while
        async with storage.engine.connect() as connection:
            assert await run_bare(connection, f"PRAGMA {pragma}") == [(value,)]


async def _talk(work: SqlUnitOfWork) -> None:
    """Everything that happens around turns."""
    turns = work.turns
    await turns.reopen(TurnId("t"), worker="w", lease_until=NOW)
    outcome = TurnOutcome(status=TurnStatus.ANSWERED, finished_at=NOW)
    await turns.finish(TurnId("t"), outcome, worker="w")
    await turns.renew_leases(worker="w", lease_until=NOW)
    await turns.open_turns()
    await turns.recent(SCOPE, HOME, before_number=9, limit=9)
    await turns.latest(SCOPE, limit=9)
    await turns.after(SCOPE, 5)
    await turns.by_ids(SCOPE, [TurnId("t"), TurnId("u")])
    await turns.count(SCOPE)
    await turns.take_unreported_failures(SCOPE, HOME)
    await turns.rewrite(PERSON, TurnId("t"), text="", reply="", shown=())
    await work.traces.get(SCOPE, TurnId("t"))
    await work.traces.of(SCOPE)
    await work.vectors.put([VECTOR])
    await work.vectors.of_person(PERSON, "m", after_number=5)
    await work.vectors.missing(PERSON, "m", limit=5)


async def _learn(work: SqlUnitOfWork) -> None:
    """Everything that happens around facts."""
    facts = work.facts
    await facts.begin_change(PERSON)
    await facts.of(SCOPE, [FactStatus.ACTIVE])
    await facts.set_state(FactId("f"), FactState())
    await facts.add_evidence(FactId("f"), EVIDENCE)
    await facts.mark_used([FactId("f"), FactId("g")], at=NOW)
    await facts.erase(PERSON, [FactId("f")])
    await work.operations.of_person(PERSON)
    await work.operations.of_person(PERSON, latest=5)
    await work.operations.undone(PERSON)


async def _know(work: SqlUnitOfWork) -> None:
    """Everything that happens around people."""
    await work.persons.find(ANN)
    await work.persons.identities(PERSON)
    await work.persons.take_notice(PERSON, at=NOW)
    await work.persons.return_notice(TurnId("t"))
    await work.links.issued_since(PERSON, NOW)
    await work.links.redeem("digest", now=NOW)
    await work.links.failures_since(PERSON, NOW)
    await work.persons.merge(PersonId("p2"), PERSON)
    await work.turns.erase_all(PERSON)
    await work.facts.erase_all(PERSON)


async def _compact(work: SqlUnitOfWork) -> None:
    """Everything that happens around compaction and retention."""
    jobs, job_id = work.compactions, JobId("j")
    rule = DueRule()
    await jobs.due(now=NOW, rule=rule)
    await jobs.claim(JobId("k"), worker="w", now=NOW, lease_until=NOW, rule=rule)
    job = await jobs.claim(
        job_id, worker="w", now=NOW, lease_until=NOW, rule=rule, person_id=PERSON
    )
    assert job is not None
    await jobs.renew(job_id, worker="w", lease_until=NOW)
    await jobs.advance(job)
    await jobs.release(JobId("none"), worker="w", at=NOW)
    await jobs.finish(job, JobStatus.DONE, at=NOW)
    await jobs.set_undone(job_id, at=NOW, not_before=NOW)
    await jobs.get(job_id)
    await jobs.latest(limit=9)
    await jobs.latest(limit=9, person_id=PERSON)
    await work.episodes.of(SCOPE, until_number=9, latest=9)
    await work.episodes.by_ids(SCOPE, [EpisodeId("e")])
    await work.episodes.ends(PERSON)
    await work.episodes.erase_job(PERSON, job_id)
    await work.operations.of_job(job_id)
    await work.turns.owner_of(Platform.DISCORD, "e")
    await work.retention.of_person(PERSON)
    await work.retention.due(now=NOW, default_days=9, limit=9)
    await work.retention.erase_expired(PERSON, now=NOW, default_days=9)


async def _show(work: SqlUnitOfWork) -> None:
    """Everything that happens around channels and what is shown in them."""
    turn_id = TurnId("t")
    await work.policies.get(GUILD, "c")
    await work.policies.of_tenant(GUILD)
    await work.policies.set(GUILD, "c", None)
    await work.deliveries.save(Delivery(turn_id=turn_id, channel_id="c"))
    await work.deliveries.of_event(Platform.DISCORD, "e")
    await work.deliveries.of(SCOPE)
    await work.deliveries.unfinished(Platform.DISCORD, limit=9)
    await work.deliveries.take_report(turn_id, at=NOW)
    await work.feedback.set(turn_id, None, at=NOW)
    await work.feedback.get(SCOPE, turn_id)
    await work.feedback.of(SCOPE)
    await work.turns.reopen(turn_id, worker="w", lease_until=NOW, finished=True)


# Small enough to be read as a whole: the turns that are being answered, the people of whom
# something waits to be made compact or who decided what is kept, the jobs that run or began last,
# the tenants; who was just found; and what people did not see the end of.
_SMALL_SCANS = (
    "INDEX ix_turns_open",
    "INDEX ix_persons_waiting",
    "INDEX ix_persons_decided",
    "INDEX ix_compaction_jobs_running",
    "INDEX ix_compaction_jobs_started_at",
    "SCAN tenants",
    "SCAN expired",
    "INDEX ix_turns_unreported",
    "INDEX ix_deliveries_cut_off",
)
_SMALL_SORTS = ("JOIN fact_evidence", "FROM identities", "FROM episodes", "UNION")


@pytest.mark.parametrize(
    ("use", "count"), [(_talk, 16), (_learn, 9), (_know, 29), (_compact, 37), (_show, 12)]
)
async def test_no_query_reads_a_whole_table(
    tmp_path: Path, use: Callable[[SqlUnitOfWork], Awaitable[None]], count: int
) -> None:
    path = tmp_path / "ellie.db"
    statements: list[tuple[str, Any]] = []

    def note(_c: object, _d: object, statement: str, parameters: Any, *_: object) -> None:
        statements.append((statement, parameters))

    async with open_storage(f"sqlite:///{path}") as storage, storage.unit_of_work() as work:
        for number, identity in enumerate((ANN, BEA), start=1):
            await work.persons.resolve(identity, new_id=f"p{number}", seen_at=NOW)
        await work.commit()
        event.listen(storage.engine.sync_engine, "before_cursor_execute", note)
        await use(work)

    statements = [(said, given) for said, given in statements if not said.startswith("BEGIN")]
    assert len(statements) == count
    database = sqlite3.connect(path)
    for statement, parameters in statements:
        plan = database.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
        for *_, step in plan:
            scans = step.startswith("SCAN") and not any(few in step for few in _SMALL_SCANS)
            assert not scans, f"{step}: {statement}"
            # A platform is most of the table.
            assert "(platform=?)" not in step, f"{step}: {statement}"
            # One person's facts are sorted, and their evidence, episodes and few identities; and
            # those who are due.
            small = any(part in statement for part in _SMALL_SORTS)
            assert "TEMP B-TREE" not in step or small, f"{step}: {statement}"
    database.close()


def test_every_row_that_can_be_erased_is_found_by_those_that_refer_to_it() -> None:
    """Deleting a row looks for each row that refers to it. Query plans do not show that."""
    erasable = [table for table in metadata.sorted_tables if table.name != "tenants"]
    bare = set()
    for table in metadata.sorted_tables:
        leading = {index.expressions[0].name for index in table.indexes}
        leading |= {
            next(iter(constraint.columns)).name
            for constraint in table.constraints
            if isinstance(constraint, PrimaryKeyConstraint | UniqueConstraint)
        }
        bare |= {
            f"{table.name}.{key.parent.name}"
            for key in table.foreign_keys
            if key.column.table in erasable and key.parent.name not in leading
        }
    assert bare == set()
