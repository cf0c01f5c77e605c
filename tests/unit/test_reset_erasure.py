"""Erasing what was reset: piece by piece, never twice, resumed when killed, out of chat's way."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs
from support.dialog import ANA, HALL, Dialog, account
from support.engine import settle
from support.resetting import ResetDesk

from bot.domain.operation import Actor, OperationKind
from bot.domain.reset import ResetCounts, ResetId, ResetStatus
from bot.engine.chat_traffic import ChatTraffic
from bot.engine.reset_erasure import KEPT, LEASE
from bot.errors import StorageBusyError, StorageUnavailableError
from storage.inmemory import InMemoryStorage, InMemoryUnitOfWork
from storage.inmemory_resets import InMemoryResetRepository

PEOPLE = tuple(account(name) for name in ("ana", "bea", "cai"))


class Counted(InMemoryStorage):
    scrubs = 0
    away = False

    async def scrub(self) -> None:
        self.scrubs += 1

    def unit_of_work(self) -> InMemoryUnitOfWork:
        if self.away:
            raise StorageUnavailableError("The database is away.")
        return super().unit_of_work()


@pytest.fixture
def storage() -> Counted:
    return Counted()


@pytest.fixture
async def dialog(storage: Counted, monkeypatch: pytest.MonkeyPatch) -> Dialog:
    """Three people who said five things each in a channel, and one to Ellie alone."""
    monkeypatch.setattr("bot.engine.reset_erasure.TURNS_AT_ONCE", 2)
    monkeypatch.setattr("bot.engine.reset_erasure.PEOPLE_AT_ONCE", 2)
    dialog = Dialog(storage)
    for who in PEOPLE:
        await dialog.say("I live in Porto.", who)
        for number in range(5):
            await dialog.say(f"I like tea number {number}.", who, HALL)
    dialog.later(minutes=1)
    return dialog


async def left(dialog: Dialog) -> list[int]:
    return [len(await dialog.turns(who)) for who in PEOPLE]


async def test_all_of_it_goes_in_small_pieces_with_one_scrub_at_the_end(
    dialog: Dialog, storage: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = []
    erase = InMemoryResetRepository.erase

    async def noted(*args: object, **options: object) -> object:
        erased = await erase(*args, **options)  # type: ignore[arg-type]
        sizes.append(erased.turns)
        return erased

    monkeypatch.setattr(InMemoryResetRepository, "erase", noted)
    desk = ResetDesk(dialog)
    await desk.reset(at_once=True)

    assert await left(dialog) == [1, 1, 1]
    assert sizes == [2, 2, 1] * 3
    assert storage.scrubs == 1
    (reset,) = await desk.listed()
    assert reset.status is ResetStatus.DONE
    assert reset.finished_at == dialog.clock.now()
    assert reset.erased == reset.planned
    assert (reset.erased.people, reset.erased.turns) == (3, 15)


async def test_the_journal_says_how_much_it_was(dialog: Dialog) -> None:
    person = await dialog.person()
    assert person
    await ResetDesk(dialog).reset(who=ANA, at_once=True)

    async with dialog.storage.unit_of_work() as work:
        entries = await work.operations.of_person(person.id)
    ends = [entry for entry in entries if entry.reason == "reset by an admin"]
    assert {(entry.kind, entry.actor) for entry in ends} == {(OperationKind.ERASE, Actor.ADMIN)}
    assert [entry.detail["turns"] for entry in ends] == [2, 2, 1]


async def test_nothing_goes_before_the_grace_is_over(dialog: Dialog, storage: Counted) -> None:
    desk = ResetDesk(dialog)
    reset = await desk.reset()
    dialog.clock.moment = reset.erase_at - timedelta(seconds=1)
    assert await desk.erasure.run_due() == ResetCounts()

    dialog.later(seconds=1)

    assert await desk.erasure.run_due() == reset.planned
    assert storage.scrubs == 1
    assert await desk.erasure.run_due() == ResetCounts()
    assert storage.scrubs == 1


async def test_who_has_nothing_left_is_forgotten_with_their_reset(dialog: Dialog) -> None:
    bob = account("bob")
    await dialog.say("I like figs.", bob, HALL)
    desk = ResetDesk(dialog)

    await desk.reset(who=bob, at_once=True)

    assert await dialog.person(bob) is None
    assert await desk.listed() == []
    assert await left(dialog) == [6, 6, 6]


async def test_it_waits_while_somebody_is_answered(dialog: Dialog) -> None:
    traffic = ChatTraffic()
    desk = ResetDesk(dialog, traffic=traffic)
    reset = await desk.reset()
    dialog.clock.moment = reset.erase_at
    with traffic.answering():
        run = asyncio.ensure_future(desk.erasure.run_due())
        await settle()
        async with dialog.storage.unit_of_work() as work:
            assert (await work.resets.measure(reset)).turns == 15
    assert (await run).turns == 15


async def test_what_a_killed_process_left_is_gone_on_with_when_its_lease_is_over(
    dialog: Dialog, storage: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, other = ResetDesk(dialog), ResetDesk(dialog, worker="other")
    reset = await desk.reset()
    dialog.clock.moment = reset.erase_at
    # Killed after two pieces: nothing of what it would do at its end is done.
    async with storage.unit_of_work() as work:
        claimed = await work.resets.claim(
            worker="here", now=dialog.clock.now(), lease_until=dialog.clock.now() + LEASE
        )
        await work.commit()
    assert claimed is not None
    (person, *_) = sorted([str((await dialog.person(who)).id) for who in PEOPLE])  # type: ignore[union-attr]
    for is_first in (True, False):
        claimed, is_whole = await desk.erasure._erase_some(
            claimed,
            person,  # type: ignore[arg-type]
            is_first=is_first,
        )
        assert not is_whole
    assert await other.erasure.run_due() == ResetCounts()

    dialog.clock.moment += LEASE
    gone_on = await other.erasure.run_due()

    assert gone_on.turns == 15 - 4
    assert storage.scrubs == 1
    (reset,) = await desk.listed()
    assert (reset.status, reset.erased) == (ResetStatus.DONE, reset.planned)
    assert await left(dialog) == [1, 1, 1]


async def test_it_is_scrubbed_by_the_next_process_when_nothing_else_was_left_to_do(
    dialog: Dialog, storage: Counted
) -> None:
    desk = ResetDesk(dialog)
    await desk.reset(at_once=True)
    # Killed between its last piece and its scrub.
    for reset_id, stored in storage.state.resets.items():
        again = replace(stored.reset, status=ResetStatus.ERASING, finished_at=None)
        storage.state.resets[reset_id] = replace(stored, reset=again)
    dialog.restart()

    assert await ResetDesk(dialog, worker="next").erasure.run_due() == ResetCounts()

    assert storage.scrubs == 2
    assert (await desk.listed())[0].status is ResetStatus.DONE


async def test_whoever_lost_it_stops_and_erases_nothing_more(
    dialog: Dialog, storage: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    traffic = ChatTraffic()
    desk, other = ResetDesk(dialog, traffic=traffic), ResetDesk(dialog, worker="other")
    reset = await desk.reset()
    dialog.clock.moment = reset.erase_at
    pauses = 0

    async def asleep(*_: object) -> None:
        nonlocal pauses
        pauses += 1
        if pauses == 3:
            dialog.later(seconds=LEASE.total_seconds())
            async with storage.unit_of_work() as work:
                now = dialog.clock.now()
                assert await work.resets.claim(worker="other", now=now, lease_until=now + LEASE)
                await work.commit()

    monkeypatch.setattr(traffic, "quiet", asleep)
    with capture_logs() as lines:
        assert await desk.erasure.run_due() == ResetCounts()

    assert "reset_lost" in [line["event"] for line in lines]
    assert sum(await left(dialog)) == 3
    async with storage.unit_of_work() as work:
        assert (await work.resets.measure(reset)).turns == 15 - 4
        await work.resets.release(reset.id, worker="other")
        await work.commit()
    assert (await other.erasure.run_due()).turns == 11


async def test_a_process_that_stops_gives_it_back(
    dialog: Dialog, monkeypatch: pytest.MonkeyPatch
) -> None:
    traffic, reached = ChatTraffic(), asyncio.Event()

    async def for_ever(*_: object) -> None:
        reached.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(traffic, "quiet", for_ever)
    desk = ResetDesk(dialog, traffic=traffic)
    begun = asyncio.ensure_future(desk.reset(at_once=True))
    await reached.wait()
    await desk.erasure.stop()
    await begun

    assert (await ResetDesk(dialog, worker="other").erasure.run_due()).turns == 15


async def test_trouble_in_the_background_is_logged_and_left_to_the_schedule(
    dialog: Dialog, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = ResetDesk(dialog)

    async def busy(*_: object, **__: object) -> object:
        raise StorageBusyError("Another program holds the database.")

    with monkeypatch.context() as trouble, capture_logs() as lines:
        trouble.setattr(InMemoryResetRepository, "erase", busy)
        await desk.reset(at_once=True)
    assert [line["event"] for line in lines if line["log_level"] == "error"] == ["reset_put_off"]

    assert (await desk.erasure.run_due()).turns == 15


async def test_a_reset_that_cannot_be_given_back_does_not_hide_the_trouble(
    dialog: Dialog, storage: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = ResetDesk(dialog)
    reset = await desk.reset()
    dialog.clock.moment = reset.erase_at

    async def away(*_: object, **__: object) -> object:
        storage.away = True
        raise StorageBusyError("first")

    monkeypatch.setattr(InMemoryResetRepository, "erase", away)
    with capture_logs() as lines, pytest.raises(StorageBusyError, match="first"):
        await desk.erasure.run_due()
    assert [line["event"] for line in lines] == ["reset_not_released"]


async def test_bringing_back_is_gone_on_with_too(dialog: Dialog) -> None:
    desk = ResetDesk(dialog)
    reset = await desk.reset()
    await dialog.say("I live in Lisbon.", ANA)
    async with dialog.storage.unit_of_work() as work:
        assert await work.resets.undo(ResetId(reset.id))
        await work.commit()  # and killed

    await desk.erasure.run_due()

    (reset,) = await desk.listed()
    assert reset.status is ResetStatus.UNDONE
    assert reset.finished_at is not None
    assert await left(dialog) == [7, 6, 6]


async def test_what_is_over_for_long_is_listed_no_more(dialog: Dialog) -> None:
    desk = ResetDesk(dialog)
    await desk.reset(at_once=True)
    dialog.clock.moment += KEPT
    await desk.erasure.run_due()
    assert len(await desk.listed()) == 1

    dialog.later(seconds=1)
    await desk.erasure.run_due()

    assert await desk.listed() == []
