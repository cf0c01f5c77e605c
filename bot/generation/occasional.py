"""A model that is wanted now and then, in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from bot.errors import EllieError, EngineFailedError, ModelError
from bot.log import get_logger

log = get_logger(__name__)

Model = TypeVar("Model")
Answer = TypeVar("Answer")

IDLE_SECONDS = 600.0
"""So long a model that nobody asks stays loaded. It is wanted a few times a day, and takes a
gigabyte."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What the model is for: ``name`` in logs, ``threads`` of threads, and words for people.

    ``does`` completes "The model that …", and ``request`` "failed on …".
    """

    name: str
    threads: str
    does: str
    request: str


class OccasionalModel(Generic[Model]):
    """Loads a model when it is first asked, and again after it was let go.

    Everything is computed in one thread, one request after another; what loads the model makes it
    one that leaves the processor to the chat. Cancelling the caller tells the work to stop.
    """

    def __init__(
        self,
        load: Callable[[], Model],
        *,
        task: Task,
        model_name: str,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._load = load
        self._task = task
        self._model_name = model_name
        self._idle_seconds = idle_seconds
        self._thread = self._new_thread()
        self._loading: asyncio.Task[Model] | None = None
        self._asking: set[threading.Event] = set()
        self._unloading: asyncio.TimerHandle | None = None
        self._closed = False

    @property
    def loaded(self) -> bool:
        """Whether the model is in memory."""
        loading = self._loading
        return bool(
            loading and loading.done() and not loading.cancelled() and not loading.exception()
        )

    async def ask(self, work: Callable[[Model, threading.Event], Answer]) -> Answer:
        """Do ``work`` with the model, in its thread. It has to end soon once its event is set.

        Raises:
            ModelError: the model cannot be loaded, and every later call raises the same; or it
                was closed.
            EngineFailedError: it failed on this request. Ellie's own errors pass as they are.
        """
        stop = threading.Event()
        self._asking.add(stop)
        self._keep()
        try:
            model = await self._loaded()
            return await asyncio.get_running_loop().run_in_executor(
                self._thread, self._done, work, model, stop
            )
        finally:
            stop.set()  # whoever gave up waiting gave up the work
            self._asking.discard(stop)
            self._let_go_later()

    async def close(self) -> None:
        """Free the model; requests still running fail. Closing twice changes nothing."""
        self._closed = True
        self._keep()
        for stop in self._asking:
            stop.set()
        # Loading cannot be interrupted; leaving it would keep the process.
        await asyncio.to_thread(self._thread.shutdown)
        if self._loading is not None:
            await asyncio.wait({self._loading})
            self._loading = None

    def _done(
        self,
        work: Callable[[Model, threading.Event], Answer],
        model: Model,
        stop: threading.Event,
    ) -> Answer:
        try:
            if not stop.is_set():  # while this waited its turn
                return work(model, stop)
        except EllieError:
            raise
        except Exception as error:
            if not stop.is_set():
                # The library raises what its parts raise; the caller knows one kind of failure.
                log.exception("model_failed", task=self._task.name)
                raise EngineFailedError(
                    f"The model {self._model_name} failed on {self._task.request}; try again later."
                ) from error
        raise self._stopping()  # heard only by those whom closing stops

    async def _loaded(self) -> Model:
        if self._closed:
            raise self._stopping()
        if self._loading is None:
            self._loading = asyncio.create_task(
                self._load_in_thread(), name=f"load-{self._task.name}"
            )
            self._loading.add_done_callback(self._mark_retrieved)
        # Shielded: a caller that gives up must not stop the loading that the next one needs.
        model = await asyncio.shield(self._loading)
        if self._closed:
            raise self._stopping()
        return model

    async def _load_in_thread(self) -> Model:
        if self._closed:  # between the request and now
            raise self._stopping()
        loop = asyncio.get_running_loop()
        model = await loop.run_in_executor(self._thread, self._load)
        log.info("model_loaded", task=self._task.name, model=self._model_name)
        self._let_go_later()  # whoever asked may have given up meanwhile
        return model

    def _keep(self) -> None:
        if self._unloading is not None:
            self._unloading.cancel()
            self._unloading = None

    def _let_go_later(self) -> None:
        self._keep()
        if not self._asking and not self._closed:
            loop = asyncio.get_running_loop()
            self._unloading = loop.call_later(self._idle_seconds, self._let_go)

    def _let_go(self) -> None:
        if self.loaded:
            self._loading = None
            # A thread can be made a quiet one only once; the next model gets a new one.
            self._thread.shutdown(wait=False)
            self._thread = self._new_thread()
            log.info("model_unloaded", task=self._task.name, model=self._model_name)

    def _new_thread(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(max_workers=1, thread_name_prefix=self._task.threads)

    def _stopping(self) -> ModelError:
        return ModelError(f"The model that {self._task.does} is not loaded: Ellie is stopping.")

    def _mark_retrieved(self, task: asyncio.Task[Model]) -> None:
        """Look at the outcome, so that a failed load nobody waited for is no asyncio warning."""
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("model_not_loaded", task=self._task.name, error=str(error))


class Occasional(Generic[Model]):
    """A part of Ellie that asks such a model. A subclass says what for."""

    task: ClassVar[Task]

    def __init__(
        self,
        load: Callable[[], Model],
        *,
        model_name: str,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self.model_name = model_name
        self._model = OccasionalModel(
            load, task=self.task, model_name=model_name, idle_seconds=idle_seconds
        )

    @property
    def loaded(self) -> bool:
        """Whether the model is in memory."""
        return self._model.loaded

    async def close(self) -> None:
        """Free the model; requests still running fail. Closing twice changes nothing."""
        await self._model.close()
