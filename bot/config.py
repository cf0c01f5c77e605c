"""All settings in one typed object. :mod:`bot.config_loading` fills it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from platformdirs import user_data_path
from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bot.config_choices import LogFormat, LogLevel
from bot.config_models import ModelSettings, setting

PREFIX = "ELLIE_"
_UNPREFIXED = frozenset(
    {"discord_token", "slack_bot_token", "slack_app_token", "slack_signing_secret"}
)
"""Secrets keep the names under which the platforms' own guides hand them out."""
ENCODING = "utf-8-sig"
"""UTF-8, with or without the mark that some editors put in front and that would hide line one."""


NO_QUOTA = "none"
_QUOTA = re.compile(r"[1-9]\d{0,8}\s*(/|per)\s*(minute|hour|day)", re.IGNORECASE)
"""As :class:`bot.domain.quota.Rate` reads it, which settings come before."""
OWNER_PATTERN = re.compile(r"discord:[1-9][0-9]{0,19}|slack:[A-Z0-9]{1,32}/[A-Z0-9]{1,32}")
"""An account of an owner. Names are no good: anybody may call themselves like that."""

SCHEDULE_PATTERN = r"^(off|every [1-9]\d{0,5}[smhd]|\S+( \S+){4})$"


class Settings(ModelSettings):
    """Everything the owner can decide. Secrets are wrapped so that they never print."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,  # a line of .env can be blanked out
        env_file_encoding=ENCODING,
        extra="ignore",  # .env may serve other programs too; load_settings finds our own typos
        frozen=True,
        populate_by_name=True,
        validate_default=True,
    )

    data_dir: Path = setting(
        user_data_path("ellie"),
        "Folder for the database and everything else Ellie must not lose.",
        example="/data",
    )
    database_url: SecretStr = setting(
        SecretStr(""),
        "Database. Empty means SQLite in the data folder. PostgreSQL needs the `postgres` extra.",
        example="postgresql://ellie:secret@localhost/ellie",
    )
    memory_tokens: Annotated[int, Field(ge=0, le=100_000)] = setting(
        1500, "How much of a prompt memory may take, in tokens.", example="1500"
    )
    reply_tokens: Annotated[int, Field(ge=16, le=100_000)] = setting(
        400, "Longest reply, in tokens.", example="400"
    )
    reply_time_limit_seconds: Annotated[float, Field(gt=0, le=86_400)] = setting(
        300.0, "Longest time for one reply, waiting included.", example="300"
    )
    max_parallel_replies: Annotated[int, Field(ge=1, le=1024)] = setting(
        8, "How many replies are written at once.", example="8"
    )
    max_waiting_replies: Annotated[int, Field(ge=0, le=100_000)] = setting(
        32, "How many more may wait before people are asked to come back later.", example="32"
    )
    max_waiting_per_conversation: Annotated[int, Field(ge=0, le=1000)] = setting(
        3,
        "How many messages of one person in a conversation may wait for the one being answered.",
        example="3",
    )
    quota_person_turns: str = setting(
        "120/hour",
        "How many messages of one person are answered, with minute, hour or day; none is as many "
        "as they like. There are no quotas in the terminal.",
        example="60/hour",
    )
    quota_person_tokens: str = setting(
        NO_QUOTA,
        "How many tokens of prompts and replies one person may use.",
        example="200000/day",
    )
    quota_channel_turns: str = setting(
        NO_QUOTA,
        "How many messages are answered in one channel, whoever writes them.",
        example="300/hour",
    )
    quota_channel_tokens: str = setting(
        NO_QUOTA, "How many tokens may be used in one channel.", example="500000/day"
    )
    quota_tenant_turns: str = setting(
        NO_QUOTA,
        "How many messages are answered in one server or workspace, whoever writes them.",
        example="1000/hour",
    )
    quota_tenant_tokens: str = setting(
        NO_QUOTA,
        "How many tokens may be used in one server or workspace.",
        example="5000000/day",
    )
    compaction_schedule: str = setting(
        "every 5m",
        "When to look whose memory is to be made compact: off, every 30s / 5m / 2h / 1d, or five "
        "cron fields.",
        example="every 5m",
        pattern=SCHEDULE_PATTERN,
    )
    compaction_enough_turns: Annotated[int, Field(ge=1, le=100_000)] = setting(
        40, "A person's memory is made compact when so many turns have gathered.", example="40"
    )
    compaction_idle_minutes: Annotated[float, Field(ge=0, le=100_000)] = setting(
        10.0, "Or when they have been silent for so many minutes.", example="10"
    )
    retention_days: Annotated[int, Field(ge=0, le=36_500)] = setting(
        0,
        "Everything older than so many days is deleted for good; 0 keeps it. `ellie retention` "
        "decides otherwise for one server or workspace, and people may choose less for themselves.",
        example="365",
    )
    retention_schedule: str = setting(
        "30 3 * * *",
        "When to delete what is older than that, written like the schedule of compaction.",
        example="30 3 * * *",
        pattern=SCHEDULE_PATTERN,
    )
    memory: str = setting(
        "opt-out",
        "Whether what people say is stored: opt-out (unless they are incognito), opt-in (only of "
        "those who agreed) or off. `/admin policy set memory` decides otherwise for one place.",
        example="opt-in",
        pattern="^(opt-out|opt-in|off)$",
    )
    reset_grace_hours: Annotated[float, Field(ge=0, le=8760)] = setting(
        72.0,
        "For how many hours an admin can take `/admin reset` back before what it set aside is "
        "deleted for good; 0 deletes at once.",
        example="24",
    )
    owners: str = setting(
        "",
        "Accounts of those who own this instance, with commas between: they may manage every "
        "server and workspace they are in.",
        example="discord:1234,slack:T012345/U2345",
    )
    audit_days: Annotated[int, Field(ge=1, le=3650)] = setting(
        365,
        "For how many days it stays on record who managed what (`/admin audit`, `ellie audit`).",
        example="365",
    )
    time_zone: str = setting("UTC", "The time zone of the schedules.", example="Europe/Lisbon")
    metrics_port: Annotated[int, Field(ge=0, le=65_535)] = setting(
        0,
        "Port on this machine for Prometheus metrics and the health check; 0 is none.",
        example="9464",
    )
    shutdown_grace_seconds: Annotated[float, Field(ge=0, le=3600)] = setting(
        20.0, "How long replies in progress may go on when Ellie stops.", example="20"
    )
    log_level: LogLevel = setting(
        LogLevel.WARNING, "debug, info, warning or error.", example="info"
    )
    log_format: LogFormat = setting(
        LogFormat.AUTO,
        "auto (readable in a terminal, JSON elsewhere), text or json.",
        example="json",
    )
    discord_token: SecretStr | None = setting(
        None, "Discord bot token.", example="MTEx…", validation_alias="DISCORD_TOKEN"
    )
    discord_message_content: bool = setting(
        False,
        "Whether to ask Discord for the text of every message, so that Ellie can follow threads "
        "and see what was said before. It is a privileged intent: switch it on in the developer "
        "portal too.",
        example="true",
    )
    discord_context_messages: Annotated[int, Field(ge=0, le=50)] = setting(
        10,
        "How many earlier messages of a Discord channel are read for one reply, and kept nowhere.",
        example="10",
    )
    slack_bot_token: SecretStr | None = setting(
        None,
        "Slack bot token. It needs one of the next two beside it.",
        example="xoxb-…",
        validation_alias="SLACK_BOT_TOKEN",
    )
    slack_app_token: SecretStr | None = setting(
        None,
        "Slack app-level token: Ellie connects to Slack (Socket Mode).",
        example="xapp-…",
        validation_alias="SLACK_APP_TOKEN",
    )
    slack_signing_secret: SecretStr | None = setting(
        None,
        "Slack signing secret, in place of the app-level token: Slack sends requests to Ellie "
        "(HTTP).",
        example="8f74…",
        validation_alias="SLACK_SIGNING_SECRET",
    )
    slack_host: str = setting(
        "127.0.0.1",
        "Address at which Slack's requests are taken, when it sends any: this machine's own for a "
        "proxy on it, 0.0.0.0 in a container.",
        example="0.0.0.0",  # noqa: S104 - the owner's choice, and not the default
        min_length=1,
    )
    slack_port: Annotated[int, Field(ge=1, le=65_535)] = setting(
        3000, "Port at which Slack's requests are taken.", example="3000"
    )
    slack_context_messages: Annotated[int, Field(ge=0, le=50)] = setting(
        10,
        "How many earlier messages of a Slack thread or channel are read for one reply, and kept "
        "nowhere.",
        example="10",
    )
    slack_erase_on_uninstall: bool = setting(
        False,
        "Whether everything that was said in a Slack workspace is erased when the workspace "
        "removes Ellie.",
        example="true",
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

    @field_validator("owners")
    @classmethod
    def _accounts(cls, value: str) -> str:
        accounts = [account.strip() for account in value.split(",") if account.strip()]
        for account in accounts:
            if OWNER_PATTERN.fullmatch(account) is None:
                msg = (
                    f"'{account}' is no account; write discord:1234 with a user's id, or "
                    "slack:T012345/U2345 with the ids of workspace and user, in capital letters"
                )
                raise ValueError(msg)
        return ",".join(accounts)

    @field_validator("time_zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            return ZoneInfo(value).key
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"there is no time zone {value}") from error

    @field_validator("model", "encoder", "compact_model", "summarize_model", "translate_model")
    @classmethod
    def _named(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("must not be empty")
        return value.strip()

    @field_validator(
        "quota_person_turns",
        "quota_person_tokens",
        "quota_channel_turns",
        "quota_channel_tokens",
        "quota_tenant_turns",
        "quota_tenant_tokens",
    )
    @classmethod
    def _quota(cls, value: str) -> str:
        written = value.strip()
        if written.lower() == NO_QUOTA:
            return NO_QUOTA
        if _QUOTA.fullmatch(written) is None:
            raise ValueError(
                "a quota is written like 30/hour, with minute, hour or day, and none is no quota"
            )
        return written

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
    def allowed_model_names(self) -> tuple[str, ...]:
        """The models that may be chosen for a place, as they were named."""
        names = (name.strip() for name in self.allowed_models.split(","))
        return tuple(dict.fromkeys(name for name in names if name))

    @property
    def owner_accounts(self) -> frozenset[str]:
        """The accounts of the owners, each as the audit log writes it."""
        return frozenset(filter(None, self.owners.split(",")))

    @property
    def resolved_database_url(self) -> str:
        """The database URL with the default filled in."""
        return self.database_url.get_secret_value() or f"sqlite:///{self.data_dir / 'ellie.db'}"


def variable_of(field: str) -> str:
    """The environment variable that sets ``field``."""
    return field.upper() if field in _UNPREFIXED else PREFIX + field.upper()
