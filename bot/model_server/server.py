"""The server: a generator's one model, as ``/v1/chat/completions`` and what belongs to it.

Nothing of what people write is logged here, and a stream is never left running for nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.domain.generation import (
    FinishReason,
    GenerationEvent,
    GenerationRequest,
    GenerationResult,
    Prompt,
    TextDelta,
)
from bot.errors import EllieError, GenerationTimeoutError, ModelError
from bot.log import get_logger
from bot.model_server.asked import (
    AskedChat,
    AskedLikelihoods,
    AskedMessage,
    AskedTokens,
    read_as,
)
from bot.model_server.disconnects import ClientGoneError, EventStream, Result, unless_gone
from bot.model_server.guard import check_key, read_body
from bot.model_server.refusals import RefusalError, not_now, refusal_for, wrong
from bot.model_server.said import DONE, Answer, event
from bot.ports.generation import ChatTokenizer, Generator
from bot.ports.system import Clock, IdSource

CLIENT_GONE = 499
"""nginx's status for a client that did not wait; nobody reads it."""
SENDING_SECONDS = 30.0
"""How much longer than the reply itself a client may take to read it."""

log = get_logger(__name__)

_Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """How a server behaves. Without a key everybody who reaches it is answered."""

    api_key: str
    time_limit_seconds: float


class ModelServer:
    """Answers HTTP with a generator, which others start and close. ``app`` is for ASGI."""

    def __init__(
        self, generator: Generator, options: ServerOptions, *, clock: Clock, ids: IdSource
    ) -> None:
        self._generator = generator
        self._options = options
        self._clock = clock
        self._ids = ids
        self._since = int(clock.now().timestamp())
        self._tokenizer: ChatTokenizer | None = None
        self._problem: ModelError | None = None
        self._draining = False
        self._open: set[str] = set()
        self._idle = asyncio.Event()
        self._idle.set()
        guarded = [
            ("/v1/models", self._models, "GET"),
            ("/v1/models/{name:path}", self._model, "GET"),
            ("/v1/chat/completions", self._chat, "POST"),
            ("/v1/likelihoods", self._likelihoods, "POST"),
            ("/tokenize", self._tokenize, "POST"),
        ]
        self.app = Starlette(
            routes=[
                Route("/health", self._health, methods=["GET"]),
                *(
                    Route(path, self._guarded(handler), methods=[method])
                    for path, handler, method in guarded
                ),
            ],
            exception_handlers={HTTPException: _no_such_place, Exception: _unforeseen},
        )

    @property
    def open_requests(self) -> int:
        """How many replies are being waited for or written."""
        return len(self._open)

    @property
    def draining(self) -> bool:
        """Whether no more requests are taken."""
        return self._draining

    async def idle(self) -> None:
        """Wait until there is none."""
        await self._idle.wait()

    async def load(self) -> None:
        """Wait for the model. Until then requests are told to come back.

        Raises:
            ModelError: it cannot be loaded; requests are told so.
        """
        try:
            self._tokenizer = await self._generator.tokenizer()
        except ModelError as error:
            self._problem = error
            raise

    def drain(self) -> None:
        """Take no more requests. Those that were taken go on."""
        self._draining = True

    def break_off(self) -> None:
        """End all replies in progress; their clients are told that the server stops."""
        for request_id in tuple(self._open):
            self._generator.cancel(request_id)

    def _guarded(self, handler: _Handler) -> _Handler:
        async def guard(request: Request) -> Response:
            try:
                check_key(request, self._options.api_key)
                return await handler(request)
            except RefusalError as refusal:
                return refusal.response
            except ClientGoneError:
                return Response(status_code=CLIENT_GONE)
            except EllieError as error:
                told = refusal_for(error)
                log.warning("request_failed", code=told.code, error=type(error).__name__)
                return told.response

        return guard

    async def _health(self, _: Request) -> Response:
        state = "ready"
        if self._problem is not None:
            state = "failed"
        elif self._draining:
            state = "draining"
        elif self._tokenizer is None:
            state = "loading"
        body = {"status": state, "open_requests": len(self._open)}
        return JSONResponse(body, status_code=200 if state == "ready" else 503)

    async def _models(self, _: Request) -> Response:
        return JSONResponse({"object": "list", "data": [self._description(self._ready())]})

    async def _model(self, request: Request) -> Response:
        tokenizer = self._ready()
        self._check_model(request.path_params["name"])
        return JSONResponse(self._description(tokenizer))

    async def _tokenize(self, request: Request) -> Response:
        asked = read_as(AskedTokens, await read_body(request))
        tokenizer = self._ready()
        self._check_model(asked.model)
        body: dict[str, Any] = {"max_model_len": tokenizer.context_tokens}
        if asked.messages is not None:
            body["count"] = (await self._prompt(tokenizer, asked.messages)).tokens
        elif isinstance(asked.prompt, str):
            body["count"] = await asyncio.to_thread(tokenizer.count_text, asked.prompt)
        else:
            counts = await asyncio.to_thread(
                lambda: [tokenizer.count_text(text) for text in asked.prompt or ()]
            )
            body |= {"count": sum(counts), "counts": counts}
        return JSONResponse(body)

    async def _likelihoods(self, request: Request) -> Response:
        asked = read_as(AskedLikelihoods, await read_body(request))
        tokenizer = self._ready()
        self._check_model(asked.model)
        prompts = [await self._prompt(tokenizer, messages) for messages in asked.prompts]
        if len(prompts) == 1:
            work = self._generator.compare(prompts[0], asked.replies)
        else:
            work = self._generator.score(prompts, asked.replies[0])
        likelihoods = await self._while_open(request, self._ids.new_id(), work)
        return JSONResponse({"model": self._generator.model_name, "likelihoods": likelihoods})

    async def _chat(self, request: Request) -> Response:
        asked = read_as(AskedChat, await read_body(request))
        tokenizer = self._ready()
        self._check_model(asked.model)
        prompt = await self._prompt(tokenizer, asked.messages)
        room = tokenizer.context_tokens - prompt.tokens
        limit = asked.token_limit or room
        if limit > room or room < 1:
            raise wrong(
                f"The prompt takes {prompt.tokens} of {tokenizer.context_tokens} tokens, so "
                f"there is no room for a reply of {max(limit, 1)}.",
                code="context_length_exceeded",
            )
        wanted = GenerationRequest(
            id=self._ids.new_id(),
            prompt=prompt,
            max_tokens=limit,
            time_limit_seconds=self._options.time_limit_seconds,
            priority=asked.rank,
            variety=asked.temperature or 0.0,
            asker=asked.user or "",
        )
        answer = Answer(
            id=f"chatcmpl-{wanted.id}",
            model=self._generator.model_name,
            created=int(self._clock.now().timestamp()),
            prompt_tokens=prompt.tokens,
        )
        if not asked.stream:
            work = self._whole(wanted)
            result = await self._while_open(request, wanted.id, work)
            return JSONResponse(answer.whole(result))
        events = self._events(wanted)
        # What stands against the request shows at the first step, while there can be a status.
        first = await unless_gone(request.receive, _first(events))
        usage = asked.stream_options is not None and asked.stream_options.include_usage
        return EventStream(
            _pieces(answer, first, events, usage=usage),
            seconds=self._options.time_limit_seconds + SENDING_SECONDS,
        )

    async def _while_open(
        self, request: Request, request_id: str, work: Coroutine[Any, Any, Result]
    ) -> Result:
        with self._counted(request_id):
            return await unless_gone(request.receive, work)

    async def _whole(self, wanted: GenerationRequest) -> GenerationResult:
        async with aclosing(self._generator.stream(wanted)) as events:
            async for happened in events:
                if isinstance(happened, GenerationResult):
                    return _kept(happened)
        raise GenerationTimeoutError("The reply broke off.")

    async def _events(self, wanted: GenerationRequest) -> AsyncGenerator[GenerationEvent]:
        with self._counted(wanted.id):
            async with aclosing(self._generator.stream(wanted)) as events:
                async for happened in events:
                    yield happened

    @contextmanager
    def _counted(self, request_id: str) -> Iterator[None]:
        self._open.add(request_id)
        self._idle.clear()
        try:
            yield
        finally:
            self._open.discard(request_id)
            if not self._open:
                self._idle.set()

    async def _prompt(self, tokenizer: ChatTokenizer, asked: list[AskedMessage]) -> Prompt:
        messages = tuple(one.message for one in asked)
        # In a thread: a prompt of megabytes must not hold up the others.
        tokens = await asyncio.to_thread(tokenizer.count_chat, messages)
        return Prompt(messages=messages, tokens=tokens)

    def _ready(self) -> ChatTokenizer:
        if self._draining:
            raise not_now(503, "draining", "This server is stopping; ask another one.")
        if self._problem is not None:
            raise self._problem
        if self._tokenizer is None:
            raise not_now(503, "loading", "The model is being loaded; try again in a moment.")
        return self._tokenizer

    def _check_model(self, name: str | None) -> None:
        if name not in (None, self._generator.model_name):
            raise RefusalError(
                404,
                "model_not_found",
                f"The model here is {self._generator.model_name}, and no other.",
            )

    def _description(self, tokenizer: ChatTokenizer) -> dict[str, Any]:
        return {
            "id": self._generator.model_name,
            "object": "model",
            "created": self._since,
            "owned_by": "ellie",
            "max_model_len": tokenizer.context_tokens,
            "ellie": {"control_tokens": sorted(tokenizer.control_tokens)},
        }


def _kept(result: GenerationResult) -> GenerationResult:
    """A result as it is, unless it was cut short here, by nobody who waits for it."""
    if result.finish_reason is FinishReason.CANCELLED:
        raise not_now(503, "draining", "This server is stopping; ask another one.")
    return result


async def _first(events: AsyncGenerator[GenerationEvent]) -> GenerationEvent:
    return await anext(events)


async def _pieces(
    answer: Answer, first: GenerationEvent, rest: AsyncGenerator[GenerationEvent], *, usage: bool
) -> AsyncGenerator[bytes]:
    """A stream's events. Trouble on the way is the last one: the status was sent long ago."""
    async with aclosing(rest):
        yield event(answer.opening())
        happened: GenerationEvent | None = first
        try:
            while isinstance(happened, TextDelta):
                yield event(answer.delta(happened.text))
                happened = await anext(rest, None)
            if happened is None:
                raise GenerationTimeoutError("The reply broke off.")
            result = _kept(happened)
        except (EllieError, RefusalError) as error:
            refusal = refusal_for(error)
            log.warning("stream_failed", code=refusal.code, error=type(error).__name__)
            yield event(refusal.body)
            return
        except Exception as error:  # a stream that only stops would look like a broken network
            log.exception("stream_failed", error=type(error).__name__)
            yield event(refusal_for(error).body)
            return
        yield event(answer.ending(result))
        if usage:
            yield event(answer.usage(result))
        yield DONE


async def _no_such_place(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    return RefusalError(status, "not_found", "There is nothing here to be asked.").response


async def _unforeseen(_: Request, error: Exception) -> Response:
    """Starlette raises it anew afterwards, so that uvicorn logs the traceback."""
    return refusal_for(error).response
