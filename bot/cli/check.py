"""``ellie check``: what would run, and what is missing. Changes nothing."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from bot.app import database_state
from bot.background import schedules_of
from bot.config import Settings
from bot.errors import (
    ConfigError,
    EllieError,
    ModelError,
    ModelFetchError,
    PlatformError,
    StorageError,
    StorageUnavailableError,
)
from bot.generation.models.disk import free_bytes, gigabytes
from bot.generation.models.encoders import describe_encoder
from bot.generation.models.sources import BuiltIn, ModelSource
from bot.generation.models.summarisers import describes_seq2seq
from bot.generation.remote.address import RemoteModel
from bot.local_models import (
    CHOICES,
    ChosenModel,
    ModelRole,
    choose_allowed,
    choose_model,
    model_store,
)
from bot.remote_models import travels_in_the_open
from bot.scheduler import check_schedule

LOW_DISK_BYTES = 500_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report. ``error`` is set when Ellie cannot run like this."""

    subject: str
    text: str
    error: EllieError | None = None


def check(settings: Settings, console: Console) -> EllieError | None:
    """Print the report; the first error that keeps Ellie from running, or None."""
    findings = [
        *_platforms(settings),
        _database(settings),
        *_models(settings),
        *_schedules(settings),
        *_disk(settings),
    ]
    for finding in findings:
        mark = Text("✗ ", style="red") if finding.error else Text("✓ ", style="green")
        console.print(mark + Text(f"{finding.subject}: {finding.text}"), soft_wrap=True)
    return next((finding.error for finding in findings if finding.error), None)


def _platforms(settings: Settings) -> Iterator[Finding]:
    yield Finding("terminal", "ellie chat")
    if settings.discord_token:
        yield _discord(settings, settings.discord_token.get_secret_value())
    if settings.slack_bot_token:
        yield _slack(settings, settings.slack_bot_token.get_secret_value())


def _discord(settings: Settings, token: str) -> Finding:
    """What would be asked of Discord. It is not asked: this runs every minute in a container."""
    from adapters.discord.connecting import cleaned  # noqa: PLC0415 - loads discord.py
    from adapters.discord.intents import PERMISSIONS, intents, names_of  # noqa: PLC0415

    try:
        cleaned(token)
    except PlatformError as error:
        return Finding("Discord", str(error), error)
    asked = ", ".join(names_of(intents(message_content=settings.discord_message_content)))
    return Finding(
        "Discord",
        f"a token is set; intents {asked}; permissions {PERMISSIONS.value} (`ellie discord invite` "
        "has the link)",
    )


def _slack(settings: Settings, token: str) -> Finding:
    """How Slack would be heard. It is not asked, for the same reason."""
    from adapters.slack.connecting import cleaned, cleaned_app  # noqa: PLC0415 - loads slack_sdk
    from adapters.slack.scopes import EVENTS, SCOPES  # noqa: PLC0415

    how = f"HTTP, at {settings.slack_host} port {settings.slack_port}"
    try:
        cleaned(token)
        if settings.slack_app_token:
            cleaned_app(settings.slack_app_token.get_secret_value())
            how = "Socket Mode"
    except PlatformError as error:
        return Finding("Slack", str(error), error)
    return Finding(
        "Slack",
        f"a token is set; {how}; {len(SCOPES)} scopes and {len(EVENTS)} events (`ellie slack "
        "manifest --explain` names them)",
    )


def _database(settings: Settings) -> Finding:
    try:
        state = asyncio.run(database_state(settings))
    except StorageError as error:
        return Finding("database", str(error), error)
    place = state.place
    if state.revision is None:
        return Finding("database", f"{place} (will be created)")
    if state.is_current:
        return Finding("database", f"{place} (schema {state.revision})")
    return Finding("database", f"{place} (schema {state.revision}, will be upgraded)")


def _models(settings: Settings) -> Iterator[Finding]:
    """Every model that the settings lead to, and whether it is there."""
    choices: dict[str, Callable[[Settings], ChosenModel | None]] = {"model": choose_model}
    for subject, choose in (choices | dict(CHOICES)).items():
        try:
            chosen = choose(settings)
            if chosen is not None:
                yield Finding(subject, _whereabouts(settings, subject, chosen))
            elif subject == "encoder":
                yield Finding(subject, "none; recall goes by words (ELLIE_ENCODER)")
        except ModelError as error:
            yield Finding(subject, str(error), error)
    subject = "allowed model"
    try:
        for allowed in choose_allowed(settings).values():
            yield Finding(subject, _whereabouts(settings, subject, allowed))
    except ModelError as error:
        yield Finding(subject, str(error), error)


def _whereabouts(settings: Settings, subject: str, chosen: ChosenModel) -> str:
    """Where a model is, or that it will be fetched, and why it was chosen.

    Raises:
        ModelError: it is damaged, or of another kind than it is to be.
    """
    if isinstance(chosen.source, RemoteModel):
        return _served(chosen.source)
    reason = f". {chosen.reason}" if chosen.reason else ""
    store = model_store(settings)
    folder = store.find(chosen.source)
    if folder is None:
        size = _to_fetch(chosen.source)
        return f"{chosen.name}, will be pulled at first start{size}{reason}"
    store.check(folder)
    return f"{chosen.name}{_kind(subject, folder)} in {folder}{reason}"


def _kind(subject: str, folder: Path) -> str:
    """What kind of model that is, where there are several for the purpose.

    Raises:
        ModelError: it is none for it.
    """
    if subject == "encoder":
        describe_encoder(folder)
    if subject in {"summaries", *ModelRole}:
        return ", an encoder-decoder," if describes_seq2seq(folder) else ", a model that chats,"
    return ""


def _served(model: RemoteModel) -> str:
    """Where a model is served. The server is not asked, for the reason that Discord is not."""
    how = " without encryption" if travels_in_the_open(model) else ""
    return f"{model}; messages go to that server{how} (`ellie doctor` asks whether it answers)"


def _schedules(settings: Settings) -> Iterator[Finding]:
    for name, (schedule, setting) in schedules_of(settings).items():
        try:
            check_schedule(schedule, setting=setting, time_zone=settings.time_zone)
        except ConfigError as error:
            yield Finding(name, str(error), error)
        else:
            yield Finding(name, f"{schedule} ({settings.time_zone})")


def _to_fetch(source: ModelSource) -> str:
    if isinstance(source, BuiltIn):
        return f" ({gigabytes(source.model.fetched_bytes)} to fetch)"
    return ""


def _disk(settings: Settings) -> Iterator[Finding]:
    for subject, folder, kind in (
        ("data", settings.data_dir, StorageUnavailableError),
        ("models", settings.models_dir, ModelFetchError),
    ):
        existing = next(place for place in (folder, *folder.parents) if place.exists())
        if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
            reason = "is not a folder" if not existing.is_dir() else "cannot be written"
            text = f"{folder} cannot be used: {existing} {reason}. Set ELLIE_{subject.upper()}_DIR."
            yield Finding(subject, text, kind(text))
            continue
        free = free_bytes(folder)
        low = " — that is little" if free < LOW_DISK_BYTES else ""
        yield Finding(subject, f"{folder} ({gigabytes(free)} free{low})")
