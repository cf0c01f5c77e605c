"""Vectors of turns: one for each, and none of a turn whose words are gone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.identity import PersonId
from bot.domain.turn import TurnId
from bot.ports.memory_storage import TurnVector


def _vector(turn: Any, model: str = "encoder", data: bytes = b"\x00\xff\x01") -> TurnVector:
    return TurnVector(turn_id=turn.id, person_id=turn.person_id, model=model, data=data)


async def _put(world: Any, *vectors: TurnVector) -> None:
    async with world.storage.unit_of_work() as work:
        await work.vectors.put(vectors)
        await work.commit()


async def _found(
    world: Any, person_id: PersonId, model: str = "encoder", after: int = 0
) -> tuple[TurnVector, ...]:
    async with world.storage.unit_of_work() as work:
        found: tuple[TurnVector, ...] = await work.vectors.of_person(
            person_id, model, after_number=after
        )
    return found


async def _missing(world: Any, person_id: PersonId, limit: int = 9) -> tuple[TurnId, ...]:
    async with world.storage.unit_of_work() as work:
        missing: tuple[TurnId, ...] = await work.vectors.missing(person_id, "encoder", limit=limit)
    return missing


async def test_vectors_come_by_turn_number_for_one_person_and_model(world: Any) -> None:
    ann, bob = await world.person("ann"), await world.person("bob")
    home = await world.conversation()
    one, two, three, four = [await world.say(ann, home) for _ in range(4)]
    bobs = await world.say(bob, home)
    await _put(world, _vector(three), _vector(bobs), _vector(one, data=b""), _vector(two, "other"))
    await _put(world)
    assert await _found(world, ann.id) == (_vector(one, data=b""), _vector(three))
    assert await _found(world, ann.id, after=one.number) == (_vector(three),)
    assert await _found(world, ann.id, "other") == (_vector(two, "other"),)
    assert await _missing(world, ann.id) == (four.id, two.id)
    assert await _missing(world, ann.id, limit=1) == (four.id,)
    assert await _missing(world, ann.id, limit=0) == ()


async def test_the_last_vector_of_a_turn_counts(world: Any) -> None:
    turn = await world.say(await world.person(), await world.conversation())
    await _put(world, _vector(turn, data=b"old"))
    await _put(world, _vector(turn, data=b"older"), _vector(turn, "newer", b"new"))
    assert await _found(world, turn.person_id) == ()
    assert await _found(world, turn.person_id, "newer") == (_vector(turn, "newer", b"new"),)


async def test_turns_that_are_gone_are_left_out(world: Any) -> None:
    person, home = await world.person(), await world.conversation()
    gone = await world.say(person, home)
    async with world.storage.unit_of_work() as work:
        assert await work.turns.erase_all(person.id) == 1
        await work.commit()
    kept = await world.say(person, home)
    await _put(world, _vector(gone), _vector(kept))
    assert await _found(world, person.id) == (_vector(kept),)


async def test_many_vectors_are_stored_at_once(world: Any) -> None:
    person, home = await world.person(), await world.conversation()
    async with world.storage.unit_of_work() as work:
        accepted = [await work.turns.accept(world.turn(person, home)) for _ in range(520)]
        await work.commit()
    vectors = [_vector(turn, data=b"\x01" * 768) for turn, _ in accepted]
    await _put(world, *vectors)
    assert await _found(world, person.id) == tuple(vectors)


async def test_unremembered_turns_want_no_vector(world: Any) -> None:
    person, home = await world.person(), await world.conversation()
    turn, _ = await world.accept(world.turn(person, home))
    await world.accept(replace(world.turn(person, home), unremembered=True))
    assert await _missing(world, person.id) == (turn.id,)


async def test_a_vector_belongs_to_whom_the_turn_belongs_to(world: Any) -> None:
    turn = await world.say(await world.person("ann"), await world.conversation())
    await _put(world, replace(_vector(turn), person_id=PersonId("was merged")))
    assert await _found(world, turn.person_id) == (_vector(turn),)


@pytest.mark.parametrize("change", ["rewritten", "described"])
async def test_a_turn_that_changes_loses_its_vector_and_no_other(world: Any, change: str) -> None:
    ann, bob = await world.person("ann"), await world.person("bob")
    home = await world.conversation()
    one, two = [await world.say(ann, home) for _ in range(2)]
    await _put(world, _vector(one), _vector(two))

    async def rewrite(person_id: PersonId) -> None:
        async with world.storage.unit_of_work() as work:
            if change == "rewritten":
                await work.turns.rewrite(person_id, one.id, text="", reply="", shown=())
            else:
                await work.turns.describe(person_id, one.id, ())
            await work.commit()

    await rewrite(bob.id)
    assert await _found(world, ann.id) == (_vector(one), _vector(two))
    await rewrite(ann.id)
    assert await _found(world, ann.id) == (_vector(two),)
    assert await _missing(world, ann.id) == (one.id,)
