"""The turn from message to saved reply, over in-memory storage and a scripted model."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.conversation import ConversationRef, Scope, Visibility
from bot.domain.generation import Role
from bot.domain.identity import IdentityRef, Platform, TenantRef
from bot.domain.message import InboundMessage
from bot.domain.turn import FailureReason, Turn, TurnStatus, TurnTrace
from bot.engine import notices
from bot.engine.ledger import TurnLedger
from bot.engine.memory_loader import MemoryLoader
from bot.engine.recall_cache import RecallCache
from bot.engine.recovery import TurnRecovery
from bot.engine.reply import Outcome, Reply, ReplyStatus
from bot.engine.turn import TurnEngine, TurnLimits
from bot.errors import (
    EngineFailedError,
    GenerationTimeoutError,
    GeneratorBusyError,
    ModelCorruptError,
    StorageFullError,
)
from bot.ports.scripted import ScriptedGenerator, WordTokenizer
from storage.inmemory import InMemoryStorage

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
WORKSPACE = TenantRef(platform=Platform.SLACK, external_id="T1")


@dataclass
class FakeClock:
    """Stands still unless told otherwise."""

    moment: datetime = NOON
    ticks: itertools.count[int] = field(default_factory=itertools.count)

    def now(self) -> datetime:
        return self.moment

    def elapsed(self) -> float:
        return next(self.ticks) / 1000


@dataclass
class CountingIds:
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    def new_id(self) -> str:
        return f"id{next(self.numbers)}"


@dataclass
class Workers:
    name: str = "this"
    dead: frozenset[str] = frozenset()

    def is_dead(self, name: str) -> bool:
        return name in self.dead


class Ellie:
    """The engine with everything around it, as the tests talk to it."""

    def __init__(
        self,
        generator: ScriptedGenerator,
        storage: InMemoryStorage | None = None,
        limits: TurnLimits | None = None,
        worker: str = "this",
    ) -> None:
        self.generator = generator
        self.storage = storage or InMemoryStorage()
        self.clock = FakeClock()
        self.ids = CountingIds()
        self.workers = Workers(worker)
        self.recall = RecallCache()
        self.ledger = TurnLedger(self.storage, clock=self.clock, ids=self.ids, workers=self.workers)
        self.engine = TurnEngine(
            ledger=self.ledger,
            loader=MemoryLoader(self.storage, self.recall),
            generator=generator,
            clock=self.clock,
            limits=limits or TurnLimits(reply_tokens=50),
        )
        self._events = itertools.count()

    def message(
        self,
        text: str,
        *,
        user: str = "ana",
        channel: str | None = None,
        visibility: Visibility = Visibility.DIRECT,
        event: str | None = None,
    ) -> InboundMessage:
        direct = visibility is Visibility.DIRECT
        return InboundMessage(
            event_key=event or f"event{next(self._events)}",
            author=IdentityRef(
                platform=Platform.SLACK,
                external_id=user,
                display_name=user.title(),
                tenant=WORKSPACE,
            ),
            conversation=ConversationRef(
                platform=Platform.SLACK,
                channel_id=channel or f"dm-{user}",
                visibility=visibility,
                tenant=None if direct else WORKSPACE,
            ),
            text=text,
            received_at=self.clock.now(),
        )

    async def say(self, text: str, **where: object) -> Outcome:
        reply = await self.engine.handle(self.message(text, **where))  # type: ignore[arg-type]
        return await reply.outcome()

    async def turns(self, user: str = "ana") -> tuple[Turn, ...]:
        async with self.storage.unit_of_work() as work:
            person = await work.persons.find(self.message("x", user=user).author)
            assert person
            return await work.turns.latest(Scope.in_private(person.id), limit=1000)

    async def trace(self, turn: Turn) -> TurnTrace | None:
        async with self.storage.unit_of_work() as work:
            return await work.traces.get(Scope.in_private(turn.person_id), turn.id)

    def last_prompt(self) -> str:
        messages = self.generator.requests[-1].prompt.messages
        return "\n".join(f"{m.role.value}: {m.content}" for m in messages)


async def collect(reply: Reply) -> list[str]:
    return [piece async for piece in reply]


async def settle() -> None:
    """Let every task that can run do so."""
    for _ in range(30):
        await asyncio.sleep(0)


@asynccontextmanager
async def started(*replies: str | Exception) -> AsyncIterator[Ellie]:
    ellie = Ellie(ScriptedGenerator(*replies))
    yield ellie
    await ellie.engine.stop(0)


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
        assert '- 4 May 2026: "My dog is called Biscuit."' in prompt
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
        await ellie.ledger.fail(accepted.turn, FailureReason.INTERRUPTED)

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


async def test_too_many_messages_are_refused_and_not_stored() -> None:
    ellie = Ellie(
        ScriptedGenerator(*["ok"] * 3),
        limits=TurnLimits(reply_tokens=50, max_waiting_per_conversation=2),
    )
    ellie.generator.hold()
    taken = [await ellie.engine.handle(ellie.message(f"m{n}")) for n in range(3)]

    refused = await ellie.say("one more")

    assert (refused.status, refused.notice) == (ReplyStatus.REFUSED, notices.BUSY)
    ellie.generator.release()
    assert [(await r.outcome()).text for r in taken] == ["ok"] * 3
    assert len(await ellie.turns()) == 3


@pytest.mark.parametrize("text", ["", "  \n\t ", "\x00\x07", "\u202e", "\ud800"])
def test_a_message_without_words_is_refused(text: str) -> None:
    async def run() -> None:
        async with started() as ellie:
            outcome = await ellie.say(text)
            assert (outcome.status, outcome.notice) == (ReplyStatus.REFUSED, notices.EMPTY)

    asyncio.run(run())


async def test_a_message_too_long_is_kept_and_the_person_is_told() -> None:
    async with started() as ellie:
        outcome = await ellie.say("word " * 8000)

        (turn,) = await ellie.turns()
        assert (turn.status, turn.failure) == (TurnStatus.FAILED, FailureReason.TOO_LONG)
        assert len(turn.text) == 39_999
        assert outcome.notice == notices.FAILURES[FailureReason.TOO_LONG]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (GenerationTimeoutError("late"), FailureReason.TIMEOUT),
        (GeneratorBusyError("busy"), FailureReason.BUSY),
        (EngineFailedError("broken"), FailureReason.MODEL),
        (ModelCorruptError("damaged"), FailureReason.MODEL),
        (RuntimeError("a bug"), FailureReason.INTERNAL),
    ],
)
async def test_a_failure_is_recorded_and_told_and_the_next_message_is_answered(
    error: Exception, reason: FailureReason
) -> None:
    async with started(error, "Fine again.") as ellie:
        outcome = await ellie.say("My dog is Biscuit.")
        after = await ellie.say("my dog?")

        failed, answered = await ellie.turns()
        assert (failed.status, failed.failure) == (TurnStatus.FAILED, reason)
        assert (outcome.status, outcome.notice) == (ReplyStatus.FAILED, notices.FAILURES[reason])
        assert after.text == answered.reply == "Fine again."
        assert "Biscuit" in ellie.last_prompt()


async def test_a_cancelled_reply_keeps_what_was_written() -> None:
    async with started("one two three four") as ellie:
        ellie.generator.hold(after_words=2)
        reply = await ellie.engine.handle(ellie.message("count"))
        await settle()
        reply.cancel()
        outcome = await reply.outcome()

        (turn,) = await ellie.turns()
        assert (turn.status, turn.reply) == (TurnStatus.CANCELLED, "one two")
        assert (outcome.status, outcome.text) == (ReplyStatus.CANCELLED, "one two")


async def test_a_reply_can_be_cancelled_before_it_begins() -> None:
    async with started("first", "never said") as ellie:
        ellie.generator.hold()
        first = await ellie.engine.handle(ellie.message("a"))
        second = await ellie.engine.handle(ellie.message("b"))
        await settle()
        second.cancel()
        ellie.generator.release()
        await first.outcome()

        assert (await second.outcome()).status is ReplyStatus.CANCELLED
        assert len(ellie.generator.requests) == 1


async def test_a_reply_can_be_cancelled_while_the_model_loads() -> None:
    class Loading(ScriptedGenerator):
        async def tokenizer(self) -> WordTokenizer:
            await asyncio.Event().wait()
            raise AssertionError

    ellie = Ellie(Loading())
    reply = await ellie.engine.handle(ellie.message("a"))
    await settle()
    reply.cancel()

    assert (await reply.outcome()).status is ReplyStatus.CANCELLED


async def test_stopping_interrupts_what_does_not_end_in_time_and_records_it() -> None:
    ellie = Ellie(ScriptedGenerator("one two three"))
    ellie.generator.hold(after_words=1)
    reply = await ellie.engine.handle(ellie.message("hi"))
    await settle()

    await ellie.engine.stop(0)

    (turn,) = await ellie.turns()
    assert (turn.status, turn.failure) == (TurnStatus.FAILED, FailureReason.INTERRUPTED)
    assert (await reply.outcome()).status is ReplyStatus.FAILED
    refused = await ellie.say("still there?")
    assert (refused.status, refused.notice) == (ReplyStatus.REFUSED, notices.STOPPING)


async def test_stopping_lets_replies_in_progress_end() -> None:
    ellie = Ellie(ScriptedGenerator("one two"))
    ellie.generator.hold(after_words=1)
    await ellie.engine.handle(ellie.message("hi"))
    await settle()
    stopping = asyncio.create_task(ellie.engine.stop(30))
    await settle()
    ellie.generator.release()
    await stopping

    (turn,) = await ellie.turns()
    assert (turn.status, turn.reply) == (TurnStatus.ANSWERED, "one two")


async def test_an_unread_reply_is_saved_all_the_same() -> None:
    async with started("nobody reads this") as ellie:
        await ellie.engine.handle(ellie.message("hi"))
        await settle()

        (turn,) = await ellie.turns()
        assert turn.reply == "nobody reads this"


async def test_a_message_that_cannot_be_stored_is_refused_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with started("ok") as ellie:

        async def full(*_: object) -> None:
            raise StorageFullError

        with monkeypatch.context() as patch:
            patch.setattr(ellie.ledger, "admit", full)
            outcome = await ellie.say("hi")

        assert (outcome.status, outcome.notice) == (
            ReplyStatus.REFUSED,
            notices.MEMORY_UNAVAILABLE,
        )
        assert (await ellie.say("hi again")).text == "ok"


async def test_a_reply_that_cannot_be_saved_is_shown_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with started("Hello.") as ellie:

        async def full(*_: object, **__: object) -> bool:
            raise StorageFullError

        monkeypatch.setattr(ellie.ledger, "save", full)
        outcome = await ellie.say("hi")

        assert (outcome.text, outcome.notice) == ("Hello.", notices.NOT_KEPT)


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


async def test_a_restart_gives_the_same_prompt_to_the_byte() -> None:
    first = Ellie(ScriptedGenerator(*["ok"] * 60, "a"))
    for number in range(60):
        await first.say(f"Day {number}: I saw {number} birds and a dog.")
    await first.say("How many birds on day 7?")
    again = Ellie(ScriptedGenerator("b"), first.storage)
    again.ids.numbers = itertools.count(10_000)
    async with again.storage.unit_of_work() as work:
        person = await work.persons.find(again.message("x").author)
        assert person
        (last,) = await work.turns.latest(Scope.in_private(person.id), limit=1)
    memory = await again_load(again, person, last)
    tokenizer = await again.generator.tokenizer()
    from bot.prompt.assemble import PromptAssembler

    rebuilt = PromptAssembler(tokenizer, memory_tokens=1500, reply_tokens=50).assemble(
        memory, last.text
    )
    assert rebuilt.prompt == first.generator.requests[-1].prompt
    assert rebuilt.prompt.messages[0].role is Role.SYSTEM


async def again_load(ellie: Ellie, person, last):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    from bot.engine.stopwatch import Stopwatch

    loader = MemoryLoader(ellie.storage, ellie.recall)
    return await loader.load(person, last, Stopwatch(ellie.clock))


async def test_what_a_dead_process_left_open_is_closed_once_and_told_once() -> None:
    dead = Ellie(ScriptedGenerator(), worker="dead")
    accepted = await dead.ledger.admit(dead.message("are you there?"), "are you there?")
    assert accepted
    alive = Ellie(ScriptedGenerator(), dead.storage)
    recovery = TurnRecovery(
        dead.storage, clock=alive.clock, workers=Workers(dead=frozenset({"dead"}))
    )

    assert await recovery.close_orphans() == 1
    assert await recovery.close_orphans() == 0

    (turn,) = await alive.turns()
    assert (turn.status, turn.failure) == (TurnStatus.FAILED, FailureReason.INTERRUPTED)
    scope = Scope(turn.person_id, turn.audience)
    async with dead.storage.unit_of_work() as work:
        assert await work.turns.take_unreported_failures(scope, turn.conversation_id)
        await work.commit()
    async with dead.storage.unit_of_work() as work:
        assert not await work.turns.take_unreported_failures(scope, turn.conversation_id)


async def test_a_live_process_keeps_its_turns_until_its_lease_runs_out() -> None:
    other = Ellie(ScriptedGenerator(), worker="other")
    assert await other.ledger.admit(other.message("hi"), "hi")
    clock = FakeClock()
    mine = TurnRecovery(other.storage, clock=clock, workers=Workers())
    theirs = TurnRecovery(other.storage, clock=clock, workers=other.workers)

    clock.moment = NOON + timedelta(seconds=25)
    await theirs.beat()
    clock.moment = NOON + timedelta(seconds=50)
    assert await mine.close_orphans() == 0
    clock.moment = NOON + timedelta(seconds=56)

    assert await mine.close_orphans() == 1


async def test_a_turn_declared_dead_does_not_get_a_late_reply() -> None:
    ellie = Ellie(ScriptedGenerator("too late"))
    ellie.generator.hold()
    reply = await ellie.engine.handle(ellie.message("hi"))
    await settle()
    clock = replace(ellie.clock, moment=NOON + timedelta(minutes=5))
    await TurnRecovery(ellie.storage, clock=clock, workers=Workers("other")).close_orphans()
    ellie.generator.release()

    assert notices.NOT_KEPT in (await reply.outcome()).notice
    (turn,) = await ellie.turns()
    assert (turn.status, turn.reply) == (TurnStatus.FAILED, "")


async def test_control_characters_of_a_model_reach_neither_storage_nor_the_screen() -> None:
    async with started("Hello\x00 \x1b[31mred") as ellie:
        outcome = await ellie.say("hi")

        (turn,) = await ellie.turns()
        assert turn.reply == outcome.text == "Hello [31mred"
