"""Settings from the environment, ``.env`` and an optional TOML file.

Earlier sources win: environment, then ``.env``, then the TOML file (``ellie.toml``, or the path in
``ELLIE_CONFIG``), then the defaults. Every problem is reported in one go.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from bot.config import ENCODING, PREFIX, Settings, variable_of
from bot.errors import ConfigError, ConfigProblem

CONFIG_VARIABLE = "ELLIE_CONFIG"


def load_settings(
    *, env_file: Path = Path(".env"), toml_file: Path = Path("ellie.toml")
) -> Settings:
    """Read all sources and check everything.

    Raises:
        ConfigError: with every problem found, each naming the setting and a value that works.
    """
    problems: list[ConfigProblem] = []
    dotenv: dict[str, str | None] = {}
    readable: Path | None = env_file
    try:
        dotenv = dotenv_values(env_file, interpolate=False, encoding=ENCODING)
    except (OSError, UnicodeDecodeError) as error:
        readable = None
        problem = f"{env_file} cannot be read: {error}."
        problems.append(ConfigProblem(env_file.name, problem, "ELLIE_MODEL=ellie-small"))
    problems += [
        _unknown(name)
        for name in {**dotenv, **os.environ}
        if name.startswith(PREFIX) and name not in _variables() and name != CONFIG_VARIABLE
    ]
    named_toml = os.environ.get(CONFIG_VARIABLE) or dotenv.get(CONFIG_VARIABLE)
    values: dict[str, Any] = {}
    try:
        values = _read_toml(Path(named_toml) if named_toml else toml_file, bool(named_toml))
    except ConfigError as error:
        problems += error.problems
    problems += [
        _unknown(name, in_toml=True) for name in values if name not in Settings.model_fields
    ]
    try:
        settings = Settings(_env_file=readable, **values)  # type: ignore[call-arg]  # pydantic-settings' own
    except ValidationError as error:
        raise ConfigError([*problems, *_explain(error)]) from None
    problems += _half_of_slack(settings)
    if problems:
        raise ConfigError(problems)
    return settings


def _read_toml(path: Path, must_exist: bool) -> dict[str, Any]:
    try:
        values = tomllib.loads(path.expanduser().read_text(encoding=ENCODING))
        return {name: value for name, value in values.items() if value != ""}
    except FileNotFoundError:
        if not must_exist:
            return {}
        problem = f"there is no file {path}."
    except (OSError, RuntimeError, ValueError) as error:  # the path, the encoding or the TOML
        problem = f"{path} cannot be read as TOML: {error}."
    raise ConfigError([ConfigProblem(CONFIG_VARIABLE, problem, "/etc/ellie.toml")])


def _variables() -> dict[str, str]:
    return {variable_of(field): field for field in Settings.model_fields}


def _unknown(name: str, *, in_toml: bool = False) -> ConfigProblem:
    # Compared without the prefix, which would make everything look alike.
    written = name.removeprefix(PREFIX).lower()
    close = difflib.get_close_matches(written, Settings.model_fields, n=1, cutoff=0.6)
    field = close[0] if close else "model"
    meant = field if in_toml else variable_of(field)
    hint = f" Did you mean {meant}?" if close else ""
    value = _example(field)
    example = f'{meant} = "{value}"' if in_toml else f"{meant}={value}"
    return ConfigProblem(name, f"there is no such setting.{hint}", example)


def _explain(error: ValidationError) -> Iterator[ConfigProblem]:
    for item in error.errors(include_input=False, include_url=False):
        # A rule about several settings has no place of its own; it is the reply that gives way.
        place = item["loc"][0] if item["loc"] else "reply_tokens"
        field = str(place).removeprefix(PREFIX).lower()
        message = item["msg"].removeprefix("Value error, ")
        variable = variable_of(field)
        yield ConfigProblem(
            variable, f"{message[0].lower()}{message[1:]}.", f"{variable}={_example(field)}"
        )


def _half_of_slack(settings: Settings) -> Iterator[ConfigProblem]:
    """Slack takes a bot token and one of two ways to hear from it."""
    ways = [
        variable_of(field)
        for field in ("slack_app_token", "slack_signing_secret")
        if getattr(settings, field)
    ]
    bot = variable_of("slack_bot_token")
    if settings.slack_bot_token and not ways:
        problem = (
            f"{bot} needs SLACK_APP_TOKEN beside it, where Ellie connects to Slack, or "
            "SLACK_SIGNING_SECRET, where Slack sends requests to her."
        )
        yield ConfigProblem(bot, problem, "SLACK_APP_TOKEN=xapp-…")
    elif settings.slack_bot_token and len(ways) > 1:
        problem = (
            "there is SLACK_APP_TOKEN too, and only one of them can be used. Remove "
            "SLACK_SIGNING_SECRET where Socket Mode is on in the app's settings, and "
            "SLACK_APP_TOKEN where requests are sent to an address of yours."
        )
        yield ConfigProblem("SLACK_SIGNING_SECRET", problem, "SLACK_SIGNING_SECRET=")
    elif ways and not settings.slack_bot_token:
        yield ConfigProblem(ways[0], f"it is of no use without {bot}.", f"{bot}=xoxb-…")


def _example(field: str) -> str:
    info: FieldInfo = Settings.model_fields[field]
    return str((info.examples or [""])[0])
