"""``ellie check``: what would run, and what is missing. Changes nothing."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

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
    ChosenModel,
    ModelRole,
    choose_allowed,
    choose_compact,
    choose_encoder,
    choose_fallback,
    choose_model,
    choose_role,
    choose_sight,
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
        _model(settings),
        *_fallback(settings),
        _encoder(settings),
        *_compact(settings),
        *_sight(settings),
        *(finding for role in ModelRole for finding in _role(settings, role)),
        *_allowed(settings),
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


def _model(settings: Settings) -> Finding:
    try:
        chosen = choose_model(settings)
        if isinstance(chosen.source, RemoteModel):
            return Finding("model", _served(chosen.source))
        store = model_store(settings)
        folder = store.find(chosen.source)
        if folder is not None:
            store.check(folder)
            return Finding("model", f"{chosen.name} in {folder}. {chosen.reason}".strip())
    except ModelError as error:
        return Finding("model", str(error), error)
    return Finding(
        "model",
        f"{chosen.name}, will be pulled at first start{_to_fetch(chosen.source)}. {chosen.reason}",
    )


def _served(model: RemoteModel) -> str:
    """Where a model is served. The server is not asked, for the reason that Discord is not."""
    how = " without encryption" if travels_in_the_open(model) else ""
    return f"{model}; messages go to that server{how} (`ellie doctor` asks whether it answers)"


def _fallback(settings: Settings) -> Iterator[Finding]:
    """The model that answers while a server does not."""
    subject = "fallback model"
    try:
        chosen = choose_fallback(settings)
        if chosen is None or isinstance(chosen.source, RemoteModel):
            return
        store = model_store(settings)
        folder = store.find(chosen.source)
        if folder is None:
            size = _to_fetch(chosen.source)
            yield Finding(subject, f"{chosen.name}, will be pulled at first start{size}")
            return
        store.check(folder)
        yield Finding(subject, f"{chosen.name} in {folder}")
    except ModelError as error:
        yield Finding(subject, str(error), error)


def _encoder(settings: Settings) -> Finding:
    try:
        chosen = choose_encoder(settings)
        if chosen is None or isinstance(chosen.source, RemoteModel):
            return Finding("encoder", "none; recall goes by words (ELLIE_ENCODER)")
        store = model_store(settings)
        folder = store.find(chosen.source)
        if folder is None:
            size = _to_fetch(chosen.source)
            return Finding("encoder", f"{chosen.name}, will be pulled at first start{size}")
        store.check(folder)
        describe_encoder(folder)
    except ModelError as error:
        return Finding("encoder", str(error), error)
    return Finding("encoder", f"{chosen.name} in {folder}")


def _allowed(settings: Settings) -> Iterator[Finding]:
    """The models that places may choose."""
    subject = "allowed model"
    try:
        for chosen in choose_allowed(settings).values():
            if isinstance(chosen.source, RemoteModel):
                yield Finding(subject, _served(chosen.source))
                continue
            store = model_store(settings)
            folder = store.find(chosen.source)
            if folder is None:
                size = _to_fetch(chosen.source)
                yield Finding(subject, f"{chosen.name}, will be pulled at first start{size}")
            else:
                store.check(folder)
                yield Finding(subject, f"{chosen.name} in {folder}")
    except ModelError as error:
        yield Finding(subject, str(error), error)


def _compact(settings: Settings) -> Iterator[Finding]:
    """The model that writes summaries of older conversations, when it is one of its own."""
    return _writer(settings, "summaries", choose_compact)


def _role(settings: Settings, role: ModelRole) -> Iterator[Finding]:
    """The model that sums up or translates when somebody asks, when it is one of its own."""
    return _writer(settings, role.value, lambda settings: choose_role(settings, role))


def _writer(
    settings: Settings, subject: str, choose: Callable[[Settings], ChosenModel | None]
) -> Iterator[Finding]:
    try:
        chosen = choose(settings)
        if chosen is None:
            return
        if isinstance(chosen.source, RemoteModel):
            yield Finding(subject, _served(chosen.source))
            return
        store = model_store(settings)
        folder = store.find(chosen.source)
        if folder is None:
            size = _to_fetch(chosen.source)
            yield Finding(subject, f"{chosen.name}, will be pulled at first start{size}")
            return
        store.check(folder)
        kind = "an encoder-decoder" if describes_seq2seq(folder) else "a model that chats"
    except ModelError as error:
        yield Finding(subject, str(error), error)
        return
    yield Finding(subject, f"{chosen.name}, {kind}, in {folder}")


def _sight(settings: Settings) -> Iterator[Finding]:
    """The model that looks at pictures, if there is to be one."""
    subject = "sight"
    try:
        chosen = choose_sight(settings)
        if chosen is None or isinstance(chosen.source, RemoteModel):  # no server is asked yet
            return
        store = model_store(settings)
        folder = store.find(chosen.source)
        if folder is None:
            size = _to_fetch(chosen.source)
            yield Finding(subject, f"{chosen.name}, will be pulled at first start{size}")
            return
        store.check(folder)
    except ModelError as error:
        yield Finding(subject, str(error), error)
        return
    yield Finding(subject, f"{chosen.name} in {folder}")


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
