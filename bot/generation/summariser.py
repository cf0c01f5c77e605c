"""Summaries from an encoder-decoder on this machine, written in a thread of their own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from bot.errors import EngineFailedError, ModelError
from bot.log import get_logger

if TYPE_CHECKING:  # imports torch, which takes seconds and happens in the summariser's thread
    from bot.generation.seq2seq import Seq2SeqModel

log = get_logger(__name__)

IDLE_SECONDS = 600.0
"""So long a model that nobody asks stays loaded. Summaries are wanted a few times a day, and the
model takes a gigabyte."""


class LocalSummariser:
    """Implements :class:`bot.ports.summarising.Summariser` with a model on this machine.

    The model is loaded when it is first asked, and again after it was let go. Everything is
    computed in one thread that leaves the processor to the chat, one request after another.
    Cancelling the caller stops the work within a fraction of a second.
    """

    def __init__(
        self,
        load: Callable[[], Seq2SeqModel],
        *,
        model_name: str,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self.model_name = model_name
        self._load = load
        self._idle_seconds = idle_seconds
        self._thread = _new_thread()
        self._loading: asyncio.Task[Seq2SeqModel] | None = None
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

    async def summarise(self, passages: Sequence[str], *, max_tokens: int) -> str:
        """See the port.

        Raises:
            ModelError: the model cannot be loaded, and every later call raises the same; or the
                summariser was closed.
            EngineFailedError: it failed on this request.
        """
        stop = threading.Event()
        self._asking.add(stop)
        self._keep()
        try:
            model = await self._loaded()
            return await asyncio.get_running_loop().run_in_executor(
                self._thread, self._summarised, model, passages, max_tokens, stop
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

    def _summarised(
        self, model: Seq2SeqModel, passages: Sequence[str], max_tokens: int, stop: threading.Event
    ) -> str:
        try:
            if not stop.is_set():  # while this waited its turn
                return model.summarise(passages, max_tokens=max_tokens, stop=stop)
        except Exception as error:
            if not stop.is_set():
                # The library raises what its parts raise; the caller knows one kind of failure.
                log.exception("summariser_failed")
                raise EngineFailedError(
                    f"The model {self.model_name} failed on a summary; try again later."
                ) from error
        raise _stopping()  # heard only by those whom closing stops

    async def _loaded(self) -> Seq2SeqModel:
        if self._closed:
            raise _stopping()
        if self._loading is None:
            self._loading = asyncio.create_task(self._load_in_thread(), name="load-summariser")
            self._loading.add_done_callback(_mark_retrieved)
        # Shielded: a caller that gives up must not stop the loading that the next one needs.
        model = await asyncio.shield(self._loading)
        if self._closed:
            raise _stopping()
        return model

    async def _load_in_thread(self) -> Seq2SeqModel:
        if self._closed:  # between the request and now
            raise _stopping()
        loop = asyncio.get_running_loop()
        model = await loop.run_in_executor(self._thread, self._load)
        log.info("summariser_loaded", model=self.model_name)
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
            self._thread = _new_thread()
            log.info("summariser_unloaded", model=self.model_name)


def _new_thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="summaries")


def _stopping() -> ModelError:
    return ModelError("The model that writes summaries is not loaded: Ellie is stopping.")


def _mark_retrieved(task: asyncio.Task[Seq2SeqModel]) -> None:
    """Look at the outcome, so that a failed load nobody waited for is no warning of asyncio's."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("summariser_failed_to_load", error=str(error))
