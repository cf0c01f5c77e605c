"""A server in which people give commands to a bot that has nothing else, over in-memory storage."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import discord
import pytest
import simcord
from discord.ext import commands
from support.commanding import Desk
from support.places import places_over

from adapters.discord.application_commands import ApplicationCommands
from adapters.discord.command_replies import (
    answer_forgotten_component,
    answer_message,
    answer_typed,
    explain_error,
    respond,
)
from adapters.discord.normalising import conversation_of, identity_of
from adapters.discord.translating import Translator
from bot.commands.call import Caller
from bot.commands.dispatch import Commands
from bot.commands.language import Language
from bot.commands.reply import CommandReply, Confirmation, ReplyKind
from bot.domain.fact import Fact
from bot.domain.identity import Platform
from bot.domain.turn import Turn
from bot.engine.audit import AuditLog
from bot.engine.tenant_retention import TenantRetention

Shown = Any
"""An answer to an interaction, or a message, as simcord or discord.py gives it."""


class CommandBot(commands.AutoShardedBot):
    """Has Ellie's commands; with ``prepared``, answers any message or ``/prepared`` with that."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            intents=discord.Intents.default(),
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
        )
        self.prepared: Callable[[], Awaitable[CommandReply]] | None = None
        self._commands = Commands(
            desk.control,
            clock=desk.clock,
            explanations=desk.explanations,
            places=places_over(desk.storage, desk.clock),
            retention=TenantRetention(desk.storage, default_days=None),
            audit=AuditLog(desk.storage, clock=desk.clock, ids=desk.ids),
            rewording=desk.rewording,
        )
        self._application_commands = ApplicationCommands(self._commands, view=desk.control.view)

    async def setup_hook(self) -> None:
        await self.tree.set_translator(Translator())
        self._application_commands.add_to(self.tree)
        self.tree.error(explain_error)

    def add_prepared(self) -> None:
        """Offer ``/prepared`` too."""

        async def prepared(interaction: discord.Interaction[Any]) -> None:
            await respond(interaction, await self._reply(), language=Language.ENGLISH)

        self.tree.add_command(
            discord.app_commands.Command(name="prepared", description="-", callback=prepared)
        )

    async def on_message(self, message: discord.Message, /) -> None:
        if message.author.bot:
            return
        if self.prepared:
            await answer_message(message, await self._reply(), command_name="memory show")
        elif understood := self._commands.understand(message.content):
            caller = Caller(
                identity=identity_of(message.author), conversation=conversation_of(message.channel)
            )
            await answer_typed(message, understood, self._commands, caller)

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        await answer_forgotten_component(interaction)

    async def _reply(self) -> CommandReply:
        assert self.prepared is not None
        return await self.prepared()


class DiscordDesk(Desk):
    """Where the bot reads and writes memory."""

    def __init__(self, explanations: Any = None) -> None:
        super().__init__(explanations)
        self.explanations = explanations


class Answers:
    """Asks a question, and notes what it is answered."""

    def __init__(self) -> None:
        self.given: list[bool] = []

    async def take(self, agreed: bool) -> CommandReply:
        self.given.append(agreed)
        return CommandReply(kind=ReplyKind.DONE, lines=(f"agreed: {agreed}",))

    async def question(self, *, private: bool = False) -> CommandReply:
        return CommandReply(
            kind=ReplyKind.QUESTION,
            lines=("Here is what would happen.",),
            confirmation=Confirmation(question="Shall I?", answer=self.take),
            private=private,
        )


@dataclass
class CommandServer:
    """Ana and Ben are members; Cleo may manage the server."""

    env: simcord.Env
    bot: CommandBot
    desk: DiscordDesk
    guild: Any
    channel: Any
    ana: Any
    ben: Any
    cleo: Any

    async def learn(self, text: str, *, user: Any = None, **more: Any) -> Fact:
        """A fact that somebody told; Ana if nobody is named."""
        return await self.desk.learn(
            text, user=self._account(user), platform=Platform.DISCORD, **more
        )

    async def say(self, text: str, reply: str = "ok", *, user: Any = None) -> Turn:
        """A message that was answered."""
        return await self.desk.say(text, reply, user=self._account(user), platform=Platform.DISCORD)

    async def facts(self, user: Any = None) -> list[str]:
        """What is stored, whatever its state."""
        found = await self.desk.facts(self._account(user), platform=Platform.DISCORD)
        return [fact.text for fact in found.values()]

    async def slash(self, name: str, user: Any = None, /, **given: Any) -> Any:
        """Give a command in the channel."""
        return await (user or self.ana).slash(self.channel, name, **given)

    async def suggestions(
        self, name: str, option: str, typed: str = "", user: Any = None
    ) -> list[dict[str, Any]]:
        """What is suggested while somebody types."""
        found: list[dict[str, Any]] = await (user or self.ana).autocomplete(
            self.channel, name, option, typed
        )
        return found

    def _account(self, user: Any) -> str:
        return str((user or self.ana).id)


@asynccontextmanager
async def command_server(
    explanations: Any = None, *, prepared: bool = False, **options: Any
) -> AsyncIterator[CommandServer]:
    """A running server whose commands Discord knows."""
    desk = DiscordDesk(explanations)
    bot = CommandBot(desk)
    if prepared:
        bot.add_prepared()
    # Not simcord.run: a fixture is begun and ended in different contexts.
    env = simcord.Env(bot, shard_count=1, **options)
    await env.start()
    try:
        await bot.tree.sync()
        guild = env.create_guild()
        channel = guild.create_text_channel("general")
        managers = guild.create_role("Managers", permissions=discord.Permissions(manage_guild=True))
        yield CommandServer(
            env=env,
            bot=bot,
            desk=desk,
            guild=guild,
            channel=channel,
            ana=guild.add_member(env.create_user("ana")),
            ben=guild.add_member(env.create_user("ben")),
            cleo=guild.add_member(env.create_user("cleo"), roles=[managers]),
        )
    finally:
        await env.shutdown()
    env.raise_errors()


def break_storage(server: CommandServer, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail() -> Any:
        raise error

    monkeypatch.setattr(server.desk.storage, "unit_of_work", fail)


def words_of(shown: Shown) -> str:
    """All the texts of a message; of an answer to an interaction, of all its messages."""
    messages = [shown]
    if isinstance(shown, simcord.InteractionResult):
        messages = [*filter(None, [shown.response]), *shown.followups]
    return "\n".join(text for message in messages for text in _texts(message))


def buttons_of(message: Any) -> dict[str, dict[str, Any]]:
    """The buttons of a message by their labels."""
    return {part["label"]: part for part in _parts(message) if part.get("type") == 2}


def last_of(shown: simcord.InteractionResult) -> Any:
    """The last message of an answer, which has its buttons."""
    return [*filter(None, [shown.response]), *shown.followups][-1]


def _texts(message: Any) -> Iterator[str]:
    if message.content:
        yield message.content
    for part in _parts(message):
        if part.get("type") == 10:
            yield part["content"]


def _parts(message: Any) -> Iterator[dict[str, Any]]:
    todo = [_raw(part) for part in message.components]
    while todo:
        part = todo.pop(0)
        yield part
        todo = [*part.get("components", []), *todo]


def _raw(part: Any) -> dict[str, Any]:
    raw: dict[str, Any] = part if isinstance(part, dict) else part.to_dict()
    return raw
