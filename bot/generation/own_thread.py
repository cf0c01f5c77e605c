"""A model with a thread of its own: loaded when it is first asked, and let go when nobody does."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

from bot.errors import EllieError, EngineFailedError, ModelError
from bot.log import get_logger

log = get_logger(__name__)

Model = TypeVar("Model")
Answer = TypeVar("Answer")

IDLE_SECONDS = 600.0
"""So long a model that nobody asks stays loaded. Such models are wanted a few times a day, and take
a gigabyte each."""


class ModelInThread(Generic[Model]):
    """Loads a model and has it work in one thread, one request after another.

    It is loaded again after it was let go. Cancelling the caller stops the work within a fraction
    of a second, if the work looks at the event that it is given.
    """

    def __init__(
        self,
        load: Callable[[], Model],
        *,
        model_name: str,
        product: str,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        """``product`` is what it writes, in the plural: the thread is called after it."""
        self.model_name = model_name
        self._load = load
        self._product = product
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

    async def ask(self, work: Callable[[Model, threading.Event], Answer], *, piece: str) -> Answer:
        """What ``work`` makes of the model; the event is set when nobody waits for it any more.

        ``piece`` is what it is asked for, as an error names it.

        Raises:
            ModelError: the model cannot be loaded, and every later call raises the same; or it was
                closed.
            EngineFailedError: it failed on this request. Ellie's own errors pass as they are.
        """
        stop = threading.Event()
        self._asking.add(stop)
        self._keep()
        try:
            model = await self._loaded()
            return await asyncio.get_running_loop().run_in_executor(
                self._thread, self._worked, work, model, stop, piece
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

    def _worked(
        self,
        work: Callable[[Model, threading.Event], Answer],
        model: Model,
        stop: threading.Event,
        piece: str,
    ) -> Answer:
        try:
            if not stop.is_set():  # while this waited its turn
                return work(model, stop)
        except EllieError:
            raise
        except Exception as error:
            if not stop.is_set():
                # The library raises what its parts raise; the caller knows one kind of failure.
                log.exception("own_model_failed", product=self._product)
                raise EngineFailedError(
                    f"The model {self.model_name} failed on {piece}; try again later."
                ) from error
        raise self._stopping()  # heard only by those whom closing stops

    async def _loaded(self) -> Model:
        if self._closed:
            raise self._stopping()
        if self._loading is None:
            name = f"load-{self._product}"
            self._loading = asyncio.create_task(self._load_in_thread(), name=name)
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
        log.info("own_model_loaded", product=self._product, model=self.model_name)
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
            log.info("own_model_unloaded", product=self._product, model=self.model_name)

    def _new_thread(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(max_workers=1, thread_name_prefix=self._product)

    def _stopping(self) -> ModelError:
        return ModelError(
            f"The model that writes {self._product} is not loaded: Ellie is stopping."
        )

    def _mark_retrieved(self, task: asyncio.Task[Model]) -> None:
        """Look at the outcome: a failed load nobody waited for is no warning of asyncio's."""
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("own_model_failed_to_load", product=self._product, error=str(error))
