"""The sentence encoder on this machine: texts in, vectors of length 1 out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from bot.errors import ModelError
from bot.log import get_logger
from bot.ports.encoding import Vectors

if TYPE_CHECKING:  # imports torch, which takes seconds and happens in the encoder's thread
    from bot.generation.sentence_model import SentenceModel

log = get_logger(__name__)

BATCH_TOKENS = 512
"""Tokens, filling included, that are read in one go: about a fifth of a second on one core. So long
waits who closes the encoder, and so long a question waits behind a backlog of other texts."""

TEXTS_SPLIT_AT_ONCE = 256
"""Texts that are split into tokens in one go: some hundredths of a second."""

Given = TypeVar("Given")
Result = TypeVar("Result")


class LocalEncoder:
    """Implements :class:`bot.ports.encoding.Encoder` with a model on this machine.

    Everything is computed in one thread of its own that leaves the processor to the chat. Calls at
    the same time take turns, batch by batch.
    """

    def __init__(
        self, load: Callable[[], SentenceModel], *, model_name: str, dimensions: int
    ) -> None:
        self.model_name = model_name
        self.dimensions = dimensions
        self._load = load
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="encoder")
        self._loading: asyncio.Task[SentenceModel] | None = None
        self._closed = False

    @property
    def ready(self) -> bool:
        """Whether the model is loaded."""
        loading = self._loading
        return bool(
            not self._closed
            and loading
            and loading.done()
            and not loading.cancelled()
            and not loading.exception()
        )

    async def start(self) -> None:
        """See the port."""
        if self._loading is None and not self._closed:
            self._loading = asyncio.create_task(self._load_in_thread(), name="load-encoder")
            self._loading.add_done_callback(_mark_retrieved)
        await self._loaded()

    async def encode(self, texts: Sequence[str]) -> Vectors:
        """See the port."""
        model = await self._loaded()
        tokens: list[list[int]] = []
        for start in range(0, len(texts), TEXTS_SPLIT_AT_ONCE):
            some = texts[start : start + TEXTS_SPLIT_AT_ONCE]
            tokens += await self._in_thread(model.split, some)
        rows = np.empty((len(texts), self.dimensions), dtype=np.float32)
        for batch in batches([len(text) for text in tokens], BATCH_TOKENS):
            chosen = [tokens[index] for index in batch]
            rows[batch] = await self._in_thread(model.encode, chosen)
        return rows

    async def close(self) -> None:
        """See the port."""
        self._closed = True
        # Neither loading nor a batch can be interrupted; leaving them would keep the process.
        await asyncio.to_thread(self._thread.shutdown)
        if self._loading is not None:
            await asyncio.wait({self._loading})
            self._loading = None

    async def _in_thread(self, work: Callable[[Given], Result], given: Given) -> Result:
        if self._closed:
            raise _not_loaded()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._unless_closed, work, given)

    def _unless_closed(self, work: Callable[[Given], Result], given: Given) -> Result:
        if self._closed:  # while this waited its turn
            raise _not_loaded()
        try:
            return work(given)
        except Exception as error:
            # Whatever the library raises, recall goes on by words.
            log.exception("encoder_failed")
            raise ModelError(f"The encoder {self.model_name} failed: {error}") from error

    async def _loaded(self) -> SentenceModel:
        if self._loading is None or self._closed:
            raise _not_loaded()
        # Shielded: a caller that gives up must not stop the loading that others wait for.
        model = await asyncio.shield(self._loading)
        if self._closed:
            raise _not_loaded()
        return model

    async def _load_in_thread(self) -> SentenceModel:
        loop = asyncio.get_running_loop()
        model = await loop.run_in_executor(self._thread, self._load)
        if model.dimensions != self.dimensions:
            raise ModelError(
                f"The encoder {self.model_name} makes vectors of {model.dimensions} numbers, and "
                f"its configuration says {self.dimensions}. Pull it again."
            )
        log.info("encoder_loaded", model=self.model_name)
        return model


def batches(lengths: Sequence[int], most: int) -> Iterator[list[int]]:
    """Which items go together: those of like length, so that little is filled up.

    A batch, filled up to its longest item, is at most ``most`` long in all, unless it is one item.
    """
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and (len(batch) + 1) * lengths[index] > most:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def _not_loaded() -> ModelError:
    return ModelError("The encoder is not loaded: Ellie is stopping or never started it.")


def _mark_retrieved(task: asyncio.Task[SentenceModel]) -> None:
    """Look at the outcome, so that a failed load nobody waited for is no warning of asyncio's."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("encoder_failed_to_load", error=str(error))
