"""The way to one server: opened when it is first needed, and what was found out about it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bot.errors import ModelError
from bot.generation.remote.address import RemoteModel
from bot.generation.remote.discovery import ServerFacts, look
from bot.generation.remote.trouble import ServerTroubleError
from bot.log import get_logger
from bot.ports.system import Clock

if TYPE_CHECKING:  # imports openai, which takes a second and happens in a thread
    from bot.generation.remote.server import Server

log = get_logger(__name__)

LOOK_SECONDS = 1.5
"""So long a turn waits for what a server tells about itself. Without, Ellie counts with care."""
LOOK_AGAIN_SECONDS = 5.0
"""So long nobody asks again after a server did not tell."""


class Connection:
    """Opens a :class:`~bot.generation.remote.server.Server` and remembers its facts."""

    def __init__(self, model: RemoteModel, api_key: str, clock: Clock) -> None:
        self.model = model
        self._api_key = api_key
        self._clock = clock
        self._opening: asyncio.Task[Server] | None = None
        self._looking: asyncio.Task[ServerFacts] | None = None
        self._looked_at = 0.0
        self._told = ""
        self._closed = False

    async def server(self) -> Server:
        """The server, which may be down for all that is known."""
        if self._closed:
            raise _stopping()
        if self._opening is None:
            self._opening = asyncio.create_task(self._open(), name="open-model-server")
        # Shielded: whoever gives up must not take the connection from the others.
        return await asyncio.shield(self._opening)

    async def facts(self) -> ServerFacts:
        """What the server has, asked once if it goes well.

        Raises:
            ModelError: it lists no model, or does not accept the key; or Ellie is stopping.
            ServerTroubleError: it cannot be reached, or fails.
        """
        return await asyncio.shield(self._look())

    async def facts_soon(self) -> ServerFacts | None:
        """The same; None when the server does not answer, or not within :data:`LOOK_SECONDS`.

        Raises:
            ModelError: as above.
        """
        looking = self._look()
        await asyncio.wait({looking}, timeout=LOOK_SECONDS)
        if not looking.done():
            return None
        try:
            return await asyncio.shield(looking)
        except ServerTroubleError:
            return None

    def look_soon(self) -> None:
        """Find out what the server has, in the background."""
        self._look()

    def forget(self) -> None:
        """Look again next time: the server has changed."""
        if self._looking is not None and self._looking.done():
            self._looking = None

    def forget_failure(self) -> None:
        """Look again at once, if looking failed."""
        looking = self._looking
        if looking is not None and looking.done() and (looking.cancelled() or looking.exception()):
            self._looking = None

    async def close(self) -> None:
        """Close every connection. Closing twice changes nothing."""
        self._closed = True
        tasks = {task for task in (self._looking, self._opening) if task is not None}
        if self._looking is not None:
            self._looking.cancel()
        if tasks:
            await asyncio.wait(tasks)
        opening, self._opening, self._looking = self._opening, None, None
        if opening is not None and not opening.cancelled() and opening.exception() is None:
            await opening.result().close()

    def _look(self) -> asyncio.Task[ServerFacts]:
        if self._closed:
            raise _stopping()
        looking = self._looking
        if looking is not None and looking.done() and self._is_stale(looking):
            looking = None
        if looking is None:
            looking = self._looking = asyncio.create_task(self._ask(), name="ask-model-server")
            looking.add_done_callback(self._note)
        return looking

    def _is_stale(self, looking: asyncio.Task[ServerFacts]) -> bool:
        failed = looking.cancelled() or looking.exception() is not None
        return failed and self._clock.elapsed() - self._looked_at >= LOOK_AGAIN_SECONDS

    async def _ask(self) -> ServerFacts:
        return await look(await self.server(), self.model)

    async def _open(self) -> Server:
        from_thread = await asyncio.to_thread(_server_class)
        return await asyncio.to_thread(from_thread, self.model, self._api_key)

    def _note(self, looking: asyncio.Task[ServerFacts]) -> None:
        self._looked_at = self._clock.elapsed()
        if looking.cancelled():
            return
        error = looking.exception()
        if error is None:
            facts, self._told = looking.result(), ""
            log.info(
                "model_server_found",
                host=self.model.host,
                model=facts.model,
                context_tokens=facts.context_tokens,
                counts_tokens=facts.counts,
            )
        elif not isinstance(error, ModelError | ServerTroubleError):
            log.error("model_server_not_understood", error=type(error).__name__)
        elif self._told != str(error):  # each trouble once, and not with every message
            self._told = str(error)
            log.warning("model_server_not_found", reason=str(error))


def _server_class() -> type[Server]:
    from bot.generation.remote.server import Server  # noqa: PLC0415 - in the thread, see above

    return Server


def _stopping() -> ModelError:
    return ModelError("The model server is not asked: Ellie is stopping or was never started.")
