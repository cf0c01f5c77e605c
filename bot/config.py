"""All settings in one typed object, from the environment, ``.env`` and an optional TOML file.

Earlier sources win: environment, then ``.env``, then the TOML file (``ellie.toml``, or the path in
``ELLIE_CONFIG``), then the defaults. Every problem is reported in one go.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dotenv import dotenv_values
from platformdirs import user_cache_path, user_data_path
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bot.errors import ConfigError, ConfigProblem

PREFIX = "ELLIE_"
CONFIG_VARIABLE = "ELLIE_CONFIG"
_UNPREFIXED = frozenset({"discord_token", "slack_bot_token", "slack_app_token"})
"""Secrets keep the names under which the platforms' own guides hand them out."""
_ENCODING = "utf-8-sig"
"""UTF-8, with or without the mark that some editors put in front and that would hide line one."""


SCHEDULE_PATTERN = r"^(off|every [1-9]\d{0,5}[smhd]|\S+( \S+){4})$"


class Precision(StrEnum):
    """How the model's weights are stored and multiplied; see ``bot/generation/precision.py``."""

    AUTO = "auto"
    BF16 = "bf16"
    MIXED = "mixed"
    FP32 = "fp32"


class Extraction(StrEnum):
    """Who finds facts in messages; see ``bot/memory/extraction/probe.py``."""

    AUTO = "auto"
    RULES = "rules"
    QUESTIONS = "questions"
    BULLETS = "bullets"


class LogFormat(StrEnum):
    """How log lines look."""

    AUTO = "auto"
    TEXT = "text"
    JSON = "json"


class LogLevel(StrEnum):
    """The least severe log lines that are written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def _setting(default: Any, description: str, *, example: str, **limits: Any) -> Any:
    """A field that carries what ``.env.example`` and error messages say about it."""
    return Field(default, description=description, examples=[example], **limits)


class Settings(BaseSettings):
    """Everything the owner can decide. Secrets are wrapped so that they never print."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,  # a line of .env can be blanked out
        env_file_encoding=_ENCODING,
        extra="ignore",  # .env may serve other programs too; load_settings finds our own typos
        frozen=True,
        populate_by_name=True,
        validate_default=True,
    )

    data_dir: Path = _setting(
        user_data_path("ellie"),
        "Folder for the database and everything else Ellie must not lose.",
        example="/data",
    )
    database_url: SecretStr = _setting(
        SecretStr(""),
        "Database. Empty means SQLite in the data folder. PostgreSQL needs the `postgres` extra.",
        example="postgresql://ellie:secret@localhost/ellie",
    )
    models_dir: Path = _setting(
        user_cache_path("ellie") / "models",
        "Folder for language models: several GB that can always be fetched again.",
        example="/models",
    )
    model: str = _setting(
        "auto",
        "Language model: auto, a built-in alias (see `ellie models`), a hub id, a folder or a "
        "GGUF file.",
        example="ellie-small",
    )
    encoder: str = _setting(
        "none",
        "Sentence encoder, which lets recall find memories by meaning too: none, auto, a built-in "
        "alias (ellie-encoder, English), a hub id or a folder.",
        example="ellie-encoder",
    )
    extraction: Extraction = _setting(
        Extraction.AUTO,
        "Who finds facts in messages: rules alone, or beside them, after the reply, the language "
        "model by questions or by bullets. auto tries out what the model can do.",
        example="rules",
    )
    precision: Precision = _setting(
        Precision.AUTO,
        "auto, bf16, mixed (bf16 weights, products of many rows in fp32: for processors without "
        "bf16 arithmetic) or fp32.",
        example="auto",
    )
    device: str = _setting("auto", "auto, cpu or cuda.", example="cpu", pattern="^(auto|cpu|cuda)$")
    threads: Annotated[int, Field(ge=0, le=1024)] = _setting(
        0, "Processor threads for the model; 0 means one for each core it may use.", example="4"
    )
    context_tokens: Annotated[int, Field(ge=512, le=1_000_000)] = _setting(
        8192, "Longest prompt and reply together, in tokens.", example="8192"
    )
    memory_tokens: Annotated[int, Field(ge=0, le=100_000)] = _setting(
        1500, "How much of a prompt memory may take, in tokens.", example="1500"
    )
    reply_tokens: Annotated[int, Field(ge=16, le=100_000)] = _setting(
        400, "Longest reply, in tokens.", example="400"
    )
    reply_time_limit_seconds: Annotated[float, Field(gt=0, le=86_400)] = _setting(
        300.0, "Longest time for one reply, waiting included.", example="300"
    )
    max_parallel_replies: Annotated[int, Field(ge=1, le=1024)] = _setting(
        8, "How many replies are written at once.", example="8"
    )
    max_waiting_replies: Annotated[int, Field(ge=0, le=100_000)] = _setting(
        32, "How many more may wait before people are asked to come back later.", example="32"
    )
    max_waiting_per_conversation: Annotated[int, Field(ge=0, le=1000)] = _setting(
        3,
        "How many messages of one person in a conversation may wait for the one being answered.",
        example="3",
    )
    kv_cache_tokens: Annotated[int, Field(ge=1024, le=10_000_000)] = _setting(
        16384,
        "How many tokens of running and recent prompts the model keeps in memory (12 to 28 KB "
        "each with the built-in models).",
        example="16384",
    )
    compaction_schedule: str = _setting(
        "every 5m",
        "When to look whose memory is to be made compact: off, every 30s / 5m / 2h / 1d, or five "
        "cron fields.",
        example="every 5m",
        pattern=SCHEDULE_PATTERN,
    )
    compaction_enough_turns: Annotated[int, Field(ge=1, le=100_000)] = _setting(
        40, "A person's memory is made compact when so many turns have gathered.", example="40"
    )
    compaction_idle_minutes: Annotated[float, Field(ge=0, le=100_000)] = _setting(
        10.0, "Or when they have been silent for so many minutes.", example="10"
    )
    compact_model: str = _setting(
        "auto",
        "Who writes summaries of older conversations: none (the person's own sentences are "
        "chosen), chat (the language model), auto (the same, if it can), or a model of its own, "
        "which may be an encoder-decoder such as facebook/bart-large-cnn.",
        example="none",
    )
    retention_days: Annotated[int, Field(ge=0, le=36_500)] = _setting(
        0,
        "Everything older than so many days is deleted for good; 0 keeps it. `ellie retention` "
        "decides otherwise for one server or workspace, and people may choose less for themselves.",
        example="365",
    )
    retention_schedule: str = _setting(
        "30 3 * * *",
        "When to delete what is older than that, written like the schedule of compaction.",
        example="30 3 * * *",
        pattern=SCHEDULE_PATTERN,
    )
    time_zone: str = _setting("UTC", "The time zone of the schedules.", example="Europe/Lisbon")
    metrics_port: Annotated[int, Field(ge=0, le=65_535)] = _setting(
        0, "Port for Prometheus metrics on this machine; 0 is none.", example="9464"
    )
    shutdown_grace_seconds: Annotated[float, Field(ge=0, le=3600)] = _setting(
        20.0, "How long replies in progress may go on when Ellie stops.", example="20"
    )
    log_level: LogLevel = _setting(
        LogLevel.WARNING, "debug, info, warning or error.", example="info"
    )
    log_format: LogFormat = _setting(
        LogFormat.AUTO,
        "auto (readable in a terminal, JSON elsewhere), text or json.",
        example="json",
    )
    discord_token: SecretStr | None = _setting(
        None, "Discord bot token.", example="MTEx…", validation_alias="DISCORD_TOKEN"
    )
    discord_message_content: bool = _setting(
        False,
        "Whether to ask Discord for the text of every message, so that Ellie can follow threads "
        "and see what was said before. It is a privileged intent: switch it on in the developer "
        "portal too.",
        example="true",
    )
    discord_context_messages: Annotated[int, Field(ge=0, le=50)] = _setting(
        10,
        "How many earlier messages of a Discord channel are read for one reply, and kept nowhere.",
        example="10",
    )
    slack_bot_token: SecretStr | None = _setting(
        None, "Slack bot token.", example="xoxb-…", validation_alias="SLACK_BOT_TOKEN"
    )
    slack_app_token: SecretStr | None = _setting(
        None, "Slack app-level token.", example="xapp-…", validation_alias="SLACK_APP_TOKEN"
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - pydantic's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment over ``.env`` over what is passed in, which is the TOML file."""
        return env_settings, dotenv_settings, init_settings

    @field_validator("data_dir", "models_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        if "\0" in str(value):
            raise ValueError("a path cannot hold a null character")
        try:
            return value.expanduser().absolute()
        except RuntimeError as error:
            raise ValueError(f"{value} names the home folder of nobody here") from error

    @field_validator("time_zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            return ZoneInfo(value).key
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"there is no time zone {value}") from error

    @field_validator("model", "encoder", "compact_model")
    @classmethod
    def _named(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("must not be empty")
        return value.strip()

    @model_validator(mode="after")
    def _leave_room_to_read(self) -> Self:
        if self.reply_tokens > self.context_tokens // 2:
            msg = (
                f"reply_tokens ({self.reply_tokens}) may be at most half of context_tokens "
                f"({self.context_tokens}), or no message would fit beside the reply"
            )
            raise ValueError(msg)
        return self

    @property
    def resolved_database_url(self) -> str:
        """The database URL with the default filled in."""
        return self.database_url.get_secret_value() or f"sqlite:///{self.data_dir / 'ellie.db'}"


def variable_of(field: str) -> str:
    """The environment variable that sets ``field``."""
    return field.upper() if field in _UNPREFIXED else PREFIX + field.upper()


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
        dotenv = dotenv_values(env_file, interpolate=False, encoding=_ENCODING)
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
    if problems:
        raise ConfigError(problems)
    return settings


def _read_toml(path: Path, must_exist: bool) -> dict[str, Any]:
    try:
        values = tomllib.loads(path.expanduser().read_text(encoding=_ENCODING))
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


def _example(field: str) -> str:
    info: FieldInfo = Settings.model_fields[field]
    return str((info.examples or [""])[0])
