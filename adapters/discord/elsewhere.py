"""Telling somebody what cannot be told where they asked."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import discord

from adapters.discord.outlets import TROUBLE
from adapters.discord.texts import Texts
from bot.log import get_logger

log = get_logger(__name__)

AGAIN_AFTER = timedelta(hours=1)
"""Somebody who goes on calling her in a channel is told no more often than that."""


class Elsewhere:
    """Tells people directly that Ellie cannot write in a channel."""

    def __init__(self) -> None:
        self._told: dict[tuple[int, int], datetime] = {}

    async def cannot_write(self, message: discord.Message, texts: Texts, permission: str) -> None:
        """Say so to the author of a message that calls her."""
        now = discord.utils.utcnow()
        self._told = {who: at for who, at in self._told.items() if now - at < AGAIN_AFTER}
        who = (message.author.id, message.channel.id)
        if who in self._told:
            return
        self._told[who] = now
        await _directly(message.author, message.channel, texts, permission)


async def cannot_write_here(
    interaction: discord.Interaction[Any], texts: Texts, permission: str
) -> None:
    """Say to whoever pressed or asked, and to nobody else, that Ellie may not write there."""
    here = texts.cannot_write_here.format(permission=permission)
    try:
        if interaction.response.is_done():
            await interaction.followup.send(here, ephemeral=True)
        else:
            await interaction.response.send_message(here, ephemeral=True)
    except TROUBLE as error:
        log.info("not_told_by_interaction", error=type(error).__name__)  # its token has run out
        await _directly(interaction.user, interaction.channel, texts, permission)


async def _directly(
    person: discord.User | discord.Member, channel: object, texts: Texts, permission: str
) -> None:
    mention = getattr(channel, "mention", "")
    try:
        await person.send(texts.cannot_write.format(channel=mention, permission=permission))
    except TROUBLE as error:
        log.warning("nobody_told", permission=permission, error=type(error).__name__)
