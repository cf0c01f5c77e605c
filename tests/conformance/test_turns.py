from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.domain.conversation import ConversationId, ConversationRef, Scope, Visibility
from bot.domain.identity import PersonId, Platform
from bot.domain.turn import FailureReason, OpenTurn, TurnId, TurnOutcome, TurnStatus
from bot.errors import StorageError


async def test_an_accepted_turn_reads_back_as_it_was(world: Any) -> None:
    person, home = await world.person(), await world.conversation()
    new = world.turn(person, home, "hello")
    turn, is_new = await world.accept(new)
    assert is_new
    assert (turn.id, turn.number, turn.status) == (new.id, 1, TurnStatus.ACCEPTED)
    assert turn.audience == home.audience
    async with world.storage.unit_of_work() as work:
        assert await work.turns.latest(Scope.in_private(person.id), limit=1) == (turn,)


async def test_a_second_delivery_is_the_first_turn(world: Any) -> None:
    person, home = await world.person(), await world.conversation()
    first, _ = await world.accept(world.turn(person, home, "hello", event_key="e1"))
    assert await world.accept(world.turn(person, home, "hello", event_key="e1")) == (first, False)
    assert (await world.say(person, home)).number == 2


async def test_concurrent_deliveries_of_one_event_are_one_turn(world: Any) -> None:
    person, home = await world.person(), await world.conversation()
    deliveries = [world.turn(person, home, event_key="e1") for _ in range(8)]
    results = await asyncio.gather(*map(world.accept, deliveries))
    assert len({turn.id for turn, _ in results}) == 1
    assert [is_new for _, is_new in results].count(True) == 1
    assert (await world.say(person, home)).number == 2


async def test_event_keys_of_different_platforms_do_not_meet(world: Any) -> None:
    person, slack = await world.person(), await world.conversation()
    terminal = await world.conversation(
        ConversationRef(platform=Platform.CONSOLE, channel_id="tty", visibility=Visibility.DIRECT)
    )
    await world.accept(world.turn(person, slack, event_key="1"))
    _, is_new = await world.accept(world.turn(person, terminal, event_key="1"))
    assert is_new


async def test_concurrent_turns_are_numbered_without_gaps(world: Any) -> None:
    ann, bob = await world.person("ann"), await world.person("bob")
    home = await world.conversation()
    turns = [world.turn(person, home) for _ in range(12) for person in (ann, bob)]
    results = await asyncio.gather(*map(world.accept, turns))
    for person in (ann, bob):
        numbers = [turn.number for turn, _ in results if turn.person_id == person.id]
        assert sorted(numbers) == list(range(1, 13))


async def test_numbers_follow_the_order_of_commits(sql_world: Any) -> None:
    """Whoever sees turn n has all turns before it, so reading on from a number misses nothing."""
    world = sql_world
    person, home = await world.person(), await world.conversation()
    seen: list[int] = []
    done = asyncio.Event()

    async def watch() -> None:
        while not done.is_set():
            async with world.storage.unit_of_work() as work:
                after = await work.turns.after(Scope.in_private(person.id), len(seen))
            seen.extend(turn.number for turn in after)

    watcher = asyncio.create_task(watch())
    await asyncio.gather(*(world.accept(world.turn(person, home)) for _ in range(20)))
    done.set()
    await watcher
    assert seen == list(range(1, len(seen) + 1))


async def test_a_rolled_back_turn_leaves_no_gap(world: Any) -> None:
    person, home = await world.person(), await world.conversation()
    async with world.storage.unit_of_work() as work:
        await work.turns.accept(world.turn(person, home))
    assert (await world.say(person, home)).number == 1


@pytest.mark.parametrize("missing", ["person", "conversation"])
async def test_a_turn_needs_a_person_and_a_conversation(world: Any, missing: str) -> None:
    turn = world.turn(await world.person(), await world.conversation())
    if missing == "person":
        turn = replace(turn, person_id=PersonId("nobody"))
    else:
        turn = replace(turn, conversation_id=ConversationId("nowhere"))
    with pytest.raises(StorageError):
        await world.accept(turn)


async def test_finishing_keeps_the_outcome(world: Any) -> None:
    person, home = await world.person(), await world.conversation()
    scope = Scope.in_private(person.id)
    outcomes = [
        world.answer("hi"),
        TurnOutcome(status=TurnStatus.CANCELLED, finished_at=world.now, reply="I was say"),
        world.failure(FailureReason.MODEL),
    ]
    for outcome in outcomes:
        turn, _ = await world.accept(world.turn(person, home))
        assert await world.finish(turn, outcome)
        async with world.storage.unit_of_work() as work:
            [stored] = await work.turns.latest(scope, limit=1)
        assert stored == replace(
            turn,
            status=outcome.status,
            reply=outcome.reply,
            finished_at=outcome.finished_at,
            failure=outcome.failure,
        )


async def test_only_the_own_worker_finishes_and_only_once(world: Any) -> None:
    person, home = await world.person(), await world.conversation()
    turn, _ = await world.accept(world.turn(person, home, worker="worker-1"))
    assert not await world.finish(turn, world.answer("stolen"), worker="worker-2")
    assert await world.finish(turn, world.answer("mine"), worker="worker-1")
    assert not await world.finish(turn, world.answer("again"), worker="worker-1")
    assert not await world.finish(replace(turn, id=TurnId("none")), world.answer())
    async with world.storage.unit_of_work() as work:
        [stored] = await work.turns.latest(Scope.in_private(person.id), limit=9)
    assert stored.reply == "mine"


async def test_an_interrupted_turn_is_reopened_once(world: Any) -> None:
    person, home = await world.person(), await world.conversation()
    turn = await world.interrupted(person, home)

    async def reopen(worker: str) -> bool:
        async with world.storage.unit_of_work() as work:
            won = await work.turns.reopen(turn.id, worker=worker, lease_until=world.lease)
            await work.commit()
            return won

    wins = await asyncio.gather(reopen("worker-2"), reopen("worker-3"))
    assert sorted(wins) == [False, True]
    async with world.storage.unit_of_work() as work:
        assert await work.turns.latest(Scope.in_private(person.id), limit=1) == (turn,)
        [opened] = await work.turns.open_turns()
    winner = "worker-2" if wins[0] else "worker-3"
    assert opened == OpenTurn(turn_id=turn.id, worker=winner, lease_until=world.lease)
    assert not await world.finish(turn, world.answer(), worker="worker-1")
    assert await world.finish(turn, world.answer(), worker=winner)


@pytest.mark.parametrize("reason", [r for r in FailureReason if r != FailureReason.INTERRUPTED])
async def test_other_failures_stay_closed(world: Any, reason: FailureReason) -> None:
    turn, _ = await world.accept(world.turn(await world.person(), await world.conversation()))
    await world.finish(turn, world.failure(reason))
    async with world.storage.unit_of_work() as work:
        assert not await work.turns.reopen(turn.id, worker="w", lease_until=world.lease)


async def test_answered_and_open_turns_are_not_reopened(world: Any) -> None:
    person, home = await world.person(), await world.conversation()
    answered = await world.say(person, home)
    opened, _ = await world.accept(world.turn(person, home))
    async with world.storage.unit_of_work() as work:
        for turn_id in (answered.id, opened.id, TurnId("none")):
            assert not await work.turns.reopen(turn_id, worker="w", lease_until=world.lease)


FINISHED = datetime(2026, 1, 2, 3, 4, 30, tzinfo=UTC)
ENDS = (
    TurnOutcome(status=TurnStatus.ANSWERED, finished_at=FINISHED, reply="an answer"),
    TurnOutcome(status=TurnStatus.CANCELLED, finished_at=FINISHED, reply="half an ans"),
    *(
        TurnOutcome(status=TurnStatus.FAILED, finished_at=FINISHED, failure=reason)
        for reason in FailureReason
    ),
)


@pytest.mark.parametrize("outcome", ENDS, ids=lambda outcome: outcome.failure or outcome.status)
async def test_any_turn_that_ended_can_be_answered_anew(world: Any, outcome: TurnOutcome) -> None:
    person, home = await world.person(), await world.conversation()
    turn, _ = await world.accept(world.turn(person, home, worker="worker-1"))
    await world.finish(turn, outcome, worker="worker-1")

    async def reopen(worker: str) -> bool:
        async with world.storage.unit_of_work() as work:
            won = await work.turns.reopen(
                turn.id, worker=worker, lease_until=world.lease, finished=True
            )
            await work.commit()
            return won

    wins = await asyncio.gather(reopen("worker-2"), reopen("worker-3"))
    assert sorted(wins) == [False, True]  # the slower one finds it open
    winner = "worker-2" if wins[0] else "worker-3"
    async with world.storage.unit_of_work() as work:
        # As it was when it was accepted, the reply included.
        assert await work.turns.latest(Scope.in_private(person.id), limit=9) == (turn,)
        [opened] = await work.turns.open_turns()
    assert opened == OpenTurn(turn_id=turn.id, worker=winner, lease_until=world.lease)
    assert not await world.finish(turn, world.answer(), worker="worker-1")
    assert await world.finish(turn, world.answer("anew"), worker=winner)
    async with world.storage.unit_of_work() as work:
        [stored] = await work.turns.latest(Scope.in_private(person.id), limit=9)
    assert (stored.reply, stored.status, stored.failure) == ("anew", TurnStatus.ANSWERED, None)


@pytest.mark.parametrize("stays", [True, False])
async def test_who_told_of_an_interruption_may_have_done_so_for_good(
    world: Any, stays: bool
) -> None:
    turn = await world.interrupted(await world.person(), await world.conversation())
    async with world.storage.unit_of_work() as work:
        assert await work.deliveries.take_report(turn.id, at=FINISHED)
        assert await work.turns.reopen(
            turn.id, worker="w2", lease_until=world.lease, finished=True, stays_reported=stays
        )
        await work.commit()
    await world.finish(turn, world.failure(FailureReason.INTERRUPTED), worker="w2")
    async with world.storage.unit_of_work() as work:
        assert await work.deliveries.take_report(turn.id, at=FINISHED) is not stays


async def test_what_is_open_or_unknown_is_not_answered_anew(world: Any) -> None:
    person, home = await world.person(), await world.conversation()
    opened, _ = await world.accept(world.turn(person, home))
    async with world.storage.unit_of_work() as work:
        for turn_id in (opened.id, TurnId("none")):
            for worker in ("worker-1", "w"):
                assert not await work.turns.reopen(
                    turn_id, worker=worker, lease_until=world.lease, finished=True
                )


async def test_a_worker_renews_its_own_leases(world: Any) -> None:
    person, home = await world.person(), await world.conversation()
    mine, _ = await world.accept(world.turn(person, home, worker="mine"))
    theirs, _ = await world.accept(world.turn(person, home, worker="theirs"))
    done, _ = await world.accept(world.turn(person, home, worker="mine"))
    await world.finish(done, world.answer(), worker="mine")
    later = world.lease + timedelta(minutes=5)
    async with world.storage.unit_of_work() as work:
        await work.turns.renew_leases(worker="mine", lease_until=later)
        await work.commit()
    async with world.storage.unit_of_work() as work:
        leases = {turn.turn_id: turn.lease_until for turn in await work.turns.open_turns()}
    assert leases == {mine.id: later, theirs.id: world.lease}


async def test_recent_is_the_end_of_one_conversation(world: Any) -> None:
    ann, bob = await world.person("ann"), await world.person("bob")
    home, other = await world.conversation(), await world.conversation(world.ref("other"))
    turns = [await world.say(ann, home, f"turn {n}") for n in range(1, 6)]
    await world.say(ann, other, "elsewhere")
    await world.say(bob, home, "somebody else")
    await world.accept(world.turn(ann, home, "still open"))
    scope = Scope.in_private(ann.id)
    async with world.storage.unit_of_work() as work:
        recent = work.turns.recent
        assert await recent(scope, home.id, before_number=99, limit=3) == tuple(turns[2:])
        assert await recent(scope, home.id, before_number=4, limit=2) == tuple(turns[1:3])
        assert await recent(scope, home.id, before_number=1, limit=2) == ()
        assert await recent(scope, home.id, before_number=99, limit=0) == ()


async def test_cancelled_and_failed_turns_are_recent_too(world: Any) -> None:
    person, home = await world.person(), await world.conversation()
    turn = await world.interrupted(person, home)
    async with world.storage.unit_of_work() as work:
        [found] = await work.turns.recent(
            Scope.in_private(person.id), home.id, before_number=9, limit=9
        )
    assert (found.id, found.failure) == (turn.id, FailureReason.INTERRUPTED)


async def test_latest_and_after_cross_conversations(world: Any) -> None:
    person, home = await world.person(), await world.conversation()
    other = await world.conversation(world.ref("other"))
    turns = [await world.say(person, place) for place in (home, other, home)]
    opened, _ = await world.accept(world.turn(person, other))
    scope = Scope.in_private(person.id)
    async with world.storage.unit_of_work() as work:
        assert await work.turns.latest(scope, limit=2) == (turns[2], opened)
        assert await work.turns.latest(scope, limit=0) == ()
        assert await work.turns.after(scope, 2) == (turns[2], opened)
        assert await work.turns.after(scope, 4) == ()
        assert await work.turns.count(scope) == 4


async def test_by_ids_keeps_the_given_order(world: Any) -> None:
    person, home = await world.person(), await world.conversation()
    one, two, three = [await world.say(person, home) for _ in range(3)]
    many = [TurnId(f"none-{n}") for n in range(1500)]
    async with world.storage.unit_of_work() as work:
        found = await work.turns.by_ids(
            Scope.in_private(person.id), [three.id, *many, one.id, three.id, two.id]
        )
        assert found == (three, one, two)
        assert await work.turns.by_ids(Scope.in_private(person.id), []) == ()


async def test_interruptions_are_reported_once(world: Any) -> None:
    ann, bob = await world.person("ann"), await world.person("bob")
    home, other = await world.conversation(), await world.conversation(world.ref("other"))
    await world.say(ann, home)
    turns = [await world.interrupted(ann, home) for _ in range(2)]
    elsewhere = await world.interrupted(ann, other)
    await world.interrupted(bob, home)
    told, _ = await world.accept(world.turn(ann, home))
    await world.finish(told, world.failure(FailureReason.TIMEOUT))

    async def take(conversation: Any, *, commit: bool) -> list[TurnId]:
        async with world.storage.unit_of_work() as work:
            taken = await work.turns.take_unreported_failures(
                Scope.in_private(ann.id), conversation.id
            )
            if commit:
                await work.commit()
        return [turn.id for turn in taken]

    expected = [turn.id for turn in turns]
    assert await take(home, commit=False) == expected
    both = await asyncio.gather(take(home, commit=True), take(home, commit=True))
    assert sorted(both) == [[], expected]
    assert await take(home, commit=True) == []
    assert await take(other, commit=True) == [elsewhere.id]


async def test_a_reopened_turn_can_be_reported_again(world: Any) -> None:
    person, home = await world.person(), await world.conversation()
    turn = await world.interrupted(person, home)
    scope = Scope.in_private(person.id)
    async with world.storage.unit_of_work() as work:
        await work.turns.take_unreported_failures(scope, home.id)
        await work.turns.reopen(turn.id, worker="worker-1", lease_until=world.lease)
        await work.commit()
    await world.finish(turn, world.failure(FailureReason.INTERRUPTED))
    async with world.storage.unit_of_work() as work:
        [again] = await work.turns.take_unreported_failures(scope, home.id)
    assert again.id == turn.id
