"""“Ellie is typing…”, from the moment a message is taken until there is text to see."""

from __future__ import annotations

import asyncio

import discord

from adapters.discord.outlets import TROUBLE
from adapters.tasks import OwnedTasks
from bot.log import get_logger

log = get_logger(__name__)

REPEAT_SECONDS = 8.0
"""Discord shows the sign for 10 seconds each time."""


class TypingSign:
    """The sign in one channel, up from the start until :meth:`stop`."""

    def __init__(self, channel: discord.abc.Messageable, tasks: OwnedTasks) -> None:
        self._channel = channel
        self._task = tasks.start(self._show(), name="typing")

    def stop(self) -> None:
        """Let the sign go."""
        self._task.cancel()

    async def _show(self) -> None:
        """Keep the sign up. Where it may not be shown there is none; that is no trouble."""
        try:
            while True:
                await self._channel.typing()
                await asyncio.sleep(REPEAT_SECONDS)
        except TROUBLE as error:
            log.info("typing_not_shown", error=type(error).__name__)
