"""Compaction where things come together badly: slow steps, facts that end, memories that fail."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs
from support.compacting import CompactingDialog, Stumbling, remembered
from support.dialog import ANA, account

from bot.domain.compaction import JobStatus, Step
from bot.domain.conversation import Scope
from bot.domain.fact import FactStatus
from bot.engine.compaction import compactor as module
from bot.engine.compaction import publishing, settling, undoing
from bot.engine.recall_cache import RecallCache
from bot.errors import StorageError

BEA = account("bea")


@pytest.fixture(autouse=True)
def logged() -> Any:
    """What is logged, instead of long tracebacks on the screen."""
    with capture_logs() as logs:
        yield logs


async def test_what_the_person_changes_while_the_job_runs_is_no_loss() -> None:
    dialog = CompactingDialog()
    await dialog.say("I like mango ice cream.")
    dialog.later(days=90)

    async def edit() -> None:
        await dialog.ask("/memory edit 1 I like peach cobbler")
        (old,) = await dialog.facts(ANA, FactStatus.SUPERSEDED)
        assert "mango" in old.text

    dialog.before(Step.PUBLISH, edit)
    job = await dialog.compact()

    assert job.counts["faded"] == 1
    assert job.status is JobStatus.DONE


async def test_what_a_later_message_has_overwritten_is_no_loss() -> None:
    dialog = CompactingDialog()
    await dialog.say("I live in Rome.")
    await dialog.unread("I live in Berlin.")

    job = await dialog.compact()

    assert await dialog.known() == ["I live in Berlin."]
    assert job.status is JobStatus.DONE


async def test_what_a_failed_job_had_learned_is_learned_by_the_next_one() -> None:
    dialog = CompactingDialog()
    await dialog.say("Hello there.")
    await dialog.unread("I live in Berlin.")
    steps = dialog.compactor._steps

    async def fail() -> None:
        raise RuntimeError

    dialog.before(Step.MERGE, fail)
    for _ in range(module.MAX_FAILURES):
        job = await dialog.compact()
        dialog.later(hours=1)
    assert job.status is JobStatus.FAILED
    assert await dialog.facts(ANA, *FactStatus) == (), "nobody took anything back"

    dialog.work_with(steps)
    await dialog.compact()

    assert await dialog.known() == ["I live in Berlin."]


async def test_a_memory_that_cannot_even_be_taken_back_keeps_nobody_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dialog = CompactingDialog()
    await dialog.small_talk(5)
    await dialog.small_talk(5, BEA)
    dialog.later(hours=1)
    ana = await dialog.person()
    assert ana

    async def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError

    dialog.work_with(Stumbling(dialog.compactor._steps, RuntimeError(), person_id=ana.id))
    monkeypatch.setattr(module, "MAX_FAILURES", 1)
    monkeypatch.setattr(undoing, "undo_changes", broken)

    jobs = await dialog.compactor.compact_due()

    assert sorted(job.status for job in jobs) == [JobStatus.DONE, JobStatus.RUNNING]


async def test_a_statement_that_the_database_refuses_is_that_memorys_own_failure() -> None:
    dialog = CompactingDialog()
    await dialog.small_talk(5)

    async def refuse() -> None:
        message = "the database refused a statement"
        raise StorageError(message)

    dialog.before(Step.MERGE, refuse)
    job = await dialog.compact()

    assert (job.status, job.counts["failures"]) == (JobStatus.RUNNING, 1)


async def test_a_session_that_ends_while_the_job_runs_is_summed_up_without_another_word() -> None:
    dialog = CompactingDialog()
    await dialog.small_talk(12)

    async def wait() -> None:
        dialog.later(hours=1)

    plain = dialog.compactor
    dialog.before(Step.PUBLISH, wait)
    job = await dialog.compact()
    assert (job.status, await dialog.episodes()) == (JobStatus.DONE, ())

    dialog.compactor = plain
    await dialog.compactor.compact_due()
    assert len(await dialog.episodes()) == 1
    assert await dialog.compactor.compact_due() == ()


async def test_a_plan_that_ends_while_the_job_runs_is_closed_by_the_next_one() -> None:
    dialog = CompactingDialog()
    await dialog.say("I'm going to Lisbon on Friday.")

    async def wait() -> None:
        dialog.later(days=10)

    plain = dialog.compactor
    dialog.before(Step.SUMMARISE, wait)
    await dialog.compact()

    dialog.compactor = plain
    (job,) = await dialog.compactor.compact_due()
    assert job.counts["expired"] == 1
    assert await dialog.compactor.compact_due() == ()


async def test_a_large_memory_is_stored_in_small_pieces_and_taken_back_as_a_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(settling, "STORED_AT_ONCE", 1)
    monkeypatch.setattr(publishing, "INDEXED_AT_ONCE", 1)
    dialog = CompactingDialog()
    for what in ("mango ice cream", "peach cobbler", "old castles"):
        await dialog.say(f"I like {what}.")
    await dialog.small_talk(5)
    dialog.later(days=90)
    before = await remembered(dialog.storage, ANA)

    job = await dialog.compact()

    assert (job.status, job.counts["faded"]) == (JobStatus.DONE, 3)
    async with dialog.storage.unit_of_work() as work:
        fades = await work.operations.of_job(job.id)
    assert [len(fade.changes) for fade in fades] == [1, 1, 1]
    assert await dialog.compactor.undo(job.id)
    assert await remembered(dialog.storage, ANA) == before


async def test_an_index_that_grew_in_pieces_is_like_one_made_at_once() -> None:
    dialog = CompactingDialog(encoding=True)
    for what in ("mango ice cream", "peach cobbler", "old castles"):
        await dialog.say(f"I like {what}.")
    person = await dialog.person()
    assert person
    await dialog.keeper.catch_up(person.id)
    scope = Scope.in_private(person.id)
    grown = RecallCache(vector_model=dialog.encoder.model_name)
    whole = RecallCache(vector_model=dialog.encoder.model_name)
    pieces = 1
    async with dialog.storage.unit_of_work() as work:
        while not await grown.extend(person, work, at_most=2):
            pieces += 1
        one, other = await grown.index_of(person, work), await whole.index_of(person, work)
    assert pieces == 2
    (vector,) = await dialog.encoder.encode(["old castles"])
    ranked = [
        index.rank("old castles", scope, now=dialog.clock.now(), limit=3, query_vector=vector)
        for index in (one, other)
    ]
    assert ranked[0] == ranked[1]
    assert len(ranked[0]) > 0
