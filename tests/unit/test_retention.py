"""Erasing what is too old, person by person: resumable, and never in the way of chat."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from datetime import timedelta

import pytest
from support.dialog import ANA, HALL, WORK, Dialog, account
from support.engine import settle

from bot.domain.bucket import Bucket
from bot.domain.identity import IdentityRef
from bot.domain.operation import Actor, OperationKind
from bot.domain.quota import QuotaMeasure
from bot.engine.chat_traffic import ChatTraffic
from bot.engine.retention import Retention
from bot.engine.tenant_erasure import TenantErasure
from bot.errors import StorageBusyError
from bot.ports.quota_storage import BucketKey
from storage.inmemory import InMemoryStorage

PEOPLE = tuple(account(name) for name in ("ana", "bea", "cai", "dan"))


class Counted(InMemoryStorage):
    scrubs = 0
    busy = False

    async def scrub(self) -> None:
        if self.busy:
            raise StorageBusyError("another program")
        self.scrubs += 1


@pytest.fixture
def storage() -> Counted:
    return Counted()


@pytest.fixture
async def dialog(storage: Counted) -> Dialog:
    """A dialog in which four people said something 31 days ago."""
    dialog = Dialog(storage)
    for who in PEOPLE:
        await dialog.say("I live in Porto.", who)
    dialog.later(days=31)
    return dialog


def retention(dialog: Dialog, traffic: ChatTraffic | None = None) -> Retention:
    return Retention(
        dialog.storage,
        dialog.recall,
        clock=dialog.clock,
        ids=dialog.ids,
        default_days=30,
        traffic=traffic,
        erasing=dialog.control.erasing,
    )


async def left(dialog: Dialog, people: Sequence[IdentityRef] = PEOPLE) -> int:
    return sum([bool(await dialog.turns(who)) for who in people])


async def test_everybody_is_done_with_one_scrub_at_the_end(
    dialog: Dialog, storage: Counted
) -> None:
    expired = await retention(dialog).erase_expired()

    assert (expired.turns, expired.facts) == (4, 4)
    assert await left(dialog) == 0
    assert storage.scrubs == 1


async def test_nothing_is_scrubbed_when_nothing_went(dialog: Dialog, storage: Counted) -> None:
    await retention(dialog).erase_expired()

    assert not await retention(dialog).erase_expired()

    assert storage.scrubs == 1


async def test_the_journal_says_how_much_it_was(dialog: Dialog) -> None:
    person = await dialog.person()
    assert person

    await retention(dialog).erase_expired()

    async with dialog.storage.unit_of_work() as work:
        *_, last = await work.operations.of_person(person.id)
    assert (last.kind, last.actor, last.reason) == (
        OperationKind.ERASE,
        Actor.ADMIN,
        "kept for as long as agreed",
    )
    assert last.detail == {"turns": 1, "facts": 1, "episodes": 0}


async def test_a_limited_run_leaves_the_others_to_the_next(dialog: Dialog) -> None:
    job = retention(dialog)

    assert (await job.erase_expired(limit=3)).turns == 3
    assert await left(dialog) == 1
    assert (await job.erase_expired(limit=3)).turns == 1
    assert (await job.erase_expired(limit=0)).turns == 0


async def test_many_people_take_more_than_one_look(
    dialog: Dialog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.engine.retention.BATCH", 3)

    assert (await retention(dialog).erase_expired()).turns == 4


async def test_people_who_stay_due_do_not_keep_it_from_its_end(
    dialog: Dialog, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with dialog.storage.unit_of_work() as work:
        kind = type(work.retention)
        due = await work.retention.due(now=dialog.clock.now(), default_days=30, limit=9)

    async def always(self: object, *, limit: int, **_: object) -> Sequence[str]:
        return due[:limit]

    monkeypatch.setattr(kind, "due", always)
    monkeypatch.setattr("bot.engine.retention.BATCH", 1)

    assert (await retention(dialog).erase_expired()).turns == 4


async def test_it_waits_while_somebody_is_answered(dialog: Dialog) -> None:
    traffic = ChatTraffic()
    with traffic.answering():
        run = asyncio.ensure_future(retention(dialog, traffic).erase_expired())
        await settle()
        assert await left(dialog) == 4

    assert (await run).turns == 4


async def test_a_cancelled_run_leaves_whole_people_and_the_next_goes_on(
    dialog: Dialog, storage: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    traffic, asked = ChatTraffic(), asyncio.Event()
    quiet = traffic.quiet
    people = itertools.count(1)

    async def noted(*_: object) -> None:
        if next(people) == 3:
            asked.set()
            await asyncio.Event().wait()
        await quiet()

    monkeypatch.setattr(traffic, "quiet", noted)
    job = retention(dialog, traffic)
    run = asyncio.ensure_future(job.erase_expired())
    await asked.wait()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    done = 4 - await left(dialog)
    assert (done, storage.scrubs) == (2, 0)
    for who in PEOPLE:
        assert len(await dialog.facts(who)) == len(await dialog.turns(who))

    assert (await job.erase_expired()).turns == 4 - done

    assert storage.scrubs == 1


async def test_a_scrub_that_had_to_wait_is_done_the_next_time(
    dialog: Dialog, storage: Counted
) -> None:
    storage.busy = True
    await retention(dialog).erase_expired()
    assert storage.scrubs == 0

    storage.busy = False
    await dialog.control.forgetting.finish_scrubbing()

    assert storage.scrubs == 1


async def test_whoever_had_everything_forgotten_meanwhile_is_passed_over(
    dialog: Dialog, monkeypatch: pytest.MonkeyPatch
) -> None:
    traffic = ChatTraffic()
    quiet = traffic.quiet

    async def forget_first(*_: object) -> None:
        await dialog.control.forgetting.forget_everything(ANA)
        await quiet()

    monkeypatch.setattr(traffic, "quiet", forget_first)

    assert (await retention(dialog, traffic).erase_expired()).turns == 3
    assert await left(dialog) == 0


def erasure(dialog: Dialog) -> TenantErasure:
    return TenantErasure(dialog.storage, dialog.control.erasing)


async def test_a_tenant_is_erased_in_batches_with_one_scrub_and_a_note_for_each(
    dialog: Dialog, storage: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.engine.tenant_erasure.BATCH", 3)
    for who in PEOPLE:
        await dialog.say("I like rye bread.", who, HALL)
    kept = [await dialog.known(who) for who in PEOPLE]

    erased = await erasure(dialog).erase(WORK)

    assert (erased.turns, erased.facts) == (4, 4)
    assert storage.scrubs == 1
    assert [facts for facts in kept if "I like rye bread." in facts]
    person = await dialog.person()
    assert person
    async with dialog.storage.unit_of_work() as work:
        *_, last = await work.operations.of_person(person.id)
    assert (last.actor, last.reason) == (Actor.ADMIN, "all that was said there")


async def test_an_erasure_that_stopped_half_way_can_be_repeated(
    dialog: Dialog, monkeypatch: pytest.MonkeyPatch
) -> None:
    for who in PEOPLE:
        await dialog.say("I like rye bread.", who, HALL)
    async with dialog.storage.unit_of_work() as work:
        kind = type(work.retention)
    erase, done = kind.erase_said_in, itertools.count(1)

    async def breaks(self: object, *args: object) -> object:
        if next(done) == 3:
            raise StorageBusyError("another program")
        return await erase(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(kind, "erase_said_in", breaks)
    with pytest.raises(StorageBusyError):
        await erasure(dialog).erase(WORK)

    assert (await erasure(dialog).erase(WORK)).turns == 2


async def test_what_is_left_of_quotas_goes_when_they_are_whole_again(dialog: Dialog) -> None:
    bucket = Bucket(level=1.0, updated_at=dialog.clock.now() - timedelta(days=2))
    keys = [
        BucketKey(holder=f"channel:{number}", measure=QuotaMeasure.TURNS) for number in range(250)
    ]
    fresh = BucketKey(holder="channel:fresh", measure=QuotaMeasure.TURNS)
    async with dialog.storage.unit_of_work() as work:
        for key in keys:
            await work.quotas.begin_taking(key, full=bucket)
        now = Bucket(level=1.0, updated_at=dialog.clock.now())
        await work.quotas.begin_taking(fresh, full=now)
        await work.commit()

    await retention(dialog).erase_expired()

    async with dialog.storage.unit_of_work() as work:
        assert set(await work.quotas.get([*keys, fresh])) == {fresh}
