"""What discord.py logs, fit for our log: no secrets, no texts, no pages about a dropped network.

Its lines at debug level hold whole messages and are never written. Addresses of interactions hold
tokens that let anybody answer in Ellie's name for 15 minutes.
"""

from __future__ import annotations

import asyncio
import logging
import re

import aiohttp
import discord

_LOGGERS = (
    "discord.app_commands.tree",
    "discord.client",
    "discord.ext.commands.bot",
    "discord.gateway",
    "discord.http",
    "discord.shard",
    "discord.state",
    "discord.ui.modal",
    "discord.ui.view",
    "discord.webhook.async_",
)
"""A filter sees what is logged to its very logger, so each is named."""

_SECRETS = (
    (re.compile(r"(/(?:webhooks|interactions)/\d+/)[^/\s?]+"), r"\1…"),
    (re.compile(r"\b(session(?: ID:)?) [0-9A-Za-z_-]{8,}", re.IGNORECASE), r"\1 …"),
)

_NETWORK = (
    aiohttp.ClientError,
    asyncio.TimeoutError,
    discord.ConnectionClosed,
    discord.DiscordServerError,
    discord.GatewayNotFound,
    OSError,
)
"""Everyday troubles, after which discord.py connects again."""


class Discreet(logging.Filter):
    """Takes secrets out of a line, and the traceback out of one about the network."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record in place and keep it."""
        message = record.getMessage()
        for secret, instead in _SECRETS:
            message = secret.sub(instead, message)
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, _NETWORK):
            message = f"{message} ({type(error).__name__}: {error})"
            record.exc_info = None
            record.levelno, record.levelname = logging.WARNING, "WARNING"
        record.msg, record.args = message, ()
        return True


_DISCREET = Discreet()


def hear_library() -> None:
    """Let discord.py's warnings through, and when Ellie logs at info, its connections too.

    What it lacks for voice it would tell at every start; Ellie has no voice.
    """
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
    own = logging.getLogger(__name__)
    heard = logging.INFO if own.isEnabledFor(logging.INFO) else logging.WARNING
    logging.getLogger("discord").setLevel(logging.WARNING)
    logging.getLogger("discord.gateway").setLevel(heard)
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_DISCREET)
