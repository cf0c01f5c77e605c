"""Every command ends with a sentence and an exit code that scripts can rely on."""

from __future__ import annotations

import logging
import sqlite3
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
import structlog
from support.command_line import Ellie, Ended

from bot.cli.main import main
from bot.generation.models.catalogue import CATALOGUE


@pytest.fixture
def ellie(
    place: Path,
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Iterator[Ellie]:
    """Runs the command line to its end, in this process: starting Python takes long."""
    root = logging.getLogger()
    ours = [logging.getLogger(name) for name in ("bot", "adapters", "storage", "migrations")]
    handlers, level, levels = list(root.handlers), root.level, [log.level for log in ours]

    def run(*arguments: str, **variables: str) -> Ended:
        monkeypatch.chdir(place)
        monkeypatch.setattr(sys, "argv", ["ellie", *arguments])
        for name, value in {**environment, **variables}.items():
            monkeypatch.setenv(name, value)
        code = 0
        try:
            main()
        except SystemExit as ending:
            code = ending.code if isinstance(ending.code, int) else 0
        said = capfd.readouterr()
        assert "Traceback" not in said.out + said.err
        return Ended(code, said.out, said.err)

    yield run
    root.handlers = handlers
    root.setLevel(level)
    for log, before in zip(ours, levels, strict=True):
        log.setLevel(before)
    structlog.reset_defaults()


@pytest.mark.parametrize("command", [("check",), ("chat",), ("models",), ("run",)])
def test_settings_that_cannot_be_used_are_all_told_at_once(
    ellie: Ellie, place: Path, command: tuple[str, ...]
) -> None:
    (place / ".env").write_text("ELLIE_THREADS=many\n")
    (place / "ellie.toml").write_text("modle = 'x'\n")

    ended = ellie(*command, ELLIE_MODLE="x", DISCORD_TOKEN="hunter2")

    assert ended.code == 78
    assert ended.out == ""
    first, *others = ended.err.splitlines()
    assert first == "ellie: 3 settings need attention:"
    assert [line.split(":")[0].strip(" -") for line in others] == [
        "ELLIE_MODLE",
        "modle",
        "ELLIE_THREADS",
    ]
    assert "Did you mean ELLIE_MODEL?" in others[0]


def test_the_real_program_shows_no_traceback_either(real_ellie: Ellie, place: Path) -> None:
    (place / ".env").write_bytes(b"ELLIE_MODEL=\xff\n")

    ended = real_ellie("check", ELLIE_THREADS="many")

    assert ended.code == 78
    assert ended.err.startswith("ellie: 2 settings need attention:\n")


@pytest.mark.parametrize(
    ("command", "model"),
    [
        (("check",), "ellie-smal"),
        (("chat",), "ellie-smal"),
        (("chat",), "/no/such/folder"),
        (("models", "pull", "ellie-smal"), "auto"),
        (("models", "remove", "ellie-small"), "auto"),
    ],
)
def test_an_unknown_model_is_a_usage_error(
    ellie: Ellie, command: tuple[str, ...], model: str
) -> None:
    ended = ellie(*command, ELLIE_MODEL=model)

    assert ended.code == 64
    assert "ellie-small" in ended.out + ended.err


def test_a_check_of_a_fresh_folder_is_fine_and_creates_nothing(
    ellie: Ellie, place: Path, tmp_path: Path
) -> None:
    ended = ellie("check")

    assert ended.code == 0
    assert ended.err == ""
    assert "✗" not in ended.out
    assert f"the database file {tmp_path}/data/ellie.db (will be created)" in ended.out
    assert "will be pulled at first start" in ended.out
    assert list(place.iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["place"]


def test_a_check_says_what_tokens_are_for_and_never_shows_them(ellie: Ellie) -> None:
    ended = ellie(
        "check",
        DISCORD_TOKEN="hunter2",
        SLACK_BOT_TOKEN="xoxb-hunter2",
        SLACK_APP_TOKEN="xapp-hunter2",
    )

    assert ended.code == 0
    assert (
        "✓ Discord: a token is set; intents guilds, guild_messages, dm_messages; permissions "
        "309237746688 (`ellie discord invite` has the link)" in ended.out
    )
    assert "✓ Slack: a token is set; Socket Mode; 16 scopes and 9 events (`ellie slack" in ended.out
    assert "hunter2" not in ended.out + ended.err


def test_a_check_says_where_slack_would_send_requests(ellie: Ellie) -> None:
    ended = ellie(
        "check",
        SLACK_BOT_TOKEN="xoxb-hunter2",
        SLACK_SIGNING_SECRET="hunter2",
        ELLIE_SLACK_PORT="3100",
    )

    assert "✓ Slack: a token is set; HTTP, at 127.0.0.1 port 3100; " in ended.out
    assert "hunter2" not in ended.out + ended.err


def test_a_check_notices_tokens_of_slack_that_were_mixed_up(ellie: Ellie) -> None:
    ended = ellie("check", SLACK_BOT_TOKEN="xapp-hunter2", SLACK_APP_TOKEN="xoxb-hunter2")

    assert ended.code == 77
    assert "✗ Slack: SLACK_BOT_TOKEN is no token for that; what is set is the app" in ended.out
    assert "hunter2" not in ended.out + ended.err


def test_half_of_what_slack_takes_is_told_with_the_other_half(ellie: Ellie) -> None:
    ended = ellie("run", SLACK_BOT_TOKEN="xoxb-hunter2")

    assert ended.code == 78
    assert "SLACK_BOT_TOKEN: SLACK_BOT_TOKEN needs SLACK_APP_TOKEN beside it" in ended.err
    assert "hunter2" not in ended.err


def test_a_check_names_the_privileged_intent_only_where_it_is_asked_for(ellie: Ellie) -> None:
    ended = ellie("check", DISCORD_TOKEN="hunter2", ELLIE_DISCORD_MESSAGE_CONTENT="true")

    assert "intents guilds, guild_messages, dm_messages, message_content;" in ended.out


def test_a_check_of_something_that_is_no_token_fails(ellie: Ellie) -> None:
    ended = ellie("check", DISCORD_TOKEN="hunter2 hunter2")

    assert ended.code == 77
    assert "✗ Discord: DISCORD_TOKEN holds a blank or another character" in ended.out
    assert "hunter2" not in ended.out + ended.err


def test_a_check_of_a_damaged_database_fails(ellie: Ellie, tmp_path: Path) -> None:
    damaged = tmp_path / "data" / "ellie.db"
    damaged.parent.mkdir()
    damaged.write_bytes(b"this is no database " * 500)

    ended = ellie("check")

    assert ended.code == 69
    assert f"✗ database: The database file {damaged} is damaged" in ended.out
    assert damaged.read_bytes() == b"this is no database " * 500


def test_a_check_of_a_newer_database_fails(ellie: Ellie, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with sqlite3.connect(tmp_path / "data" / "ellie.db") as database:
        database.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        database.execute("INSERT INTO alembic_version VALUES ('9999')")
    database.close()

    ended = ellie("check")

    assert ended.code == 78
    assert "✗ database: The database was written by a newer version of Ellie" in ended.out


def test_a_check_of_a_database_address_with_a_password_does_not_show_it(ellie: Ellie) -> None:
    ended = ellie("check", ELLIE_DATABASE_URL="mysql://ellie:hunter2@db/ellie")

    assert ended.code == 69
    assert "✗ database: " in ended.out
    assert "hunter2" not in ended.out + ended.err


@pytest.mark.parametrize("folder", ["DATA", "MODELS"])
def test_a_check_of_a_folder_below_a_file_fails(ellie: Ellie, tmp_path: Path, folder: str) -> None:
    (tmp_path / "file").touch()

    ended = ellie("check", **{f"ELLIE_{folder}_DIR": str(tmp_path / "file" / "below")})

    assert ended.code == 69
    assert f"{tmp_path}/file is not a folder. Set ELLIE_{folder}_DIR." in ended.out


@pytest.mark.parametrize("command", ["check", "chat"])
def test_a_folder_without_a_model_is_explained(ellie: Ellie, tmp_path: Path, command: str) -> None:
    (tmp_path / "empty").mkdir()

    ended = ellie(command, ELLIE_MODEL=str(tmp_path / "empty"))

    assert ended.code == 65
    assert "holds no model: config.json is missing" in ended.out + ended.err


def test_models_lists_the_built_in_ones_and_marks_the_chosen(ellie: Ellie) -> None:
    ended = ellie("models", ELLIE_MODEL="ellie-small")

    assert ended.code == 0
    for name in CATALOGUE:
        assert name in ended.out
    (marked,) = (line for line in ended.out.splitlines() if "→" in line)
    assert "ellie-small" in marked


def test_an_output_that_knows_no_unicode_loses_characters_and_nothing_else(
    real_ellie: Ellie,
) -> None:
    ended = real_ellie("models", ELLIE_MODEL="ellie-small", PYTHONIOENCODING="ascii")

    assert ended.code == 0
    assert "ellie-medium" in ended.out


def test_version_is_the_installed_one(real_ellie: Ellie) -> None:
    assert real_ellie("version") == Ended(0, f"{version('ellie')}\n", "")


@pytest.mark.parametrize("name", ["x" * 500, " ", "\u200b"])
def test_an_impossible_name_is_a_usage_error(ellie: Ellie, tmp_path: Path, name: str) -> None:
    ended = ellie("chat", "--user", name)

    assert ended.code == 64
    assert ended.err == (
        "ellie: --user needs a name of 1 to 80 characters, for example --user Ana.\n"
    )
    assert not (tmp_path / "models").exists()


def test_an_unknown_command_is_explained(ellie: Ellie) -> None:
    ended = ellie("chatt")

    assert ended.code == 2
    assert "No such command 'chatt'" in ended.err
