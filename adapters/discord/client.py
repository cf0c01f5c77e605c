"""Ellie as a client of Discord: hands events of the gateway to those who deal with them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from adapters.discord.application_commands import ApplicationCommands
from adapters.discord.asking import Asking
from adapters.discord.buttons import BUTTONS, ReplyActions
from adapters.discord.command_replies import answer_forgotten_component, explain_error
from adapters.discord.inbox import Inbox
from adapters.discord.intents import intents
from adapters.discord.translating import Translator
from adapters.recovering import DeliveryRecovery
from adapters.tasks import OwnedTasks
from bot.health import Part
from bot.log import get_logger

log = get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Who deals with what. Made by whoever makes the client, which they need too."""

    inbox: Inbox
    asking: Asking
    actions: ReplyActions
    application_commands: ApplicationCommands
    recovery: DeliveryRecovery


class EllieClient(commands.AutoShardedBot):
    """Connects as many shards as Discord recommends, and keeps no message in memory.

    Pings nobody: what a model writes mentions no one, whatever it says, in messages and in edits.
    """

    actions: ReplyActions

    def __init__(
        self,
        parts_for: Callable[[EllieClient], Parts],
        *,
        message_content: bool,
        tasks: OwnedTasks,
        sync: Callable[[EllieClient], Any],
        health: Part,
    ) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            intents=intents(message_content=message_content),
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,  # what people ask to forget must not stay in a cache
            chunk_guilds_at_startup=False,
        )
        self._tasks = tasks
        self._sync = sync
        self._health = health
        self._cut_off: set[int] = set()
        self._watching = False
        self._parts = parts_for(self)
        self.actions = self._parts.actions
        self.tree.error(self._command_failed)

    async def setup_hook(self) -> None:
        """Before the gateway: buttons of earlier processes work from the first moment on."""
        self.add_dynamic_items(*BUTTONS)
        await self.tree.set_translator(Translator())
        self._parts.application_commands.add_to(self.tree)
        self._parts.asking.add_to(self.tree)
        self._tasks.start(self._sync(self), name="sync-commands")

    async def on_ready(self) -> None:
        """Connected; told again after every new session."""
        log.info("discord_ready", guilds=len(self.guilds), shards=self.shard_count)
        self._cut_off.clear()
        self._health.well()
        if not self._watching:
            self._watching = True
            self._tasks.start(self._parts.recovery.watch(), name="recover-deliveries")

    async def on_shard_disconnect(self, shard_id: int) -> None:
        """A shard is cut off; discord.py connects it again."""
        self._cut_off.add(shard_id)
        self._health.ill(f"shards not connected: {len(self._cut_off)}")

    async def on_shard_resumed(self, shard_id: int) -> None:
        """A shard goes on where it was cut off."""
        await self.on_shard_ready(shard_id)

    async def on_shard_ready(self, shard_id: int) -> None:
        """A shard has begun anew. Before all have, nothing is cut off; see :meth:`on_ready`."""
        if self._cut_off:
            self._cut_off.discard(shard_id)
            if not self._cut_off:
                self._health.well()

    async def on_message(self, message: discord.Message, /) -> None:
        """Somebody wrote something. There are no text commands of discord.py's own."""
        if self.user is not None:
            await self._parts.inbox.message(message, self.user)

    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        """Somebody changed a message, or Discord did."""
        if self.user is not None:
            await self._parts.inbox.edited(payload.message, self.user)

    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        """A message is gone."""
        await self._parts.inbox.deleted([payload.message_id])

    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        """Many messages are gone."""
        await self._parts.inbox.deleted(sorted(payload.message_ids))

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """A button or command was used; most are dealt with elsewhere."""
        await answer_forgotten_component(interaction)

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Invited to a server. Nothing is posted unasked."""
        log.info("guild_joined", guild=guild.id)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Removed from a server. What was said there is kept for as long as retention says."""
        log.info("guild_left", guild=guild.id)

    async def on_error(self, event_method: str, /, *_: Any, **__: Any) -> None:
        """A handler broke. The log says where; it does not say what anybody wrote."""
        log.error("event_failed", event_name=event_method, exc_info=sys.exception())

    async def _command_failed(
        self, interaction: discord.Interaction[Any], error: app_commands.AppCommandError
    ) -> None:
        await explain_error(interaction, error)
