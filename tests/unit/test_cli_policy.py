"""``ellie policy``: what the owner sees, exports and imports for one server or workspace."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from support.owner import Ellie
from typer.testing import CliRunner

from bot.cli import main
from bot.domain.identity import Platform, TenantRef
from bot.domain.place_settings import StoredSetting
from bot.domain.policy import AnswerPolicy
from bot.errors import UsageError
from bot.ports.storage import UnitOfWork

GUILD = TenantRef(platform=Platform.DISCORD, external_id="1234")
SHOWS = "/admin policy show says what holds."
TENANT = ("--tenant", "discord:1234")


@pytest.fixture
def ellie(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Ellie:
    monkeypatch.setenv("COLUMNS", "80")
    ellie = Ellie(monkeypatch, tmp_path)

    async def decide(work: UnitOfWork) -> None:
        await work.policies.set(GUILD, None, AnswerPolicy.MENTIONS)
        await work.retention.set_tenant(GUILD, 90)
        decided = [
            StoredSetting(channel_id="55", name="persona", value="[bold]Ada[/] 好"),
            StoredSetting(channel_id="55", name="moods", value={"newer": 1}),
        ]
        await work.place_settings.set(GUILD, decided)

    ellie.stored(decide)
    return ellie


def exported(ellie: Ellie) -> str:
    return ellie.run("policy", "export", *TENANT).stdout


def test_every_decision_is_shown(ellie: Ellie) -> None:
    assert ellie.lines("policy", "show", *TENANT) == [
        "everywhere else: answers = mentions",
        "everywhere else: retention = 90",
        "55: persona = [bold]Ada[/] 好",
    ]
    assert ellie.lines("policy", "show", "--tenant", "slack:T1") == [
        "Nothing was decided in slack:T1; the rules of your settings hold."
    ]


def test_a_file_is_written_and_read_again(ellie: Ellie, tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    assert ellie.lines("policy", "export", *TENANT, str(file)) == [f"Written: {file}"]
    assert file.read_text("utf-8") == exported(ellie)
    assert stat.S_ISREG(file.stat().st_mode)

    assert ellie.lines("policy", "import", *TENANT, str(file)) == [
        "discord:1234 has these decisions already."
    ]
    assert ellie.lines("policy", "import", "--tenant", "discord:99", str(file))[-1] == (
        "Replaced. A running Ellie notices within 10 seconds."
    )
    again = ellie.run("policy", "export", "--tenant", "discord:99").stdout
    assert again == exported(ellie).replace("discord:1234", "discord:99")


def test_a_dry_run_shows_the_differences_and_changes_nothing(ellie: Ellie, tmp_path: Path) -> None:
    before = exported(ellie)
    file = tmp_path / "policy.toml"
    file.write_text('[tenant]\nretention = "forever"\n[channel.7]\ncontext = false\n', "utf-8-sig")
    changes = [
        "everywhere else: answers: mentions → undecided",
        "everywhere else: retention: 90 → forever",
        "55: persona: [bold]Ada[/] 好 → undecided",
        "7: context: undecided → off",
    ]

    dry = ellie.lines("policy", "import", *TENANT, str(file), "--dry-run")
    assert dry == [*changes, "Nothing was changed: this was a dry run."]
    assert exported(ellie) == before

    assert ellie.lines("policy", "import", *TENANT, str(file))[:-1] == changes
    assert ellie.lines("policy", "show", *TENANT) == [
        "everywhere else: retention = forever",
        "7: context = off",
    ]
    # What only a newer version knows stays.
    kept = [one.value for one in ellie.storage.state.place_settings.values() if one.name == "moods"]
    assert kept == [{"newer": 1}]


def test_standard_input_is_read_where_no_file_is_named(ellie: Ellie) -> None:
    with capture_logs():
        result = CliRunner().invoke(
            main.app, ["policy", "import", *TENANT], input="[tenant]\nmemory = 'off'\n"
        )

    assert result.exit_code == 0, result.output
    assert ellie.lines("policy", "show", *TENANT) == ["everywhere else: memory = off"]


def test_every_problem_is_told_and_nothing_changed(ellie: Ellie, tmp_path: Path) -> None:
    before = exported(ellie)
    file = tmp_path / "policy.toml"
    file.write_text("moods = 1\n[tenant]\nmemory = 'off'\nanswers = 3\n[channel.7]\nx = 1\n")

    problem = ellie.problem("policy", "import", *TENANT, str(file))

    assert isinstance(problem, UsageError)
    assert str(problem).splitlines() == [
        f"{file} cannot be used, and nothing was changed; 3 problems:",
        "  - moods: Settings stand in [tenant] or [channel.ID].",
        f"  - tenant.answers: “3” is none of {', '.join(AnswerPolicy)}. {SHOWS}",
        "  - channel.7.x: There is no such setting.",
    ]
    assert exported(ellie) == before


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xfe", "is not written in UTF-8"),
        (b"a = [", "That is not TOML"),
        (b"#" * (1024 * 1024 + 1), "That is too long: 1024 KB at most."),
    ],
)
def test_what_is_no_file_of_policies_is_told(
    ellie: Ellie, tmp_path: Path, content: bytes, said: str
) -> None:
    file = tmp_path / "policy.toml"
    file.write_bytes(content)

    assert said in str(ellie.problem("policy", "import", *TENANT, str(file)))


def test_files_and_tenants_that_are_not_there_are_told(ellie: Ellie, tmp_path: Path) -> None:
    missing = tmp_path / "no" / "policy.toml"
    assert "cannot be read" in str(ellie.problem("policy", "import", *TENANT, str(missing)))
    assert "cannot be read" in str(ellie.problem("policy", "import", *TENANT, "a\0b"))
    assert "cannot be written" in str(ellie.problem("policy", "export", *TENANT, str(missing)))
    for command in ("show", "export", "import"):
        wrong = ellie.problem("policy", command, "--tenant", "discord:x")
        assert "is no server or workspace" in str(wrong)


def test_models_are_those_that_the_owner_allows(ellie: Ellie, tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text("[tenant]\nmodel = 'ellie-small'\n")
    assert "allows no choice" in str(ellie.problem("policy", "import", *TENANT, str(file)))

    allowed = {"allowed_models": " ellie-medium, ,ellie-small,"}
    ellie.settings = ellie.settings.model_copy(update=allowed)
    assert ellie.settings.allowed_model_names == ("ellie-medium", "ellie-small")
    ellie.lines("policy", "import", *TENANT, str(file))
    assert ellie.lines("policy", "show", *TENANT) == ["everywhere else: model = ellie-small"]
