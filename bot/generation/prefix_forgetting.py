"""Having transformers' continuous batching forget what it read.

The library keeps blocks that nobody uses for whoever comes with the same beginning, and does not
know for whom they were read. So all of them are forgotten, whoever it is about.
"""

from __future__ import annotations

import threading
from typing import Any

import torch


class PrefixForgetting:
    """Looks after what one manager keeps, from its thread, between two of its steps.

    To be made before the manager starts. What is read again meanwhile costs time and nothing else.
    """

    def __init__(self, manager: Any) -> None:
        self._is_asked = threading.Event()
        self._unkept: set[str] = set()
        self._is_wipe_due = False
        create = manager._create_batch_processor  # noqa: SLF001 - the thread makes it when it starts

        def created() -> Any:
            processor = create()
            self._watch(processor)
            return processor

        manager._create_batch_processor = created  # noqa: SLF001

    def ask(self) -> None:
        """Keep nothing of what was read or is asked for by now. Holds for every later request."""
        self._is_asked.set()

    def _watch(self, processor: Any) -> None:
        scheduler, cache = processor.scheduler, processor.cache
        clear, free = scheduler.clear_cancelled_requests, cache.free_blocks

        def cleared() -> Any:
            # What the thread calls after it took new requests in, and before it reads any of them.
            cancelled = clear()
            self._look(processor)
            return cancelled

        def freed(request_id: str, no_cache: bool = False) -> None:
            free(request_id, no_cache or request_id in self._unkept)

        scheduler.clear_cancelled_requests, cache.free_blocks = cleared, freed

    def _look(self, processor: Any) -> None:
        scheduler = processor.scheduler
        here = {*scheduler.active_requests, *scheduler.waiting_requests}
        self._unkept &= here
        if self._is_asked.is_set():
            self._is_asked.clear()
            self._unkept |= here
            processor.cache.evict_cached_blocks()
            self._is_wipe_due = True
        if self._is_wipe_due and not scheduler.active_requests:
            wipe(processor)
            self._is_wipe_due = False


def wipe(processor: Any) -> None:
    """Overwrite every block, while no request uses any and none is kept.

    Blocks that were freed hold what they held until they are used again.
    """
    # In the order of this stream: a step of a reply that is over may still be written to memory.
    with torch.cuda.stream(processor.inputs_and_outputs.compute_stream):
        processor.cache.cache_tensor.zero_()
