"""What every SQLite connection is told, and that the indexes are used."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from bot.domain.conversation import Audience, ConversationId, Scope, Visibility
from bot.domain.identity import IdentityRef, PersonId, Platform
from bot.domain.turn import TurnId, TurnOutcome, TurnStatus
from storage.database import open_storage
from storage.engine import run_bare

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HOME = ConversationId("c1")
PERSON = PersonId("p1")
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


async def test_no_query_reads_a_whole_table(tmp_path: Path) -> None:
    path = tmp_path / "ellie.db"
    statements: list[tuple[str, Any]] = []

    def note(_c: object, _d: object, statement: str, parameters: Any, *_: object) -> None:
        if not statement.startswith("BEGIN"):
            statements.append((statement, parameters))

    async with open_storage(f"sqlite:///{path}") as storage:
        event.listen(storage.engine.sync_engine, "before_cursor_execute", note)
        async with storage.unit_of_work() as work:
            await work.persons.find(
                IdentityRef(platform=Platform.DISCORD, external_id="u", display_name="Ann")
            )
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
            await turns.erase_all(PERSON)
            await work.facts.active(SCOPE)
            await work.facts.erase_all(PERSON)
            await work.operations.of_person(PERSON)
            await work.traces.get(SCOPE, TurnId("t"))

    assert len(statements) == 17
    database = sqlite3.connect(path)
    for statement, parameters in statements:
        plan = database.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
        for *_, step in plan:
            scans = step.startswith("SCAN") and "USING" not in step
            assert not scans, f"{step}: {statement}"
            assert "TEMP B-TREE" not in step or "facts" in statement, f"{step}: {statement}"
    leases = [plan for plan, _ in statements if "lease_until=" in plan and "status = 'acc" in plan]
    assert leases
    database.close()
