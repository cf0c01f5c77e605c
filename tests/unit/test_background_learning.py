"""What the model adds to memory after the reply, and what keeps it from doing so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from support.engine import CountingIds, Ellie, settle

from bot.domain.conversation import Scope
from bot.domain.fact import Fact, FactSource, FactStatus
from bot.domain.operation import Actor
from bot.domain.turn import Turn
from bot.engine.background_learning import BackgroundLearning
from bot.engine.capability import Capability
from bot.engine.chat_traffic import ChatTraffic
from bot.engine.model_extraction import ModelExtraction
from bot.errors import EngineFailedError, ModelError
from bot.memory.extraction import questions
from bot.memory.extraction.probe import Tier
from bot.ports.probe_results import ProbeResultsInMemory
from bot.ports.scripted import ScriptedGenerator

CELLO = "I restore cellos in a shed."
QUOTED = f'- "{CELLO}"'


class Learner:
    """Background learning over the storage of an engine, with a model of its own."""

    def __init__(self, *answers: str | Exception, tier: Tier | None = Tier.BULLETS) -> None:
        self.ellie = Ellie(ScriptedGenerator())
        self.generator = ScriptedGenerator(*answers)
        self.traffic = ChatTraffic()
        extraction = ModelExtraction(self.generator, CountingIds())
        self.learning = BackgroundLearning(
            self.ellie.storage,
            extraction=extraction,
            capability=Capability(
                extraction, results=ProbeResultsInMemory(), traffic=self.traffic, chosen=tier
            ),
            traffic=self.traffic,
            clock=self.ellie.clock,
            ids=self.ellie.ids,
            max_waiting=3,
        )

    async def said(self, text: str, user: str = "ana") -> Turn:
        self.ellie.generator.enqueue("Nice.")
        await self.ellie.say(text, user=user)
        return (await self.ellie.turns(user))[-1]

    async def learned_from(self, text: str) -> tuple[Fact, ...]:
        turn = await self.said(text)
        self.learning.offer(turn)
        await settle()
        return await self.facts(turn)

    async def facts(self, turn: Turn) -> tuple[Fact, ...]:
        async with self.ellie.storage.unit_of_work() as work:
            scope = Scope.in_private(turn.person_id)
            return await work.facts.of(scope, frozenset(FactStatus))

    async def forget(self, turn: Turn, *, left: str | None) -> None:
        async with self.ellie.storage.unit_of_work() as work:
            if left is None:
                await work.turns.erase_all(turn.person_id)
            else:
                await work.turns.rewrite(
                    turn.person_id, turn.id, text=left, reply="", shown=turn.shown
                )
            await work.commit()

    async def pause(self, turn: Turn) -> None:
        async with self.ellie.storage.unit_of_work() as work:
            await work.persons.set_paused(turn.person_id, paused=True)
            await work.commit()


async def running(learner: Learner) -> Learner:
    learner.learning.start()
    await settle()
    return learner


@pytest.fixture
async def learner() -> AsyncIterator[Learner]:
    learner = await running(Learner(QUOTED))
    yield learner
    await learner.learning.stop()


async def test_what_the_model_quotes_becomes_a_fact_with_its_evidence(learner: Learner) -> None:
    turn = await learner.said(f"Hello there! {CELLO} It rained on me.")
    learner.ellie.clock.moment += timedelta(minutes=5)
    learner.learning.offer(turn)
    await settle()

    (fact,) = await learner.facts(turn)
    assert (fact.text, fact.source, fact.topic) == (CELLO, FactSource.MODEL, "note")
    assert fact.audience == turn.audience
    assert (fact.evidence[0].quote, fact.evidence[0].turn_id) == (CELLO[:-1], turn.id)
    assert fact.learned_at == turn.received_at
    async with learner.ellie.storage.unit_of_work() as work:
        (operation,) = await work.operations.of_person(turn.person_id)
    assert (operation.actor, operation.turn_id) == (Actor.EXTRACTION, turn.id)
    assert operation.happened_at == learner.ellie.clock.moment


async def test_a_message_is_read_by_questions_when_that_is_the_tier() -> None:
    learner = await running(Learner(tier=Tier.QUESTIONS))
    learner.generator.likelihood = lambda prompt, reply: float(
        ("cellos" in reply) is (prompt.messages[-1].content == questions.LASTING)
    )

    facts = await learner.learned_from(f"{CELLO} It rained on me.")

    assert [fact.text for fact in facts] == [CELLO]
    await learner.learning.stop()


async def test_neither_ellies_words_nor_older_turns_are_shown_to_the_model(
    learner: Learner,
) -> None:
    await learner.said("My sister has a boat that leaks.")
    learner.ellie.generator.enqueue("You own a bakery, I recall.")
    await learner.ellie.say(CELLO)
    learner.learning.offer((await learner.ellie.turns())[-1])
    await settle()

    (request,) = learner.generator.requests
    shown = "\n".join(message.content for message in request.prompt.messages)
    assert CELLO in shown
    assert "bakery" not in shown
    assert "leaks" not in shown


async def test_rules_facts_of_the_turn_are_not_learned_again(learner: Learner) -> None:
    facts = await learner.learned_from("My name is Ana.")

    assert [fact.source for fact in facts] == [FactSource.RULE]
    assert learner.generator.requests == []


async def test_what_is_known_already_is_strengthened() -> None:
    learner = await running(Learner(QUOTED, QUOTED))
    await learner.learned_from(CELLO)

    (fact,) = await learner.learned_from(f"As I told you: {CELLO}")

    assert len(fact.evidence) == 2
    await learner.learning.stop()


async def test_turns_said_while_paused_or_incognito_are_not_read(learner: Learner) -> None:
    turn = await learner.said(CELLO)
    learner.learning.offer(replace(turn, unremembered=True))
    learner.learning.offer(replace(turn, number=0))
    await settle()

    assert learner.generator.requests == []


@pytest.mark.parametrize("left", [None, "It rained."])
async def test_a_turn_that_is_forgotten_before_it_is_read_is_skipped(
    learner: Learner, left: str | None
) -> None:
    turn = await learner.said(CELLO)
    learner.learning.offer(turn)
    await learner.forget(turn, left=left)
    await settle()

    assert await learner.facts(turn) == ()
    assert learner.generator.requests == []


@pytest.mark.parametrize("left", [None, "It rained."])
async def test_a_turn_that_is_forgotten_while_it_is_read_leaves_nothing(
    learner: Learner, left: str | None
) -> None:
    learner.generator.hold()
    turn = await learner.said(CELLO)
    learner.learning.offer(turn)
    await settle()
    assert len(learner.generator.requests) == 1
    await learner.forget(turn, left=left)
    learner.generator.release()
    await settle()

    assert await learner.facts(turn) == ()


async def test_a_pause_that_begins_meanwhile_counts(learner: Learner) -> None:
    learner.generator.hold()
    turn = await learner.said(CELLO)
    learner.learning.offer(turn)
    await settle()
    await learner.pause(turn)
    learner.generator.release()
    await settle()

    assert await learner.facts(turn) == ()


async def test_no_transaction_is_open_while_the_model_reads(learner: Learner) -> None:
    learner.generator.hold()
    learner.learning.offer(await learner.said(CELLO))
    await settle()

    assert len(learner.generator.requests) == 1
    assert not learner.ellie.storage.writing.locked()


async def test_nothing_begins_while_somebody_is_answered(learner: Learner) -> None:
    turn = await learner.said(CELLO)
    with learner.traffic.answering():
        learner.learning.offer(turn)
        await settle()
        assert learner.generator.requests == []
    await settle()

    assert len(await learner.facts(turn)) == 1


async def test_it_is_quiet_when_the_last_of_several_is_answered(learner: Learner) -> None:
    turn = await learner.said(CELLO)
    with learner.traffic.answering():
        with learner.traffic.answering():
            learner.learning.offer(turn)
        await settle()
        assert learner.generator.requests == []
    await settle()

    assert len(learner.generator.requests) == 1


async def test_reading_stops_when_a_chat_begins_and_starts_anew_after_it() -> None:
    learner = await running(Learner("never finished", QUOTED))
    turn = await learner.said(CELLO)
    learner.generator.hold(after_words=1)
    learner.learning.offer(turn)
    await settle()
    with learner.traffic.answering(), learner.traffic.answering():
        await settle()
        assert learner.generator._cancelled == {}, "the background request still runs"
        learner.generator.release()
        await settle()
        assert len(learner.generator.requests) == 1
    await settle()

    assert len(learner.generator.requests) == 2
    assert len(await learner.facts(turn)) == 1
    await learner.learning.stop()


async def test_messages_are_read_one_at_a_time_and_the_oldest_are_dropped() -> None:
    learner = await running(Learner(*["NONE"] * 4))
    learner.generator.hold()
    for number in range(6):
        learner.learning.offer(await learner.said(f"I restore {number} cellos each year."))
        await settle()
    assert len(learner.generator.requests) == 1
    learner.generator.release()
    await settle()

    asked = [request.prompt.messages[-1].content for request in learner.generator.requests]
    assert [[digit for digit in text if digit.isdigit()] for text in asked] == [
        ["0"],
        ["3"],
        ["4"],
        ["5"],
    ]
    await learner.learning.stop()


async def test_one_failure_does_not_end_the_learning() -> None:
    learner = await running(Learner(EngineFailedError("broken"), RuntimeError("odd"), QUOTED))
    await learner.learned_from("I repair violins on Sundays.")
    await learner.learned_from("I repair harps on Sundays.")

    assert len(await learner.learned_from(CELLO)) == 1
    await learner.learning.stop()


async def test_with_rules_alone_nothing_is_kept_waiting() -> None:
    learner = await running(Learner(tier=Tier.RULES))

    assert await learner.learned_from(CELLO) == ()
    assert not learner.learning._waiting
    assert learner.generator.requests == []
    await learner.learning.stop()


@pytest.mark.parametrize("error", [ModelError("no such model"), RuntimeError("odd")])
async def test_a_model_that_cannot_be_tried_leaves_the_rules(error: Exception) -> None:
    learner = Learner(tier=None)

    async def broken() -> None:
        raise error

    learner.generator.tokenizer = broken  # type: ignore[method-assign,assignment]
    await running(learner)

    assert await learner.learned_from(CELLO) == ()
    assert learner.learning._task
    assert learner.learning._task.exception() is None
    await learner.learning.stop()


async def test_stopping_ends_the_reading_at_once_and_stores_nothing() -> None:
    learner = await running(Learner(QUOTED))
    learner.generator.hold()
    turn = await learner.said(CELLO)
    learner.learning.offer(turn)
    learner.learning.offer(turn)
    await settle()
    assert len(learner.generator.requests) == 1
    assert len(learner.learning._waiting) == 1

    await asyncio.wait_for(learner.learning.stop(), 1)
    assert not learner.learning._waiting
    learner.generator.release()
    await settle()

    assert await learner.facts(turn) == ()
    assert learner.generator._cancelled == {}
    learner.learning.offer(turn)
    assert not learner.learning._waiting
    await learner.learning.stop()


async def test_stopping_lets_a_change_that_began_be_stored_whole() -> None:
    learner = await running(Learner(QUOTED))
    learner.generator.hold()
    turn = await learner.said(CELLO)
    learner.learning.offer(turn)
    await settle()
    await learner.ellie.storage.writing.acquire()
    learner.generator.release()
    await settle()  # the change waits for the database now
    stopping = asyncio.create_task(learner.learning.stop())
    await settle()
    assert not stopping.done()
    learner.ellie.storage.writing.release()
    await stopping

    assert len(await learner.facts(turn)) == 1


async def test_a_message_is_no_words_while_it_waits(learner: Learner) -> None:
    learner.generator.hold()
    first, second = await learner.said("I repair harps on Sundays."), await learner.said(CELLO)
    learner.learning.offer(first)
    learner.learning.offer(second)
    await settle()

    assert len(learner.learning._waiting) == 1
    assert "cellos" not in repr(learner.learning._waiting)
