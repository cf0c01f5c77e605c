"""Settings come from the right place, and everything wrong with them is said at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.config import Settings, variable_of
from bot.config_choices import LogFormat, LogLevel, Precision
from bot.config_loading import load_settings
from bot.errors import ConfigError, ConfigProblem

ROOT = Path(__file__).parents[2]
FIELDS = sorted(Settings.model_fields)
SECRETS = [
    "database_url",
    "discord_token",
    "serve_api_key",
    "slack_app_token",
    "slack_bot_token",
    "slack_signing_secret",
]
BESIDE = {
    "slack_bot_token": {"SLACK_APP_TOKEN": "xapp-1"},
    "slack_app_token": {"SLACK_BOT_TOKEN": "xoxb-1"},
    "slack_signing_secret": {"SLACK_BOT_TOKEN": "xoxb-1"},
}
"""What a setting is of no use without."""

Load = Callable[..., Settings]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Loads settings from what is given, in an otherwise empty world."""

    def load(
        *, env: Mapping[str, str] | None = None, dotenv: str = "", toml: str | None = None
    ) -> Settings:
        for name, value in (env or {}).items():
            monkeypatch.setenv(name, value)
        (tmp_path / ".env").write_text(dotenv, encoding="utf-8")
        if toml is not None:
            (tmp_path / "ellie.toml").write_text(toml, encoding="utf-8")
        return load_settings(env_file=tmp_path / ".env", toml_file=tmp_path / "ellie.toml")

    return load


def problems_of(load: Load, **sources: object) -> dict[str, ConfigProblem]:
    with pytest.raises(ConfigError) as caught:
        load(**sources)
    problems = caught.value.problems
    assert len({problem.setting for problem in problems}) == len(problems)
    return {problem.setting: problem for problem in problems}


def test_without_any_source_the_defaults_hold(tmp_path: Path) -> None:
    settings = load_settings(env_file=tmp_path / "no.env", toml_file=tmp_path / "no.toml")

    assert settings.model == "auto"
    assert settings.device == "auto"
    assert settings.precision is Precision.AUTO
    assert settings.log_level is LogLevel.WARNING
    assert settings.log_format is LogFormat.AUTO
    assert settings.max_parallel_replies == 8
    assert settings.discord_token is None
    assert settings.data_dir.is_absolute()
    assert settings.models_dir.is_absolute()
    assert settings.resolved_database_url == f"sqlite:///{settings.data_dir / 'ellie.db'}"


def test_environment_beats_env_file_beats_toml_beats_default(load: Load) -> None:
    settings = load(
        env={"ELLIE_THREADS": "1"},
        dotenv="ELLIE_THREADS=2\nELLIE_REPLY_TOKENS=102\n",
        toml="threads = 3\nreply_tokens = 103\nmemory_tokens = 1003\n",
    )

    assert settings.threads == 1
    assert settings.reply_tokens == 102
    assert settings.memory_tokens == 1003
    assert settings.max_waiting_replies == 32


@pytest.mark.parametrize(
    "field", ["discord_token", "slack_bot_token", "slack_app_token", "slack_signing_secret"]
)
def test_tokens_keep_to_the_same_order(
    load: Load, field: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    variable = field.upper()
    for name, value in BESIDE.get(field, {}).items():
        monkeypatch.setenv(name, value)

    def token(**sources: object) -> str:
        found: SecretStr = getattr(load(**sources), field)
        return found.get_secret_value()

    assert token(toml=f'{field} = "third"') == "third"
    assert token(dotenv=f"{variable}=second", toml=f'{field} = "third"') == "second"
    assert token(env={variable: "first"}, dotenv=f"{variable}=second") == "first"


def test_a_blank_value_means_not_set(load: Load) -> None:
    settings = load(
        env={"ELLIE_MODEL": "", "ELLIE_DATA_DIR": "", "DISCORD_TOKEN": "", "ELLIE_CONFIG": ""},
        dotenv="ELLIE_MODEL=ellie-small\nELLIE_MODELS_DIR=\nELLIE_THREADS=\n",
        toml='data_dir = "/from/toml"\nmodels_dir = ""\ndatabase_url = ""\ndevice = ""\n',
    )

    assert settings.model == "ellie-small"
    assert settings.data_dir == Path("/from/toml")
    assert settings.models_dir == Settings().models_dir
    assert settings.threads == 0
    assert settings.device == "auto"
    assert settings.discord_token is None
    assert settings.resolved_database_url == "sqlite:////from/toml/ellie.db"


def test_all_problems_come_at_once_each_with_name_reason_and_example(load: Load) -> None:
    problems = problems_of(
        load,
        env={"ELLIE_THREADS": "many", "ELLIE_MODLE": "x"},
        dotenv="ELLIE_DEVICE=gpu\nELLIE_REPLY_TOKEN=3\n",
        toml='precision = "fp8"\ncontext_token = 5\nmodel = 7\n',
    )

    assert {name: problem.example for name, problem in problems.items()} == {
        "ELLIE_THREADS": "ELLIE_THREADS=4",
        "ELLIE_MODLE": "ELLIE_MODEL=ellie-small",
        "ELLIE_DEVICE": "ELLIE_DEVICE=cpu",
        "ELLIE_REPLY_TOKEN": "ELLIE_REPLY_TOKENS=400",
        "ELLIE_PRECISION": "ELLIE_PRECISION=auto",
        "context_token": 'context_tokens = "8192"',
        "ELLIE_MODEL": "ELLIE_MODEL=ellie-small",
    }
    assert "integer" in problems["ELLIE_THREADS"].message
    assert "cpu" in problems["ELLIE_DEVICE"].message
    assert "mixed" in problems["ELLIE_PRECISION"].message
    assert "string" in problems["ELLIE_MODEL"].message
    for problem in problems.values():
        assert problem.message.endswith(("?", "."))


def test_broken_toml_does_not_hide_the_other_problems(load: Load) -> None:
    problems = problems_of(load, env={"ELLIE_THREADS": "-1", "ELLIE_X": "1"}, toml="\nmodel = x")

    assert set(problems) == {"ELLIE_CONFIG", "ELLIE_THREADS", "ELLIE_X"}
    assert "cannot be read as TOML" in problems["ELLIE_CONFIG"].message
    assert "at line 2" in problems["ELLIE_CONFIG"].message


def test_the_message_names_how_many_and_every_one(load: Load) -> None:
    with pytest.raises(ConfigError) as caught:
        load(env={"ELLIE_THREADS": "x", "ELLIE_DEVICE": "y"})

    lines = str(caught.value).splitlines()
    assert lines[0] == "2 settings need attention:"
    assert [line.split(":")[0] for line in lines[1:]] == ["  - ELLIE_DEVICE", "  - ELLIE_THREADS"]
    assert all(" Example: ELLIE_" in line for line in lines[1:])
    assert caught.value.exit_code == 78


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("ELLIE_MODLE", "ELLIE_MODEL"),
        ("ELLIE_DATADIR", "ELLIE_DATA_DIR"),
        ("ELLIE_DATABASE", "ELLIE_DATABASE_URL"),
        ("ELLIE_DISCORD_TOKEN", "DISCORD_TOKEN"),
        ("ELLIE_Model", "ELLIE_MODEL"),
    ],
)
def test_a_near_miss_is_guessed(load: Load, written: str, meant: str) -> None:
    problem = problems_of(load, env={written: "x"})[written]

    assert problem.message == f"there is no such setting. Did you mean {meant}?"
    assert problem.example.startswith(f"{meant}=")


def test_a_far_miss_is_not_guessed(load: Load) -> None:
    assert problems_of(load, env={"ELLIE_Q": "x"})["ELLIE_Q"].message == "there is no such setting."
    assert problems_of(load, env={}, toml="[zzz]\na = 1")["zzz"].message.endswith("such setting.")


def test_other_programs_variables_in_the_env_file_are_ignored(load: Load) -> None:
    settings = load(dotenv="MODEL=other\nTHREADS=many\nPOSTGRES_PASSWORD=x\nELLIEX=1\nDEVICE=tpu\n")

    assert settings.model == "auto"
    assert settings.threads == 0
    assert settings.device == "auto"


@pytest.mark.parametrize("field", SECRETS)
def test_a_secret_never_prints(load: Load, field: str) -> None:
    secret = "postgresql://ellie:hunter2-xyz@db/ellie"
    settings = load(env={variable_of(field): secret, **BESIDE.get(field, {})})

    value = getattr(settings, field)
    assert value.get_secret_value() == secret
    for shown in (repr(settings), str(settings), settings.model_dump_json(), str(value)):
        assert "hunter2-xyz" not in shown
    assert "hunter2-xyz" not in str(settings.model_dump())
    json.loads(settings.model_dump_json())


def test_a_secret_is_not_in_an_error_either(load: Load) -> None:
    with pytest.raises(ConfigError) as caught:
        load(
            env={
                "DISCORD_TOKEN": "hunter2-discord",
                "ELLIE_DATABASE_URL": "postgresql://e:hunter2-url@h/d",
                "ELLIE_DISCORD_TOKEN": "hunter2-typo",
                "ELLIE_THREADS": "hunter2-threads",
            },
            toml='slack_bot_token = ["hunter2-list"]\nslak_app_token = "hunter2-unknown"\n',
        )

    error = caught.value
    assert len(error.problems) == 4
    assert "hunter2" not in f"{error!r}{error}{error.problems}"
    assert error.__cause__ is None
    assert error.__suppress_context__  # pydantic's own error quotes what it was given


def test_a_config_variable_that_points_nowhere_is_a_problem(load: Load, tmp_path: Path) -> None:
    missing = tmp_path / "nowhere.toml"
    problem = problems_of(load, env={"ELLIE_CONFIG": str(missing)})["ELLIE_CONFIG"]

    assert problem.message == f"there is no file {missing}."
    assert problem.example == "/etc/ellie.toml"


def test_a_config_variable_that_points_to_a_folder_is_a_problem(load: Load, tmp_path: Path) -> None:
    problem = problems_of(load, env={"ELLIE_CONFIG": str(tmp_path)})["ELLIE_CONFIG"]

    assert "cannot be read as TOML" in problem.message


def test_the_config_variable_replaces_the_usual_file(
    load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "own.toml").write_text("threads = 7", encoding="utf-8")

    assert load(dotenv=f"ELLIE_CONFIG={tmp_path}/own.toml", toml="threads = 9").threads == 7
    assert load(env={"ELLIE_CONFIG": "~/own.toml"}, toml="threads = 9").threads == 7


def test_paths_expand_the_home_folder_and_become_absolute(
    load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    settings = load(env={"ELLIE_DATA_DIR": "~/data"}, toml='models_dir = "here"')

    assert settings.data_dir == tmp_path / "data"
    assert settings.models_dir == tmp_path / "here"


@pytest.mark.parametrize("toml", ['data_dir = "~nobody-by-that-name/x"', 'data_dir = "a\\u0000b"'])
def test_a_path_that_cannot_be_is_a_problem(load: Load, toml: str) -> None:
    assert set(problems_of(load, toml=toml)) == {"ELLIE_DATA_DIR"}


def test_an_env_file_that_is_not_text_is_one_problem_among_others(
    load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ELLIE_THREADS", "x")
    broken = tmp_path / "broken.env"
    broken.write_bytes(b"ELLIE_MODEL=\xff\xfe\n")

    with pytest.raises(ConfigError) as caught:
        load_settings(env_file=broken, toml_file=tmp_path / "no.toml")

    assert [problem.setting for problem in caught.value.problems] == ["broken.env", "ELLIE_THREADS"]
    assert "cannot be read" in caught.value.problems[0].message


def test_files_that_begin_with_a_byte_order_mark_are_read_from_the_first_line(load: Load) -> None:
    settings = load(dotenv="\ufeffELLIE_THREADS=5\n", toml="\ufeffreply_tokens = 55\n")

    assert settings.threads == 5
    assert settings.reply_tokens == 55


@pytest.mark.parametrize(
    "owners", ["ana", "discord:ana", "slack:U2", "slack:t1/u2", "console:owner", "discord:1 2", "*"]
)
def test_an_owner_that_is_no_account_is_said_with_what_would_be_one(
    load: Load, owners: str
) -> None:
    problem = problems_of(load, env={"ELLIE_OWNERS": f"discord:1,{owners}"})["ELLIE_OWNERS"]

    assert f"'{owners}' is no account" in str(problem)
    assert "slack:T012345/U2345" in str(problem)


@pytest.mark.parametrize("field", FIELDS)
def test_every_setting_is_described_with_an_example_that_works(load: Load, field: str) -> None:
    info = Settings.model_fields[field]
    assert info.description
    assert info.description.endswith(".")
    assert info.examples
    (example,) = info.examples
    assert example

    beside = BESIDE.get(field, {})
    from_environment = getattr(load(env={variable_of(field): example, **beside}), field)

    plain = from_environment
    if isinstance(plain, SecretStr):
        plain = plain.get_secret_value()
    assert plain == type(plain)(example)


def test_the_example_file_names_every_variable_and_loads(tmp_path: Path) -> None:
    example = ROOT / ".env.example"
    text = example.read_text(encoding="utf-8")

    missing = [variable_of(field) for field in FIELDS if f"{variable_of(field)}=" not in text]
    assert not missing
    load_settings(env_file=example, toml_file=tmp_path / "no.toml")


def test_the_example_files_examples_are_all_valid_when_uncommented(tmp_path: Path) -> None:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    one_of_two = "slack_signing_secret"  # in place of the app-level token
    names = tuple(f"{variable_of(field)}=" for field in FIELDS if field != one_of_two)
    stripped = (line.lstrip("# ") for line in lines)
    uncommented = tmp_path / "all.env"
    uncommented.write_text(
        "\n".join(line for line in stripped if line.startswith(names)), encoding="utf-8"
    )

    load_settings(env_file=uncommented, toml_file=tmp_path / "no.toml")


def test_the_documentation_has_every_setting_as_it_is() -> None:
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")

    for field in FIELDS:
        (row,) = [row for row in text.splitlines() if row.startswith(f"| `{variable_of(field)}` ")]
        assert f"| `{field}` |" in row
        assert row.endswith(f"| {Settings.model_fields[field].description} |")


@pytest.mark.parametrize(
    ("env", "setting", "said"),
    [
        ({"SLACK_BOT_TOKEN": "b"}, "SLACK_BOT_TOKEN", "needs SLACK_APP_TOKEN beside it"),
        ({"SLACK_APP_TOKEN": "a"}, "SLACK_APP_TOKEN", "of no use without SLACK_BOT_TOKEN"),
        (
            {"SLACK_SIGNING_SECRET": "s"},
            "SLACK_SIGNING_SECRET",
            "of no use without SLACK_BOT_TOKEN",
        ),
        (
            {"SLACK_BOT_TOKEN": "b", "SLACK_APP_TOKEN": "a", "SLACK_SIGNING_SECRET": "s"},
            "SLACK_SIGNING_SECRET",
            "Remove SLACK_SIGNING_SECRET where Socket Mode is on",
        ),
    ],
)
def test_half_of_what_slack_takes_is_a_problem(
    load: Load, env: Mapping[str, str], setting: str, said: str
) -> None:
    problems = problems_of(load, env=env)

    assert set(problems) == {setting}
    assert said in problems[setting].message


@pytest.mark.parametrize("way", ["SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"])
def test_slack_takes_a_bot_token_with_one_of_two_ways_to_hear(load: Load, way: str) -> None:
    settings = load(env={"SLACK_BOT_TOKEN": "b", way: "w"})

    assert settings.slack_bot_token
    assert bool(settings.slack_app_token) is (way == "SLACK_APP_TOKEN")
