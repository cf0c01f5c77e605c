"""Answering a message once more: for its author alone, and as if it were the first time."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from support.again import again, answered, wish
from support.dialog import Dialog
from support.engine import Ellie, settle, started

from bot.domain.conversation import Scope
from bot.domain.generation import ChatMessage, Role
from bot.domain.message import AgainRequest
from bot.domain.shown import Shown
from bot.domain.surroundings import Surroundings, Utterance
from bot.domain.turn import FailureReason, TurnStatus
from bot.engine.notices import ENGLISH
from bot.engine.recovery import TurnRecovery
from bot.engine.reply import ReplyStatus
from bot.engine.turn import VARIETY
from bot.errors import GeneratorBusyError, StorageFullError
from bot.ports.scripted import ScriptedGenerator

WISH = "Another one, please."


async def test_the_new_reply_takes_the_place_of_the_old_one_which_the_model_sees() -> None:
    dialog, turn = await answered()
    dialog.generator.answer = lambda _: "Another one."

    reply = await dialog.engine.again(wish(turn))
    pieces = [piece async for piece in reply]

    (now,) = await dialog.turns()
    assert reply.turn_id == turn.id
    assert (await reply.outcome()).text == "".join(pieces) == now.reply == "Another one."
    assert (await reply.outcome()).status is ReplyStatus.ANSWERED
    assert (now.id, now.text, now.number) == (turn.id, turn.text, turn.number)
    assert dialog.generator.requests[-1].prompt.messages[-3:] == (
        ChatMessage(Role.USER, "Tell me a joke."),
        ChatMessage(Role.ASSISTANT, "All right."),
        ChatMessage(Role.USER, WISH),
    )
    assert "Another one." in await dialog.prompt_for("And now?")
    assert "All right." not in dialog.last_prompt()


async def test_only_what_takes_the_place_of_a_reply_is_left_to_chance() -> None:
    async with started("one", RuntimeError("a bug"), "two", "three") as ellie:
        for text, goes_on in (("Hi!", ReplyStatus.ANSWERED), ("And you?", ReplyStatus.FAILED)):
            message = ellie.message(text)
            outcome = await (await ellie.engine.handle(message)).outcome()
            assert outcome.status is goes_on
        for turn in await ellie.turns():
            request = wish(turn, message.author, message.conversation)
            await (await ellie.engine.again(request)).outcome()

        assert [r.variety for r in ellie.generator.requests] == [0.0, 0.0, VARIETY, 0.0]
        assert VARIETY > 0


async def test_only_what_was_said_before_is_its_conversation() -> None:
    dialog = Dialog()
    for text in ("I have a hen.", "Hello!", "The weather is grey."):
        await dialog.say(text)

    await again(dialog, wish((await dialog.turns())[1]))

    assert "I have a hen." in dialog.last_prompt()
    assert "grey" not in dialog.last_prompt()


async def test_a_turn_can_be_named_by_its_event() -> None:
    dialog, _ = await answered(event="e1")

    assert (await again(dialog, wish(event_key="e1"))).status is ReplyStatus.ANSWERED
    assert (await again(dialog, wish(event_key="e2"))).notice == ENGLISH.not_yours


async def test_nothing_is_learned_or_told_again() -> None:
    dialog, turn = await answered("I live in Porto.")
    before = await dialog.facts(), dialog.storage.state.operations

    outcome = await again(dialog, wish(turn))

    assert outcome.notice == ""
    assert (await dialog.facts(), dialog.storage.state.operations) == before


async def test_what_was_answered_without_the_model_is_answered_by_it() -> None:
    dialog, turn = await answered("Remember that my code is 4417.")
    assert not dialog.generator.requests

    outcome = await again(dialog, wish(turn))

    assert outcome.text == "All right."
    assert len(await dialog.facts()) == 1


async def test_what_was_shown_is_enough_to_answer() -> None:
    dialog, turn = await answered("", shown=(Shown(name="dog.png", caption="Biscuit"),))

    assert (await again(dialog, wish(turn))).status is ReplyStatus.ANSWERED
    assert "Biscuit" in dialog.last_prompt()


async def test_a_reply_names_nothing_that_is_no_longer_true() -> None:
    dialog = Dialog(answer=lambda _: "You live in Porto. So it is.")
    await dialog.say("I live in Porto.")
    await dialog.say("Where do I live?")
    dialog.later(days=1)
    await dialog.say("I moved to Berlin.")

    await again(dialog, wish((await dialog.turns())[1]))

    *_, earlier, last = dialog.generator.requests[-1].prompt.messages
    assert (earlier.content, last.content) == ("So it is.", WISH)
    assert "Porto" not in dialog.last_prompt()


@pytest.mark.parametrize("error", [GeneratorBusyError("busy"), RuntimeError("a bug")])
async def test_a_failed_turn_is_answered_and_is_a_failure_no_more(error: Exception) -> None:
    async with started(error, "Here you are.") as ellie:
        message = ellie.message("Hi!")
        await (await ellie.engine.handle(message)).outcome()
        request = AgainRequest(
            author=message.author,
            conversation=message.conversation,
            event_key=message.event_key,
            only_unanswered=True,
        )

        outcome = await (await ellie.engine.again(request)).outcome()

        (turn,) = await ellie.turns()
        assert outcome.text == turn.reply == "Here you are."
        assert (turn.status, turn.failure) == (TurnStatus.ANSWERED, None)
        assert ellie.last_prompt().endswith("user: Hi!")


async def test_an_interrupted_turn_is_not_reported_once_it_is_answered() -> None:
    dialog, turn = await answered()
    async with dialog.storage.unit_of_work() as work:
        stored = dialog.storage.state.turns[turn.id]
        await work.turns.reopen(
            turn.id, worker="dead", lease_until=stored.lease_until, finished=True
        )
        await work.commit()
    dialog.later(hours=1)
    recovery = TurnRecovery(
        dialog.storage, clock=dialog.clock, workers=Ellie(ScriptedGenerator()).workers
    )
    assert await recovery.close_orphans() == 1

    await again(dialog, wish(turn))

    async with dialog.storage.unit_of_work() as work:
        scope = Scope(turn.person_id, turn.audience)
        assert not await work.turns.take_unreported_failures(scope, turn.conversation_id)


async def test_only_an_unanswered_turn_when_only_that_is_meant() -> None:
    dialog, turn = await answered()

    outcome = await again(dialog, wish(turn, only_unanswered=True))

    assert (outcome.status, outcome.notice) == (ReplyStatus.DUPLICATE, "")
    assert (await dialog.turns())[0] == turn


async def test_a_stopped_reply_counts_as_one_when_there_are_words_of_it() -> None:
    async with started("one two three", "four") as ellie:
        ellie.generator.hold(after_words=1)
        message = ellie.message("count")
        reply = await ellie.engine.handle(message)
        await settle()
        reply.cancel()
        await reply.outcome()
        (turn,) = await ellie.turns()
        ellie.generator.release()

        def request(only_unanswered: bool) -> AgainRequest:
            return wish(turn, message.author, message.conversation, only_unanswered=only_unanswered)

        kept = await (await ellie.engine.again(request(True))).outcome()
        assert kept.status is ReplyStatus.DUPLICATE
        assert (await (await ellie.engine.again(request(False))).outcome()).text == "four"


async def test_it_waits_for_its_authors_other_messages_in_this_place() -> None:
    dialog, turn = await answered()
    dialog.generator.hold()
    replies = [
        await dialog.engine.handle(dialog.message("Hello!")),
        await dialog.engine.again(wish(turn)),
    ]
    await settle()
    assert len(dialog.generator.requests) == 2
    dialog.generator.release()

    for reply in replies:
        assert (await reply.outcome()).status is ReplyStatus.ANSWERED
    assert len(dialog.generator.requests) == 3


async def test_too_many_are_refused_and_nothing_is_opened() -> None:
    dialog, turn = await answered()
    dialog.generator.hold()
    waiting = [await dialog.engine.handle(dialog.message("Hello!")) for _ in range(4)]

    refused = await again(dialog, wish(turn))

    assert (refused.status, refused.notice) == (ReplyStatus.REFUSED, ENGLISH.busy)
    dialog.generator.release()
    for reply in waiting:
        await reply.outcome()
    assert (await dialog.turns())[0] == turn


async def test_a_database_that_fails_is_told_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dialog, turn = await answered()

    async def full(*_: object, **_rest: object) -> None:
        raise StorageFullError

    with monkeypatch.context() as patch:
        patch.setattr(dialog.engine._ledger, "readmit", full)
        assert (await again(dialog, wish(turn))).notice == ENGLISH.memory_unavailable

    assert (await again(dialog, wish(turn))).status is ReplyStatus.ANSWERED


async def test_a_failure_the_second_time_is_recorded_and_told() -> None:
    async with started("one", GeneratorBusyError("busy")) as ellie:
        message = ellie.message("Hi!")
        await (await ellie.engine.handle(message)).outcome()
        (turn,) = await ellie.turns()

        request = wish(turn, message.author, message.conversation)
        outcome = await (await ellie.engine.again(request)).outcome()

        (now,) = await ellie.turns()
        assert (outcome.status, outcome.notice) == (
            ReplyStatus.FAILED,
            ENGLISH.failures[FailureReason.BUSY],
        )
        assert (now.status, now.failure) == (TurnStatus.FAILED, FailureReason.BUSY)


async def test_stopping_waits_for_it_and_then_refuses() -> None:
    dialog, turn = await answered()
    dialog.generator.hold()
    reply = await dialog.engine.again(wish(turn))
    await settle()
    stopping = asyncio.create_task(dialog.engine.stop(30))
    await settle()
    dialog.generator.release()
    await stopping

    assert (await reply.outcome()).status is ReplyStatus.ANSWERED
    assert (await again(dialog, wish(turn))).notice == ENGLISH.stopping


async def test_the_next_time_it_may_stand_among_other_words() -> None:
    dialog, turn = await answered("What is up?")
    said = Utterance(speaker="Bob", text="The sun.", said_at=turn.received_at + timedelta(hours=1))

    await again(dialog, wish(turn, surroundings=Surroundings(said=(said,))))

    assert '- Bob: "The sun."\n\nWhat is up?' in dialog.last_prompt()
