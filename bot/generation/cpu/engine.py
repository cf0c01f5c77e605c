"""Many replies at once on one processor, with packed weights.

One thread computes, step after step. In a step, a piece of one prompt is read, if one waits, and
every reply that is being written gets its next tokens. All rows of a step share the reading of the
weights, so eight replies cost little more time than one.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, field

import torch

from bot.errors import EngineFailedError
from bot.generation.cpu.decoder import Decoder
from bot.generation.cpu.lookup import Lookup
from bot.generation.cpu.product_code import MOST_ROWS
from bot.generation.cpu.reading import PackedReading
from bot.generation.cpu.sequences import Sequence as ReadSequence
from bot.generation.cpu.sequences import new_sequence
from bot.generation.cpu.store import SequenceStore
from bot.generation.likelihood import LikelihoodReading, ReplyTokens
from bot.generation.output import Output
from bot.generation.variety import drawn
from bot.log import get_logger

log = get_logger(__name__)

PIECE_TOKENS = 256
"""Prompt tokens read in one step when nobody waits for the next word."""

SHORT_PIECE_TOKENS = 96
"""The same while replies are being written: everybody's next token waits for the step to end."""

SCORED_PIECE_TOKENS = 64
"""Tokens read in one go when replies are scored. A chat that begins meanwhile waits for the end."""

MOST_GUESSES = 4
"""Guessed tokens that are read beside the certain one."""


@dataclass(slots=True, eq=False)
class _Reply:
    """A request in the thread: its prompt, and what was written so far."""

    id: str
    prompt: list[int]
    max_tokens: int
    variety: float
    asker: str
    deliver: Callable[[Output], None]
    is_kept: bool = True
    written: list[int] = field(default_factory=list)
    sequence: ReadSequence | None = None
    lookup: Lookup = field(default_factory=Lookup)
    reused: int = 0

    @property
    def reading(self) -> bool:
        """Whether its prompt is not read to the end yet."""
        return not self.written


class PackedEngine:
    """One decoder and its thread. The same surface as :class:`bot.generation.engine.BatchEngine`.

    ``guessing`` is off only to measure what it brings.
    """

    def __init__(
        self,
        decoder: Decoder,
        *,
        end_token_ids: Sequence[int],
        kv_cache_tokens: int,
        guessing: bool = True,
    ) -> None:
        self._decoder = decoder
        self._end_token_ids = frozenset(end_token_ids)
        self._guessing = guessing
        self._store = SequenceStore(self._new_sequence, budget=kv_cache_tokens)
        self._arrived: deque[_Reply] = deque()
        self._cancelled: set[str] = set()
        self._forgotten: set[str] = set()
        self._news = threading.Condition()
        self._stepping = threading.Lock()
        self._starting = threading.Lock()
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._waiting: list[_Reply] = []
        self._running: list[_Reply] = []
        self._soonest = False

    places = None
    """As many replies at once as the owner says."""

    @property
    def decoder(self) -> Decoder:
        """The model itself, for measurements. Busy while :attr:`alive`."""
        return self._decoder

    @property
    def store(self) -> SequenceStore:
        """What was read and is kept."""
        return self._store

    @property
    def alive(self) -> bool:
        """Whether requests would be answered."""
        thread = self._thread
        return thread is not None and thread.is_alive() and not self._stopping

    def start(self) -> None:
        """Start the thread; one that broke is replaced."""
        with self._starting:
            if self.alive:
                return
            if self._thread is not None:
                self._thread.join()
            self._stopping = False
            self._cancelled.clear()
            self._thread = threading.Thread(target=self._work, name="generate", daemon=True)
            self._thread.start()

    def submit(
        self,
        request_id: str,
        token_ids: Sequence[int],
        *,
        max_tokens: int,
        variety: float,
        asker: str = "",
        deliver: Callable[[Output], None],
    ) -> None:
        """Begin a reply for ``asker``. ``deliver`` is called on the event loop after every step.

        Raises:
            EngineFailedError: the thread is not running.
        """
        loop = asyncio.get_running_loop()

        def on_loop(output: Output) -> None:
            with suppress(RuntimeError):  # the loop ended: nobody is there to hear it
                loop.call_soon_threadsafe(deliver, output)

        with self._news:
            if not self.alive:
                raise EngineFailedError(
                    "The inference engine is not running; try again in a moment."
                )
            self._arrived.append(
                _Reply(request_id, list(token_ids), max_tokens, variety, asker, on_loop)
            )
            self._news.notify()

    def cancel(self, request_id: str) -> None:
        """Stop a reply; nothing is delivered for it after the step in progress."""
        with self._news:
            self._cancelled.add(request_id)
            self._news.notify()

    def forget(self, asker: str) -> None:
        """Keep nothing of what was read for that asker or for nobody. Done before the next step."""
        with self._news:
            _keep_nothing(self._arrived, {asker, ""})
            self._forgotten.add(asker)
            self._news.notify()

    def begin_reading(self, texts: Sequence[ReplyTokens]) -> LikelihoodReading:
        """What finds out how likely replies are, in pieces to be read with :meth:`exclusively`."""
        return PackedReading(self._decoder, texts, piece_tokens=SCORED_PIECE_TOKENS)

    def exclusively(self, work: Callable[[], None]) -> None:
        """Let ``work`` use the model between two steps of the thread. Blocks until it is done.

        Raises:
            EngineFailedError: the thread is not running, or ``work`` failed.
        """
        if not self.alive:
            raise EngineFailedError("The inference engine is not running; try again in a moment.")
        try:
            with self._stepping:
                work()
        except Exception as error:
            # Torch raises whatever its parts raise; the caller knows one kind of failure.
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
            with self._news:
                self._stopping = True
                self._news.notify()
            thread, self._thread = self._thread, None
            if thread is not None:
                thread.join()
            self._store.clear()

    def _new_sequence(self, tokens: int) -> ReadSequence:
        return new_sequence(len(self._decoder.layers), self._decoder.shape, tokens)

    def _work(self) -> None:
        error = "stopped"
        try:
            with torch.inference_mode():
                while self._take_in():
                    with self._stepping:
                        self._step()
        except Exception as failure:  # whatever breaks a step must reach those who wait for it
            log.exception("engine_step_failed")
            error = str(failure) or type(failure).__name__
        finally:
            self._fail_all(error)

    def _take_in(self) -> bool:
        """Wait for something to do; False once the thread is to end."""
        with self._news:
            while not self._stopping:
                self._forget_noted()  # before anybody is taken in who came later
                self._waiting.extend(self._arrived)
                self._arrived.clear()
                self._drop_cancelled()
                if self._waiting or self._running:
                    return True
                self._news.wait()
            return False

    def _forget_noted(self) -> None:
        for asker in self._forgotten:
            _keep_nothing(self._waiting, {asker, ""})
            self._store.forget(asker)
        self._forgotten.clear()

    def _drop_cancelled(self) -> None:
        if not self._cancelled:
            return
        self._waiting = [reply for reply in self._waiting if reply.id not in self._cancelled]
        for reply in [reply for reply in self._running if reply.id in self._cancelled]:
            self._end(reply)
        self._cancelled.clear()

    def _step(self) -> None:
        self._admit()
        reading = [reply for reply in self._running if reply.reading]
        writing = [reply for reply in self._running if not reply.reading]
        if reading:
            self._read(self._next_of(reading), SHORT_PIECE_TOKENS if writing else PIECE_TOKENS)
        if writing:
            self._write(writing)

    def _next_of(self, reading: list[_Reply]) -> _Reply:
        """Whose prompt is read on: by turns the oldest one, and the one that is done soonest.

        So a few words do not wait for a long prompt to end, nor the long one for ever.
        """
        self._soonest = not self._soonest
        return min(reading, key=_left) if self._soonest else reading[0]

    def _admit(self) -> None:
        while self._waiting:
            reply = self._waiting[0]
            opened = self._store.open(
                reply.prompt,
                len(reply.prompt) + reply.max_tokens,
                asker=reply.asker,
                keep=reply.is_kept,
            )
            if opened is None:
                return
            del self._waiting[0]
            reply.sequence, reply.reused = opened.sequence, opened.reused
            reply.lookup.add(reply.prompt)
            self._running.append(reply)

    def _read(self, reply: _Reply, most: int) -> None:
        """Read the next piece of a prompt, and write the first token after the last one."""
        sequence = _opened(reply)
        start = len(sequence.tokens)
        piece = reply.prompt[start : start + most]
        last = start + len(piece) == len(reply.prompt)
        if len(piece) <= MOST_ROWS:
            logits = self._decoder.read_some([(sequence, token) for token in piece])[-1:]
        else:
            logits = self._decoder.read_piece(sequence, piece, answers=1 if last else 0)
        if last:
            self._take(reply, [drawn(logits[0], reply.variety)])

    def _write(self, replies: list[_Reply]) -> None:
        """One step of every reply: its newest token is read, with guesses at what follows it."""
        spare = max(0, MOST_ROWS - len(replies)) // len(replies) if self._guessing else 0
        guesses = [self._guesses(reply, min(spare, MOST_GUESSES)) for reply in replies]
        rows = [
            (_opened(reply), token)
            for reply, guessed in zip(replies, guesses, strict=True)
            for token in (reply.written[-1], *guessed)
        ]
        logits = self._decoder.read_some(rows)
        likeliest = logits.argmax(dim=1).tolist()
        at = 0
        for reply, guessed in zip(replies, guesses, strict=True):
            if reply.variety > 0:
                told = [drawn(logits[at], reply.variety)]
            else:
                told = [likeliest[at]]
                for offset, token in enumerate(guessed):
                    if token != told[-1]:
                        break
                    told.append(likeliest[at + offset + 1])
            sequence = _opened(reply)
            del sequence.tokens[len(sequence.tokens) - len(guessed) + len(told) - 1 :]
            at += 1 + len(guessed)
            self._take(reply, told)

    def _guesses(self, reply: _Reply, most: int) -> list[int]:
        left = reply.max_tokens - len(reply.written) - 1
        if reply.variety > 0 or min(most, left) <= 0:
            return []
        return reply.lookup.guess(min(most, left))

    def _take(self, reply: _Reply, tokens: list[int]) -> None:
        """The reply goes on with these tokens, as far as its end."""
        finished = False
        for token in tokens:
            reply.written.append(token)
            finished = self.is_end(token) or len(reply.written) == reply.max_tokens
            if finished:
                break
        reply.lookup.add(tokens)
        if finished:
            self._end(reply)
        reply.deliver(Output(tuple(reply.written), finished, None, reply.reused))

    def _end(self, reply: _Reply) -> None:
        self._running.remove(reply)
        self._store.close(_opened(reply))
        reply.sequence = None

    def _fail_all(self, error: str) -> None:
        with self._news:
            self._stopping = True  # from now on nothing is taken in any more
            replies = [*self._running, *self._waiting, *self._arrived]
            self._running, self._waiting = [], []
            self._arrived.clear()
            self._store.clear()
        for reply in replies:
            reply.deliver(Output(tuple(reply.written), finished=True, error=error))


def _keep_nothing(replies: Iterable[_Reply], askers: AbstractSet[str]) -> None:
    """What will be read for these askers is not to be kept."""
    for reply in replies:
        reply.is_kept = reply.is_kept and reply.asker not in askers


def _left(reply: _Reply) -> int:
    """How many tokens of its prompt are still to be read."""
    return len(reply.prompt) - len(_opened(reply).tokens)


def _opened(reply: _Reply) -> ReadSequence:
    """The sequence of a reply that is running."""
    if reply.sequence is None:
        raise EngineFailedError("A reply is being written without a sequence.")
    return reply.sequence
