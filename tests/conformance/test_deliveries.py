"""Where replies are shown, and which were not wholly shown."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.domain.conversation import ConversationRef, Scope, Visibility
from bot.domain.delivery import Delivery, Undelivered
from bot.domain.identity import Platform, TenantRef
from bot.domain.turn import FailureReason, Turn, TurnId, TurnOutcome, TurnStatus

GUILD = TenantRef(platform=Platform.DISCORD, external_id="g1")
THREAD = ConversationRef(
    platform=Platform.DISCORD,
    channel_id="c1",
    visibility=Visibility.PUBLIC,
    tenant=GUILD,
    thread_id="t1",
)
DIRECT = ConversationRef(platform=Platform.DISCORD, channel_id="d1", visibility=Visibility.DIRECT)


def _part(turn: Turn, *message_ids: str) -> Delivery:
    return Delivery(turn_id=turn.id, channel_id="c1", message_ids=message_ids)


def _whole(turn: Turn, *message_ids: str) -> Delivery:
    return replace(_part(turn, *message_ids), is_complete=True)


async def _save(world: Any, *deliveries: Delivery) -> list[bool]:
    async with world.storage.unit_of_work() as work:
        saved = [await work.deliveries.save(delivery) for delivery in deliveries]
        await work.commit()
    return saved


async def _unfinished(
    world: Any, platform: Platform = Platform.DISCORD, limit: int = 99
) -> tuple[Undelivered, ...]:
    async with world.storage.unit_of_work() as work:
        found: tuple[Undelivered, ...] = await work.deliveries.unfinished(platform, limit=limit)
    return found


async def _ids(world: Any, platform: Platform = Platform.DISCORD, limit: int = 99) -> list[TurnId]:
    return [found.turn.id for found in await _unfinished(world, platform, limit)]


async def _take(world: Any, turn_id: TurnId, *, commit: bool = True) -> bool:
    async with world.storage.unit_of_work() as work:
        first: bool = await work.deliveries.take_report(turn_id, at=world.now)
        if commit:
            await work.commit()
    return first


async def _ended(world: Any, place: Any, outcome: TurnOutcome, *, at: datetime) -> Turn:
    person = await world.person()
    turn, _ = await world.accept(replace(world.turn(person, place), received_at=at))
    assert await world.finish(turn, outcome)
    return replace(
        turn,
        status=outcome.status,
        reply=outcome.reply,
        finished_at=outcome.finished_at,
        failure=outcome.failure,
    )


async def test_a_delivery_is_found_by_its_event(world: Any) -> None:
    person, home = await world.person(), await world.conversation()
    turn = await world.say(person, home)
    assert await _save(world, _part(turn, "m1")) == [True]
    async with world.storage.unit_of_work() as work:
        of_event = work.deliveries.of_event
        assert await of_event(Platform.SLACK, turn.event_key) == _part(turn, "m1")
        assert await of_event(Platform.DISCORD, turn.event_key) is None
        assert await of_event(Platform.SLACK, "another") is None

    assert await _save(world, _whole(turn, "m2", "m3")) == [True]
    async with world.storage.unit_of_work() as work:
        assert await work.deliveries.of_event(Platform.SLACK, turn.event_key) == _whole(
            turn, "m2", "m3"
        )


async def test_what_is_not_stored_has_no_delivery(world: Any) -> None:
    person, home = await world.person(), await world.conversation()
    kept, gone = await world.say(person, home), await world.say(await world.person("bob"), home)
    await _save(world, _part(gone))
    async with world.storage.unit_of_work() as work:
        await work.turns.erase_all(gone.person_id)
        await work.commit()

    unknown = replace(kept, id=TurnId("none"))
    assert await _save(world, _part(unknown), _part(kept), _part(gone)) == [False, True, False]
    async with world.storage.unit_of_work() as work:
        assert await work.deliveries.of(Scope.in_private(person.id)) == (_part(kept),)
        assert await work.deliveries.of_event(Platform.SLACK, gone.event_key) is None


async def test_deliveries_of_a_person_come_in_the_order_of_turns(world: Any) -> None:
    person, home = await world.person(), await world.conversation()
    first, second = await world.say(person, home), await world.say(person, home)
    await _save(world, _whole(second, "m2"), _part(first, "m1"))
    async with world.storage.unit_of_work() as work:
        found = await work.deliveries.of(Scope.in_private(person.id))
    assert found == (_part(first, "m1"), _whole(second, "m2"))


async def test_what_was_not_wholly_shown_is_found_oldest_first(world: Any) -> None:
    thread, direct = await world.conversation(THREAD), await world.conversation(DIRECT)
    times = [world.now - timedelta(minutes=minutes) for minutes in range(9)]
    interrupted = world.failure(FailureReason.INTERRUPTED)
    stopped = TurnOutcome(status=TurnStatus.CANCELLED, finished_at=world.now, reply="Well,")
    unseen = await _ended(world, thread, interrupted, at=times[1])
    begun = await _ended(world, direct, interrupted, at=times[4])
    cut_off = await _ended(world, thread, world.answer("Half of"), at=times[2])
    left = await _ended(world, direct, stopped, at=times[3])
    failed = await _ended(world, direct, world.failure(FailureReason.TIMEOUT), at=times[5])
    seen = await _ended(world, thread, world.answer(), at=times[6])
    await _ended(world, thread, world.answer("of before"), at=times[7])
    await _save(
        world,
        _part(begun, "m1"),
        _part(cut_off, "m2", "m3"),
        _part(left),
        _part(failed),
        _whole(seen, "m4"),
    )

    expected = [failed, begun, left, cut_off, unseen]
    assert await _unfinished(world) == tuple(
        Undelivered(
            turn=turn,
            conversation=DIRECT if turn.conversation_id == direct.id else THREAD,
            worker="worker-1",
            lease_until=world.lease,
            delivery=delivery,
        )
        for turn, delivery in zip(
            expected,
            (_part(failed), _part(begun, "m1"), _part(left), _part(cut_off, "m2", "m3"), None),
            strict=True,
        )
    )
    assert await _ids(world, limit=2) == [failed.id, begun.id]
    assert await _ids(world, limit=0) == []
    assert await _ids(world, Platform.SLACK) == []


@pytest.mark.parametrize("is_first", [True, False])
async def test_what_was_not_shown_says_whether_it_introduces(world: Any, is_first: bool) -> None:
    thread = await world.conversation(THREAD)
    turn = await _ended(world, thread, world.answer(), at=world.now)
    await _save(world, _part(turn, "m1"))
    [found] = await _unfinished(world)
    assert not found.introduces
    ended_at = world.now if is_first else world.now - timedelta(microseconds=1)
    async with world.storage.unit_of_work() as work:
        assert await work.persons.take_notice(turn.person_id, at=ended_at)
        await work.commit()
    [found] = await _unfinished(world)
    assert found.introduces is is_first


async def test_other_platforms_have_their_own(world: Any) -> None:
    home = await world.conversation()
    interrupted = world.failure(FailureReason.INTERRUPTED)
    turn = await _ended(world, home, interrupted, at=world.now)
    [found] = await _unfinished(world, Platform.SLACK)
    assert (found.turn.id, found.conversation) == (turn.id, home.ref)
    assert await _ids(world) == []


async def test_a_turn_that_is_being_answered_is_not_unfinished(world: Any) -> None:
    person, thread = await world.person(), await world.conversation(THREAD)
    opened, _ = await world.accept(world.turn(person, thread))
    again = await world.interrupted(person, thread)
    await _save(world, _part(opened, "m1"), _part(again, "m2"))
    async with world.storage.unit_of_work() as work:
        assert await work.turns.reopen(again.id, worker="w2", lease_until=world.lease)
        await work.commit()
    assert await _ids(world) == []
    assert await world.finish(opened, world.answer())
    assert await _ids(world) == [opened.id]


async def test_what_is_shown_and_told_is_finished(world: Any) -> None:
    thread = await world.conversation(THREAD)
    interrupted = world.failure(FailureReason.INTERRUPTED)
    turn = await _ended(world, thread, interrupted, at=world.now)
    await _save(world, _part(turn))
    assert await _take(world, turn.id)
    assert await _ids(world) == [turn.id]  # the half that is there needs an end
    await _save(world, _whole(turn))
    assert await _ids(world) == []


async def test_an_interruption_that_was_told_on_the_next_contact_is_finished(world: Any) -> None:
    thread = await world.conversation(THREAD)
    interrupted = world.failure(FailureReason.INTERRUPTED)
    turn = await _ended(world, thread, interrupted, at=world.now)
    async with world.storage.unit_of_work() as work:
        assert await work.turns.take_unreported_failures(
            Scope.in_private(turn.person_id), thread.id
        )
        await work.commit()
    assert await _ids(world) == []
    assert not await _take(world, turn.id)


async def test_one_alone_reports_an_interruption(world: Any) -> None:
    person, thread = await world.person(), await world.conversation(THREAD)
    turn = await world.interrupted(person, thread)
    assert await _take(world, turn.id, commit=False)
    taken = await asyncio.gather(*(_take(world, turn.id) for _ in range(3)))
    assert sorted(taken) == [False, False, True]
    async with world.storage.unit_of_work() as work:
        told = work.turns.take_unreported_failures
        assert await told(Scope.in_private(person.id), thread.id) == ()


@pytest.mark.parametrize("reason", [r for r in FailureReason if r != FailureReason.INTERRUPTED])
async def test_other_failures_were_told_at_once(world: Any, reason: FailureReason) -> None:
    thread = await world.conversation(THREAD)
    turn = await _ended(world, thread, world.failure(reason), at=world.now)
    assert await _ids(world) == []
    assert not await _take(world, turn.id)
    assert not await _take(world, TurnId("none"))


async def test_deliveries_stay_with_their_turns_when_two_people_become_one(world: Any) -> None:
    ann, bob, home = (
        await world.person("ann"),
        await world.person("bob"),
        await world.conversation(),
    )
    of_ann, of_bob = await world.say(ann, home), await world.say(bob, home)
    await _save(world, _whole(of_ann, "m1"), _part(of_bob, "m2"))
    async with world.storage.unit_of_work() as work:
        await work.persons.merge(bob.id, ann.id)
        await work.commit()
    async with world.storage.unit_of_work() as work:
        found = await work.deliveries.of(Scope.in_private(ann.id))
    assert found == (_whole(of_ann, "m1"), _part(of_bob, "m2"))


async def test_who_erases_and_who_shows_at_once_leave_nothing(world: Any) -> None:
    person, home = await world.person(), await world.conversation()
    turn = await world.say(person, home)

    async def erase() -> None:
        async with world.storage.unit_of_work() as work:
            await work.turns.erase_all(person.id)
            await asyncio.sleep(0)
            await work.commit()

    await asyncio.gather(erase(), *(_save(world, _part(turn)) for _ in range(5)))
    async with world.storage.unit_of_work() as work:
        assert await work.deliveries.of_event(Platform.SLACK, turn.event_key) is None
    assert await _save(world, _part(turn)) == [False]
