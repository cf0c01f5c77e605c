"""What is noted of shown replies, and which unfinished ones are taken over."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from support.engine import Ellie, Workers, started

from bot.domain.delivery import Delivery
from bot.domain.identity import Platform
from bot.domain.turn import FailureReason, Turn, TurnId, TurnOutcome, TurnStatus
from bot.engine.deliveries import PATIENCE, Deliveries
from bot.engine.ledger import LEASE
from bot.engine.unanswered import Unanswered


def deliveries_of(ellie: Ellie, *, worker: str = "next", dead: str = "") -> Deliveries:
    workers = Workers(worker, frozenset({dead}))
    return Deliveries(ellie.storage, clock=ellie.clock, workers=workers)


async def answered(ellie: Ellie, **where: object) -> Turn:
    await ellie.say("hello", **where)
    return (await ellie.turns())[-1]


async def interrupted(ellie: Ellie) -> Turn:
    """A turn whose process died before it saved a reply."""
    turn = await answered(ellie)
    async with ellie.storage.unit_of_work() as work:
        await work.turns.reopen(
            turn.id, worker="this", lease_until=ellie.clock.now() + LEASE, finished=True
        )
        outcome = TurnOutcome(
            status=TurnStatus.FAILED,
            finished_at=ellie.clock.now(),
            failure=FailureReason.INTERRUPTED,
        )
        await work.turns.finish(turn.id, outcome, worker="this")
        await work.commit()
    return turn


def half(turn: Turn) -> Delivery:
    return Delivery(turn_id=turn.id, channel_id="c1", message_ids=("m1",))


async def test_a_reply_is_found_by_the_event_that_it_answers() -> None:
    async with started("hi") as ellie:
        turn = await answered(ellie, event="message7")
        deliveries = deliveries_of(ellie)
        assert await deliveries.of_event(Platform.SLACK, "message7") is None
        assert await deliveries.shown(half(turn))
        assert await deliveries.of_event(Platform.SLACK, "message7") == half(turn)
        assert await deliveries.of_event(Platform.DISCORD, "message7") is None


async def test_replies_that_are_not_stored_are_not_noted() -> None:
    async with started() as ellie:
        unknown = Delivery(turn_id=TurnId("none"), channel_id="c1")
        assert not await deliveries_of(ellie).shown(unknown)


@pytest.mark.parametrize("is_dead", [True, False])
async def test_what_a_dead_process_did_not_finish_is_taken_over(is_dead: bool) -> None:
    async with started("hi") as ellie:
        turn = await answered(ellie)
        deliveries = deliveries_of(ellie, dead="this" if is_dead else "")
        await deliveries.shown(half(turn))
        found = await deliveries.unfinished(Platform.SLACK)
        assert [entry.turn.id for entry in found] == ([turn.id] if is_dead else [])
        assert await deliveries.unfinished(Platform.DISCORD) == ()


async def test_a_process_that_may_live_is_left_alone_for_a_while_after_its_lease() -> None:
    async with started("hi") as ellie:
        turn = await answered(ellie)
        deliveries = deliveries_of(ellie)
        await deliveries.shown(half(turn))
        ellie.clock.moment += LEASE + PATIENCE
        assert await deliveries.unfinished(Platform.SLACK) == ()
        ellie.clock.moment += timedelta(microseconds=1)
        [found] = await deliveries.unfinished(Platform.SLACK)
        assert (found.turn, found.delivery) == (turn, half(turn))


async def test_this_process_shows_its_own_however_long_it_takes() -> None:
    async with started("hi") as ellie:
        turn = await answered(ellie)
        deliveries = deliveries_of(ellie, worker="this", dead="this")
        await deliveries.shown(half(turn))
        ellie.clock.moment += timedelta(days=1)
        assert await deliveries.unfinished(Platform.SLACK) == ()


@pytest.mark.parametrize("is_given_up", [True, False])
async def test_of_its_own_a_process_finds_only_what_it_gave_up(is_given_up: bool) -> None:
    async with started("hi") as ellie:
        turn = await answered(ellie)
        deliveries = deliveries_of(ellie, worker="this")
        await deliveries.shown(half(turn))
        given_up = {turn.id} if is_given_up else {TurnId("another")}
        found = await deliveries.unfinished(Platform.SLACK, given_up=given_up)
        assert [entry.turn.id for entry in found] == ([turn.id] if is_given_up else [])


async def test_what_is_shown_to_the_end_is_finished() -> None:
    async with started("hi") as ellie:
        turn = await answered(ellie)
        deliveries = deliveries_of(ellie, dead="this")
        await deliveries.shown(half(turn))
        await deliveries.shown(replace(half(turn), is_complete=True))
        assert await deliveries.unfinished(Platform.SLACK) == ()


async def test_an_interruption_is_reported_by_one_alone() -> None:
    async with started("hi") as ellie:
        turn = await interrupted(ellie)
        deliveries = deliveries_of(ellie, dead="this")
        [found] = await deliveries.unfinished(Platform.SLACK)
        assert (found.turn.id, found.delivery) == (turn.id, None)
        assert await deliveries.reported(turn.id)
        assert not await deliveries.reported(turn.id)
        assert await deliveries.unfinished(Platform.SLACK) == ()


@pytest.mark.parametrize("is_reported", [True, False])
async def test_the_next_contact_says_nothing_of_what_was_reported(is_reported: bool) -> None:
    async with started("hi") as ellie:
        turn = await interrupted(ellie)
        if is_reported:
            await deliveries_of(ellie).reported(turn.id)
        message = ellie.message("again")
        unanswered = Unanswered(ellie.storage, ids=ellie.ids)
        found = await unanswered.take(message.author, message.conversation)
        assert [entry.id for entry in found] == ([] if is_reported else [turn.id])
