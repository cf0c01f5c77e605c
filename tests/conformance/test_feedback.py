"""What people think of replies."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.domain.conversation import Scope
from bot.domain.feedback import Verdict
from bot.domain.turn import TurnId
from bot.ports.channel_storage import GivenVerdict


async def _give(world: Any, turn_id: TurnId, verdict: Verdict | None, minutes: int = 0) -> bool:
    at = world.now + timedelta(minutes=minutes)
    async with world.storage.unit_of_work() as work:
        is_stored: bool = await work.feedback.set(turn_id, verdict, at=at)
        await work.commit()
    return is_stored


async def _given(world: Any, scope: Scope) -> tuple[GivenVerdict, ...]:
    async with world.storage.unit_of_work() as work:
        given: tuple[GivenVerdict, ...] = await work.feedback.of(scope)
    return given


async def test_the_last_verdict_stands_and_can_be_taken_back(world: Any) -> None:
    person, home = await world.person(), await world.conversation()
    turn, scope = await world.say(person, home), Scope.in_private(person.id)

    async def verdict() -> Verdict | None:
        async with world.storage.unit_of_work() as work:
            found: Verdict | None = await work.feedback.get(scope, turn.id)
        return found

    assert await verdict() is None
    for given in (Verdict.GOOD, Verdict.BAD, None, None, Verdict.GOOD):
        assert await _give(world, turn.id, given)
        assert await verdict() is given


async def test_verdicts_come_in_the_order_of_turns_with_their_time(world: Any) -> None:
    person, home = await world.person(), await world.conversation()
    first, second = await world.say(person, home), await world.say(person, home)
    await _give(world, second.id, Verdict.BAD, minutes=1)
    await _give(world, first.id, Verdict.BAD, minutes=2)
    await _give(world, first.id, Verdict.GOOD, minutes=3)
    assert await _given(world, Scope.in_private(person.id)) == (
        GivenVerdict(
            turn_id=first.id, verdict=Verdict.GOOD, given_at=world.now + timedelta(minutes=3)
        ),
        GivenVerdict(
            turn_id=second.id, verdict=Verdict.BAD, given_at=world.now + timedelta(minutes=1)
        ),
    )


async def test_nobody_sees_another_persons_verdict(world: Any) -> None:
    ann, bob, home = (
        await world.person("ann"),
        await world.person("bob"),
        await world.conversation(),
    )
    turn = await world.say(ann, home)
    await _give(world, turn.id, Verdict.GOOD)
    async with world.storage.unit_of_work() as work:
        assert await work.feedback.get(Scope.in_private(bob.id), turn.id) is None
    assert await _given(world, Scope.in_private(bob.id)) == ()


@pytest.mark.parametrize("verdict", [Verdict.BAD, None])
async def test_what_is_not_stored_has_no_verdict(world: Any, verdict: Verdict | None) -> None:
    person, home = await world.person(), await world.conversation()
    turn = await world.say(person, home)
    await _give(world, turn.id, Verdict.GOOD)
    async with world.storage.unit_of_work() as work:
        await work.turns.erase_all(person.id)
        await work.commit()
    assert not await _give(world, turn.id, verdict)
    assert not await _give(world, TurnId("none"), verdict)
    assert await _given(world, Scope.in_private(person.id)) == ()


async def test_a_verdict_goes_with_the_reply_that_is_given_anew(world: Any) -> None:
    person, home = await world.person(), await world.conversation()
    again, other = await world.say(person, home), await world.say(person, home)
    for turn in (again, other):
        await _give(world, turn.id, Verdict.BAD)
    async with world.storage.unit_of_work() as work:
        reopen = work.turns.reopen
        assert not await reopen(other.id, worker="w", lease_until=world.lease)
        assert await reopen(again.id, worker="w", lease_until=world.lease, finished=True)
        await work.commit()
    assert [given.turn_id for given in await _given(world, Scope.in_private(person.id))] == [
        other.id
    ]


async def test_verdicts_stay_with_their_turns_when_two_people_become_one(world: Any) -> None:
    ann, bob, home = (
        await world.person("ann"),
        await world.person("bob"),
        await world.conversation(),
    )
    turns = [await world.say(person, home) for person in (ann, bob)]
    for turn in turns:
        await _give(world, turn.id, Verdict.BAD)
    async with world.storage.unit_of_work() as work:
        await work.persons.merge(bob.id, ann.id)
        await work.commit()
    given = await _given(world, Scope.in_private(ann.id))
    assert [verdict.turn_id for verdict in given] == [turn.id for turn in turns]
