"""The real default model on a Discord in memory: told, started again, asked. Draws the pictures.

    python bench/discord_talk.py [--model ellie-medium] [--pictures docs]

Needs ``pip install 'simcord[screenshot]'`` and a Chromium (``playwright install chromium``) for the
pictures, and nothing else: no account, no network. Exits with 1 when something told was not known.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import simcord

from adapters.discord.adapter import DiscordAdapter
from bot.app import App, running_app
from bot.cli.run import discord_adapter
from bot.config import Settings
from bot.config_loading import load_settings
from bot.local_models import choose_model, model_store

SETTLE_SECONDS = 2.0
"""The Discord in memory waits so long for everything to come to rest, which a model does not."""

MEASURE_SECONDS = 50.0
"""``memory why`` measures with the model, which nothing tells when it is done."""

LOOK_SECONDS = 0.25

TOLD = "Hi, I'm Ana. I'm a nurse in Porto and my dog is called Biscuit."
QUESTIONS = {"What is my dog called?": "Biscuit", "Where do I work, and as what?": "nurse"}


@asynccontextmanager
async def started(settings: Settings) -> AsyncIterator[tuple[App, DiscordAdapter]]:
    """Ellie with her model and her database, ready for a Discord."""
    chosen = choose_model(settings)
    folder = model_store(settings).find(chosen.source)
    if folder is None:
        sys.exit(f"Fetch the model first: ellie models pull {chosen.name}")
    async with running_app(settings, model=chosen.name, folder=folder) as app:
        await app.generator.tokenizer()
        adapter = discord_adapter(app, settings)
        assert isinstance(adapter, DiscordAdapter)
        yield app, adapter


async def main(arguments: argparse.Namespace) -> int:
    """Tell, restart, ask, draw; returns how many questions were not answered rightly."""
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings().model_copy(
            update={
                "data_dir": Path(folder),
                "model": arguments.model,
                "compaction_schedule": "off",
            }
        )
        async with started(settings) as (_, adapter):
            env = simcord.Env(adapter.client, shard_count=1, settle_timeout=SETTLE_SECONDS)
            env.backend.bot_user.name = env.backend.bot_user.global_name = "Ellie"
            await env.start()
            town = env.create_guild("Porto")
            square = town.create_text_channel("square")
            ana = town.add_member(env.create_user("ana", global_name="Ana"))
            town.add_member(env.create_user("rui", global_name="Rui"))
            await say(ana, square, adapter, TOLD)
            before = env
        async with started(settings) as (_, adapter):
            await rest(before)
            await before.restart_bot(adapter.client)
            for question, expected in QUESTIONS.items():
                answer = await say(ana, square, adapter, question)
                wrong += expected.lower() not in answer.lower()
            if arguments.pictures:
                await draw(before, square, ana, arguments.pictures)
            await before.shutdown()
    return wrong


async def say(who: Any, channel: Any, adapter: DiscordAdapter, words: str) -> str:
    """Say something to Ellie, print what she answers, and return it."""
    me = adapter.client.user
    assert me is not None
    began = time.perf_counter()
    before = len(channel.history())
    with suppress(TimeoutError):
        await who.send(channel, f"{me.mention} {words}")
    while not _is_answered(channel.history()[before:]):  # noqa: ASYNC110 - no event tells
        await asyncio.sleep(LOOK_SECONDS)
    said = channel.history()[-1].content
    print(f"{who.name}> {words}\nellie> {said}\n({time.perf_counter() - began:.1f} s)\n")
    return str(said)


def _is_answered(messages: list[Any]) -> bool:
    """Whether the last message is a finished reply: it has more than the button that stops it."""
    rows = messages[-1].components if messages else []
    return any(len(row.children) > 1 for row in rows)


async def rest(env: Any) -> None:
    """Wait until nothing goes on, however long that takes."""
    while True:
        with suppress(TimeoutError):
            return await env.settle()


async def draw(env: Any, channel: Any, who: Any, folder: Path) -> None:
    """Pictures of the conversation, and of what two commands answer, as the person sees them."""
    await rest(env)
    async with env.preview(channel, viewers=[who], layout="channel", width=900, height=760) as seen:
        await seen.screenshot(folder / "discord-conversation.png", mode="viewport")
    shown = await who.slash(channel, "memory show")
    env.settle_timeout = MEASURE_SECONDS
    why = await who.slash(channel, "memory why")
    for name, result in (("memory-show", shown), ("memory-why", why)):
        async with env.preview(channel, viewers=[who], width=900, height=900) as seen:
            await seen.screenshot(folder / f"discord-{name}.png", target=result)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="ellie-medium")
    parser.add_argument("--pictures", type=Path, help="folder to draw pictures into")
    sys.exit(1 if asyncio.run(main(parser.parse_args())) else 0)
