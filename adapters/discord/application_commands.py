"""The neutral commands as Discord's application commands, made from their definitions."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any

import discord
from discord import app_commands

from adapters.commanding import carefully, pages_of
from adapters.discord import command_options as options
from adapters.discord.autocomplete import Suggestions
from adapters.discord.command_replies import respond
from adapters.discord.command_screen import delivered
from adapters.discord.command_texts import command_texts
from adapters.discord.fact_form import MAX_CHARACTERS, FactForm
from adapters.discord.normalising import conversation_of, display_name, identity_of, roles_of
from adapters.discord.places import ruled_place
from adapters.discord.rights import still_manages
from adapters.discord.translating import both
from adapters.splitting import length
from bot.commands import naming
from bot.commands.call import Caller
from bot.commands.definitions import COMMANDS, EDIT, Command
from bot.commands.dispatch import Commands
from bot.commands.language import Language, language_of
from bot.commands.reply import CommandReply, ReplyKind
from bot.commands.voice import Voice
from bot.domain.fact import FactStatus
from bot.engine.memory_view import MemoryView

READ_SECONDS = 2.0
"""For what has to be read before anything is answered; Discord waits 3 seconds."""

_INSTALLS = app_commands.AppInstallationType(guild=True, user=False)
_EVERYWHERE = app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=False)
_IN_SERVERS = app_commands.AppCommandContext(guild=True, dm_channel=False, private_channel=False)
_FACT, _WORDS = EDIT.parameters
"""Without words, a form asks for them."""


class ApplicationCommands:
    """Offers every command, and carries it out for whoever gives it."""

    def __init__(self, commands: Commands, *, view: MemoryView) -> None:
        self._commands = commands
        self._view = view
        self._suggestions = Suggestions(view)

    def add_to(self, tree: app_commands.CommandTree[Any]) -> None:
        """Put all of them into a client's commands."""
        groups: dict[tuple[str, ...], app_commands.Group] = {}
        for command in COMMANDS:
            *groups_of_it, _ = naming.path(command)
            place: app_commands.CommandTree[Any] | app_commands.Group = tree
            for depth in range(1, len(groups_of_it) + 1):
                name = tuple(groups_of_it[:depth])
                if name not in groups:
                    groups[name] = _group(command, depth)
                    place.add_command(groups[name])
                place = groups[name]
            place.add_command(self._command(command))

    def _command(self, command: Command) -> app_commands.Command[Any, ..., Any]:
        async def callback(interaction: discord.Interaction[Any], **given: Any) -> None:
            await self._carry_out(interaction, command, given)

        # discord.py reads the options from a function's signature and from what its decorators
        # leave on it, so both are made here.
        function: Any = callback
        function.__signature__ = options.signature(
            command, frozenset({_WORDS}) if command is EDIT else frozenset()
        )
        app_commands.rename(**options.names(command))(function)
        app_commands.describe(**options.descriptions(command))(function)
        app_commands.choices(**options.choices(command))(function)
        suggested: dict[str, Any] = {
            parameter.name: suggest
            for parameter in command.parameters
            if (suggest := self._suggestions.of(command, parameter))
        }
        app_commands.autocomplete(**suggested)(function)
        *_, name = naming.path(command)
        *_, chinese = naming.localised_path(command, Language.CHINESE)
        return app_commands.Command(
            name=both(name, chinese),
            description=both(
                naming.description(command, Language.ENGLISH),
                naming.description(command, Language.CHINESE),
            ),
            callback=function,
            allowed_contexts=_IN_SERVERS if command.admin else _EVERYWHERE,
            allowed_installs=_INSTALLS,
        )

    async def _carry_out(
        self, interaction: discord.Interaction[Any], command: Command, given: Mapping[str, Any]
    ) -> None:
        typed = options.asked_with(command, given)
        language = language_of(typed, str(interaction.locale))
        if command is EDIT and given.get(_WORDS.name) is None:
            await self._open_form(interaction, given, language)
            return
        # An answer for everybody's eyes needs no memory, so it is never late.
        if command.private and not await delivered(
            interaction.response.defer(ephemeral=True, thinking=True), "command_not_acknowledged"
        ):
            return
        reply = await self._answer(interaction, command, given, language)
        pages = pages_of(command)

        async def turn_page(page: int) -> CommandReply:
            turned = {**given, pages[0]: page}
            return await self._answer(interaction, command, turned, language)

        await respond(interaction, reply, language=language, turn_page=turn_page if pages else None)

    async def _open_form(
        self, interaction: discord.Interaction[Any], given: Mapping[str, Any], language: Language
    ) -> None:
        number = int(given[_FACT.name])

        async def edit(words: str) -> CommandReply:
            return await self._answer(interaction, EDIT, {**given, _WORDS.name: words}, language)

        async def form() -> FactForm | CommandReply:
            async with asyncio.timeout(READ_SECONDS):
                summary = await self._view.show(identity_of(interaction.user), latest=0)
            facts = summary.facts if summary else ()
            fact = next((fact for fact in facts if fact.number == number), None)
            voice = Voice(language=language)
            if fact is None:
                return _refused(voice.say("fact.unknown", number=number))
            if fact.status is not FactStatus.ACTIVE:
                return _refused(voice.say("fact.not_active", number=number))
            if length(fact.text) > MAX_CHARACTERS:
                option = naming.parameter_name(_WORDS, language)
                sentence = command_texts(language).edit_long
                return _refused(sentence.format(number=number, option=option))
            return FactForm(fact, edit, language)

        opened = await carefully(form, command_texts(language))
        if isinstance(opened, FactForm):
            await delivered(interaction.response.send_modal(opened), "form_not_opened")
        else:
            await respond(interaction, opened, language=language)

    async def _answer(
        self,
        interaction: discord.Interaction[Any],
        command: Command,
        given: Mapping[str, Any],
        language: Language,
    ) -> CommandReply:
        async def answer() -> CommandReply:
            if bot := options.bot_among(given):
                sentence = command_texts(language).no_person
                return _refused(sentence.format(name=display_name(bot)))
            invocation = options.understood(command, given, language)
            return await self._commands.answer(invocation, caller_of(interaction))

        return await carefully(answer, command_texts(language))


def caller_of(interaction: discord.Interaction[Any]) -> Caller:
    """Who gives a command by an interaction, and where.

    Raises:
        ValueError: Discord did not say where.
    """
    channel = interaction.channel
    if channel is None:
        msg = "an interaction without a channel"
        raise ValueError(msg)
    user = interaction.user
    return Caller(
        identity=identity_of(user),
        conversation=conversation_of(channel),
        ruled=ruled_place(channel),
        locale=str(interaction.locale),
        roles=roles_of(user),
        # Discord hides commands by settings that a server may change, so rights are looked at
        # anew: what Discord says of this moment, and what the roles say that are known here.
        is_admin=isinstance(user, discord.Member)
        and interaction.permissions.manage_guild
        and user.guild_permissions.manage_guild,
        still_admin=partial(still_manages, interaction.guild, user.id),
        hears_all=interaction.client.intents.message_content,
    )


def _group(command: Command, depth: int) -> app_commands.Group:
    """The group that a command belongs to, ``depth`` names from the top."""
    names = naming.path(command)[:depth]
    *_, chinese = naming.localised_path(command, Language.CHINESE)[:depth]
    return app_commands.Group(
        name=both(names[-1], chinese),
        description=both(
            naming.group_description(" ".join(names), Language.ENGLISH),
            naming.group_description(" ".join(names), Language.CHINESE),
        ),
        # Of a group in a group discord.py tells none: rights are those of the whole command.
        default_permissions=discord.Permissions(manage_guild=True) if command.admin else None,
        allowed_contexts=_IN_SERVERS if command.admin else _EVERYWHERE,
        allowed_installs=_INSTALLS,
    )


def _refused(sentence: str) -> CommandReply:
    return CommandReply(kind=ReplyKind.REFUSED, lines=(sentence,))
