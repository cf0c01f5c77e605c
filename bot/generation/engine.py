"""transformers' continuous batching, behind a small surface.

The manager computes in a thread of its own and shares the key-value blocks of equal prompt
prefixes. Everything the rest of the package needs of it is here: submit, cancel, revive, stop, and
use of the model while that thread waits.
"""

from __future__ import annotations

import queue
import secrets
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import torch
from transformers import GenerationConfig
from transformers.generation.configuration_utils import ContinuousBatchingConfig

from bot.errors import EngineFailedError
from bot.generation.likelihood import LikelihoodReading, ReplyTokens
from bot.generation.output import Output
from bot.generation.prefix_forgetting import PrefixForgetting, wipe
from bot.generation.variety import variety_per_request
from bot.log import get_logger

log = get_logger(__name__)

CPU_PAGE_TOKENS = 16
"""Tokens in one shareable block. A prefix is shared in whole blocks, so small ones reuse more: a
381-token prefix takes 0.12 s to its first new token with 16, and 0.37 s with 256."""

CPU_STEP_TOKENS = 128
"""Prompt tokens read in one step. Everybody else's next token waits for the step to end, and on a
processor larger steps read no faster."""

GPU_PAGE_TOKENS = 64

GPU_STEP_TOKENS = 4096
"""The same where what the library had found to fit did not; halved again each time."""

OUT_OF_MEMORY = "out of memory"
SMALLEST_SHARE = 32
"""Batches are made smaller until this part of them is left."""

CPU_PIECE_TOKENS = 64
"""Tokens read in one go when replies are scored. A chat that begins meanwhile waits for the end."""

GPU_PIECE_TOKENS = 1024


class _Nowhere(queue.Queue[Any]):
    """A queue that keeps nothing."""

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """Forget ``item``."""


class BatchEngine:
    """One model and its generation thread.

    Methods other than :meth:`start` and :meth:`stop` return at once and may be called from the
    event loop only: outputs arrive there.
    """

    places = None

    def __init__(self, model: Any, *, end_token_ids: Sequence[int], kv_cache_tokens: int) -> None:
        self._model = model
        self._end_token_ids = list(end_token_ids)
        self._kv_cache_tokens = kv_cache_tokens
        self._manager: Any = None
        self._forgetting: PrefixForgetting | None = None
        self._share = 1
        self._starting = threading.Lock()

    @property
    def model(self) -> Any:
        """The transformers model itself, for measurements. Busy while :attr:`alive`."""
        return self._model

    @property
    def alive(self) -> bool:
        """Whether requests would be answered."""
        manager = self._manager
        return (
            manager is not None
            and manager.is_running()
            and manager.background_thread_status.can_accept_new_requests() is None
        )

    def start(self) -> None:
        """Start the generation thread; a broken one is replaced. Blocks for up to seconds."""
        with self._starting:
            if self.alive:
                return
            self._discard()
            on_cpu = self._model.device.type == "cpu"
            page = CPU_PAGE_TOKENS if on_cpu else GPU_PAGE_TOKENS
            if self._share > 1:
                log.warning("batches_made_smaller", share=f"1/{self._share}")
            manager = self._model.init_continuous_batching(
                generation_config=self._greedy(),
                continuous_batching_config=ContinuousBatchingConfig(
                    page_size=page,
                    num_blocks=max(1, self._kv_cache_tokens // page),
                    max_batch_tokens=self._step_tokens(),
                    use_async_batching=False if on_cpu else None,
                    use_cuda_graph=False if on_cpu else None,
                    # Otherwise chance is the same after every start.
                    seed=secrets.randbits(32),
                ),
            )
            # The library has processors of its own for temperatures and the like, and no way to
            # pass another one. It reads this attribute, which is public and not documented, when
            # the thread starts.
            manager.logit_processor = variety_per_request()
            # What comes for a request that was cancelled meanwhile has no handler any more. The
            # library would keep it, prompt and all, for a caller that never asks.
            manager.output_router.output_queue = _Nowhere()
            self._forgetting = PrefixForgetting(manager)
            manager.start()
            self._manager = manager

    def submit(
        self,
        request_id: str,
        token_ids: Sequence[int],
        *,
        max_tokens: int,
        variety: float,
        asker: str = "",  # noqa: ARG002 - the library's blocks are nobody's
        deliver: Callable[[Output], None],
    ) -> None:
        """Begin a reply. ``deliver`` is called on the event loop after every token.

        ``variety`` is that of :class:`bot.domain.generation.GenerationRequest`.

        Raises:
            EngineFailedError: the thread is not running.
        """
        if not self.alive:
            raise EngineFailedError("The inference engine is not running; try again in a moment.")

        def on_output(output: Any) -> None:
            if output.error and OUT_OF_MEMORY in str(output.error).lower():
                self._share = min(SMALLEST_SHARE, shared * 2)  # once for all who were in the batch
            deliver(Output(output.generated_tokens, output.is_finished(), output.error))

        shared = self._share
        self._manager.register_result_handler(request_id, on_output)
        self._manager.add_request(
            list(token_ids),
            request_id=request_id,
            max_new_tokens=max_tokens,
            streaming=True,
            eos_token_id=self._end_token_ids,
            variety=float(variety),  # the library refuses an int
        )

    def cancel(self, request_id: str) -> None:
        """Stop a reply; nothing more is delivered for it."""
        manager = self._manager
        if manager is None:
            return
        manager.cancel_request(request_id)
        # The manager forgets a handler only when its request finishes, which this one never will.
        with manager.output_router._lock:  # noqa: SLF001
            manager.output_router.result_handlers.pop(request_id, None)

    def forget(self, asker: str) -> None:  # noqa: ARG002 - as above
        """Keep nothing of what was read for anybody. Done before the next step."""
        manager = self._manager
        if manager is None or self._forgetting is None:
            return
        if manager.is_running():
            self._forgetting.ask()
        elif manager.batch_processor is not None:
            with suppress(RuntimeError):  # of a device that failed, whose memory is lost anyway
                wipe(manager.batch_processor)

    def begin_reading(self, texts: Sequence[ReplyTokens]) -> LikelihoodReading:
        """What finds out how likely replies are, in pieces to be read with :meth:`exclusively`."""
        on_cpu = self._model.device.type == "cpu"
        piece = CPU_PIECE_TOKENS if on_cpu else GPU_PIECE_TOKENS
        return LikelihoodReading(self._model, texts, piece_tokens=piece)

    def exclusively(self, work: Callable[[], None]) -> None:
        """Let ``work`` use the model between two steps of the thread. Blocks until it is done.

        Called from a thread of the caller's own.

        Raises:
            EngineFailedError: the thread is not running, or ``work`` failed.
        """
        try:
            with self._manager.pause():
                work()
        except Exception as error:
            # The library raises what its parts raise; the caller knows one kind of failure.
            log.exception("scoring_failed")
            raise EngineFailedError(
                "The inference engine failed while it scored a reply; try again."
            ) from error

    def is_end(self, token_id: int) -> bool:
        """Whether this token ends a reply."""
        return token_id in self._end_token_ids

    def stop(self) -> None:
        """End the thread; requests in it fail. Blocks until the step in progress is done."""
        with self._starting:
            self._discard()

    def _step_tokens(self) -> int | None:
        """How many tokens are read in one step; None lets the library find out what fits."""
        if self._model.device.type == "cpu":
            return CPU_STEP_TOKENS
        return None if self._share == 1 else GPU_STEP_TOKENS // self._share

    def _greedy(self) -> GenerationConfig:
        # The token with the highest score each time: memory is repeated faithfully, and the same
        # prompt gives the same reply. Variety works on the scores.
        config: Any = GenerationConfig
        return config(  # type: ignore[no-any-return]
            do_sample=False,
            eos_token_id=self._end_token_ids,
            pad_token_id=self._end_token_ids[0],
        )

    def _discard(self) -> None:
        manager, self._manager = self._manager, None
        if manager is not None:
            with torch.no_grad():
                manager.stop(block=True, hard_stop=True)
                manager.destroy()
