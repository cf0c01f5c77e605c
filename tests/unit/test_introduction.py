"""What everybody is told on first contact: once, and whatever becomes of the first message."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from support.again import wish
from support.engine import Ellie, Workers, settle, started

from bot.domain.conversation import Visibility
from bot.domain.delivery import Delivery, Undelivered
from bot.domain.identity import Platform
from bot.domain.message import InboundMessage
from bot.domain.turn import FailureReason
from bot.engine.deliveries import Deliveries
from bot.engine.notices import CHINESE, ENGLISH
from bot.engine.outcomes import told_late
from bot.engine.recall_cache import RecallCache
from bot.engine.recovery import TurnRecovery
from bot.engine.reply import Outcome, ReplyStatus
from bot.engine.revisions import MessageRevisions
from bot.errors import GeneratorBusyError, StorageFullError
from bot.ports.scripted import ScriptedGenerator
from storage.inmemory_persons import InMemoryPersonRepository


def introduces(outcome: Outcome) -> bool:
    return ENGLISH.first_contact in outcome.notice.splitlines()


async def then(ellie: Ellie, count: int = 2) -> list[bool]:
    """Whether further messages introduce."""
    ellie.generator.release()
    ellie.generator.enqueue(*["ok"] * count)
    said = []
    for _ in range(count):
        ellie.clock.moment += timedelta(minutes=1)
        said.append(introduces(await ellie.say("And now?")))
    return said


async def again(ellie: Ellie, message: InboundMessage) -> bool:
    """Whether an answer anew introduces."""
    ellie.generator.enqueue("ok")
    ellie.clock.moment += timedelta(minutes=1)
    request = wish(who=message.author, where=message.conversation, event_key=message.event_key)
    outcome = await (await ellie.engine.again(request)).outcome()
    assert outcome.status is ReplyStatus.ANSWERED
    return introduces(outcome)


async def full(*_: object, **__: object) -> None:
    raise StorageFullError


def revisions(ellie: Ellie) -> MessageRevisions:
    return MessageRevisions(ellie.storage, RecallCache(), clock=ellie.clock, ids=ellie.ids)


def deliveries(ellie: Ellie) -> Deliveries:
    workers = Workers("next", frozenset({"this"}))
    return Deliveries(ellie.storage, clock=ellie.clock, workers=workers)


async def not_shown(ellie: Ellie) -> Undelivered:
    """The latest turn, as a later process finds that its end was not shown."""
    turn = (await ellie.turns())[-1]
    await deliveries(ellie).shown(Delivery(turn_id=turn.id, channel_id="c1"))
    *_, found = await deliveries(ellie).unfinished(Platform.SLACK)
    assert found.turn == turn
    return found


async def test_a_first_message_that_is_edited_while_it_is_answered_introduces() -> None:
    async with started("one two three") as ellie:
        ellie.generator.hold(after_words=1)
        message = ellie.message("count", event="e1")
        reply = await ellie.engine.handle(message)
        await settle()
        assert await revisions(ellie).edited(Platform.SLACK, "e1", "count, please")
        reply.cancel(is_seen=False)
        await reply.outcome()
        ellie.generator.release()

        assert await again(ellie, message)
        assert await then(ellie) == [False, False]


async def test_a_first_message_whose_process_is_killed_introduces_when_it_is_tried_again() -> None:
    killed = Ellie(ScriptedGenerator("too late"), worker="killed")
    killed.generator.hold()
    message = killed.message("hello")
    await killed.engine.handle(message)
    await settle()
    ellie = Ellie(ScriptedGenerator(), killed.storage)
    ellie.workers.dead = frozenset({"killed"})
    recovery = TurnRecovery(ellie.storage, clock=ellie.clock, workers=ellie.workers)
    assert await recovery.close_orphans() == 1

    assert await again(ellie, message)
    assert await then(ellie) == [False, False]
    await killed.engine.stop(0)


@pytest.mark.parametrize("is_told", [True, False])
async def test_a_first_message_that_is_deleted_leaves_it_to_the_next_if_nobody_was_told(
    is_told: bool,
) -> None:
    async with started("one two three") as ellie:
        ellie.generator.hold(after_words=1)
        reply = await ellie.engine.handle(ellie.message("count", event="e1"))
        await settle()
        reply.cancel(is_seen=is_told)
        await reply.outcome()
        assert await revisions(ellie).deleted(Platform.SLACK, "e1")

        assert await then(ellie) == [not is_told, False]


async def test_who_saw_nothing_of_the_end_of_the_first_turn_is_told_with_the_next() -> None:
    async with started("Hello.") as ellie:
        assert introduces(await ellie.say("hello"))
        [first] = await ellie.turns()
        await deliveries(ellie).unseen(first.id)

        assert await then(ellie) == [True, False]
        await deliveries(ellie).unseen(first.id)  # the second one told it
        assert await then(ellie) == [False, False]


async def test_the_turn_that_introduces_does_so_too_when_it_is_shown_late() -> None:
    async with started("Hello.") as ellie:
        await ellie.say("hello")
        first = await not_shown(ellie)
        await then(ellie, 1)
        second = await not_shown(ellie)

        assert told_late(first) == ENGLISH.first_contact
        assert told_late(second) == ""


async def test_what_is_told_late_is_in_the_language_of_the_message() -> None:
    async with started("你好") as ellie:
        await ellie.say("你好")

        assert told_late(await not_shown(ellie)) == CHINESE.first_contact


async def test_it_need_not_be_the_first_turn() -> None:
    async with started("Hello.", "Yes?") as ellie:
        await ellie.say("hello")
        [first] = await ellie.turns()
        await deliveries(ellie).unseen(first.id)
        ellie.clock.moment += timedelta(minutes=1)
        await ellie.say("Are you there?")

        assert told_late(await not_shown(ellie)) == ENGLISH.first_contact


async def test_of_two_turns_at_once_the_one_that_ends_first_introduces() -> None:
    async with started("one two", "three four") as ellie:
        ellie.generator.hold(after_words=1)
        lobby = ellie.message("hi", channel="lobby", visibility=Visibility.PUBLIC)
        replies = [
            await ellie.engine.handle(ellie.message("hello")),
            await ellie.engine.handle(lobby),
        ]
        await settle()
        assert len(ellie.generator.requests) == 2
        replies[1].cancel()
        told = introduces(await replies[1].outcome())
        ellie.generator.release()

        assert told
        assert not introduces(await replies[0].outcome())
        assert await then(ellie) == [False, False]


async def test_a_failure_that_is_told_introduces_and_what_is_tried_again_does_not() -> None:
    async with started(GeneratorBusyError("busy")) as ellie:
        message = ellie.message("hello")
        outcome = await (await ellie.engine.handle(message)).outcome()

        assert introduces(outcome)
        assert not await again(ellie, message)


async def test_an_interruption_may_be_seen_by_nobody_and_leaves_it_to_the_next() -> None:
    async with started("too late") as ellie:
        ellie.generator.hold()
        message = ellie.message("hello")
        reply = await ellie.engine.handle(message)
        await settle()
        await ellie.engine.stop(0)
        outcome = await reply.outcome()

        assert outcome.notice.splitlines() == [
            ENGLISH.failures[FailureReason.INTERRUPTED],
            ENGLISH.first_contact,
        ]
        assert await then(Ellie(ScriptedGenerator(), ellie.storage)) == [True, False]


@pytest.mark.parametrize("step", ["save", "fail"])
async def test_what_cannot_be_saved_introduces_and_so_does_the_next(
    step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with started("Hello." if step == "save" else GeneratorBusyError("busy")) as ellie:
        with monkeypatch.context() as patch:
            patch.setattr(ellie.ledger, step, full)
            assert introduces(await ellie.say("hello"))

        assert await then(ellie) == [True, False]


async def test_a_turn_that_another_process_closed_leaves_it_to_the_next() -> None:
    async with started("too late") as ellie:
        ellie.generator.hold()
        reply = await ellie.engine.handle(ellie.message("hello"))
        await settle()
        workers = Workers("other", frozenset({"this"}))
        await TurnRecovery(ellie.storage, clock=ellie.clock, workers=workers).close_orphans()
        ellie.generator.release()

        assert introduces(await reply.outcome())
        assert await then(ellie) == [True, False]


async def test_who_goes_incognito_before_anything_is_stored_is_told_when_something_is() -> None:
    async with started("psst", "never said") as ellie:
        author = ellie.message("x").author
        async with ellie.storage.unit_of_work() as work:
            person = await work.persons.resolve(author, new_id="ana", seen_at=ellie.clock.now())
            await work.persons.set_incognito(person.id, incognito=True)
            await work.commit()

        assert not introduces(await ellie.say("hello"))
        ellie.generator.hold()
        reply = await ellie.engine.handle(ellie.message("count"))
        await settle()
        await ellie.engine.stop(0)
        assert not introduces(await reply.outcome())
        async with ellie.storage.unit_of_work() as work:
            await work.persons.set_incognito(person.id, incognito=False)
            await work.commit()
        assert await then(Ellie(ScriptedGenerator(), ellie.storage)) == [True, False]


async def test_nothing_is_asked_of_the_database_about_people_who_were_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    taken = 0
    take = InMemoryPersonRepository.take_notice

    async def counted(*args: Any, **rest: Any) -> bool:
        nonlocal taken
        taken += 1
        return await take(*args, **rest)

    monkeypatch.setattr(InMemoryPersonRepository, "take_notice", counted)
    async with started("Hello.", GeneratorBusyError("busy")) as ellie:
        await ellie.say("hello")
        await ellie.say("and now?")
        await then(ellie)

    assert taken == 1
