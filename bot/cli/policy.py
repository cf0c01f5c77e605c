"""``ellie policy``: what was decided in one server or workspace, as text and as a TOML file."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from rich.console import Console

from bot.background import CompactionApp, compaction_app
from bot.cli.people import parse_tenant
from bot.commands.language import Language
from bot.commands.policy_file import ReadPolicy, read_policy, written_policy
from bot.commands.voice import Voice
from bot.config import ENCODING, Settings
from bot.default_policy import default_policy
from bot.domain.place_settings import settings_for
from bot.domain.setting_values import Value
from bot.domain.text import shorten
from bot.engine.place_policies import Difference, PlacePolicies
from bot.engine.policies import CACHE_SECONDS, ChannelPolicies
from bot.engine.tenant_retention import TenantRetention
from bot.errors import UsageError

MOST_BYTES = 1024 * 1024
"""Of a file."""
STANDARD_STREAM = "-"
SHOWN_CHARACTERS = 200

_VOICE = Voice(language=Language.ENGLISH)


def show_policy(settings: Settings, console: Console, tenant: str) -> None:
    """Print every decision of a server or workspace.

    Raises:
        UsageError: no server or workspace is written like that.
        StorageError: the database cannot be used.
    """
    ref = parse_tenant(tenant)

    async def run() -> list[Difference]:
        async with compaction_app(settings) as app:
            places = _places(settings, app)
            return [
                Difference(channel_id=channel_id, name=name, before=None, after=value)
                for channel_id, decided in (await places.decisions(ref)).items()
                for name, value in decided.items()
            ]

    decided = asyncio.run(run())
    if not decided:
        _say(console, f"Nothing was decided in {ref.id}; the rules of your settings hold.")
    for one in decided:
        _say(console, f"{_place(one)}: {one.name} = {_shown(settings, one.name, one.after)}")


def export_policy(settings: Settings, console: Console, tenant: str, file: str) -> None:
    """Write every decision of a server or workspace to a file, or to standard output.

    Raises:
        UsageError: no server or workspace is written like that, or the file cannot be written.
        StorageError: the database cannot be used.
    """
    ref = parse_tenant(tenant)

    async def run() -> str:
        async with compaction_app(settings) as app:
            places = _places(settings, app)
            return written_policy(ref, await places.decisions(ref), places.settings)

    text = asyncio.run(run())
    if file == STANDARD_STREAM:
        console.file.write(text)
        return
    try:
        Path(file).write_text(text, encoding="utf-8", newline="\n")
    except (OSError, ValueError) as error:
        raise UsageError(f"{file} cannot be written: {error}.") from error
    _say(console, f"Written: {file}")


def import_policy(
    settings: Settings, console: Console, tenant: str, file: str, *, dry_run: bool
) -> None:
    """Replace every decision of a server or workspace by those of a file, or of standard input.

    Raises:
        UsageError: no server or workspace is written like that, or the file cannot be read or
            used; nothing was changed then.
        StorageError: the database cannot be used.
    """
    ref = parse_tenant(tenant)
    read = _read(settings, file)

    async def run() -> tuple[Difference, ...]:
        async with compaction_app(settings) as app:
            places = _places(settings, app)
            if dry_run:
                return await places.replace(ref, read.decisions, dry_run=True)
            async with app.audit.recorded("ellie policy import", tenant_id=ref.id) as noted:
                changed = await places.replace(ref, read.decisions)
                noted.detail.update(settings=len(changed))
            return changed

    changes = asyncio.run(run())
    for change in changes:
        before, after = (_shown(settings, change.name, v) for v in (change.before, change.after))
        _say(console, f"{_place(change)}: {change.name}: {before} → {after}")
    if not changes:
        _say(console, f"{ref.id} has these decisions already.")
    elif dry_run:
        _say(console, "Nothing was changed: this was a dry run.")
    else:
        _say(
            console,
            f"Replaced. A running Ellie notices within {CACHE_SECONDS:g} seconds.",
        )


def _read(settings: Settings, file: str) -> ReadPolicy:
    try:
        if file == STANDARD_STREAM:
            content = sys.stdin.buffer.read(MOST_BYTES + 1)
        else:
            with Path(file).open("rb") as opened:
                content = opened.read(MOST_BYTES + 1)
        text = content.decode(ENCODING)
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is not written in UTF-8: {error.reason}.") from error
    except (OSError, ValueError) as error:
        raise UsageError(f"{file} cannot be read: {error}.") from error
    known = settings_for(settings.allowed_model_names)
    read = read_policy(text, known, most_bytes=MOST_BYTES)
    if read.problems:
        count = len(read.problems)
        heading = "1 problem" if count == 1 else f"{count} problems"
        told = (f"{one.place}: {one.told(_VOICE)}".removeprefix(": ") for one in read.problems)
        lines = "\n".join(f"  - {line}" for line in told)
        raise UsageError(f"{file} cannot be used, and nothing was changed; {heading}:\n{lines}")
    return read


def _places(settings: Settings, app: CompactionApp) -> PlacePolicies:
    return PlacePolicies(
        app.storage,
        clock=app.clock,
        channels=ChannelPolicies(app.storage, clock=app.clock),
        retention=TenantRetention(app.storage, default_days=settings.retention_days or None),
        defaults=default_policy(settings),
        allowed_models=settings.allowed_model_names,
    )


def _place(one: Difference) -> str:
    return "everywhere else" if one.channel_id is None else one.channel_id


def _shown(settings: Settings, name: str, value: Value | None) -> str:
    if value is None:
        return "undecided"
    kind = settings_for(settings.allowed_model_names)[name].kind
    return shorten(kind.show(value), SHOWN_CHARACTERS)


def _say(console: Console, text: str) -> None:
    console.print(text, highlight=False, markup=False, soft_wrap=True)
