"""The local generator: many replies at once on one model."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from bot.domain.generation import (
    FinishReason,
    GenerationEvent,
    GenerationRequest,
    GenerationResult,
    Prompt,
    TextDelta,
)
from bot.errors import (
    EngineFailedError,
    GenerationTimeoutError,
    ModelError,
    PromptTooLongError,
)
from bot.generation.output import Output
from bot.generation.scoring import Scorer
from bot.generation.turnstile import Turnstile
from bot.log import get_logger
from bot.ports.system import Clock

if TYPE_CHECKING:  # these import torch, which takes seconds and happens in the loading thread
    from bot.generation.engine_surface import Engine
    from bot.generation.loading import LoadedModel
    from bot.generation.reply_text import ReplyText
    from bot.generation.tokenizer import HfChatTokenizer

log = get_logger(__name__)


class _Signal(Enum):
    """What can happen to a request besides output."""

    LOADED = "loaded"
    ADMITTED = "admitted"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class _Inbox:
    """Everything that happens to one request, in order: the only thing its stream waits for."""

    queue: asyncio.Queue[_Signal | Output]
    deadline: float
    clock: Clock
    asker: str

    def put(self, item: _Signal | Output) -> None:
        self.queue.put_nowait(item)

    async def next(self) -> _Signal | Output:
        """The next item.

        Raises:
            TimeoutError: the request's time is up.
        """
        async with asyncio.timeout(max(0.0, self.deadline - self.clock.elapsed())):
            return await self.queue.get()


class BatchingGenerator:
    """Implements :class:`bot.ports.generation.Generator` with a model on this machine.

    The model is loaded in the background from :meth:`start` on; requests that come earlier wait
    for it within their time limit.
    """

    def __init__(
        self,
        load: Callable[[], LoadedModel],
        *,
        name: str,
        max_parallel: int,
        max_waiting: int,
        clock: Clock,
    ) -> None:
        self._load = load
        self._name = name
        self._clock = clock
        self._turnstile = Turnstile(places=max_parallel, max_waiting=max_waiting)
        self._scorer = Scorer()
        self._inboxes: dict[str, _Inbox] = {}
        self._unkept: set[str] = set()
        self._loading: asyncio.Task[LoadedModel] | None = None

    @property
    def model_name(self) -> str:
        """The model's name in settings and traces."""
        return self._name

    def start(self) -> None:
        """Begin loading. Idempotent."""
        if self._loading is None:
            self._loading = asyncio.create_task(self._load_and_start(), name="load-model")
            self._loading.add_done_callback(_mark_retrieved)

    @property
    def ready(self) -> bool:
        """Whether the model is loaded."""
        loading = self._loading
        return bool(
            loading and loading.done() and not loading.cancelled() and not loading.exception()
        )

    async def tokenizer(self) -> HfChatTokenizer:
        """The tokenizer, once the model is loaded."""
        return (await self._loaded()).tokenizer

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[GenerationEvent]:
        """See the port."""
        deadline = self._clock.elapsed() + request.time_limit_seconds
        inbox = _Inbox(asyncio.Queue(), deadline, self._clock, request.asker)
        ticket = self._turnstile.enter(
            request.priority, lambda: inbox.put(_Signal.ADMITTED), request.asker
        )
        self._inboxes[request.id] = inbox
        self._scorer.pause()
        try:
            # Closed by hand: an abandoned inner generator would end only when it is collected.
            async with aclosing(self._run(request, inbox)) as events:
                async for event in events:
                    yield event
        finally:
            del self._inboxes[request.id]
            self._unkept.discard(request.id)
            self._turnstile.leave(ticket)
            if not self._inboxes:
                self._scorer.go_on()

    async def score(self, prompts: Sequence[Prompt], reply: str) -> tuple[float, ...]:
        """See the port."""
        return await self._scorer.score(
            await self._loaded(), [(prompt, reply) for prompt in prompts]
        )

    async def compare(self, prompt: Prompt, replies: Sequence[str]) -> tuple[float, ...]:
        """See the port."""
        return await self._scorer.score(
            await self._loaded(), [(prompt, reply) for reply in replies]
        )

    def cancel(self, request_id: str) -> None:
        """See the port."""
        if inbox := self._inboxes.get(request_id):
            inbox.put(_Signal.CANCELLED)

    def forget(self, asker: str) -> None:
        """See the port."""
        self._unkept.update(
            name for name, inbox in self._inboxes.items() if inbox.asker in (asker, "")
        )
        loading = self._loading
        if loading is not None and self.ready:
            loading.result().engine.forget(asker)

    async def close(self) -> None:
        """Stop the engine. Requests still running fail."""
        loading, self._loading = self._loading, None
        if loading is None:
            return
        # Loading runs in a thread that cannot be interrupted; leaving it would keep the process.
        await asyncio.wait({loading})
        await self._scorer.close()
        if not loading.cancelled() and loading.exception() is None:
            await asyncio.to_thread(loading.result().engine.stop)
        # The thread tells those whose requests it had taken in; one on its way is lost with it.
        for inbox in self._inboxes.values():
            inbox.put(Output((), finished=True, error="closed"))

    async def _run(
        self, request: GenerationRequest, inbox: _Inbox
    ) -> AsyncGenerator[GenerationEvent]:
        try:
            model = await self._wait_for_start(inbox)
        except TimeoutError:
            raise GenerationTimeoutError(
                f"No word was written within {request.time_limit_seconds:g} seconds."
            ) from None
        if model is None:
            yield GenerationResult(text="", finish_reason=FinishReason.CANCELLED, tokens=0)
            return
        token_ids = model.tokenizer.encode_chat(request.prompt.messages)
        room = model.tokenizer.room_for_prompt(request.max_tokens)
        if len(token_ids) > room:
            raise PromptTooLongError(
                f"The prompt takes {len(token_ids)} tokens; there is room for {room}."
            )
        if not model.engine.alive:
            log.warning("engine_restarting")
            await asyncio.to_thread(model.engine.start)
        model.engine.submit(
            request.id,
            token_ids,
            max_tokens=request.max_tokens + model.tokenizer.thinking_tokens,
            variety=request.variety,
            asker=request.asker,
            deliver=inbox.put,
        )
        if request.id in self._unkept:  # it was forgotten while it waited for its place
            model.engine.forget(request.asker)
        finished = False
        try:
            async with aclosing(_written(inbox, model, request)) as events:
                async for event in events:
                    finished = isinstance(event, GenerationResult) and event.finish_reason in (
                        FinishReason.STOP,
                        FinishReason.LENGTH,
                    )
                    yield event
        except TimeoutError:
            raise GenerationTimeoutError(
                f"No word was written within {request.time_limit_seconds:g} seconds."
            ) from None
        finally:
            if not finished:
                model.engine.cancel(request.id)

    async def _wait_for_start(self, inbox: _Inbox) -> LoadedModel | None:
        """Wait until the model is loaded and a place is free; None when cancelled before that."""
        loading = self._require_loading()
        loading.add_done_callback(lambda _: inbox.put(_Signal.LOADED))
        missing = {_Signal.LOADED, _Signal.ADMITTED}
        while missing:
            item = await inbox.next()
            if item is _Signal.CANCELLED:
                return None
            if isinstance(item, _Signal):
                missing.discard(item)
        return loading.result()

    async def _loaded(self) -> LoadedModel:
        # Shielded: a caller that gives up must not stop the loading that others wait for.
        return await asyncio.shield(self._require_loading())

    def _require_loading(self) -> asyncio.Task[LoadedModel]:
        if self._loading is None:
            raise ModelError("The model is not loaded: Ellie is stopping or was never started.")
        return self._loading

    async def _load_and_start(self) -> LoadedModel:
        began = self._clock.elapsed()
        model = await asyncio.to_thread(self._load)
        await asyncio.to_thread(model.engine.start)
        if model.engine.places is not None:
            self._turnstile.narrow(model.engine.places)
        log.info(
            "model_loaded",
            model=self._name,
            precision=model.precision.value,
            seconds=round(self._clock.elapsed() - began, 1),
        )
        return model


async def _written(
    inbox: _Inbox, model: LoadedModel, request: GenerationRequest
) -> AsyncGenerator[GenerationEvent]:
    """Turn outputs into deltas and one result.

    Raises:
        TimeoutError: time ran out before the first delta.
        EngineFailedError: the engine broke.
    """
    reader = model.tokenizer.reply_text(request.max_tokens)
    text, seen, reused, reason = "", 0, 0, FinishReason.STOP
    while True:
        try:
            item = await inbox.next()
        except TimeoutError:
            if not text:
                raise
            reason = FinishReason.TIME_LIMIT
            break
        if item is _Signal.CANCELLED:
            reason = FinishReason.CANCELLED
            break
        if not isinstance(item, Output):
            continue
        if item.error is not None:
            log.error("engine_failed", error=item.error)
            raise EngineFailedError(
                "The inference engine failed and is being restarted; try again."
            )
        fresh = item.tokens[seen:]
        seen, reused = len(item.tokens), item.reused
        if delta := reader.feed(fresh):
            text += delta
            yield TextDelta(delta)
        if (ended := _end(item, reader, model.engine, request.id)) is not None:
            reason = ended
            break
    if rest := reader.flush(reason):
        text += rest
        yield TextDelta(rest)
    yield GenerationResult(text=text, finish_reason=reason, tokens=seen, reused_tokens=reused)


def _end(item: Output, reader: ReplyText, engine: Engine, request_id: str) -> FinishReason | None:
    """Why the reply is over with this output, if it is. What would still be written is not."""
    if reader.over is not None and not item.finished:
        engine.cancel(request_id)
    if reader.over is not None or not item.finished:
        return reader.over
    ended = bool(item.tokens) and engine.is_end(item.tokens[-1])
    return FinishReason.STOP if ended else FinishReason.LENGTH


def _mark_retrieved(task: asyncio.Task[LoadedModel]) -> None:
    """Look at the outcome, so that a failed load nobody waited for is no warning of asyncio's."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("model_failed_to_load", error=str(error))
