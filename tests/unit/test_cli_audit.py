"""``ellie audit``, and that what the owner does at the shell is on record."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from support.owner import Ellie

from bot.cli import audit as command
from bot.domain.audit import AuditEntry, AuditOutcome
from bot.domain.identity import PersonId, TenantId
from bot.errors import UsageError
from bot.ports.storage import UnitOfWork

HERE, THERE = TenantId("slack:T1"), TenantId("discord:77")


@pytest.fixture
def ellie(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Ellie:
    return Ellie(monkeypatch, tmp_path)


def on_record(ellie: Ellie) -> list[AuditEntry]:
    async def read(work: UnitOfWork) -> tuple[AuditEntry, ...]:
        return await work.audit.of_instance(limit=9)

    return list(reversed(ellie.stored(read)))


def write(ellie: Ellie) -> None:
    async def record() -> None:
        await ellie.audit.record(
            "admin policy",
            AuditOutcome.DENIED,
            actor="slack:T1/U2",
            tenant_id=HERE,
            channel="C1",
            times=3,
        )
        await ellie.audit.record("ellie erase", person_id=PersonId("a1b2c3d4" * 4), turns=3)
        await ellie.audit.record("admin audit", actor="discord:5", tenant_id=THERE)

    asyncio.run(record())


def test_the_latest_of_all_are_listed(ellie: Ellie) -> None:
    write(ellie)

    assert ellie.lines("audit") == [
        "2026-05-04 12:00 UTC  discord:77  discord:5: admin audit  done",
        "2026-05-04 12:00 UTC  -  owner: ellie erase  done  person a1b2c3d4  turns=3",
        "2026-05-04 12:00 UTC  slack:T1 C1  slack:T1/U2: admin policy  denied  times=3",
        "Entries are kept for 365 days (ELLIE_AUDIT_DAYS).",
    ]


def test_those_of_one_tenant_alone(ellie: Ellie) -> None:
    write(ellie)

    assert [line.split("  ")[1] for line in ellie.lines("audit", "--tenant", "slack:T1")[:-1]] == [
        "slack:T1 C1"
    ]
    assert ellie.lines("audit", "--tenant", "slack:T3")[0] == "Nothing is on record."
    assert "is no server or workspace" in str(ellie.problem("audit", "--tenant", "Townsville"))


def test_all_are_written_to_a_new_file(
    ellie: Ellie, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "_AT_ONCE", 2)
    write(ellie)
    file = tmp_path / "audit.jsonl"

    assert ellie.lines("audit", "--export", str(file)) == [f"Written to {file}: 3 entries."]

    entries = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert [one["action"] for one in entries] == ["admin audit", "ellie erase", "admin policy"]
    assert entries[1]["person_id"] == "a1b2c3d4" * 4
    assert entries[2]["detail"] == {"times": 3}
    assert entries[2]["outcome"] == "denied"
    problem = ellie.problem("audit", "--export", str(file))
    assert isinstance(problem, UsageError)
    assert "is there already" in str(problem)
    assert "cannot be written" in str(
        ellie.problem("audit", "--export", str(tmp_path / "no" / "f"))
    )


def test_what_the_owner_decides_and_erases_is_on_record(ellie: Ellie) -> None:
    ellie.lines("retention", "--tenant", "slack:T1", "--days", "30")
    ellie.lines("retention", "--tenant", "slack:T1", "--keep")
    ellie.lines("retention", "--run")
    ellie.lines("retention", "--tenant", "slack:T1", "--erase")
    ellie.lines("jobs", "pause", "compaction")
    ellie.run("compact")

    assert [(one.actor, one.action, one.tenant_id) for one in on_record(ellie)] == [
        ("owner", "ellie retention", HERE),
        ("owner", "ellie retention", HERE),
        ("owner", "ellie retention --run", None),
        ("owner", "ellie retention --erase", HERE),
        ("owner", "ellie jobs pause", None),
        ("owner", "ellie compact", None),
    ]
    first, second, run, *_ = on_record(ellie)
    assert (first.detail, second.detail) == ({"days": 30}, {"days": "forever"})
    assert run.detail.keys() == {"turns", "facts", "episodes"}


def test_looking_and_trying_out_are_not(ellie: Ellie) -> None:
    for line in (("audit",), ("retention",), ("jobs",), ("compact", "--dry-run")):
        ellie.run(*line)

    assert on_record(ellie) == []
