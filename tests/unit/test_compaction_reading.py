"""What the model adds to memory when a conversation is read again, and what keeps it from that."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from datetime import timedelta

import pytest
from support.compacting import CompactingDialog, compactor_over
from support.dialog import ANA
from support.engine import CountingIds, settle

from bot.domain.compaction import CompactionJob
from bot.domain.fact import Fact, FactSource, FactStatus
from bot.domain.generation import GenerationEvent, GenerationRequest
from bot.domain.operation import Actor
from bot.domain.turn import Turn
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


class OneAtATime(ScriptedGenerator):
    """Waits to be released after every answer."""

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[GenerationEvent]:
        try:
            async for event in super().stream(request):
                yield event
        finally:
            self.hold()


class Reading(CompactingDialog):
    """A dialog whose compaction has a model of its own to read with."""

    def __init__(
        self,
        *answers: str | Exception,
        tier: Tier | None = Tier.BULLETS,
        reader: ScriptedGenerator | None = None,
    ) -> None:
        super().__init__()
        self.reader = reader or ScriptedGenerator(*answers)
        self.traffic = ChatTraffic()
        extraction = ModelExtraction(self.reader, CountingIds())
        self.compactor = compactor_over(
            self.storage,
            clock=self.clock,
            ids=self.ids,
            traffic=self.traffic,
            extraction=extraction,
            capability=Capability(
                extraction, results=ProbeResultsInMemory(), traffic=self.traffic, chosen=tier
            ),
        )

    async def learned_from(self, text: str) -> tuple[Fact, ...]:
        await self.say(text)
        await self.compact()
        return await self.everything()

    async def everything(self) -> tuple[Fact, ...]:
        return await self.facts(ANA, *FactStatus)

    async def begun(self, text: str) -> asyncio.Task[CompactionJob]:
        """A compaction that waits for the model's answer about ``text``."""
        self.reader.hold()
        await self.say(text)
        working = asyncio.create_task(self.compact())
        await settle()
        assert len(self.reader.requests) == 1
        return working

    async def forget(self, *, left: str | None) -> None:
        turn = (await self.turns())[-1]
        async with self.storage.unit_of_work() as work:
            if left is None:
                await work.turns.erase_all(turn.person_id)
            else:
                await work.turns.rewrite(
                    turn.person_id, turn.id, text=left, reply="", shown=turn.shown
                )
            await work.commit()


async def test_what_the_model_quotes_becomes_a_fact_with_its_evidence() -> None:
    dialog = Reading(QUOTED)
    await dialog.say(f"Hello there! {CELLO} It rained on me.")
    dialog.later(minutes=5)
    job = await dialog.compact()

    (turn,) = await dialog.turns()
    (fact,) = await dialog.everything()
    assert (fact.text, fact.source, fact.topic) == (CELLO, FactSource.MODEL, "note")
    assert fact.audience == turn.audience
    assert (fact.evidence[0].quote, fact.evidence[0].turn_id) == (CELLO[:-1], turn.id)
    assert fact.learned_at == turn.received_at
    assert job.counts["learned"] == 1
    async with dialog.storage.unit_of_work() as work:
        (operation,) = await work.operations.of_job(job.id)
    assert (operation.actor, operation.turn_id) == (Actor.EXTRACTION, turn.id)
    assert operation.happened_at == dialog.clock.now()


async def test_a_message_is_read_by_questions_when_that_is_the_tier() -> None:
    dialog = Reading(tier=Tier.QUESTIONS)
    dialog.reader.likelihood = lambda prompt, reply: float(
        ("cellos" in reply) is (prompt.messages[-1].content == questions.LASTING)
    )

    facts = await dialog.learned_from(f"{CELLO} It rained on me.")

    assert [fact.text for fact in facts] == [CELLO]


async def test_neither_ellies_words_nor_other_turns_are_shown_to_the_model() -> None:
    dialog = Reading("NONE", QUOTED)
    dialog.generator.answer = lambda _: "You own a bakery, I recall."
    await dialog.say("My sister has a boat that leaks.")
    await dialog.say(CELLO)
    await dialog.compact()

    shown = "\n".join(m.content for m in dialog.reader.requests[-1].prompt.messages)
    assert CELLO in shown
    assert "bakery" not in shown
    assert "leaks" not in shown


async def test_what_rules_found_is_not_learned_again() -> None:
    dialog = Reading()
    facts = await dialog.learned_from("My name is Ana.")

    assert [fact.source for fact in facts] == [FactSource.RULE]
    assert len(facts[0].evidence) == 1
    assert dialog.reader.requests == []


async def test_what_is_known_already_gets_more_evidence() -> None:
    dialog = Reading(QUOTED, QUOTED)
    await dialog.learned_from(CELLO)

    (fact,) = await dialog.learned_from(f"As I told you: {CELLO}")

    assert len(fact.evidence) == 2


async def test_what_was_read_is_not_read_again() -> None:
    dialog = Reading(QUOTED)
    await dialog.learned_from(CELLO)

    await dialog.compact()

    assert len(dialog.reader.requests) == 1


async def test_what_the_person_took_back_does_not_return() -> None:
    dialog = Reading(QUOTED, QUOTED)
    dialog.later(hours=1)
    await dialog.say(CELLO)
    job = await dialog.compact()
    (fact,) = await dialog.everything()
    await dialog.compactor.undo(job.id)
    assert [fact.status for fact in await dialog.everything()] == [FactStatus.RETRACTED]

    await dialog.compact()

    assert [(f.id, f.status) for f in await dialog.everything()] == [
        (fact.id, FactStatus.RETRACTED)
    ]


async def test_an_older_statement_never_takes_the_place_of_a_newer_one() -> None:
    dialog = Reading(tier=Tier.RULES)
    await dialog.say("Hello.")
    await dialog.unread("I live in Berlin.")
    await dialog.say("I live in Rome.")

    await dialog.compact()

    assert await dialog.known() == ["I live in Rome."]


async def test_what_an_earlier_version_did_not_find_is_learned() -> None:
    dialog = Reading(tier=Tier.RULES)
    await dialog.say("Hello.")
    await dialog.unread("I live in Berlin.")

    job = await dialog.compact()

    assert job.counts["learned"] == 1
    (fact,) = await dialog.facts()
    assert (fact.text, fact.source) == ("I live in Berlin.", FactSource.RULE)


async def test_turns_said_while_paused_are_not_read() -> None:
    dialog = Reading()
    await dialog.say("Hello.")
    await dialog.ask("/memory pause")
    await dialog.say(CELLO)
    await dialog.ask("/memory resume")
    await dialog.compact()

    assert CELLO in [turn.text for turn in await dialog.turns()]
    assert dialog.reader.requests == []


@pytest.mark.parametrize("left", [None, "It rained."])
async def test_a_turn_that_is_forgotten_while_it_is_read_leaves_nothing(left: str | None) -> None:
    dialog = Reading(QUOTED)
    working = await dialog.begun(CELLO)
    await dialog.forget(left=left)
    dialog.reader.release()
    await working

    assert await dialog.everything() == ()


async def test_a_pause_that_begins_meanwhile_counts() -> None:
    dialog = Reading(QUOTED)
    working = await dialog.begun(CELLO)
    await dialog.ask("/memory pause")
    dialog.reader.release()
    await working

    assert await dialog.everything() == ()


async def test_no_transaction_is_open_while_the_model_reads() -> None:
    dialog = Reading(QUOTED)
    working = await dialog.begun(CELLO)
    assert not dialog.storage.writing.locked()  # type: ignore[attr-defined]
    dialog.reader.release()
    await working


async def test_nothing_begins_while_somebody_is_answered() -> None:
    dialog = Reading(QUOTED)
    await dialog.say(CELLO)
    with dialog.traffic.answering():
        with dialog.traffic.answering():
            working = asyncio.create_task(dialog.compact())
            await settle()
        await settle()
        assert dialog.reader.requests == []
    await working

    assert len(await dialog.everything()) == 1


async def test_reading_stops_when_a_chat_begins_and_starts_anew_after_it() -> None:
    dialog = Reading("never finished", QUOTED)
    dialog.reader.hold(after_words=1)
    await dialog.say(CELLO)
    working = asyncio.create_task(dialog.compact())
    await settle()
    with dialog.traffic.answering(), dialog.traffic.answering():
        await settle()
        assert dialog.reader._cancelled == {}, "the background request still runs"
        dialog.reader.release()
        await settle()
        assert len(dialog.reader.requests) == 1
    await working

    assert len(dialog.reader.requests) == 2
    assert len(await dialog.everything()) == 1


async def test_one_failure_does_not_keep_the_other_messages_from_being_read() -> None:
    dialog = Reading(EngineFailedError("broken"), RuntimeError("odd"), QUOTED)
    for text in ("I repair violins on Sundays.", "I repair harps on Sundays.", CELLO):
        await dialog.say(text)
    await dialog.compact()

    assert len(dialog.reader.requests) == 3
    assert [f.text for f in await dialog.everything() if f.source is FactSource.MODEL] == [CELLO]


@pytest.mark.parametrize("error", [ModelError("no such model"), RuntimeError("odd")])
async def test_a_model_that_cannot_be_tried_leaves_the_rules(error: Exception) -> None:
    dialog = Reading(tier=None)

    async def broken() -> None:
        raise error

    dialog.reader.tokenizer = broken  # type: ignore[method-assign,assignment]
    await dialog.say(CELLO)
    job = await dialog.compact()

    assert await dialog.everything() == ()
    assert job.read_until == 1


async def test_stopping_ends_the_reading_and_the_next_process_goes_on_there() -> None:
    dialog = Reading(reader=OneAtATime("NONE", QUOTED, QUOTED))
    await dialog.say("I repair harps on Sundays.")
    await dialog.say(CELLO)
    dialog.later(hours=1)
    working = asyncio.create_task(dialog.compactor.compact_due())
    await settle()
    assert len(dialog.reader.requests) == 2
    working.cancel()
    await asyncio.wait({working})
    assert working.cancelled()
    assert await dialog.everything() == ()
    dialog.reader.release()
    dialog.clock.moment += timedelta(seconds=1)

    (job,) = await dialog.compactor.compact_due()

    assert (job.counts["learned"], job.attempts) == (1, 2)
    assert len(dialog.reader.requests) == 3, "the first message is not read twice"


async def test_where_a_turn_is_found_twice_only_one_fact_comes_of_it() -> None:
    dialog = Reading(QUOTED)
    turn: Turn
    await dialog.say(CELLO)
    (turn,) = await dialog.turns()
    await dialog.compact()
    async with dialog.storage.unit_of_work() as work:
        await work.persons.bump_epoch(turn.person_id)
        await work.commit()
    await dialog.compact()

    assert len(await dialog.everything()) == 1
