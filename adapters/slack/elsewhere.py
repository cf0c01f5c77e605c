"""Telling somebody what cannot be told where they asked."""

from __future__ import annotations

import time
from collections.abc import Callable

from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.callers import direct_channel
from adapters.slack.texts import texts_for
from adapters.slack.web import TROUBLE, error_code
from bot.log import get_logger

log = get_logger(__name__)

AGAIN_AFTER_SECONDS = 3600.0
"""Somebody who goes on calling her in a channel is told no more often than that."""


class Elsewhere:
    """Tells people directly that Ellie cannot write in a channel."""

    def __init__(
        self, client: AsyncWebClient, elapsed: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._elapsed = elapsed
        self._told: dict[tuple[str, str], float] = {}

    async def cannot_write(
        self, user_id: str, channel_id: str, said: str = "", locale: str = ""
    ) -> None:
        """Say so to somebody who called her there."""
        now = self._elapsed()
        recent = {who: at for who, at in self._told.items() if now - at < AGAIN_AFTER_SECONDS}
        self._told = recent
        if (user_id, channel_id) in recent:
            return
        recent[user_id, channel_id] = now
        text = texts_for(said, locale).cannot_write.format(channel=f"<#{channel_id}>")
        try:
            direct = await direct_channel(self._client, user_id)
            await self._client.chat_postMessage(channel=direct, text=text)
        except TROUBLE as error:
            log.warning("nobody_told", error=error_code(error))
            self._told.pop((user_id, channel_id), None)
