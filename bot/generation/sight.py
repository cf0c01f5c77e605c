"""What is to be seen on pictures, from a model on this machine that looks in its own thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from bot.domain.shown import Picture
from bot.errors import EngineFailedError
from bot.generation.occasional import IDLE_SECONDS, Occasional, Task
from bot.log import get_logger

if TYPE_CHECKING:  # imports torch, which takes seconds and happens in the thread that looks
    from bot.generation.vision import VisionModel

log = get_logger(__name__)

MOST_BYTES = 20_000_000
"""A larger file is not fetched."""

MOST_WAITING = 16
"""Pictures that wait to be looked at. Nobody would wait so long for others, which keep their
names."""

LOOK_SECONDS = 120.0
"""For one picture, with its turn, its download and, the first time, the model. A small model on a
processor looks for some seconds."""

_AT_ONCE = 2
"""One is fetched while the one before is looked at. More would only fill the memory."""

_LOOKING = Task(name="sight", threads="sight", does="looks at pictures", request="a picture")


class LocalSight(Occasional["VisionModel"]):
    """Implements :class:`bot.ports.sight.Sight` with a model on this machine.

    See :class:`~bot.generation.occasional.OccasionalModel` for when it is loaded and where it
    computes. What is fetched is held only until the model has looked at it.
    """

    task = _LOOKING

    def __init__(
        self,
        load: Callable[[], VisionModel],
        *,
        model_name: str,
        look_seconds: float = LOOK_SECONDS,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        super().__init__(load, model_name=model_name, idle_seconds=idle_seconds)
        self._look_seconds = look_seconds
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._waiting = 0

    @property
    def sees(self) -> bool:
        """It does."""
        return True

    async def look(self, picture: Picture) -> str:
        """See the port.

        Raises:
            ModelError: the model cannot be loaded, and every later call raises the same; or this
                was closed.
        """
        if self._waiting >= MOST_WAITING:
            log.warning("too_many_pictures", waiting=self._waiting)
            return ""
        self._waiting += 1
        try:
            async with asyncio.timeout(self._look_seconds):
                return await self._look(picture)
        except TimeoutError:
            log.warning("picture_took_too_long", seconds=self._look_seconds)
        except EngineFailedError as error:
            log.warning("picture_not_seen", error=str(error))
        finally:
            self._waiting -= 1
        return ""

    async def _look(self, picture: Picture) -> str:
        async with self._places:
            content = await picture.read(MOST_BYTES)
            if content is None:
                return ""
            return await self._model.ask(lambda model, stop: model.describe(content, stop=stop))
