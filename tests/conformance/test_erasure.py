"""Forgetting is physical."""

from __future__ import annotations

import random
import sqlite3
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import bindparam, func, insert, select, text, update

import storage.database
from bot.domain.bucket import Bucket
from bot.domain.compaction import DueRule, JobId
from bot.domain.conversation import Scope
from bot.domain.delivery import Delivery
from bot.domain.fact import Evidence, FactStatus
from bot.domain.feedback import Verdict
from bot.domain.identity import PersonId
from bot.domain.link import LinkCode
from bot.domain.operation import Actor, FactChange, MemoryOperation, OperationId, OperationKind
from bot.domain.quota import QuotaMeasure
from bot.domain.reset import Reset, ResetId
from bot.domain.shown import Shown
from bot.domain.turn import TurnTrace
from bot.errors import StorageBusyError
from bot.ports.memory_storage import TurnVector
from bot.ports.quota_storage import BucketKey
from storage import administration_tables as administration
from storage import mapping
from storage.database import SqlStorage, open_storage
from storage.inmemory import InMemoryStorage
from storage.schema import metadata
from storage.tables import turns


async def _forget(world: Any, person: Any) -> tuple[int, int]:
    async with world.storage.unit_of_work() as work:
        turn_count = await work.turns.erase_all(person.id)
        fact_count = await work.facts.erase_all(person.id)
        await work.persons.erase(person.id)
        await work.commit()
    await world.storage.scrub()
    return turn_count, fact_count


async def _remember(world: Any, person: Any, words: str) -> None:
    """Leave something of a person, and these words of theirs, wherever there is a place for it."""
    shown = (Shown(name=words, caption=words, alt_text=words),)
    new = replace(world.turn(person, await world.conversation(), words), shown=shown)
    turn, _ = await world.accept(new)
    await world.finish(turn, world.answer(f"You said {words}"))
    async with world.storage.unit_of_work() as work:
        number = await work.facts.begin_change(person.id)
        fact = world.fact(turn, words, number=number, slot=words, topic=words, value=words)
        await work.facts.add(fact)
        typed = Evidence(quote=f"typed {words}", turn_id=None, said_at=world.now)
        await work.facts.add_evidence(fact.id, typed)
        await work.operations.append(
            MemoryOperation(
                id=OperationId(world.new_id()),
                person_id=person.id,
                kind=OperationKind.APPEND,
                actor=Actor.EXTRACTION,
                reason="said",
                happened_at=world.now,
                turn_id=turn.id,
                changes=(FactChange(fact_id=fact.id, before=None, after=fact.state),),
            )
        )
        await work.traces.save(
            TurnTrace(
                turn_id=turn.id,
                person_id=person.id,
                model="m",
                prompt_tokens=1,
                reply_tokens=1,
                finish_reason="stop",
            )
        )
        await work.vectors.put(
            [TurnVector(turn_id=turn.id, person_id=person.id, model="m", data=words.encode() * 99)]
        )
        assert await work.deliveries.save(
            Delivery(turn_id=turn.id, channel_id=words, message_ids=(words,))
        )
        assert await work.feedback.set(turn.id, Verdict.GOOD, at=world.now)
        await work.links.issue(
            LinkCode(
                digest=f"digest of {words} {turn.id}",
                person_id=person.id,
                issued_at=world.now,
                expires_at=world.lease,
            )
        )
        await work.links.note_failure(person.id, at=world.now)
        bucket = BucketKey(
            holder=f"person:{person.id}", measure=QuotaMeasure.TURNS, person_id=person.id
        )
        await work.quotas.begin_taking(bucket, full=Bucket(level=1.0, updated_at=world.now))
        await work.episodes.add(world.episode(turn))
        await work.compactions.claim(
            JobId(world.new_id()),
            worker="w",
            now=world.now,
            lease_until=world.lease,
            rule=DueRule(),
            person_id=person.id,
        )
        await work.resets.add(
            Reset(
                id=ResetId(world.new_id()),
                tenant_id=world.workspace.id,
                person_id=person.id,
                channel=words,
                requested_by="slack:T1/U9",
                requested_at=world.now,
                erase_at=world.lease,
            )
        )
        await work.commit()


async def test_everything_of_one_person_goes_and_nothing_of_another(world: Any) -> None:
    ann, bob = await world.person("ann"), await world.person("bob")
    for _ in range(3):
        await _remember(world, ann, "ann's words")
    await _remember(world, bob, "bob's words")
    assert await _forget(world, ann) == (3, 3)
    for person, left in ((ann, 0), (bob, 1)):
        scope = Scope.in_private(person.id)
        async with world.storage.unit_of_work() as work:
            assert await work.turns.count(scope) == left
            assert len(await work.facts.of(scope, list(FactStatus))) == left
            assert len(await work.traces.of(scope)) == left
            assert len(await work.vectors.of_person(person.id, "m", after_number=0)) == left
            assert await work.links.issued_since(person.id, world.now) == left
            assert await work.links.failures_since(person.id, world.now) == left
            assert len(await work.persons.identities(person.id)) == left
            assert len(await work.episodes.of(scope)) == left
            assert len(await work.compactions.latest(limit=9, person_id=person.id)) == left
            assert len(await work.deliveries.of(scope)) == left
            assert len(await work.feedback.of(scope)) == left
    async with world.storage.unit_of_work() as work:
        assert await work.turns.erase_all(ann.id) == 0


@pytest.mark.parametrize("first", ["turns", "facts"])
async def test_turns_and_facts_can_be_erased_in_either_order(world: Any, first: str) -> None:
    person = await world.person()
    await _remember(world, person, "words")
    second = "facts" if first == "turns" else "turns"
    async with world.storage.unit_of_work() as work:
        for name in (first, second):
            assert await getattr(work, name).erase_all(person.id) == 1
        await work.commit()
    assert await world.texts(Scope.in_private(person.id)) == []


async def _rows(storage: SqlStorage, person_id: PersonId) -> dict[str, int]:
    """How many rows of a person there are, in each table that has people."""
    counted = {}
    async with storage.engine.connect() as connection:
        for table in metadata.sorted_tables:
            column = table.c.id if table.name == "persons" else table.c.get("person_id")
            if column is not None:
                query = select(func.count()).select_from(table).where(column == person_id)
                counted[table.name] = (await connection.execute(query)).scalar_one()
    return counted


NOW = datetime(2026, 1, 2, tzinfo=UTC)
_RECORDS = ("memory_operations", "audit_entries", "erasures")
"""What stays of a person: that things were done, with random ids and counts, and no words."""


async def _administer(storage: SqlStorage, person_id: PersonId) -> None:
    """Leave a row about a person in each table of administration."""
    at = {"person_id": person_id}
    async with storage.engine.begin() as connection:
        for table, values in (
            (
                administration.audit_entries,
                {
                    "id": "a1",
                    "happened_at": NOW,
                    "actor": "slack:T1/U9",
                    "action": "admin reset user",
                    "outcome": "done",
                    "detail": {},
                },
            ),
            (administration.erasures, {"id": "e1", "happened_at": NOW, "what": {}}),
        ):
            await connection.execute(insert(table).values(values | at))


async def test_no_row_of_an_erased_person_is_left(sql_world: Any, sql_storage: SqlStorage) -> None:
    ann = await sql_world.person(identity=sql_world.identity("marker-account"))
    await _remember(sql_world, ann, "marker-words")
    await _administer(sql_storage, ann.id)
    before = await _rows(sql_storage, ann.id)
    assert all(before.values()), "_remember must leave a row in each table that has people"
    async with sql_storage.engine.connect() as connection:
        for name in ("deliveries", "turn_feedback"):  # whose these are, their turns say
            assert (await connection.execute(select(metadata.tables[name]))).all(), name
    await _forget(sql_world, ann)
    # That memory was changed, and when, stays on record; with ids and counts, and no words.
    assert await _rows(sql_storage, ann.id) == {
        **dict.fromkeys(before, 0),
        **{name: before[name] for name in _RECORDS},
    }
    async with sql_storage.engine.connect() as connection:
        for table in metadata.sorted_tables:
            rows = (await connection.execute(select(table))).all()
            assert "marker" not in repr(rows)
            assert bool(rows) is (table.name in {"tenants", *_RECORDS})


async def test_no_value_of_an_erased_person_is_left_in_memory(world_of: Any) -> None:
    kept = InMemoryStorage()
    world = world_of(kept)
    ann = await world.person(identity=world.identity("marker-account"))
    await _remember(world, ann, "marker-words")
    settings = {"tenant_days", "schedules", "policies", "place_settings", "audit", "erasures"}
    tables = {table.name for table in fields(kept.state)} - {"operations", *settings}
    assert all(getattr(kept.state, name) for name in tables)
    await _forget(world, ann)
    assert not any(getattr(kept.state, name) for name in tables)
    assert "marker" not in repr(kept.state)


async def test_no_word_of_a_forgotten_fact_is_left(sql_world: Any, sql_storage: SqlStorage) -> None:
    world = sql_world
    person, home = await world.person(), await world.conversation()
    turn = await world.say(person, home, "marker-words")
    fact = world.fact(turn, "marker-words", value="marker-words")
    await world.learn(fact, world.fact(turn, "other words"))
    async with world.storage.unit_of_work() as work:
        assert await work.facts.erase(person.id, [fact.id]) == 1
        await work.turns.rewrite(person.id, turn.id, text="…", reply="…", shown=())
        await work.commit()
    await world.storage.scrub()
    async with sql_storage.engine.connect() as connection:
        for table in metadata.sorted_tables:
            assert "marker" not in repr((await connection.execute(select(table))).all())
    assert [known.text for known in await world.known(person.id)] == ["other words"]


async def test_no_byte_of_an_erased_person_is_left_in_sqlite_files(
    tmp_path: Path, world_of: Any
) -> None:
    """Rows that moved while the file grew leave copies which secure_delete does not reach."""
    dice = random.Random(7)
    async with open_storage(f"sqlite:///{tmp_path}/ellie.db") as opened:
        world = world_of(opened)
        ann, bob = await world.person("ann"), await world.person("bob")
        home = await world.conversation()
        await _remember(world, ann, "MARKER")
        await _remember(world, bob, "other")
        rows, growth = [], []
        for number in range(1500):
            person, word = dice.choice([(ann, "MARKER "), (bob, "other ")])
            new = world.turn(person, home, word * dice.choice([1, 3, 10, 50, 200, 900]))
            values = mapping.turn_values(mapping.accepted(new, number + 2))
            rows.append(values | {"platform": "slack", "worker": "w", "lease_until": world.lease})
            reply = f"{word}reply " * dice.choice([1, 5, 40, 300])
            growth.append({"which": new.id, "reply": reply})
        async with opened.engine.begin() as connection:
            for row, grown in zip(rows, growth, strict=True):
                await connection.execute(insert(turns), row)
                await connection.execute(
                    update(turns).where(turns.c.id == bindparam("which")), grown
                )
        assert _count(tmp_path, b"MARKER") > 1000
        await _forget(world, ann)
        assert _count(tmp_path, b"MARKER") == 0
        # Only the journal names her, in one row and in its index.
        assert _count(tmp_path, ann.id.encode()) == 2
        assert _count(tmp_path, b"other") > 1000
        async with opened.unit_of_work() as work:
            assert await work.turns.count(Scope.in_private(bob.id)) > 500


def _count(folder: Path, marker: bytes) -> int:
    return sum(path.read_bytes().count(marker) for path in folder.iterdir())


async def test_scrubbing_says_when_another_program_holds_the_log(
    tmp_path: Path, world_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage.database, "_CHECKPOINT_TRIES", 2)
    monkeypatch.setattr(storage.database, "_CHECKPOINT_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(storage.database, "_CHECKPOINT_WAIT_MILLISECONDS", 10)
    async with open_storage(f"sqlite:///{tmp_path}/ellie.db") as opened:
        world = world_of(opened)
        person = await world.person()
        await _remember(world, person, "MARKER")
        reader = sqlite3.connect(tmp_path / "ellie.db", isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM turns").fetchall()
        with pytest.raises(StorageBusyError, match=r"ellie\.db"):
            await _forget(world, person)
        # Others go on meanwhile, and the next try succeeds.
        assert (await world.say(await world.person("bob"), await world.conversation())).number == 1
        reader.close()
        await opened.scrub()
        assert _count(tmp_path, b"MARKER") == 0


@pytest.mark.postgres
async def test_scrubbing_postgres_frees_the_dead_rows(postgres_url: str, world_of: Any) -> None:
    async with open_storage(postgres_url) as opened:
        world = world_of(opened)
        person = await world.person()
        await _remember(world, person, "words")
        await _forget(world, person)
        dead = text("SELECT count(*) FROM pg_stat_user_tables WHERE last_vacuum IS NOT NULL")
        async with opened.engine.connect() as connection:
            vacuumed = (await connection.execute(dead)).scalar_one()
    # Every table but those of workspaces and their policies, the journal and the schedule.
    assert vacuumed == 17
