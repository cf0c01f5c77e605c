"""A compaction from its claim to its end: what it changes, what it leaves, and who may do it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from support.compacting import (
    CompactingDialog,
    compactor_over,
    remembered,
    told_an_hour_ago,
)
from support.dialog import ANA, HALL, account
from support.engine import settle

from bot.domain.compaction import DueRule, JobId, JobStatus, Step
from bot.domain.fact import FactStatus
from bot.domain.operation import Actor
from bot.engine.chat_traffic import ChatTraffic

BEA = account("bea")


@pytest.fixture
async def told() -> CompactingDialog:
    return await told_an_hour_ago()


async def journal(dialog: CompactingDialog) -> list[Any]:
    person = await dialog.person()
    assert person
    async with dialog.storage.unit_of_work() as work:
        return [o for o in await work.operations.of_person(person.id) if o.job_id]


async def test_a_compaction_writes_episodes_and_moves_the_watermark(told: CompactingDialog) -> None:
    job = await told.compact()

    assert (job.status, job.after_number, job.until_number) == (JobStatus.DONE, 0, 12)
    (episode,) = await told.episodes()
    assert (episode.first_number, episode.last_number, episode.job_id) == (1, 12, job.id)
    person = await told.person()
    assert person
    assert person.compacted_until == 12


async def test_every_sentence_of_an_episode_was_said_in_the_turn_it_cites(
    told: CompactingDialog,
) -> None:
    await told.compact()

    said = {turn.id: turn.text for turn in await told.turns()}
    (episode,) = await told.episodes()
    assert episode.sentences
    for sentence in episode.sentences:
        assert any(sentence.text in said[turn_id] for turn_id in sentence.turn_ids)


async def test_compacting_again_changes_nothing(told: CompactingDialog) -> None:
    await told.compact()
    once, entries = await remembered(told.storage, ANA), await journal(told)

    job = await told.compact()

    assert job.status is JobStatus.DONE
    assert await remembered(told.storage, ANA) == once
    assert await journal(told) == entries


async def test_a_plan_whose_date_has_passed_is_closed_and_its_words_stay(
    told: CompactingDialog,
) -> None:
    await told.say("I'm going to Lisbon on Friday.")
    (plan,) = [fact for fact in await told.facts() if "Lisbon" in fact.text]
    told.later(days=10)

    job = await told.compact()

    assert job.counts["expired"] == 1
    (closed,) = await told.facts(ANA, FactStatus.EXPIRED)
    assert closed.id == plan.id
    assert "Lisbon" in await told.prompt_for("When did I go to Lisbon?")


async def test_what_is_not_mentioned_for_long_fades_and_can_still_be_asked_for(
    told: CompactingDialog,
) -> None:
    await told.say("I like mango ice cream.")
    told.later(days=3 * 365)

    await told.compact()

    (liked,) = [fact for fact in await told.facts() if "mango" in fact.text]
    assert liked.state.strength < 0.3
    about_rain = await told.prompt_for("Will it rain?")
    assert "mango" not in about_rain.split("user:")[0]
    assert "mango" in await told.prompt_for("What ice cream do I like?")


async def test_nobody_is_due_before_enough_has_gathered_or_they_fell_silent() -> None:
    dialog = CompactingDialog()
    rule = DueRule(enough_turns=5, idle=timedelta(minutes=30))
    dialog.compactor = compactor_over(dialog.storage, clock=dialog.clock, ids=dialog.ids, rule=rule)
    await dialog.small_talk(4)
    assert await dialog.compactor.compact_due() == ()

    await dialog.small_talk(1)
    (job,) = await dialog.compactor.compact_due()
    assert job.until_number == 5

    await dialog.small_talk(1, BEA)
    assert await dialog.compactor.due_count() == 0
    dialog.later(minutes=30)
    done = await dialog.compactor.compact_due()
    assert {job.status for job in done} == {JobStatus.DONE}
    assert len({job.person_id for job in done}) == 2, "Bea is due, and Ana's session is over"
    assert await dialog.compactor.compact_due() == ()


async def test_a_session_that_goes_on_stays_word_for_word() -> None:
    dialog = CompactingDialog()
    await dialog.small_talk(12)

    await dialog.compact()
    assert await dialog.episodes() == ()
    prompt = await dialog.prompt_for("And now?")
    assert all(f"report number {number} " in prompt for number in range(12))

    dialog.later(hours=1)
    await dialog.compact()
    (episode,) = await dialog.episodes()
    assert (episode.first_number, episode.last_number) == (1, 13)


async def test_a_silent_session_is_summed_up_without_another_word() -> None:
    dialog = CompactingDialog()
    await dialog.small_talk(12)
    await dialog.compact()

    dialog.later(hours=1)
    (job,) = await dialog.compactor.compact_due()

    assert job.counts["episodes"] == 1
    assert await dialog.compactor.compact_due() == ()


async def test_conversations_are_summed_up_apart() -> None:
    dialog = CompactingDialog()
    for number in range(6):
        await dialog.say(f"Private matter {number}: the zebra sleeps.")
        await dialog.say(f"Public matter {number}: the market opens.", where=HALL)
    dialog.later(hours=1)

    await dialog.compact()

    texts = {episode.audience: episode.text for episode in await dialog.episodes()}
    assert len(texts) == 2
    assert sum("zebra" in text for text in texts.values()) == 1
    prompt = await dialog.prompt_for("How is everybody?", where=HALL)
    assert "zebra" not in prompt


async def test_a_turn_without_its_reply_yet_waits_for_the_next_time(
    told: CompactingDialog,
) -> None:
    told.generator.hold()
    reply = await told.engine.handle(told.message("This one is still being answered."))
    await settle()

    job = await told.compact()

    assert job.until_number == 12
    told.generator.release()
    await reply.outcome()


async def test_a_compaction_is_taken_back_as_a_whole(told: CompactingDialog) -> None:
    await told.say("I'm going to Lisbon on Friday.")
    await told.say("I like mango ice cream.")
    told.later(days=3 * 365)
    before = await remembered(told.storage, ANA)
    job = await told.compact()
    assert await remembered(told.storage, ANA) != before

    undone = await told.compactor.undo(job.id)

    assert undone
    assert undone.status is JobStatus.UNDONE
    assert await remembered(told.storage, ANA) == before
    assert await told.compactor.undo(job.id) is None, "it is undone already"
    told.later(hours=2)
    assert await told.compactor.compact_due() == (), "it would only be done again"


async def test_only_the_latest_compaction_can_be_taken_back(told: CompactingDialog) -> None:
    first = await told.compact()
    await told.small_talk(8, about="traffic")
    told.later(hours=1)
    second = await told.compact()

    assert await told.compactor.undo(first.id) is None
    assert await told.compactor.undo(second.id) is not None
    assert await told.compactor.undo(first.id) is not None
    assert await told.compactor.undo(JobId("nobody's")) is None
    assert await told.episodes() == ()


async def test_a_persons_undo_does_not_take_back_what_compaction_did(
    told: CompactingDialog,
) -> None:
    await told.say("I like mango ice cream.")
    told.later(days=3 * 365)
    await told.compact()
    assert any(entry.actor is Actor.COMPACTION for entry in await journal(told))

    await told.ask("/memory undo")

    assert not any("mango" in fact for fact in await told.known()), "their own last change"
    assert await told.episodes()


async def test_a_preview_tells_the_same_and_changes_nothing(told: CompactingDialog) -> None:
    before = await remembered(told.storage, ANA)

    (shown,) = await told.compactor.preview()
    assert await remembered(told.storage, ANA) == before
    assert await journal(told) == []
    job = await told.compact()

    assert shown.status is JobStatus.DONE
    assert shown.counts == job.counts
    assert (shown.after_number, shown.until_number) == (job.after_number, job.until_number)


async def test_what_is_forgotten_between_two_steps_is_in_no_episode(
    told: CompactingDialog,
) -> None:
    async def forget() -> None:
        await told.agree("/memory forget storm")

    told.before(Step.SUMMARISE, forget)

    await told.compact()

    assert "storm" not in repr(await told.episodes())


async def test_somebody_erased_meanwhile_ends_the_job_quietly(told: CompactingDialog) -> None:
    async def erase() -> None:
        await told.agree("/memory forget everything")

    told.before(Step.EXPIRE, erase)

    job = await told.compact()

    assert job.status is JobStatus.RUNNING, "as it was when it was lost"
    assert await told.person() is None
    assert await told.compactor.compact_due() == ()


async def test_a_chat_goes_first(told: CompactingDialog) -> None:
    traffic = ChatTraffic()
    told.compactor = compactor_over(told.storage, clock=told.clock, ids=told.ids, traffic=traffic)
    with traffic.answering():
        working = asyncio.create_task(told.compactor.compact_due())
        await settle()
        assert await told.episodes() == ()
    jobs = await working
    assert len(jobs) == 1
