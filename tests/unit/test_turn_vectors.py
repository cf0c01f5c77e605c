"""Vectors of turns: made in the background, never of words that are gone, never waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from support.engine import Ellie, settle

from bot.domain.conversation import Scope
from bot.domain.identity import Person
from bot.engine.recall_cache import RecallCache
from bot.engine.vectors import VectorKeeper
from bot.errors import ModelError
from bot.ports.encoding import Vectors
from bot.ports.hashed import HashingEncoder
from bot.ports.memory_storage import TurnVector
from bot.ports.scripted import ScriptedGenerator


class Slow(HashingEncoder):
    """Waits until it may go on."""

    def __init__(self) -> None:
        super().__init__()
        self.go = asyncio.Event()

    async def encode(self, texts: Sequence[str]) -> Vectors:
        await self.go.wait()
        return await super().encode(texts)


async def people(ellie: Ellie) -> Person:
    async with ellie.storage.unit_of_work() as work:
        person = await work.persons.find(ellie.message("x").author)
    assert person is not None
    return person


async def stored(ellie: Ellie, model: str = "hashing") -> tuple[TurnVector, ...]:
    person = await people(ellie)
    async with ellie.storage.unit_of_work() as work:
        return await work.vectors.of_person(person.id, model, after_number=0)


async def told(*words: str) -> Ellie:
    ellie = Ellie(ScriptedGenerator(*["ok"] * len(words)))
    for text in words:
        await ellie.say(text)
    return ellie


async def test_every_turn_gets_a_vector_of_its_words() -> None:
    ellie = await told("We sailed to Elba.", "It rained.")
    encoder = HashingEncoder()
    await encoder.start()

    await VectorKeeper(ellie.storage, encoder, ellie.recall).catch_up((await people(ellie)).id)

    vectors = await stored(ellie)
    [sailed, _] = await encoder.encode(["We sailed to Elba.", "It rained."])
    assert len(vectors) == 2
    assert float(vectors[0].numbers.astype("f4") @ sailed) == pytest.approx(1, abs=1e-3)


async def test_an_index_that_is_built_later_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    ellie = await told("We sailed to Elba.")
    encoder = HashingEncoder()
    await encoder.start()
    person = await people(ellie)
    await VectorKeeper(ellie.storage, encoder, ellie.recall).catch_up(person.id)
    added: list[str] = []
    monkeypatch.setattr(
        "bot.memory.recall.RecallIndex.add_vector", lambda _, turn_id, __: added.append(turn_id)
    )

    async with ellie.storage.unit_of_work() as work:
        await RecallCache(vector_model="hashing").index_of(person, work)
        await RecallCache(vector_model="another").index_of(person, work)

    assert len(added) == 1


async def test_words_that_were_forgotten_meanwhile_leave_no_vector() -> None:
    ellie = await told("My secret is zq42.", "It rained.")
    person = await people(ellie)
    encoder = Slow()
    await encoder.start()
    keeper = VectorKeeper(ellie.storage, encoder, ellie.recall)
    working = asyncio.create_task(keeper.catch_up(person.id))
    await settle()

    async with ellie.storage.unit_of_work() as work:
        [secret, rain] = await work.turns.latest(Scope.in_private(person.id), limit=2)
        await work.turns.rewrite(person.id, secret.id, text="", reply="", shown=())
        await work.commit()
    encoder.go.set()
    await working

    said = [text for text in encoder.encoded if "zq42" in text]
    kept = {vector.turn_id: vector for vector in await stored(ellie)}
    assert said == ["My secret is zq42."]
    assert rain.id in kept
    if secret.id in kept:  # encoded anew, from what is left of it
        [empty] = await encoder.encode([""])
        assert kept[secret.id].data == TurnVector.of(secret, "hashing", empty).data


async def test_an_offered_turn_is_encoded_in_the_background() -> None:
    ellie = await told("We sailed to Elba.")
    keeper = VectorKeeper(ellie.storage, HashingEncoder(), ellie.recall)
    keeper.start()
    [turn] = await ellie.turns()

    keeper.offer(turn)
    await settle()
    await keeper.stop()

    assert len(await stored(ellie)) == 1


async def test_a_question_does_not_wait_for_its_vector(monkeypatch: pytest.MonkeyPatch) -> None:
    ellie = await told("hi")
    monkeypatch.setattr("bot.engine.vectors.QUERY_SECONDS", 0)
    encoder = Slow()
    keeper = VectorKeeper(ellie.storage, encoder, ellie.recall)
    assert await keeper.of_question("not loaded yet") is None
    await encoder.start()

    assert await keeper.of_question("where?") is None


async def test_an_encoder_that_cannot_be_loaded_is_reported_and_harmless() -> None:
    class Broken(HashingEncoder):
        async def start(self) -> None:
            raise ModelError("no such file")

    ellie = await told("hi")
    keeper = VectorKeeper(ellie.storage, Broken(), ellie.recall)
    keeper.start()
    await settle()

    assert await keeper.of_question("hello?") is None
    await keeper.stop()
