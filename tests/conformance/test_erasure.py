"""Forgetting is physical."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import bindparam, insert, select, text, update

import storage.database
from bot.domain.conversation import Scope
from bot.domain.turn import TurnTrace
from bot.errors import StorageBusyError
from storage import mapping
from storage.database import SqlStorage, open_storage
from storage.tables import metadata, turns


async def _forget(world: Any, person: Any) -> tuple[int, int]:
    async with world.storage.unit_of_work() as work:
        turn_count = await work.turns.erase_all(person.id)
        fact_count = await work.facts.erase_all(person.id)
        await work.persons.erase(person.id)
        await work.commit()
    await world.storage.scrub()
    return turn_count, fact_count


async def _remember(world: Any, person: Any, words: str) -> None:
    turn = await world.say(person, await world.conversation(), words, reply=f"You said {words}")
    async with world.storage.unit_of_work() as work:
        await work.facts.add(world.fact(turn, words))
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
        await work.commit()


async def test_everything_of_one_person_goes_and_nothing_of_another(world: Any) -> None:
    ann, bob = await world.person("ann"), await world.person("bob")
    for _ in range(3):
        await _remember(world, ann, "ann's words")
    await _remember(world, bob, "bob's words")
    assert await _forget(world, ann) == (3, 3)
    async with world.storage.unit_of_work() as work:
        assert await work.turns.count(Scope.in_private(ann.id)) == 0
        assert await work.facts.active(Scope.in_private(ann.id)) == ()
        assert await work.turns.count(Scope.in_private(bob.id)) == 1
        assert len(await work.facts.active(Scope.in_private(bob.id))) == 1
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


async def test_no_row_of_an_erased_person_is_left(sql_world: Any, sql_storage: SqlStorage) -> None:
    ann = await sql_world.person(identity=sql_world.identity("marker-account"))
    await _remember(sql_world, ann, "marker-words")
    await _forget(sql_world, ann)
    async with sql_storage.engine.connect() as connection:
        for table in metadata.sorted_tables:
            rows = (await connection.execute(select(table))).all()
            assert "marker" not in repr(rows)
            assert ann.id not in repr(rows)


async def test_no_byte_of_an_erased_person_is_left_in_sqlite_files(
    tmp_path: Path, world_of: Any
) -> None:
    """Rows that moved while the file grew leave copies which secure_delete does not reach."""
    dice = random.Random(7)
    async with open_storage(f"sqlite:///{tmp_path}/ellie.db") as opened:
        world = world_of(opened)
        ann, bob = await world.person("ann"), await world.person("bob")
        home = await world.conversation()
        rows, growth = [], []
        for number in range(1500):
            person, word = dice.choice([(ann, "MARKER "), (bob, "other ")])
            new = world.turn(person, home, word * dice.choice([1, 3, 10, 50, 200, 900]))
            values = mapping.turn_values(mapping.accepted(new, number))
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
        assert _count(tmp_path, ann.id.encode()) == 0
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
    assert vacuumed == 6  # every table that holds what people wrote or are called
