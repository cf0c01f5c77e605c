"""Answers of commands on Discord: to an interaction, and to a command written as a message."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from typing import Any

import discord
from discord import app_commands

from adapters.commanding import TurnPage, carefully, ways_to_answer
from adapters.discord.command_answering import Answering
from adapters.discord.command_buttons import PREFIX
from adapters.discord.command_screen import (
    SILENT,
    ChannelOutlet,
    InteractionOutlet,
    Screen,
    delivered,
)
from adapters.discord.command_texts import command_texts
from adapters.discord.rights import still_manages
from bot.commands.call import Caller
from bot.commands.dispatch import Commands
from bot.commands.language import Language, language_of
from bot.commands.parsing import Invocation, Mistake
from bot.commands.reply import CommandReply, ReplyKind
from bot.errors import StorageError
from bot.log import get_logger

log = get_logger(__name__)

GRACE_SECONDS = 1.5
"""Whoever handles a press answers it sooner; Discord waits 3 seconds for an answer."""

_TOO_LATE = frozenset({10062, 10008})
"""Unknown interaction, unknown message: there is nothing left to answer (docs.discord.com, opcodes
and status codes)."""


async def respond(
    interaction: discord.Interaction[Any],
    reply: CommandReply,
    *,
    language: Language,
    turn_page: TurnPage | None = None,
) -> None:
    """Answer an interaction that was deferred for the person's eyes, or not answered at all.

    Returns when everything is shown, what takes a while included. What Discord refuses is logged.
    """
    is_deferred = interaction.response.is_done()
    outlet = InteractionOutlet(interaction, only_for_them=reply.private or is_deferred)
    await Answering(
        screen=Screen(outlet),
        asker_id=interaction.user.id,
        language=language,
        turn_page=turn_page,
    ).show(reply)


async def answer_message(
    message: discord.Message,
    reply: CommandReply,
    *,
    language: Language = Language.ENGLISH,
    command_name: str = "help",
    turn_page: TurnPage | None = None,
    directly: bool = False,
) -> None:
    """Answer a command that was written as a message.

    In a server a private answer goes to the author's direct messages, and the channel gets one
    line that says so. When those are closed, the line names ``command_name`` to use instead.
    ``directly``: Ellie cannot write in the channel, so any answer goes there.
    """
    is_elsewhere = directly or (message.guild is not None and reply.private)

    def answering_in(place: discord.abc.Messageable) -> Answering:
        return Answering(
            screen=Screen(ChannelOutlet(place)),
            asker_id=message.author.id,
            language=language,
            turn_page=turn_page,
        )

    answering = answering_in(message.author if is_elsewhere else message.channel)
    told = await answering.begin(reply)
    if not told and not is_elsewhere and message.guild is not None:
        answering = answering_in(message.author)  # a right that is gone since
        told = await answering.begin(reply)
    if is_elsewhere and not directly:
        texts = command_texts(language)
        if told:
            line = texts.told_directly
        elif reply.kind is ReplyKind.DONE and not reply.files:
            line = texts.done_untold  # to give the command again would do it again
        else:
            line = texts.cannot_tell.format(command=f"/{command_name}")
        await _announce(message, line)
    if told:
        await answering.finish(reply)


async def _announce(message: discord.Message, line: str) -> None:
    """Say in the channel where the answer is: as a reply, if Discord allows one."""
    replied = await delivered(
        message.reply(line, mention_author=False, allowed_mentions=SILENT),
        "command_answer_not_replied",
    )
    if not replied:  # Read Message History is missing, or the message was deleted
        await delivered(
            message.channel.send(line, allowed_mentions=SILENT), "command_answer_not_announced"
        )


async def answer_typed(
    message: discord.Message,
    understood: Invocation | Mistake,
    commands: Commands,
    caller: Caller,
    *,
    directly: bool = False,
) -> None:
    """Carry out what somebody wrote as a message, and answer it. Never raises."""
    asking = replace(caller, still_admin=partial(still_manages, message.guild, message.author.id))
    carry_out, turn_page = ways_to_answer(understood, commands, asking)
    command = understood.command
    await answer_message(
        message,
        await carefully(carry_out, command_texts(understood.language)),
        language=understood.language,
        command_name=command.name if command else "help",
        turn_page=turn_page,
        directly=directly,
    )


async def answer_asked(
    interaction: discord.Interaction[Any],
    understood: Invocation | Mistake,
    commands: Commands,
    caller: Caller,
) -> None:
    """Carry out what somebody asked for in plain words by an interaction. Only they see it."""
    deferring = interaction.response.defer(ephemeral=True, thinking=True)
    if not await delivered(deferring, "command_not_acknowledged"):
        return
    carry_out, turn_page = ways_to_answer(understood, commands, caller)
    await respond(
        interaction,
        await carefully(carry_out, command_texts(understood.language)),
        language=understood.language,
        turn_page=turn_page,
    )


async def answer_forgotten_component(interaction: discord.Interaction[Any]) -> None:
    """Tell whoever presses a button, or sends a form, that outlived what handled it.

    To be called with every interaction. One that is none of Ellie's, or is handled, is left alone.
    """
    kinds = (discord.InteractionType.component, discord.InteractionType.modal_submit)
    data: Any = interaction.data or {}
    if interaction.type not in kinds or not str(data.get("custom_id", "")).startswith(PREFIX):
        return
    await asyncio.sleep(GRACE_SECONDS)
    if not interaction.response.is_done():
        text = command_texts(language_of("", str(interaction.locale))).inactive
        await delivered(
            interaction.response.send_message(text, ephemeral=True), "late_press_not_answered"
        )


async def explain_error(interaction: discord.Interaction[Any], error: Exception) -> None:
    """Tell somebody that their command failed, in a way that nobody foresaw. Never raises."""
    cause: BaseException = error
    if isinstance(error, app_commands.CommandInvokeError):
        cause = error.original
    texts = command_texts(language_of("", str(interaction.locale)))
    sentence = texts.trouble
    if isinstance(error, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch):
        log.warning("command_outdated", error=type(error).__name__)
        sentence = texts.outdated
    elif isinstance(cause, StorageError):
        log.error("command_without_memory", error=str(cause))
        sentence = texts.no_memory
    elif isinstance(cause, discord.HTTPException) and cause.code in _TOO_LATE:
        log.warning("command_too_late", code=cause.code)
        return
    else:
        log.error("command_failed", exc_info=cause)
    sending = (
        interaction.followup.send(sentence, ephemeral=True, allowed_mentions=SILENT)
        if interaction.response.is_done()
        else interaction.response.send_message(sentence, ephemeral=True, allowed_mentions=SILENT)
    )
    await delivered(sending, "command_error_not_told")
