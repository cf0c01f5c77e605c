"""A compaction that would lose answers is refused, and memory is as if it had never been."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs
from support.compacting import CompactingDialog, remembered
from support.dialog import ANA

from bot.domain.compaction import CompactionJob, JobStatus, Step
from bot.domain.fact import FactStatus
from bot.domain.operation import MemoryOperation, OperationKind
from bot.engine.compaction.publishing import REFUSED_FOR
from bot.memory import ageing


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[Any]]:
    """What is logged."""
    with capture_logs() as logs:
        yield logs


@pytest.fixture
async def told() -> CompactingDialog:
    """Somebody with something to do for every step.

    They corrected two facts, whose words stand in no message: without the facts nobody knows them.
    """
    dialog = CompactingDialog()
    await dialog.say("I like mango ice cream.")
    await dialog.say("I like peach cobbler.")
    await dialog.ask("/memory edit 2 I really like mango ice cream.")
    await dialog.say("I'm allergic to peanuts.")
    await dialog.ask(f"/memory edit {await dialog.number_of('peanuts')} I'm allergic to cashews.")
    await dialog.say("I like old castles.")
    await dialog.ask(f"/memory edit {await dialog.number_of('castles')} I like lighthouses.")
    await dialog.say("I'm going to Lisbon on Friday.")
    await dialog.unread("I live in Berlin.")
    await dialog.small_talk(6)
    dialog.later(days=600)
    return dialog


@pytest.fixture
def rash(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """A compaction that takes every fact for a plan that is over."""
    with monkeypatch.context() as patched:
        patched.setattr(ageing, "_is_over", lambda *_: True)
        yield patched


async def journal(dialog: CompactingDialog) -> tuple[MemoryOperation, ...]:
    person = await dialog.person()
    assert person
    async with dialog.storage.unit_of_work() as work:
        return tuple(await work.operations.of_person(person.id))


async def latest(dialog: CompactingDialog) -> CompactionJob:
    async with dialog.storage.unit_of_work() as work:
        (job,) = await work.compactions.latest(limit=1)
    return job


async def test_a_compaction_that_would_lose_answers_changes_nothing(
    told: CompactingDialog, rash: pytest.MonkeyPatch, logged: list[Any]
) -> None:
    before, known = await remembered(told.storage, ANA), await told.facts(ANA, *FactStatus)
    entries = await journal(told)
    reached: list[dict[str, Any]] = []

    async def look() -> None:
        reached.append(await remembered(told.storage, ANA))

    told.before(Step.PUBLISH, look)

    job = await told.compact()

    for part in ("facts", "episodes"):
        assert reached[0][part] != before[part], "there is something to take back"
    for count in ("learned", "merged", "expired", "episodes"):
        assert job.counts[count], f"nothing {count}"
    assert job.status is JobStatus.REFUSED
    assert await remembered(told.storage, ANA) == before
    assert await told.facts(ANA, *FactStatus) == known
    assert (await journal(told))[: len(entries)] == entries
    prompt = await told.prompt_for("What am I allergic to?")
    assert "cashews" in prompt
    assert "compaction_refused" in [entry["event"] for entry in logged]


async def test_the_journal_has_a_refused_compaction_and_that_it_was_taken_back(
    told: CompactingDialog, rash: pytest.MonkeyPatch
) -> None:
    entries = await journal(told)

    job = await told.compact()

    new = (await journal(told))[len(entries) :]
    assert {entry.job_id for entry in new} == {job.id}
    undone = {entry.undoes for entry in new if entry.kind is OperationKind.UNDO}
    done = {entry.id for entry in new if entry.kind is not OperationKind.UNDO}
    assert done
    assert undone == done
    stored = await latest(told)
    assert (stored.id, stored.status, stored.counts) == (job.id, JobStatus.REFUSED, job.counts)
    assert 0 < stored.counts["lost"] <= stored.counts["probes"]
    asked, lost = stored.counts["probes"], stored.counts["lost"]
    assert stored.problem.startswith(f"{lost} of {asked} questions that memory could answer")
    assert stored.finished_at == told.clock.now()


async def test_nobody_is_compacted_again_before_a_refusal_is_a_day_old(
    told: CompactingDialog, rash: pytest.MonkeyPatch
) -> None:
    refused = await told.compact()
    rash.undo()

    told.clock.moment += REFUSED_FOR - timedelta(seconds=1)
    assert await told.compactor.due_count() == 0
    assert await told.compactor.compact_due() == ()
    told.later(seconds=1)
    (job,) = await told.compactor.compact_due()

    assert job.id != refused.id
    assert (job.status, job.after_number) == (JobStatus.DONE, refused.after_number)
    assert job.counts["learned"] == refused.counts["learned"], "what was given up is learned again"
    assert "I live in Berlin." in await told.known()
    assert await told.episodes()


async def test_a_preview_tells_of_the_refusal(
    told: CompactingDialog, rash: pytest.MonkeyPatch
) -> None:
    before, entries = await remembered(told.storage, ANA), await journal(told)

    (shown,) = await told.compactor.preview()

    assert shown.status is JobStatus.REFUSED
    assert "questions" in shown.problem
    assert await remembered(told.storage, ANA) == before
    assert await journal(told) == entries
    assert await told.compactor.due_count() == 1
