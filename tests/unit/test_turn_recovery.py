"""Stopping, restarting, and turns of processes that died."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace
from datetime import timedelta

import pytest
from support.engine import NOON, Ellie, FakeClock, Workers, settle

from bot.domain.conversation import Scope
from bot.domain.generation import Role
from bot.domain.message import InboundMessage
from bot.domain.place_policy import PlacePolicy
from bot.domain.turn import FailureReason, TurnStatus
from bot.engine import notices
from bot.engine.accepted import Accepted
from bot.engine.memory_loader import MemoryLoader
from bot.engine.recovery import TurnRecovery
from bot.engine.reply import ReplyStatus
from bot.ports.scripted import ScriptedGenerator


async def again_load(ellie: Ellie, person, last):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    from bot.engine.stopwatch import Stopwatch

    loader = MemoryLoader(ellie.storage, ellie.recall)
    return await loader.load(person, last, Stopwatch(ellie.clock))


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
    assert (refused.status, refused.notice) == (ReplyStatus.REFUSED, notices.ENGLISH.stopping)


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

    assert notices.ENGLISH.not_kept in (await reply.outcome()).notice
    (turn,) = await ellie.turns()
    assert (turn.status, turn.reply) == (TurnStatus.FAILED, "")


async def test_a_cancelled_caller_loses_the_reply_and_not_the_message(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ellie = Ellie(ScriptedGenerator("Here you are."))
    admit = ellie.ledger.admit
    stored, go_on = asyncio.Event(), asyncio.Event()

    async def admit_and_pause(
        message: InboundMessage, text: str, policy: PlacePolicy
    ) -> Accepted | None:
        accepted = await admit(message, text, policy)
        stored.set()
        await go_on.wait()
        return accepted

    monkeypatch.setattr(ellie.ledger, "admit", admit_and_pause)
    taking = asyncio.create_task(ellie.engine.handle(ellie.message("hi")))
    await stored.wait()
    taking.cancel()
    await asyncio.wait({taking})
    go_on.set()

    await ellie.engine.stop(30)

    (turn,) = await ellie.turns()
    assert (turn.status, turn.reply) == (TurnStatus.ANSWERED, "Here you are.")
