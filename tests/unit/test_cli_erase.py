"""``ellie erase`` and ``ellie stats``: one person goes, all are counted, and nobody is named."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from support.sqlite_ellie import Ellie

from bot.errors import UsageError


@pytest.fixture
def ellie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ellie:
    ellie = Ellie(tmp_path / "data", monkeypatch)
    ellie.ok("stats")
    ellie.say("zqsecret")
    ellie.say("again")
    return ellie


@pytest.mark.parametrize("who", ["console:ana", "p"])
def test_a_person_goes_with_everything(ellie: Ellie, who: str) -> None:
    said = ellie.ok("erase", "--person", who, answer="y\n")

    assert said.splitlines()[0] == "Person p: 1 account, 2 turns, 0 facts, 0 episodes."
    assert "Erased for good: 2 turns, 0 facts" in said
    for table in ("persons", "identities", "turns", "conversations"):
        assert ellie.count(table) == 0
    assert b"zqsecret" not in ellie.file.read_bytes()
    with closing(sqlite3.connect(ellie.file)) as database:
        [(actor, reason)] = database.execute("SELECT actor, reason FROM memory_operations")
        [(what,)] = database.execute("SELECT what FROM erasures")
    assert (actor, reason) == ("admin", "asked to forget everything")
    assert json.loads(what) == {"everything": True}
    assert "Ellie knows nobody" in str(ellie.problem("erase", "--person", "console:ana", "--yes"))


@pytest.mark.parametrize("answer", ["", "n\n"])
def test_without_a_yes_nobody_goes(ellie: Ellie, answer: str) -> None:
    result = ellie.run("erase", "--person", "console:ana", answer=answer)

    assert result.exit_code == 1
    assert "Nothing was changed." in result.stdout
    assert ellie.count("turns") == 2


@pytest.mark.parametrize("who", ["", ":", "discord:", "nobody", "💥", "slack:T1", "a" * 5000])
def test_whoever_is_not_meant_stays(ellie: Ellie, who: str) -> None:
    assert isinstance(ellie.problem("erase", "--person", who, "--yes"), UsageError)

    assert ellie.count("persons") == 1


def test_everything_is_counted_and_nobody_named(ellie: Ellie) -> None:
    ellie.change(
        "INSERT INTO tenants (id, platform, external_id) VALUES ('slack:T1', 'slack', 'T1')",
        "UPDATE turns SET received_at = datetime('now', '-8 days') WHERE number = 1",
        "UPDATE turns SET received_at = datetime('now', '-1 days') WHERE number = 2",
    )

    found = json.loads(ellie.ok("stats", "--json"))
    told = ellie.ok("stats")

    assert found.pop("database_bytes") > 100_000
    assert found == {
        "people": 1,
        "identities": {"console": 1},
        "tenants": {"slack": 1},
        "turns": 2,
        "turns_lately": {
            "7_days": {"turns": 1, "people": 1, "turns_a_day": 0.14},
            "30_days": {"turns": 2, "people": 1, "turns_a_day": 0.07},
        },
        "facts": {},
        "episodes": 0,
        "vectors": 0,
        "audit_entries": 0,
        "erasures": 0,
        "pending_resets": 0,
    }
    assert "accounts        1 (console 1)" in told.splitlines()
    assert "last 7 days     1 turn, 0.1 a day, of 1 person" in told.splitlines()
    for text in ("ana", "Ana", "zqsecret", "T1"):
        assert text not in told
