"""A program: the command line over a model that says what it is told."""

from __future__ import annotations

SCRIPTED_CHAT = '''\
"""The real command line, with a model that says what it is told."""

import os
from contextlib import asynccontextmanager
from pathlib import Path

import bot.cli.chat as chat
from bot.app import assembled_app
from bot.cli.main import main
from bot.errors import EngineFailedError
from bot.ports.scripted import ScriptedGenerator
from bot.system import SystemClock


@asynccontextmanager
async def scripted_app(settings, *, model, folder, **_):
    generator = ScriptedGenerator("One 🎉", EngineFailedError("on fire"), "three")
    if os.environ.get("HOLD"):
        generator.hold(after_words=1)
    async with assembled_app(settings, generator, SystemClock()) as app:
        print("ready", flush=True)
        yield app


chat.ensure_model = lambda settings, console: ("scripted", Path())
chat.running_app = scripted_app
main()
'''
