"""The turn from message to saved reply."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

from support.engine import Ellie, settle, started

from bot.domain.conversation import Visibility
from bot.domain.turn import FailureReason, TurnStatus
from bot.engine.reply import Reply, ReplyStatus
from bot.ports.scripted import ScriptedGenerator
from storage.inmemory import InMemoryStorage


async def collect(reply: Reply) -> list[str]:
    return [piece async for piece in reply]


async def test_a_reply_is_streamed_and_saved_with_its_trace() -> None:
    async with started("Hello Ana, nice to meet you.") as ellie:
        reply = await ellie.engine.handle(ellie.message("  Hi!\x00 "))
        pieces = await collect(reply)
        outcome = await reply.outcome()

        (turn,) = await ellie.turns()
        assert len(pieces) > 1
        assert "".join(pieces) == outcome.text == turn.reply == "Hello Ana, nice to meet you."
        assert (turn.text, turn.status, turn.number) == ("Hi!", TurnStatus.ANSWERED, 1)
        trace = await ellie.trace(turn)
        assert trace
        assert {"admit", "load", "recall", "prompt", "first_token", "generate"} <= set(
            trace.timings_ms
        )


async def test_what_was_said_in_the_conversation_is_in_the_prompt() -> None:
    async with started("Nice!", "Biscuit.") as ellie:
        await ellie.say("My dog is called Biscuit.")
        await ellie.say("What is my dog called?")

        prompt = ellie.last_prompt()
        assert "user: My dog is called Biscuit.\nassistant: Nice!" in prompt
        assert '- "My dog is called Biscuit."' in prompt
        assert prompt.endswith("What is my dog called?")


async def test_an_older_turn_of_another_conversation_is_recalled() -> None:
    async with started("Nice!", *["ok"] * 3) as ellie:
        await ellie.say("My dog is called Biscuit.", channel="lobby", visibility=Visibility.PUBLIC)
        await ellie.say("What is my dog called?")

        assert "Biscuit" in ellie.last_prompt()


async def test_one_persons_words_never_enter_another_persons_prompt() -> None:
    async with started(*["ok"] * 4) as ellie:
        lobby = {"channel": "lobby", "visibility": Visibility.PUBLIC}
        await ellie.say("My dog is called Biscuit.", user="ana", **lobby)
        await ellie.say("What is my dog called?", user="bea", **lobby)
        assert "Biscuit" not in ellie.last_prompt()
        await ellie.say("What is my dog called?", user="bea")

        assert "Biscuit" not in ellie.last_prompt()


async def test_direct_words_stay_out_of_channels() -> None:
    async with started(*["ok"] * 3) as ellie:
        await ellie.say("My dog is called Biscuit.")
        await ellie.say("my dog?", channel="lobby", visibility=Visibility.PUBLIC)
        assert "Biscuit" not in ellie.last_prompt()
        await ellie.say("my dog?", channel="staff", visibility=Visibility.PRIVATE)

        assert "Biscuit" not in ellie.last_prompt()


async def test_a_repeated_event_is_answered_once() -> None:
    async with started("Hello.") as ellie:
        first, second = await asyncio.gather(
            ellie.say("hi", event="same"), ellie.say("hi", event="same")
        )
        third = await ellie.say("hi", event="same")

        statuses = sorted([first.status, second.status, third.status])
        assert statuses == [ReplyStatus.ANSWERED, ReplyStatus.DUPLICATE, ReplyStatus.DUPLICATE]
        assert len(await ellie.turns()) == 1


async def test_a_repeated_event_whose_first_attempt_died_is_answered() -> None:
    async with started("Here I am.") as ellie:
        message = ellie.message("hi", event="same")
        accepted = await ellie.ledger.admit(message, "hi")
        assert accepted
        await ellie.ledger.fail(accepted, FailureReason.INTERRUPTED)

        outcome = await (await ellie.engine.handle(message)).outcome()

        (turn,) = await ellie.turns()
        assert outcome.text == turn.reply == "Here I am."
        assert turn.status is TurnStatus.ANSWERED


async def test_messages_of_one_conversation_are_answered_in_order() -> None:
    async with started("one", "two", "three") as ellie:
        ellie.generator.hold()
        replies = [await ellie.engine.handle(ellie.message(f"message {n}")) for n in range(3)]
        await settle()
        assert len(ellie.generator.requests) == 1
        ellie.generator.release()

        assert [(await reply.outcome()).text for reply in replies] == ["one", "two", "three"]
        assert "user: message 1\nassistant: two" in ellie.last_prompt()


async def test_another_person_does_not_wait_for_a_long_answer() -> None:
    async with started("long long answer", "quick") as ellie:
        ellie.generator.hold(after_words=1)
        slow = await ellie.engine.handle(ellie.message("tell me everything"))
        await settle()
        ellie.generator.hold_after = 99

        quick = await ellie.say("hi", user="bea")

        assert quick.text == "quick"
        ellie.generator.release()
        assert (await slow.outcome()).status is ReplyStatus.ANSWERED


async def test_an_unread_reply_is_saved_all_the_same() -> None:
    async with started("nobody reads this") as ellie:
        await ellie.engine.handle(ellie.message("hi"))
        await settle()

        (turn,) = await ellie.turns()
        assert turn.reply == "nobody reads this"


async def test_no_transaction_is_open_while_the_model_runs() -> None:
    class Watched(InMemoryStorage):
        open_units = 0

        def unit_of_work(self):  # type: ignore[no-untyped-def]  # noqa: ANN202
            unit = super().unit_of_work()

            @asynccontextmanager
            async def counted():  # type: ignore[no-untyped-def]  # noqa: ANN202
                self.open_units += 1
                try:
                    async with unit:
                        yield unit
                finally:
                    self.open_units -= 1

            return counted()

    storage = Watched()
    ellie = Ellie(ScriptedGenerator("one two"), storage)
    ellie.generator.hold(after_words=1)
    reply = await ellie.engine.handle(ellie.message("hi"))
    await settle()

    assert len(ellie.generator.requests) == 1
    assert storage.open_units == 0
    ellie.generator.release()
    await reply.outcome()
