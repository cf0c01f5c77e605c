"""``ellie compact`` makes memory compact, tries it, takes it back, or says why it does not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from support.owner import ANA_ID, BEA, BEA_ID, Ellie, job

from bot.cli.people import parse_account, parse_tenant
from bot.domain.compaction import JobStatus
from bot.domain.identity import IdentityRef, PersonId, Platform
from bot.engine.schedules import COMPACTION
from bot.errors import UsageError


@pytest.fixture
def ellie(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Ellie:
    monkeypatch.setenv("COLUMNS", "80")
    return Ellie(monkeypatch, tmp_path)


def test_nobody_due_is_no_failure(ellie: Ellie) -> None:
    assert ellie.lines("compact") == ["Nobody is due."]
    assert ellie.compactor.asked == [("due", None)]


def test_everybody_who_is_due_is_told_line_by_line(ellie: Ellie) -> None:
    ellie.compactor.jobs = [
        job(1, counts={"learned": 2, "episodes": 3}),
        job(2, BEA_ID, after_number=49),
    ]

    assert ellie.lines("compact") == [
        "person a1b2c3d4: done, 40 turns: 2 learned, 3 episodes (job 00000001)",
        "person a1ffffff: done, 1 turn: nothing to change (job 00000002)",
        "Compacted: 2 people.",
    ]
    (state,) = ellie.stored(lambda work: work.schedules.of([COMPACTION]))
    assert (state.outcome, state.runs) == ("ok", 1)


def test_people_are_counted_and_not_their_jobs(ellie: Ellie) -> None:
    ellie.compactor.jobs = [
        job(1),
        job(2, after_number=49),
        job(3, BEA_ID, status=JobStatus.FAILED, problem="it was too hard"),
        job(4, BEA_ID, status=JobStatus.FAILED, problem="it was too hard"),
        job(5, BEA_ID),
        job(6, after_number=50),
    ]

    said = ellie.run("compact").stdout.splitlines()
    tried = ellie.run("compact", "--dry-run").stdout.splitlines()

    assert len(said) == len(ellie.compactor.jobs) + 1
    assert said[-1] == "Compacted: 2 people, 1 failed."
    assert tried[-1] == "Would be compacted: 2 people, 1 failed. Nothing was changed."


def test_the_own_priority_is_lowered_and_others_keep_theirs(ellie: Ellie) -> None:
    ellie.lines("jobs")
    ellie.lines("retention", "--run")
    assert ellie.priorities == []

    ellie.lines("compact")
    assert ellie.priorities == [10]


def test_a_priority_that_is_lower_already_stays(
    ellie: Ellie, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_: object) -> None:
        raise psutil.AccessDenied

    monkeypatch.setattr(psutil.Process, "nice", denied)

    assert ellie.lines("compact") == ["Nobody is due."]


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (JobStatus.REFUSED, "refused"),
        (JobStatus.FAILED, "failed"),
        (JobStatus.RUNNING, "left for later"),
    ],
)
def test_one_that_was_not_done_shows_in_the_exit_code(
    ellie: Ellie, status: JobStatus, said: str
) -> None:
    ellie.compactor.jobs = [job(1), job(2, BEA_ID, status=status, problem="it was too hard")]

    result = ellie.run("compact")

    assert result.exit_code == 1
    assert result.stdout.splitlines()[1:] == [
        f"person a1ffffff: {said}, 40 turns: it was too hard (job 00000002)",
        f"Compacted: 1 person, 1 {said}.",
    ]


@pytest.mark.parametrize(
    ("who", "meant"),
    [
        ("console:ana", ANA_ID),
        ("console:Ana", ANA_ID),
        ("slack:T1/U2", BEA_ID),
        (ANA_ID, ANA_ID),
        ("a1b2", ANA_ID),
        ("a1f", BEA_ID),
    ],
)
def test_one_person_is_meant_by_account_or_id(ellie: Ellie, who: str, meant: PersonId) -> None:
    ellie.knows_ana_and_bea()
    ellie.has(job(1), job(2, BEA_ID))
    ellie.compactor.jobs = [job(3, meant)]

    lines = ellie.lines("compact", "--person", who)

    assert ellie.compactor.asked == [("person", meant)]
    assert lines[0].startswith(f"person {meant[:8]}: done")
    assert lines[1:] == ["Compacted: 1 person."]


def test_who_is_due_is_known_by_the_beginning_of_their_id(
    ellie: Ellie, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def due(*_: object, **__: object) -> tuple[PersonId, ...]:
        return (ANA_ID,)

    monkeypatch.setattr("storage.inmemory.InMemoryCompactionRepository.due", due)

    ellie.run("compact", "--person", "a1b")

    assert ellie.compactor.asked == [("person", ANA_ID)]


@pytest.mark.parametrize(
    ("who", "said"),
    [
        ("console:bob", "Ellie knows nobody called console:bob."),
        ("discord:1", "Ellie knows nobody called discord:1."),
        ("slack:U2", "'slack:U2' is no account."),
        ("slack:T1/", "'slack:T1/' is no account."),
        ("discord:", "'discord:' is no account."),
        ("irc:ana", "'irc:ana' is no account."),
        ("", "No id of a person begins with ''."),
        ("ffff", "No id of a person begins with 'ffff'."),
        ("a1", f"a1 is the beginning of 2 ids: {ANA_ID}, {BEA_ID}."),
    ],
)
def test_who_is_nobody_or_several_is_told_what_would_do(ellie: Ellie, who: str, said: str) -> None:
    ellie.knows_ana_and_bea()
    ellie.has(job(1), job(2, BEA_ID))

    problem = ellie.problem("compact", "--person", who)

    assert isinstance(problem, UsageError)
    assert str(problem).startswith(said)
    assert "ellie jobs" in str(problem) or "2 ids" in str(problem)
    assert ellie.compactor.asked == []


def test_a_person_who_is_taken_is_left_alone(ellie: Ellie) -> None:
    ellie.knows_ana_and_bea()

    assert ellie.lines("compact", "--person", "console:ana") == [
        "There is nothing to do for them, or another process does it just now."
    ]


def test_a_dry_run_changes_nothing_and_says_so(ellie: Ellie) -> None:
    ellie.knows_ana_and_bea()
    ellie.compactor.jobs = [job(1, counts={"merged": 1})]

    everybody = ellie.lines("compact", "--dry-run")
    ellie.lines("compact", "--dry-run", "--person", "console:ana")

    assert everybody == [
        "person a1b2c3d4: done, 40 turns: 1 merged (job 00000001)",
        "Would be compacted: 1 person. Nothing was changed.",
    ]
    assert ellie.compactor.asked == [("preview", None), ("preview", ANA_ID)]
    (state,) = ellie.stored(lambda work: work.schedules.of([COMPACTION]))
    assert state.runs == 0


def test_a_compaction_is_taken_back_by_the_beginning_of_its_id(ellie: Ellie) -> None:
    ellie.compactor.jobs = [job(1), job(2)]
    ellie.has(*ellie.compactor.jobs)

    (line,) = ellie.lines("compact", "--undo", "00000002")

    assert line.startswith("Taken back: 00000002, of person a1b2c3d4.")
    assert ellie.compactor.asked == [("undo", job(2).id)]


@pytest.mark.parametrize(
    ("name", "status", "said"),
    [
        ("00000001", JobStatus.UNDONE, "The compaction 00000001 is undone; only one that is done"),
        ("00000001", JobStatus.REFUSED, "The compaction 00000001 is refused; only one that"),
        ("9", JobStatus.DONE, "'9' is the beginning of no compaction's id, or of several."),
        ("", JobStatus.DONE, "'' is the beginning of no compaction's id, or of several."),
        ("0", JobStatus.DONE, "'0' is the beginning of no compaction's id, or of several."),
        ("00000001", JobStatus.DONE, "A later compaction of the same person builds on 00000001."),
    ],
)
def test_what_cannot_be_taken_back_is_told_why(
    ellie: Ellie, name: str, status: JobStatus, said: str
) -> None:
    ellie.has(job(1, status=status), job(2))
    ellie.compactor.may_undo = False

    problem = ellie.problem("compact", "--undo", name)

    assert isinstance(problem, UsageError)
    assert str(problem).startswith(said)


@pytest.mark.parametrize("other", [("--dry-run",), ("--person", "console:ana")])
def test_undoing_goes_alone(ellie: Ellie, other: tuple[str, ...]) -> None:
    assert "--undo goes alone" in str(ellie.problem("compact", "--undo", "0", *other))


def test_an_account_is_the_one_that_the_platform_means() -> None:
    assert parse_account("slack:T1/U2") == replace(BEA, display_name="")
    assert parse_account("discord:77") == IdentityRef(
        platform=Platform.DISCORD, external_id="77", display_name=""
    )
    assert parse_account("console:").external_id == "owner"
    assert parse_tenant("slack:T1") == BEA.tenant
