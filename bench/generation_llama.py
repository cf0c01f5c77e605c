"""llama.cpp's half of ``bench/generation.py``, on the same GGUF file.

    python bench/generation_llama.py JOB.json FOUND.json

The low-level interface, since the high-level one answers one person at a time. All that is not in
the job is llama.cpp's default: memory-mapped weights, repacked for the processor, flash attention
where it finds that right, batches of 2048 tokens in steps of 512. Several people are sequences of
one context, each in a cache of its own, which is the quickest of its two ways for prompts that have
nothing in common. The likeliest token is taken, and nothing is turned into text.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from generation_job import MEASURES, Asked, Found, Job, memory_mb, read_job, seconds, write_json
from generation_weights import gguf_bytes

try:
    import llama_cpp
except ImportError:
    llama_cpp = None  # type: ignore[assignment]  # looked at before anything is measured

HOW_TO_GET = (
    "llama-cpp-python is not installed. Build it for this processor: "
    "CMAKE_ARGS=-DGGML_NATIVE=ON pip install -e '.[bench-llama]' --no-binary llama-cpp-python"
)


class Llama:
    """A model of llama.cpp, and what was measured of it so far."""

    def __init__(self, job: Job) -> None:
        self._job = job
        llama_cpp.llama_backend_init()
        options = llama_cpp.llama_model_default_params()
        options.n_gpu_layers = 0
        began = time.perf_counter()
        self._model = llama_cpp.llama_model_load_from_file(job.gguf.encode(), options)
        if not self._model:
            raise SystemExit(f"llama.cpp cannot load {job.gguf}.")
        self.found = Found(engine="llama.cpp", load_seconds=time.perf_counter() - began)
        self.found.weight_bytes = gguf_bytes(Path(job.gguf))
        vocabulary = llama_cpp.llama_model_get_vocab(self._model)
        self._words: int = llama_cpp.llama_vocab_n_tokens(vocabulary)

    def prefill(self) -> None:
        """Seconds to the first token of prompts never seen before."""
        with self._context(1) as context:
            for asked in self._job.cold:
                context.clear()
                self.found.prefill.append(seconds(partial(context.read, [asked.ids])))
                self.found.prefill_tokens = len(asked.ids)

    def decode(self) -> None:
        """Tokens per second after a long prompt."""
        with self._context(1) as context:
            for asked in self._job.cold:
                context.clear()
                context.read([asked.ids])
                took = seconds(partial(context.write, self._job.decode_tokens))
                self.found.decode.append(self._job.decode_tokens / took)

    def returning(self) -> None:
        """Seconds to the first token for somebody whose prompt is mostly known."""
        with self._context(1) as context:
            context.read([self._job.warm.ids])
            for asked in self._job.returning:
                shared = _shared(self._job.warm.ids, asked.ids)
                context.cut_back(shared)
                new = asked.ids[shared:]
                self.found.returning.append(seconds(partial(context.read, [new])))

    def people(self) -> None:
        """Tokens per second of several replies at once, prompts included."""
        for crowd in self._job.crowd:
            prompts = iter(crowd)
            for count in self._job.people:
                group = list(itertools.islice(prompts, count))
                with self._context(count) as context:
                    took = seconds(partial(self._write_replies, context, group))
                speed = count * self._job.people_tokens / took
                self.found.people.setdefault(str(count), []).append(speed)

    def warm_up(self) -> None:
        """What the first use of all costs is nobody's figure."""
        with self._context(1) as context:
            context.read([self._job.warm.ids])
            context.write(1)

    def _write_replies(self, context: _Context, group: Sequence[Asked]) -> None:
        context.read([asked.ids for asked in group])
        context.write(self._job.people_tokens - 1)

    @contextmanager
    def _context(self, people: int) -> Iterator[_Context]:
        options = llama_cpp.llama_context_default_params()
        options.n_ctx = self._job.kv_tokens
        options.n_seq_max = people
        options.n_threads = options.n_threads_batch = self._job.threads
        context = _Context(llama_cpp.llama_init_from_model(self._model, options), self._words)
        try:
            yield context
        finally:
            context.close()


class _Context:
    """A key-value cache with a number of sequences, each of which says its next token."""

    def __init__(self, context: Any, words: int) -> None:
        self._context, self._words = context, words
        self._memory = llama_cpp.llama_get_memory(context)
        self._most: int = llama_cpp.llama_n_batch(context)
        self._batch = llama_cpp.llama_batch_init(self._most, 0, 1)
        self._next: dict[int, int] = {}
        self._positions: dict[int, int] = {}

    def read(self, texts: Sequence[Sequence[int]]) -> None:
        """Read the n-th text into the n-th sequence, and find the token that follows."""
        rows = [
            (token, self._positions.get(person, 0) + place, person, place == len(text) - 1)
            for person, text in enumerate(texts)
            for place, token in enumerate(text)
        ]
        for start in range(0, len(rows), self._most):
            self._decode(rows[start : start + self._most])

    def write(self, tokens: int) -> None:
        """Write so many tokens in every sequence."""
        for _ in range(tokens):
            self._decode(
                [
                    (token, self._positions[person], person, True)
                    for person, token in self._next.items()
                ]
            )

    def cut_back(self, tokens: int) -> None:
        """Forget all but the first ``tokens`` of the first sequence."""
        assert llama_cpp.llama_memory_seq_rm(self._memory, 0, tokens, -1)
        self._positions[0] = tokens

    def clear(self) -> None:
        """Forget everything."""
        llama_cpp.llama_memory_clear(self._memory, False)
        self._next.clear()
        self._positions.clear()

    def close(self) -> None:
        """Free its memory."""
        llama_cpp.llama_batch_free(self._batch)
        llama_cpp.llama_free(self._context)

    def _decode(self, rows: Sequence[tuple[int, int, int, bool]]) -> None:
        batch = self._batch
        batch.n_tokens = len(rows)
        for n, (token, position, person, wanted) in enumerate(rows):
            batch.token[n], batch.pos[n], batch.logits[n] = token, position, wanted
            batch.n_seq_id[n], batch.seq_id[n][0] = 1, person
        code = llama_cpp.llama_decode(self._context, batch)
        if code != 0:
            raise SystemExit(f"llama_decode failed with {code}.")
        for n, (_, position, person, wanted) in enumerate(rows):
            self._positions[person] = position + 1
            if wanted:
                scores = llama_cpp.llama_get_logits_ith(self._context, n)
                self._next[person] = int(
                    np.ctypeslib.as_array(scores, shape=(self._words,)).argmax()
                )


def _shared(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens two texts have in common at their beginnings."""
    return next(n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)


def measure(job: Job) -> Found:
    """Measure what is wanted."""
    if llama_cpp is None:
        return Found(engine="llama.cpp", problem=HOW_TO_GET)
    silent = llama_cpp.llama_log_callback(lambda *_: None)  # it reports every tensor to stderr
    llama_cpp.llama_log_set(silent, None)
    llama = Llama(job)
    llama.warm_up()
    for name in (name for name in MEASURES if name in job.measures):
        getattr(llama, name)()
    llama.found.peak_mb, llama.found.settled_mb = memory_mb()
    return llama.found


if __name__ == "__main__":
    write_json(measure(read_job(Path(sys.argv[1]))), Path(sys.argv[2]))
