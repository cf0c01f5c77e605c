"""Talking to a server in OpenAI's protocol. Importing this module takes a second."""

from __future__ import annotations

import socket
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any
from urllib.request import getproxies

import httpx2
import openai

from bot.domain.generation import ChatMessage, FinishReason, GenerationRequest
from bot.generation.remote.address import RemoteModel
from bot.generation.remote.explaining import broken, explained, mentions

CONNECT_SECONDS = 1.5
"""A server that does not even accept a connection in that time is taken to be down."""
_NO_KEY = "none"
_QUIET_SECONDS, _PROBE_SECONDS, _PROBES = 2, 2, 3
"""A machine that falls silent in mid-stream is asked whether it is there, by the kernel."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What one event of a stream brings. ``tokens`` is how many the reply has, if that is told."""

    text: str = ""
    finish: FinishReason | None = None
    tokens: int | None = None


@dataclass(frozen=True, slots=True)
class _Dialect:
    """Which fields of a request this server takes. Servers differ, and say so when asked."""

    limit: str = "max_tokens"
    usage: bool = True
    temperature: bool = True

    def body(self, request: GenerationRequest) -> dict[str, Any]:
        body: dict[str, Any] = {self.limit: request.max_tokens}
        if self.usage:
            body["stream_options"] = {"include_usage": True}
        if self.temperature:
            body["temperature"] = request.variety
        return body

    def without_what(self, error: openai.APIStatusError) -> _Dialect | None:
        """The dialect that leaves out what ``error`` complains of; None when that is nothing."""
        if self.limit == "max_tokens" and mentions(error, "max_completion_tokens"):
            return replace(self, limit="max_completion_tokens")
        if self.usage and mentions(error, "stream_options"):
            return replace(self, usage=False)
        if self.temperature and mentions(error, "temperature"):
            return replace(self, temperature=False)
        return None


class Server:
    """One server and the key to it. Every method raises what :func:`explained` makes of an error.

    The key is in the headers of requests and nowhere else.
    """

    def __init__(self, model: RemoteModel, api_key: str) -> None:
        self.model = model
        self._root = model.url.removesuffix("/v1")
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._http = openai.DefaultAsyncHttpxClient(
            # Without a limit for reading: the time limit of each request is kept by who reads.
            timeout=httpx2.Timeout(None, connect=CONNECT_SECONDS),
            **_transport(),
        )
        self._client = openai.AsyncOpenAI(
            api_key=api_key or _NO_KEY,
            base_url=model.url,
            max_retries=0,
            http_client=self._http,
        )
        self._dialect = _Dialect()

    async def close(self) -> None:
        """Close every connection."""
        await self._client.close()

    async def models(self) -> list[dict[str, Any]]:
        """What the server lists, as it describes it; empty when it has no such list."""
        try:
            page = await self._client.models.list()
        except openai.NotFoundError:
            return []
        except openai.APIError as error:
            raise explained(error, self.model) from None
        except ValueError:
            raise broken(self.model, "lists its models in no way that can be read") from None
        return [model.model_dump() for model in page.data or () if model.id]

    async def chat(self, name: str, request: GenerationRequest) -> AsyncGenerator[Piece]:
        """Write a reply with the model ``name``. Closing the generator closes the connection."""
        stream = await self._open(name, request)
        finished = False
        try:
            async with aclosing(aiter(stream)) as chunks:  # type: ignore[type-var]  # a generator
                async for chunk in chunks:
                    piece = _read(chunk)
                    finished = finished or piece.finish is not None
                    yield piece
        except openai.APIError as error:
            raise explained(error, self.model) from None
        except (ValueError, TypeError, AttributeError):
            # Not JSON, or JSON of another shape: the library does not check what it reads.
            raise broken(self.model, "sent what is no answer") from None
        finally:
            await stream.close()
        if not finished:
            raise broken(self.model, "ended the answer in the middle")

    async def likelihoods(self, name: str, prompt: Sequence[int]) -> list[float | None]:
        """The log-probability of each token of ``prompt``; empty when it is not told.

        None for the first one; and that of one token behind it, as the protocol has it.
        """
        try:
            found = await self._client.completions.create(
                model=name, prompt=list(prompt), max_tokens=1, temperature=0, echo=True, logprobs=1
            )
        except openai.APIError as error:
            raise explained(error, self.model) from None
        except ValueError:
            raise broken(self.model, "sent what is no answer") from None
        told = found.choices[0].logprobs if found.choices else None
        return list(told.token_logprobs or []) if told else []

    async def asked(
        self, path: str, body: Mapping[str, Any] | None = None
    ) -> Mapping[str, Any] | None:
        """What the server says at a path beside the protocol; None when it has nothing there."""
        try:
            answer = await self._http.request(
                "GET" if body is None else "POST",
                f"{self._root}{path}",
                json=body,
                headers=self._headers,
            )
            found = answer.json() if answer.is_success else None
        except (httpx2.HTTPError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    async def count(self, name: str, text: str) -> int | None:
        """Tokens of a text by the server's own counter; None when it has none."""
        # vLLM reads `prompt`, llama-server `content`; neither minds the other's field.
        body = {"model": name, "prompt": text, "content": text, "add_special_tokens": False}
        if found := await self.asked("/tokenize", body):
            count, tokens = found.get("count"), found.get("tokens")
            if isinstance(count, int):
                return count
            return len(tokens) if isinstance(tokens, list) else None
        # llama-cpp-python
        found = await self.asked("/extras/tokenize/count", {"model": name, "input": text})
        count = found.get("count") if found else None
        return count if isinstance(count, int) else None

    async def _open(
        self, name: str, request: GenerationRequest
    ) -> openai.AsyncStream[openai.types.chat.ChatCompletionChunk]:
        messages: Any = [_as_dict(message) for message in request.prompt.messages]
        while True:
            try:
                stream: openai.AsyncStream[
                    openai.types.chat.ChatCompletionChunk
                ] = await self._client.chat.completions.create(
                    model=name, messages=messages, stream=True, **self._dialect.body(request)
                )
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                known = self._dialect.without_what(error)
                if known is None:
                    raise explained(error, self.model) from None
                self._dialect = known
            except openai.APIError as error:
                raise explained(error, self.model) from None
            else:
                return stream


def _as_dict(message: ChatMessage) -> dict[str, str]:
    return {"role": message.role.value, "content": message.content}


def _read(chunk: openai.types.chat.ChatCompletionChunk) -> Piece:
    tokens = chunk.usage.completion_tokens if chunk.usage else None
    if not chunk.choices:
        return Piece(tokens=tokens)
    choice = chunk.choices[0]
    finish = None
    if choice.finish_reason is not None:
        finish = FinishReason.LENGTH if choice.finish_reason == "length" else FinishReason.STOP
    text: object = choice.delta.content
    if text is not None and not isinstance(text, str):
        raise TypeError("a delta is no text")
    return Piece(text or "", finish, tokens)


def _transport() -> dict[str, Any]:
    """Connections that notice when the other machine is gone, where nothing stands in between."""
    if getproxies():
        return {}  # a transport of our own would go past the proxy
    options = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
    for name, value in (
        ("TCP_KEEPIDLE", _QUIET_SECONDS),
        ("TCP_KEEPINTVL", _PROBE_SECONDS),
        ("TCP_KEEPCNT", _PROBES),
    ):
        if number := getattr(socket, name, None):  # Windows and macOS have some of them
            options.append((socket.IPPROTO_TCP, number, value))
    return {"transport": httpx2.AsyncHTTPTransport(socket_options=options)}
