"""The generator whose model is behind a server: many replies at once, each over a connection."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING

from bot.domain.generation import (
    FinishReason,
    GenerationEvent,
    GenerationRequest,
    GenerationResult,
    Priority,
    Prompt,
    TextDelta,
)
from bot.errors import (
    EllieError,
    EngineFailedError,
    GenerationTimeoutError,
    GeneratorBusyError,
    ModelError,
    PromptTooLongError,
)
from bot.generation.remote.breaker import Admission, CircuitBreaker
from bot.generation.remote.connection import Connection
from bot.generation.remote.inbox import Draft, Inbox, Signal
from bot.generation.remote.likelihood import likelihood_of
from bot.generation.remote.measuring import Measuring
from bot.generation.remote.retrying import Retrying
from bot.generation.remote.trouble import ServerTroubleError, TroubleKind
from bot.generation.turnstile import Turnstile
from bot.log import get_logger
from bot.ports.generation import ChatTokenizer
from bot.ports.system import Clock

if TYPE_CHECKING:  # imports openai, which takes a second and happens in a thread
    from bot.generation.remote.server import Piece

log = get_logger(__name__)


class RemoteGenerator:
    """Implements :class:`bot.ports.generation.Generator` with a model behind a server.

    Before the first piece of a reply a server that fails is asked again, with pauses; see
    :class:`~bot.generation.remote.retrying.Retrying`. One that failed several requests in a row is
    left alone for a while, and whoever asks meanwhile is told at once.
    """

    def __init__(
        self,
        connection: Connection,
        measuring: Measuring,
        *,
        max_parallel: int,
        max_waiting: int,
        clock: Clock,
        retrying: Retrying | None = None,
        breaker: CircuitBreaker | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._connection = connection
        self._measuring = measuring
        self._clock = clock
        self._turnstile = Turnstile(places=max_parallel, max_waiting=max_waiting)
        self._retrying = retrying or Retrying()
        self._breaker = breaker or CircuitBreaker(clock)
        self._sleep = sleep
        self._inboxes: dict[str, Inbox] = {}
        self._started = False

    @property
    def model_name(self) -> str:
        """The model's name on its server, or the server's when the setting names no model."""
        return self._connection.model.label

    def start(self) -> None:
        """Begin to find out what the server has. Idempotent."""
        if not self._started:
            self._started = True
            self._connection.look_soon()

    async def tokenizer(self) -> ChatTokenizer:
        """How prompts are measured; see :class:`~bot.generation.remote.measuring.Measuring`.

        A server that is down is no error here: the stream tells of it.
        """
        self._require_started()
        return await self._measuring.tokenizer()

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[GenerationEvent]:
        """See the port."""
        self._require_started()
        inbox = Inbox(self._clock.elapsed() + request.time_limit_seconds, self._clock)
        ticket = self._turnstile.enter(
            request.priority, lambda: inbox.put(Signal.ADMITTED), request.asker
        )
        self._inboxes[request.id] = inbox
        try:
            # Closed by hand: an abandoned inner generator would end only when it is collected.
            async with aclosing(self._written(request, inbox)) as events:
                async for event in events:
                    yield event
        except TimeoutError:
            raise GenerationTimeoutError(
                f"No word was written within {request.time_limit_seconds:g} seconds."
            ) from None
        finally:
            del self._inboxes[request.id]
            self._turnstile.leave(ticket)
            await inbox.close()

    def cancel(self, request_id: str) -> None:
        """See the port."""
        if inbox := self._inboxes.get(request_id):
            inbox.put(Signal.CANCELLED)

    def forget(self, asker: str) -> None:
        """Nothing: what was read is in the server's cache, which no request can empty."""

    async def score(self, prompts: Sequence[Prompt], reply: str) -> tuple[float, ...]:
        """See the port. Few servers can be asked for that.

        Raises:
            ScoringUnsupportedError: this one cannot.
        """
        return tuple([await self._likelihood(prompt, reply) for prompt in prompts])

    async def compare(self, prompt: Prompt, replies: Sequence[str]) -> tuple[float, ...]:
        """See the port, and :meth:`score`."""
        return tuple([await self._likelihood(prompt, reply) for reply in replies])

    async def close(self) -> None:
        """Close every connection. Requests still running fail."""
        self._started = False
        inboxes = list(self._inboxes.values())
        for inbox in inboxes:
            inbox.put(EngineFailedError("The model server is not asked any more."))
        for inbox in inboxes:
            await inbox.close()
        await self._connection.close()

    def _require_started(self) -> None:
        if not self._started:
            raise ModelError(
                "The model server is not asked: Ellie is stopping or was never started."
            )

    async def _written(
        self, request: GenerationRequest, inbox: Inbox
    ) -> AsyncGenerator[GenerationEvent]:
        """Turn what comes in into deltas and one result.

        Raises:
            TimeoutError: time ran out before the first delta.
            EllieError: the server failed, or the request cannot be put to it.
        """
        draft = Draft()
        while not draft.is_over:
            try:
                item = await inbox.next()
            except TimeoutError:
                inbox.out_of_time = True
                if not draft.text:
                    raise
                draft.end(FinishReason.TIME_LIMIT)
                break
            if item is Signal.ADMITTED:
                inbox.reader = asyncio.create_task(
                    self._read(request, inbox), name=f"remote-reply-{request.id}"
                )
            elif delta := draft.take(item):
                yield TextDelta(delta)
        if rest := draft.rest():
            yield TextDelta(rest)
        tokens = self._measuring.estimate(draft.text) if draft.tokens is None else draft.tokens
        yield GenerationResult(text=draft.text, finish_reason=draft.reason, tokens=tokens)

    async def _read(self, request: GenerationRequest, inbox: Inbox) -> None:
        """Hand on what the server says. Cancelling it closes the connection."""
        try:
            tokenizer = await self._measuring.tokenizer()
            taken = tokenizer.count_chat(request.prompt.messages)
            room = tokenizer.context_tokens - request.max_tokens
            if taken > room:
                raise PromptTooLongError(
                    f"The prompt takes {taken} tokens; there is room for {room}."
                )
            async with aclosing(self._pieces(request, inbox)) as pieces:
                async for piece in pieces:
                    inbox.put(piece)
            inbox.put(Signal.ENDED)
        except EllieError as error:
            inbox.put(error)
        except Exception as error:  # noqa: BLE001 - whoever waits must hear of any
            # The library's words are not told: they may quote what a person wrote.
            log.error("engine_failed", error=type(error).__name__)
            inbox.put(EngineFailedError("Asking the model server failed; try again."))

    async def _pieces(self, request: GenerationRequest, inbox: Inbox) -> AsyncGenerator[Piece]:
        admission, asked_at = self._breaker.ask(), self._clock.elapsed()
        if admission is Admission.DENIED:
            raise EngineFailedError(
                f"The model server at {self._connection.model.host} did not answer and is left "
                f"alone for {self._breaker.seconds_left:.0f} seconds more."
            )
        try:
            async with aclosing(self._tried(request, inbox)) as pieces:
                async for piece in pieces:
                    yield piece
            self._breaker.succeeded()
        except ServerTroubleError as trouble:
            if trouble.kind is TroubleKind.BUSY:
                self._breaker.succeeded()
                raise GeneratorBusyError(str(trouble)) from None
            self._failed(admission, asked_at)
            raise EngineFailedError(str(trouble)) from None
        except EllieError as error:
            self._breaker.succeeded()  # the server is there
            if isinstance(error, ModelError):
                self._connection.forget()
            raise
        except BaseException:  # cancelled, in one of two ways
            if inbox.out_of_time:
                self._failed(admission, asked_at)
            else:
                self._breaker.given_up(admission)
            raise

    async def _tried(self, request: GenerationRequest, inbox: Inbox) -> AsyncGenerator[Piece]:
        """The reply, from the first attempt that gives one.

        Raises:
            ServerTroubleError: none does.
        """
        began = self._clock.elapsed()
        for attempt in itertools.count(1):
            spoke = False
            try:
                server = await self._connection.server()
                name = self._connection.model.name or (await self._connection.facts()).model
                async with aclosing(server.chat(name, request)) as pieces:
                    async for piece in pieces:
                        spoke = spoke or bool(piece.text)
                        yield piece
            except ServerTroubleError as trouble:
                pause = self._retrying.pause(
                    attempt,
                    trouble,
                    since_start=self._clock.elapsed() - began,
                    left=inbox.seconds_left,
                )
                if spoke or pause is None:
                    raise
                log.info("model_server_asked_again", attempt=attempt, reason=str(trouble))
            else:
                return
            self._connection.forget_failure()
            await self._sleep(pause)

    def _failed(self, admission: Admission, asked_at: float) -> None:
        if self._breaker.failed(admission, asked_at=asked_at):
            log.warning(
                "model_server_left_alone",
                host=self._connection.model.host,
                seconds=round(self._breaker.seconds_left),
            )

    async def _likelihood(self, prompt: Prompt, reply: str) -> float:
        """One score. It takes a place in the background, so that chat goes first."""
        self._require_started()
        admitted = asyncio.Event()
        ticket = self._turnstile.enter(Priority.BACKGROUND, admitted.set)
        try:
            await admitted.wait()
            return await likelihood_of(self._connection, self._measuring, prompt, reply)
        finally:
            self._turnstile.leave(ticket)
