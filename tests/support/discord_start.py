"""The real command line before a Discord on this machine; model and adapter tell what they do."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import discord
import pytest

from bot.app import App, assembled_app
from bot.cli import run
from bot.cli.main import main
from bot.config import Settings
from bot.errors import PlatformRefusedError
from bot.ports.scripted import ScriptedGenerator
from bot.system import SystemClock


class TellingAdapter:
    """In place of the one for Discord."""

    def __init__(self) -> None:
        self._stopped = asyncio.Event()

    async def run(self) -> None:
        tell("runs")
        if os.environ.get("REFUSED"):
            raise PlatformRefusedError("Discord no longer accepts the token.")
        await self._stopped.wait()
        tell("ended")

    async def stop(self) -> None:
        tell("stops")
        self._stopped.set()


def tell(what: str) -> None:
    print(what, flush=True)  # noqa: T201 - the test reads it


@asynccontextmanager
async def scripted_app(
    settings: Settings, *, model: str, folder: Path, **_: object
) -> AsyncIterator[App]:
    try:
        async with assembled_app(settings, ScriptedGenerator("One"), SystemClock()) as app:
            yield app
    finally:
        tell("closed")


def ensure_model(settings: Settings, console: object) -> tuple[str, Path]:
    tell("model")
    return "scripted", Path()


def stand_in(patch: pytest.MonkeyPatch, address: str) -> None:
    """Put everything in place of what is too large for a test."""
    patch.setattr(run, "discord_adapter", lambda app, settings: TellingAdapter())
    patch.setattr(discord.http.Route, "BASE", f"http://{address}/api/v10")
    patch.setattr(run, "ensure_model", ensure_model)
    patch.setattr(run, "running_app", scripted_app)


def main_with_stand_ins(address: str) -> None:
    """For a process of its own."""
    with pytest.MonkeyPatch.context() as patch:
        stand_in(patch, address)
        main()
