"""Tells Discord about the commands, when they are not what it knows already.

Discord lets an application create 200 commands a day in each server, and takes a while to spread
them (docs.discord.com, application commands); so it is not told at every start.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import aiohttp
import discord
from discord import app_commands

from bot.log import get_logger

log = get_logger(__name__)

DEADLINE_SECONDS = 300.0
"""discord.py waits for as long as Discord's rate limit says, which may be hours."""


async def sync_if_changed(
    client: discord.Client, tree: app_commands.CommandTree[Any], state_file: Path
) -> bool:
    """Whether Discord was told, and took it. Never raises for what Discord does.

    ``state_file`` remembers what it took last.
    """
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            digest = await _digest(client, tree)
            known = await asyncio.to_thread(_read, state_file)
            if known == digest and await _is_complete(tree):
                return False
            await tree.sync()
    except app_commands.CommandSyncFailure as error:
        log.error(
            "commands_not_synced",
            reason="Discord finds a mistake in the commands; it goes on with those it knows.",
            error=str(error),
        )
    except (app_commands.AppCommandError, discord.DiscordException) as error:
        log.error(
            "commands_not_synced",
            reason="Discord did not take the commands; the next start tries again.",
            error=str(error),
        )
    except (aiohttp.ClientError, OSError) as error:  # TimeoutError is one of the latter
        log.error(
            "commands_not_synced",
            reason="Discord cannot be reached, or has one wait too long; the next start tries "
            "again.",
            error=str(error) or type(error).__name__,
        )
    else:
        await asyncio.to_thread(_write, state_file, digest)
        log.info("commands_synced", count=len(tree.get_commands()))
        return True
    return False


async def _digest(client: discord.Client, tree: app_commands.CommandTree[Any]) -> str:
    """What the application and all of its commands come to, translations included."""
    translator = tree.translator
    payloads = [
        await command.get_translated_payload(tree, translator)
        if translator
        else command.to_dict(tree)
        for command in tree.get_commands()
    ]
    payloads.sort(key=lambda payload: (payload["type"], payload["name"]))
    whole = json.dumps([client.application_id, payloads], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(whole.encode()).hexdigest()


async def _is_complete(tree: app_commands.CommandTree[Any]) -> bool:
    """Whether Discord lists the very commands that there are, by kind and name."""
    listed = {(command.type.value, command.name) for command in await tree.fetch_commands()}
    wanted = {(_type(command), command.name) for command in tree.get_commands()}
    return listed == wanted


def _type(
    command: app_commands.Command[Any, ..., Any] | app_commands.Group | app_commands.ContextMenu,
) -> int:
    kind = (
        command.type
        if isinstance(command, app_commands.ContextMenu)
        else discord.AppCommandType.chat_input
    )
    return int(kind.value)


def _read(state_file: Path) -> str | None:
    """The digest of what Discord took last; None when nothing can be read."""
    try:
        state = json.loads(state_file.read_text(encoding="utf-8"))
        return str(state["commands"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(state_file: Path, digest: str) -> None:
    """Remember it, whole or not at all. A disk that is full costs one more sync."""
    beside = state_file.with_name(f"{state_file.name}.{os.getpid()}.new")
    try:
        state_file.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(json.dumps({"commands": digest}) + "\n", encoding="utf-8")
        beside.replace(state_file)
    except OSError as error:
        log.warning("command_state_not_written", file=str(state_file), error=str(error))
