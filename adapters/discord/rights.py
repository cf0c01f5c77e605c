"""Who may manage a server, asked of Discord anew."""

from __future__ import annotations

import aiohttp
import discord

from bot.log import get_logger

log = get_logger(__name__)


async def still_manages(guild: discord.Guild | None, user_id: int) -> bool:
    """Whether somebody may manage the server now. When Discord does not say, they may not."""
    if guild is None:
        return False
    try:
        member = await guild.fetch_member(user_id)
    except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
        log.warning("rights_not_known", error=type(error).__name__)
        return False
    return member.guild_permissions.manage_guild
