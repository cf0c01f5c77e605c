"""Exporting a long memory keeps nobody waiting, and what it gives fits together."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from support.engine import FakeClock
from support.moving import begin, exported, forgotten, imported, ranked
from support.whole_life import ANA, AT_WORK, whole_life

from bot.domain.conversation import Scope
from bot.domain.fact import FactId
from bot.domain.identity import PersonId
from bot.domain.turn import NewTurn, TurnId
from bot.engine.importing.checking import contradictions
from bot.engine.importing.reading import read_document
from bot.engine.memory_export import MemoryDocument, MemoryExport
from bot.engine.recall_cache import RecallCache
from storage.inmemory import InMemoryStorage, InMemoryUnitOfWork


class Busy(InMemoryStorage):
    """A storage in which something happens before the units of work with these numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.opened = 0
        self.open_now = 0
        self.happens: dict[int, Callable[[], Awaitable[Any]]] = {}

    def unit_of_work(self) -> InMemoryUnitOfWork:
        self.opened += 1
        return _Watched(self, self.happens.pop(self.opened, None))


class _Watched(InMemoryUnitOfWork):
    def __init__(self, storage: Busy, happens: Callable[[], Awaitable[Any]] | None) -> None:
        super().__init__(storage)
        self._happens = happens

    async def __aenter__(self) -> Any:
        if self._happens is not None:
            await self._happens()
        return await super().__aenter__()


async def exported_from(storage: InMemoryStorage) -> MemoryDocument:
    document = await MemoryExport(storage, clock=FakeClock()).of(ANA)
    assert document is not None
    return document


async def says(storage: InMemoryStorage, number: int) -> None:
    """Ana says something, and it supports what she said first."""
    life = whole_life(number)
    turn = life.turns[-1]
    async with InMemoryUnitOfWork(storage) as work:
        place = life.conversations[0]
        new = NewTurn(
            id=TurnId(f"new-{number}"),
            person_id=turn.person_id,
            conversation_id=place.id,
            audience=place.audience,
            event_key=f"new-event-{number}",
            text="My cat",
            received_at=turn.received_at,
            worker="w",
            lease_until=turn.received_at,
        )
        said, _ = await work.turns.accept(new)
        support = replace(life.facts[0].evidence[0], turn_id=said.id)
        await work.facts.add_evidence(FactId("f1"), support)
        await work.commit()


@pytest.mark.parametrize("times", [1, 2])
async def test_what_is_said_meanwhile_does_not_tear_it(times: int) -> None:
    storage = Busy()
    await begin(storage, whole_life(120))
    started = storage.opened
    quiet = await exported_from(storage)
    needed = storage.opened - started
    # Between what is read of turns and of evidence, once or in each try.
    for time in range(times):
        storage.happens[storage.opened + 3 + needed * time] = lambda time=time: says(
            storage, 121 + time
        )

    document = await exported_from(storage)

    assert not storage.happens
    found = read_document(document.content).document
    assert list(contradictions(found)) == []
    assert document.count("turns") == quiet.count("turns") + times
    (fact,) = [fact for fact in found.facts if fact.id == "f1"]
    assert len(fact.evidence) == 1 + times


async def test_a_person_who_is_forgotten_meanwhile_is_a_stranger() -> None:
    storage = Busy()
    await begin(storage, whole_life(120))
    storage.happens[storage.opened + 4] = lambda: forgotten(storage, ANA)

    assert await MemoryExport(storage, clock=FakeClock()).of(ANA) is None


async def test_others_get_their_chance_while_it_is_read() -> None:
    storage = InMemoryStorage()
    await begin(storage, whole_life(1_000))
    reading = asyncio.create_task(exported_from(storage))
    chances = 0
    while not reading.done():
        await asyncio.sleep(0)
        chances += 1
    # About one for each ten of the 3,000 things that are read.
    assert chances > 250
    assert (await reading).count("traces") == 1_000


async def test_every_thing_has_a_line() -> None:
    storage = InMemoryStorage()
    await begin(storage, whole_life(3))
    content = (await exported_from(storage)).content
    lines = content.decode().splitlines()
    assert json.loads(content)["turns"][2] == json.loads(
        next(line for line in lines if line.startswith('{"id": "t3"')).rstrip(",")
    )


async def test_a_memory_may_be_exported_by_each_of_its_accounts() -> None:
    storage = InMemoryStorage()
    await begin(storage, whole_life())
    assert await exported(storage, ANA) == await exported(storage, AT_WORK)


async def test_an_index_of_before_is_not_taken_for_that_of_what_was_brought_in() -> None:
    """Another process forgot somebody and brought them in again, as they were earlier."""
    storage, recall = InMemoryStorage(), RecallCache()
    early, late = whole_life(4), whole_life(9)

    async def hits() -> list[str]:
        async with storage.unit_of_work() as work:
            person = await work.persons.get(PersonId("ana"))
            assert person is not None
            index = await recall.index_of(person, work)
        scope_hits = await ranked(storage, person.id, "cat Mia")
        found = index.rank("cat Mia", Scope.in_private(person.id), now=FakeClock().now(), limit=30)
        assert {hit.turn_id for hit in found} == {hit.turn_id for hit in scope_hits}
        return [hit.turn_id for hit in found]

    await begin(storage, late)
    assert len(await hits()) == 9
    await forgotten(storage, ANA)
    there = InMemoryStorage()
    await begin(there, early)
    await imported(storage, await exported(there, ANA))
    assert len(await hits()) == 4
    for number in range(6, 13):
        await says(storage, number)
    assert "t9" not in await hits()
