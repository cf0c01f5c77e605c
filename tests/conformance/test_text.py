from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from bot.domain.conversation import Scope
from bot.domain.shown import Shown
from bot.errors import StorageError
from storage.database import SqlStorage
from storage.errors import translated

TEXTS = {
    "emoji": "👩‍👩‍👧‍👦 🏳️‍🌈 🇨🇳",
    "chinese": "你好,我叫小明。𠮷野家",
    "rtl": "שלום \u200f مرحبا",
    "long": "words and 汉字 and 🎈 " * 2000,
    "replacement": "a\ufffdb",
    "quotes": "'; DROP TABLE turns; -- \" \\ % _ :name ? {}",
    "whitespace": "  two\n\n lines\t ",
    "empty": "",
}


@pytest.mark.parametrize("name", TEXTS)
async def test_text_comes_back_as_it_was(world: Any, name: str) -> None:
    person, home = await world.person(), await world.conversation()
    turn = await world.say(person, home, TEXTS[name], reply=TEXTS[name])
    async with world.storage.unit_of_work() as work:
        [stored] = await work.turns.latest(Scope.in_private(person.id), limit=1)
    assert stored == turn
    assert (stored.text, stored.reply) == (TEXTS[name], TEXTS[name])


@pytest.mark.parametrize("unstorable", ["a\x00b", "a\ud800b"], ids=["nul", "surrogate"])
async def test_text_that_no_database_holds_is_refused_without_being_quoted(
    sql_world: Any, unstorable: str
) -> None:
    world = sql_world
    person, home = await world.person(), await world.conversation()
    with pytest.raises(StorageError) as caught:
        await world.accept(world.turn(person, home, f"my secret {unstorable}"))
    assert "secret" not in f"{caught.value} {caught.value.__cause__}"
    assert await world.texts(Scope.in_private(person.id)) == []


@pytest.mark.parametrize("unstorable", ["a\x00b", "a\ud800b"], ids=["nul", "surrogate"])
async def test_captions_that_no_database_holds_are_refused_without_being_quoted(
    sql_world: Any, unstorable: str
) -> None:
    world = sql_world
    turn = world.turn(await world.person(), await world.conversation())
    with pytest.raises(StorageError) as caught:
        await world.accept(
            replace(turn, shown=(Shown(name="n", caption=f"my secret {unstorable}"),))
        )
    assert "secret" not in f"{caught.value} {caught.value.__cause__}"


async def test_a_refusal_does_not_quote_what_people_said(sql_world: Any) -> None:
    world = sql_world
    turn = await world.say(await world.person(), await world.conversation())
    fact = world.fact(turn, "my secret")
    async with world.storage.unit_of_work() as work:
        await work.facts.add(fact)
        with pytest.raises(StorageError) as caught:
            await work.facts.add(fact)
    assert isinstance(caught.value.__cause__, DBAPIError)
    assert "secret" not in f"{caught.value} {caught.value.__cause__}"


async def test_a_refusal_by_the_driver_is_translated(sql_storage: SqlStorage) -> None:
    async with sql_storage.engine.connect() as connection:
        with pytest.raises(StorageError) as caught, translated(sql_storage._address):
            await connection.execute(text("SELECT * FROM nothing_of_that_name"))
    assert isinstance(caught.value.__cause__, DBAPIError)


async def test_times_come_back_as_the_same_moment(world: Any) -> None:
    tokyo = timezone(timedelta(hours=9))
    seen = datetime(2026, 5, 1, 8, 30, 15, 123456, tzinfo=tokyo)
    async with world.storage.unit_of_work() as work:
        await work.persons.resolve(world.identity("ann"), new_id="p1", seen_at=seen)
        await work.commit()
    person = await world.person("ann")
    assert person.first_seen_at == seen
    assert person.first_seen_at.tzinfo is not None


async def test_a_time_without_zone_is_refused(sql_world: Any) -> None:
    world = sql_world
    naive = world.now.replace(tzinfo=None)
    with pytest.raises(StorageError):
        async with world.storage.unit_of_work() as work:
            await work.persons.resolve(world.identity("ann"), new_id="p1", seen_at=naive)
