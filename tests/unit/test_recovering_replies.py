"""Which replies that were cut off are finished, and what is noted, whatever the platform."""

from __future__ import annotations

from support.engine import Ellie, Workers, started

from adapters.answers import AnyAnswers
from adapters.recovering import DeliveryRecovery, Finished
from adapters.tasks import OwnedTasks
from bot.domain.delivery import Delivery, Undelivered
from bot.domain.identity import Platform, TenantRef
from bot.domain.turn import FailureReason, TurnId, TurnOutcome, TurnStatus
from bot.engine.deliveries import Deliveries
from bot.engine.ledger import LEASE


class Finisher:
    """Notes what it is asked to finish; ``comes_to`` says what becomes of it, one after another.

    True: it is shown whole. False: the platform is out of reach. None: it is answered anew.
    """

    platform = Platform.SLACK

    def __init__(self, *comes_to: bool | None) -> None:
        self.asked: list[bool] = []
        self._comes_to = list(comes_to)

    def is_ours(self, tenant: TenantRef | None) -> bool:
        return tenant is None or tenant.external_id == "T1"

    async def finish(self, found: Undelivered, *, is_first: bool) -> Finished | None:
        self.asked.append(is_first)
        is_complete = self._comes_to.pop(0)
        if is_complete is None:
            return None
        delivery = Delivery(turn_id=found.turn.id, channel_id="c1", message_ids=("m1",))
        return Finished(delivery=delivery, is_complete=is_complete, is_seen=is_complete)


def deliveries_of(ellie: Ellie) -> Deliveries:
    workers = Workers("next", frozenset({"this"}))
    return Deliveries(ellie.storage, clock=ellie.clock, workers=workers)


def recovery_of(ellie: Ellie, finisher: Finisher) -> DeliveryRecovery:
    """That of a process of its own."""
    return DeliveryRecovery(deliveries_of(ellie), AnyAnswers(OwnedTasks()), finisher)


async def cut_off(ellie: Ellie) -> TurnId:
    """A turn whose process died before it saved a reply."""
    await ellie.say("hello")
    turn = (await ellie.turns())[-1]
    async with ellie.storage.unit_of_work() as work:
        lease_until = ellie.clock.now() + LEASE
        await work.turns.reopen(turn.id, worker="this", lease_until=lease_until, finished=True)
        outcome = TurnOutcome(
            status=TurnStatus.FAILED,
            finished_at=ellie.clock.now(),
            failure=FailureReason.INTERRUPTED,
        )
        await work.turns.finish(turn.id, outcome, worker="this")
        await work.commit()
    return turn.id


async def test_what_is_finished_is_noted_and_not_finished_again() -> None:
    async with started("hi") as ellie:
        turn_id = await cut_off(ellie)
        finisher = Finisher(True)
        recovery = recovery_of(ellie, finisher)
        assert [await recovery.recover() for _ in range(2)] == [1, 0]
        assert finisher.asked == [True]
        noted = await deliveries_of(ellie).of_turn(turn_id)
        assert noted is not None
        assert noted.is_complete


async def test_what_the_platform_did_not_take_is_tried_again_and_known_to_be_so() -> None:
    async with started("hi") as ellie:
        turn_id = await cut_off(ellie)
        finisher = Finisher(False, True)
        recovery = recovery_of(ellie, finisher)
        assert await recovery.recover() == 0
        noted = await deliveries_of(ellie).of_turn(turn_id)
        assert noted is not None
        assert not noted.is_complete
        assert await recovery.recover() == 1
        assert finisher.asked == [True, False]


async def test_of_what_another_process_began_to_tell_is_told_a_round_later() -> None:
    async with started("hi") as ellie:
        turn_id = await cut_off(ellie)
        deliveries = deliveries_of(ellie)
        await deliveries.shown(Delivery(turn_id=turn_id, channel_id="c1"))
        assert await deliveries.reported(turn_id)
        finisher = Finisher(True)
        recovery = recovery_of(ellie, finisher)
        assert await recovery.recover() == 0
        assert finisher.asked == []
        assert await recovery.recover() == 1
        assert finisher.asked == [False]


async def test_of_what_is_answered_anew_only_that_answer_notes_anything() -> None:
    async with started("hi") as ellie:
        turn_id = await cut_off(ellie)
        assert await recovery_of(ellie, Finisher(None)).recover() == 0
        assert await deliveries_of(ellie).of_turn(turn_id) is None
