"""``ellie jobs`` and ``ellie retention`` do what is asked, or say why they do not."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from support.owner import BEA_ID, NOON, Ellie, job

from bot.domain.compaction import JobStatus
from bot.engine.schedules import COMPACTION, RETENTION
from bot.errors import ConfigError, UsageError
from bot.ports.compaction_storage import Expired
from bot.ports.storage import UnitOfWork


@pytest.fixture
def ellie(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Ellie:
    monkeypatch.setenv("COLUMNS", "80")
    return Ellie(monkeypatch, tmp_path)


def row(lines: list[str], first: str) -> list[str]:
    """The cells of a line, which stand two spaces or more apart."""
    (line,) = (line for line in lines if line.startswith(first))
    return [cell.strip() for cell in line.split("  ") if cell.strip()]


def test_jobs_that_never_ran_are_listed_with_their_schedules(ellie: Ellie) -> None:
    lines = ellie.lines("jobs")

    assert row(lines, "job")[:4] == ["job", "schedule", "next run", "last run"]
    assert row(lines, COMPACTION) == [COMPACTION, "every 5m", "while Ellie runs", "never", "0"]
    assert row(lines, RETENTION) == [RETENTION, "30 3 * * *", "2026-05-05 03:30", "never", "0"]
    assert "Times are those of UTC." in lines
    assert "People due for compaction: 0." in lines
    assert not any("what became of it" in line for line in lines)


def test_a_run_shows_when_it_was_how_it_ended_and_when_the_next_one_is(ellie: Ellie) -> None:
    ellie.settings = ellie.settings.model_copy(update={"time_zone": "Europe/Lisbon"})

    async def note(work: UnitOfWork) -> None:
        await work.schedules.begin(COMPACTION, at=NOON - timedelta(minutes=2))
        await work.schedules.end(COMPACTION, at=NOON, outcome="failed")

    ellie.stored(note)

    lines = ellie.lines("jobs")
    assert row(lines, COMPACTION) == [
        COMPACTION, "every 5m", "2026-05-04 13:03", "2026-05-04 12:58", "failed", "1"
    ]  # fmt: skip
    assert "Times are those of Europe/Lisbon." in lines


def test_a_schedule_that_is_off_or_means_nothing_is_told(ellie: Ellie) -> None:
    off = {"compaction_schedule": "off"}
    ellie.settings = ellie.settings.model_copy(update=off)
    assert row(ellie.lines("jobs"), COMPACTION)[1:3] == ["off", "off"]

    wrong = {"compaction_schedule": "61 * * * *"}
    ellie.settings = ellie.settings.model_copy(update=wrong)
    problem = ellie.problem("jobs")
    assert isinstance(problem, ConfigError)
    assert "ELLIE_COMPACTION_SCHEDULE: '61 * * * *' is no schedule" in str(problem)


def test_a_job_is_paused_and_resumed_by_its_name(ellie: Ellie) -> None:
    assert ellie.lines("jobs", "pause", RETENTION) == [
        "retention is paused; what runs now ends first."
    ]
    lines = ellie.lines("jobs")
    assert row(lines, RETENTION)[2] == "paused"
    assert "paused" not in row(lines, COMPACTION)

    assert ellie.lines("jobs", "resume", RETENTION) == ["retention runs again by its schedule."]
    assert row(ellie.lines("jobs"), RETENTION)[2] == "2026-05-05 03:30"


@pytest.mark.parametrize("command", ["pause", "resume"])
def test_an_unknown_job_is_told_the_names_there_are(ellie: Ellie, command: str) -> None:
    problem = ellie.problem("jobs", command, "compact")

    assert isinstance(problem, UsageError)
    assert str(problem) == "There is no job 'compact'. The jobs are compaction, retention, resets."


def test_the_latest_compactions_are_listed_newest_first_in_eighty_columns(ellie: Ellie) -> None:
    counts = {"learned": 3, "merged": 1, "expired": 0, "faded": 12, "episodes": 1, "probes": 9}
    ellie.has(
        *(job(number, started_at=NOON + timedelta(hours=number)) for number in range(12)),
        job(12, counts=counts, started_at=NOON + timedelta(days=1)),
        job(
            13,
            BEA_ID,
            status=JobStatus.REFUSED,
            problem="It lost 2 of 9 answers, which is more than a compaction may lose.",
            counts=counts,
            started_at=NOON + timedelta(days=2),
        ),
    )

    lines = ellie.lines("jobs")

    assert max(map(len, lines)) <= 80
    listed = [line for line in lines if line.startswith("0000")]
    assert [line[:8] for line in listed] == [f"{number:08}" for number in range(13, 3, -1)]
    assert row(lines, "00000013")[:5] == [
        "00000013", "a1ffffff", "refused", "40", "2026-05-06 12:00"
    ]  # fmt: skip
    rest = " ".join(" ".join(lines).split())
    assert "3 learned, 1 merged," in rest
    assert "12 faded, 1 episode" in rest
    assert "probes" not in rest
    assert row(lines, "00000011")[-1] == "nothing to change"


def test_without_a_decision_everything_is_kept(ellie: Ellie) -> None:
    assert ellie.lines("retention") == [
        "By default (ELLIE_RETENTION_DAYS): kept until somebody erases it.",
        "People may choose less for themselves, with /memory keep.",
    ]


def test_a_server_or_workspace_has_its_own_number_until_it_is_taken_back(ellie: Ellie) -> None:
    ellie.settings = ellie.settings.model_copy(update={"retention_days": 365})

    decided = ellie.lines("retention", "--tenant", "slack:T1", "--days", "30")
    ellie.lines("retention", "--tenant", "discord:123", "--keep")

    assert decided[0] == "What is said in slack:T1: kept for 30 days."
    assert "ellie retention --run" in decided[1]
    assert ellie.lines("retention")[:3] == [
        "By default (ELLIE_RETENTION_DAYS): kept for 365 days.",
        "What is said in discord:123: kept until somebody erases it.",
        "What is said in slack:T1: kept for 30 days.",
    ]

    assert ellie.lines("retention", "--tenant", "slack:T1", "--default") == [
        "What is said in slack:T1: kept for 365 days, as by default."
    ]
    assert not any("slack:T1" in line for line in ellie.lines("retention"))


@pytest.mark.parametrize(
    "tenant", ["", "T1", "console:1", "discord:", "discord:My Server", "discord:١", "slack:T1/U2"]
)
def test_what_is_no_server_or_workspace_is_not_decided_for(ellie: Ellie, tenant: str) -> None:
    assert isinstance(ellie.problem("retention", "--tenant", tenant, "--days", "3"), UsageError)
    assert ellie.stored(lambda work: work.retention.of_tenants()) == {}


@pytest.mark.parametrize(
    "options",
    [
        ("--days", "3"),
        ("--keep",),
        ("--tenant", "slack:T1"),
        ("--tenant", "slack:T1", "--days", "3", "--keep"),
        ("--tenant", "slack:T1", "--default", "--keep"),
        ("--run", "--tenant", "slack:T1", "--days", "3"),
        ("--run", "--keep"),
        ("--erase",),
        ("--erase", "--tenant", "slack:T1", "--keep"),
        ("--erase", "--tenant", "slack:T1", "--run"),
    ],
)
def test_a_decision_that_is_not_clear_is_not_taken(ellie: Ellie, options: tuple[str, ...]) -> None:
    assert "--tenant goes with one of" in str(ellie.problem("retention", *options))
    assert ellie.retention.runs == 0
    assert ellie.erasure.tenants == []


@pytest.mark.parametrize("days", ["0", "-1", "36501", "many"])
def test_a_number_of_days_that_makes_no_sense_is_refused(ellie: Ellie, days: str) -> None:
    assert ellie.run("retention", "--tenant", "slack:T1", "--days", days).exit_code == 2


@pytest.mark.parametrize(
    ("expired", "said"),
    [
        (Expired(), "Nothing is older than may be kept."),
        (Expired(turns=12, facts=1), "Erased for good: 12 turns, 1 fact."),
    ],
)
def test_erasing_now_says_what_is_gone(ellie: Ellie, expired: Expired, said: str) -> None:
    ellie.retention.expired = expired

    assert ellie.lines("retention", "--run") == [said]
    (state,) = ellie.stored(lambda work: work.schedules.of([RETENTION]))
    assert (state.outcome, state.runs) == ("ok", 1)


@pytest.mark.parametrize(
    ("expired", "said"),
    [
        (Expired(), "Nothing is stored that was said in slack:T1."),
        (
            Expired(turns=1, facts=2),
            "Erased for good of what was said in slack:T1: 1 turn, 2 facts.",
        ),
    ],
)
def test_erasing_a_workspace_says_what_is_gone(ellie: Ellie, expired: Expired, said: str) -> None:
    ellie.erasure.expired = expired

    assert ellie.lines("retention", "--tenant", "slack:T1", "--erase") == [said]
    assert [tenant.id for tenant in ellie.erasure.tenants] == ["slack:T1"]
    assert ellie.retention.runs == 0


def test_erasing_what_is_no_workspace_is_refused(ellie: Ellie) -> None:
    assert isinstance(ellie.problem("retention", "--tenant", "T1", "--erase"), UsageError)
    assert ellie.erasure.tenants == []
