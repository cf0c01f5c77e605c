"""Noticing that another process answers somebody, so that work beside it gives way to that too."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack

from bot.engine.chat_traffic import ChatTraffic
from bot.errors import StorageError
from bot.log import get_logger
from bot.ports.storage import Storage
from bot.ports.system import Clock

log = get_logger(__name__)

LOOK_SECONDS = 0.25
"""How often the database is asked: a reply takes seconds."""


class OtherChats:
    """Tells ``traffic`` of turns that any process on this database has open."""

    def __init__(self, storage: Storage, traffic: ChatTraffic, *, clock: Clock) -> None:
        self._storage = storage
        self._traffic = traffic
        self._clock = clock
        self._answering = ExitStack()
        self._is_busy = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look."""
        self._task = asyncio.create_task(self._watch(), name="other-chats")

    async def stop(self) -> None:
        """Look no more; from now on nobody seems to be answered."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task})
        self._note(is_busy=False)

    async def look(self) -> None:
        """See once who is being answered. Turns of a process that has died do not count."""
        try:
            async with self._storage.unit_of_work() as work:
                turns = await work.turns.open_turns()
        except StorageError as error:
            log.debug("other_chats_not_seen", error=str(error))
            return
        now = self._clock.now()
        self._note(is_busy=any(turn.lease_until > now for turn in turns))

    def _note(self, *, is_busy: bool) -> None:
        if is_busy and not self._is_busy:
            self._answering.enter_context(self._traffic.answering())
        elif self._is_busy and not is_busy:
            self._answering.close()
        self._is_busy = is_busy

    async def _watch(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)
