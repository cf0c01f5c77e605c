"""``ellie discord``: what the owner needs for setting up Discord."""

from __future__ import annotations

import asyncio

from rich.console import Console

from adapters.discord.connecting import look_up
from adapters.discord.intents import invite_link
from bot.config import Settings
from bot.errors import UsageError


def invite(settings: Settings, console: Console) -> None:
    """Print the address at which Ellie is added to a server.

    Raises:
        UsageError: there is no token to ask Discord with.
        PlatformError: Discord does not accept it, or cannot be reached.
    """
    if settings.discord_token is None:
        raise UsageError(
            "The link needs DISCORD_TOKEN. https://discord.com/developers/applications gives one: "
            "your application → Bot → Reset Token."
        )
    token = settings.discord_token.get_secret_value()
    account = asyncio.run(look_up(token, patience_seconds=0))
    link = invite_link(account.application_id)
    console.print(link, markup=False, highlight=False, soft_wrap=True)
