"""One reply after another, for models that cannot write many at once.

These are encoder-decoders, and causal models whose positions or states the batches of transformers
do not respect. The library's plain ``generate`` runs every one of them.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import torch
from transformers.generation.streamers import BaseStreamer

from bot.errors import EngineFailedError
from bot.generation.brake import Brake, StoppedError
from bot.generation.likelihood import ReplyTokens
from bot.generation.output import Output
from bot.generation.variety import LIKELIEST
from bot.generation.whole_likelihood import WholeReading
from bot.log import get_logger

log = get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """One reply that is to be written."""

    token_ids: Sequence[int]
    max_tokens: int
    variety: float
    deliver: Callable[[Output], None]
    loop: asyncio.AbstractEventLoop
    stop: threading.Event = field(default_factory=threading.Event)

    def put(self, output: Output) -> None:
        """Deliver on the event loop. From the engine's thread."""
        self.loop.call_soon_threadsafe(self._arrive, output)

    def _arrive(self, output: Output) -> None:
        if not self.stop.is_set():  # it may have been on its way
            self.deliver(output)


class SingleEngine:
    """Implements :class:`bot.generation.engine_surface.Engine` for one reply at a time.

    ``most_written``: how many tokens an encoder-decoder can write; None: as many as one likes.
    """

    places = 1

    def __init__(
        self, model: Any, *, end_token_ids: Sequence[int], most_written: int | None = None
    ) -> None:
        self._model = model.eval()
        self._end_token_ids = list(end_token_ids)
        self._most_written = most_written
        self._brake = Brake.on(model)
        self._jobs: dict[str, _Job] = {}
        self._thread: ThreadPoolExecutor | None = None

    @property
    def model(self) -> Any:
        """The transformers model itself."""
        return self._model

    @property
    def alive(self) -> bool:
        """See the protocol."""
        return self._thread is not None

    def start(self) -> None:
        """See the protocol."""
        if self._thread is None:
            self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="replies")

    def submit(
        self,
        request_id: str,
        token_ids: Sequence[int],
        *,
        max_tokens: int,
        variety: float,
        asker: str = "",  # noqa: ARG002 - nothing is kept of anybody's
        deliver: Callable[[Output], None],
    ) -> None:
        """See the protocol."""

        def arrived(output: Output) -> None:
            if output.finished:
                self._jobs.pop(request_id, None)
            deliver(output)

        job = _Job(
            token_ids=token_ids,
            max_tokens=min(max_tokens, self._most_written or max_tokens),
            variety=variety,
            deliver=arrived,
            loop=asyncio.get_running_loop(),
        )
        self._running().submit(self._work, job)
        self._jobs[request_id] = job

    def cancel(self, request_id: str) -> None:
        """See the protocol."""
        if job := self._jobs.pop(request_id, None):
            job.stop.set()

    def forget(self, asker: str) -> None:
        """Nothing: each reply is read anew, and what was read ends with it."""

    def begin_reading(self, texts: Sequence[ReplyTokens]) -> WholeReading:
        """See the protocol."""
        return WholeReading(self._model, texts)

    def exclusively(self, work: Callable[[], None]) -> None:
        """See the protocol."""
        try:
            self._running().submit(self._unbraked, work).result()
        except EngineFailedError:
            raise
        except Exception as error:
            # The library raises what its parts raise; the caller knows one kind of failure.
            log.exception("scoring_failed")
            raise EngineFailedError(
                "The inference engine failed while it scored a reply; try again."
            ) from error

    def is_end(self, token_id: int) -> bool:
        """See the protocol."""
        return token_id in self._end_token_ids

    def stop(self) -> None:
        """See the protocol."""
        thread, self._thread = self._thread, None
        for job in list(self._jobs.values()):
            job.stop.set()
        if thread is not None:
            thread.shutdown(cancel_futures=True)

    def _running(self) -> ThreadPoolExecutor:
        if self._thread is None:
            raise EngineFailedError("The inference engine is not running; try again in a moment.")
        return self._thread

    def _unbraked(self, work: Callable[[], None]) -> None:
        self._brake.stop = threading.Event()
        work()

    def _work(self, job: _Job) -> None:
        error = None
        written = _Written(job)
        self._brake.stop = job.stop
        try:
            self._write(job, written)
        except StoppedError:
            return
        except Exception as failure:
            # The library raises what its parts raise; whoever waits must hear of it.
            log.exception("engine_failed_on_a_reply")
            error = type(failure).__name__
        job.put(Output(tuple(written.tokens), finished=True, error=error))

    def _write(self, job: _Job, written: _Written) -> None:
        """Write a reply as the plain library does, whatever the model's maker prefers."""
        ids = torch.tensor([job.token_ids], device=self._model.device)
        chance = (
            {"do_sample": True, "temperature": job.variety, "top_k": LIKELIEST, "top_p": 1.0}
            if job.variety
            else {"do_sample": False}
        )
        with torch.inference_mode():
            self._model.generate(
                input_ids=ids,
                attention_mask=torch.ones_like(ids),
                num_beams=1,
                num_return_sequences=1,
                min_length=0,
                min_new_tokens=None,
                max_new_tokens=job.max_tokens,
                no_repeat_ngram_size=0,
                repetition_penalty=1.0,
                eos_token_id=self._end_token_ids,
                pad_token_id=self._end_token_ids[0],
                streamer=written,
                **chance,
            )


class _Written(BaseStreamer):
    """Takes the library's tokens one by one."""

    def __init__(self, job: _Job) -> None:
        self.tokens: list[int] = []
        self._job = job
        self._begun = False

    def put(self, value: torch.Tensor) -> None:
        """Take a token; what comes first is what the model was given."""
        if not self._begun:
            self._begun = True
            return
        self.tokens += value.flatten().tolist()
        self._job.put(Output(tuple(self.tokens), finished=False, error=None))

    def end(self) -> None:
        """Nothing: whoever called the library knows."""
