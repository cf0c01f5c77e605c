"""A request that is not answered ends in a status and a sentence, and with no word of its own."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from support.model_http import chat, events_of, once, serving

from bot.config_choices import LogFormat, LogLevel
from bot.errors import (
    EngineFailedError,
    GenerationTimeoutError,
    GeneratorBusyError,
    ModelError,
)
from bot.log import configure_logging
from bot.model_server import guard
from bot.ports.generation import ChatTokenizer
from bot.ports.scripted import ScriptedGenerator

SECRET_WORDS = "the-password-is-swordfish"


class Loading(ScriptedGenerator):
    """Loads until it is told how that went."""

    def __init__(self) -> None:
        super().__init__("yes")
        self.loaded = asyncio.Event()
        self.problem: ModelError | None = None

    async def tokenizer(self) -> ChatTokenizer:
        await self.loaded.wait()
        if self.problem:
            raise self.problem
        return await super().tokenizer()


async def test_only_those_who_know_the_key_are_answered() -> None:
    async with serving(ScriptedGenerator("yes"), key="right") as served:
        health = await served.get("/health")
        for wrong in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic right"}):
            for path in ("/v1/models", "/v1/models/scripted"):
                status, answer = await served.get(path, **wrong)
                assert (status, answer["error"]["code"]) == (401, "invalid_api_key")
            for path in ("/v1/chat/completions", "/tokenize", "/v1/likelihoods"):
                assert (await served.post(path, chat(), **wrong))[0] == 401
        right = {"Authorization": "Bearer right"}
        assert (await served.get("/v1/models", **right))[0] == 200
        assert (await served.post("/v1/chat/completions", chat(), **right))[0] == 200

    assert health[0] == 200
    assert answer["error"]["type"] == "authentication_error"
    assert "key" in answer["error"]["message"]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"{", "no JSON"),
        (b'"hello"', "object"),
        (b'{"messages": [{"role": "user", "content": "\\ud800"}]}', "JSON"),
        ({}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "tool", "content": SECRET_WORDS}]}, "messages.0.role"),
        ({"messages": [{"role": "user", "content": 3}]}, "messages.0.content"),
        (chat(SECRET_WORDS, temperature=-1), "temperature"),
        (b'{"messages": [{"role": "user", "content": "a"}], "temperature": NaN}', ""),
        (chat(SECRET_WORDS, max_tokens=0), "max_tokens"),
        (chat(SECRET_WORDS, n=2), "n can only be 1"),
        (chat(SECRET_WORDS, tools=[{"type": "function"}]), "tools"),
        (chat(SECRET_WORDS, stop=["x"]), "stop"),
        (chat(SECRET_WORDS, logprobs=True), "logprobs"),
        (chat(SECRET_WORDS, response_format={"type": "json_object"}), "text"),
        (chat(SECRET_WORDS, user="x" * 1000), "user"),
        (chat(SECRET_WORDS, max_tokens=1999), "no room"),
        (chat("word " * 2000), "no room"),
    ],
)
async def test_what_cannot_be_done_is_said_in_a_sentence(body: Any, says: str) -> None:
    async with serving(ScriptedGenerator()) as served:
        status, answer = await served.post("/v1/chat/completions", body)

    assert status == 400
    assert set(answer) == {"error"}
    assert set(answer["error"]) == {"message", "type", "param", "code"}
    assert answer["error"]["type"] == "invalid_request_error"
    assert says in answer["error"]["message"]
    assert answer["error"]["message"].endswith(".")
    assert SECRET_WORDS not in json.dumps(answer)


async def test_what_is_asked_for_has_to_be_here() -> None:
    async with serving(ScriptedGenerator()) as served:
        status, answer = await served.chat(model="gpt-9")
        nowhere = await served.post("/v1/embeddings", {})
        other = await served.get("/v1/chat/completions")

    assert (status, answer["error"]["code"]) == (404, "model_not_found")
    assert "scripted" in answer["error"]["message"]
    assert (nowhere[0], nowhere[1]["error"]["code"]) == (404, "not_found")
    assert (other[0], other[1]["error"]["code"]) == (405, "not_found")


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_may_not_grow_without_end(
    announced: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "MAX_BODY_BYTES", 1000)
    body = json.dumps(chat("x" * 1000)).encode()

    async def bit_by_bit() -> Any:
        for start in range(0, len(body), 100):
            yield body[start : start + 100]

    async with serving(ScriptedGenerator()) as served:
        data = body if announced else bit_by_bit()
        async with served.client.post(f"{served.url}/v1/chat/completions", data=data) as response:
            answer = await response.json()

    assert response.status == 413
    assert "1,000 bytes" in answer["error"]["message"]


async def test_a_body_that_never_comes_to_an_end_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(guard, "BODY_SECONDS", 0.1)
    async with serving(ScriptedGenerator()) as served:
        host, port = served.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"POST /tokenize HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{")
        answer = await reader.readline()
        writer.close()

    assert b" 408 " in answer


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("error", "status", "code", "again"),
    [
        (GeneratorBusyError(), 429, "busy", True),
        (GenerationTimeoutError("No word in time."), 504, "timeout", False),
        (EngineFailedError("It broke; try again."), 503, "engine_failed", True),
        (ModelError("There is no model."), 503, "model_unavailable", False),
    ],
)
async def test_trouble_before_the_first_word_has_a_status(
    error: Exception, status: int, code: str, again: bool, stream: bool
) -> None:
    async with serving(ScriptedGenerator(error, "yes")) as served:
        body = chat(stream=stream)
        async with served.client.post(f"{served.url}/v1/chat/completions", json=body) as response:
            answer = await response.json()
        assert (await served.chat())[0] == 200  # and the next one is answered

    assert response.status == status
    assert answer["error"]["code"] == code
    assert answer["error"]["message"].endswith(".")
    assert ("Retry-After" in response.headers) is again


async def test_trouble_after_the_first_word_is_the_streams_last_event() -> None:
    generator = Breaking("One two three")
    async with serving(generator) as served:
        *_, last_words, error = await served.pieces()

    assert last_words["choices"][0]["delta"]["content"] == "One"
    assert error["error"]["code"] == "engine_failed"
    assert error["error"]["message"] == "The machine died; try again."


async def test_a_plain_openai_client_raises_what_broke_a_stream() -> None:
    openai = pytest.importorskip("openai")
    async with serving(Breaking("One two three")) as served:
        client = openai.AsyncOpenAI(base_url=f"{served.url}/v1", api_key="x", max_retries=0)
        async with client:
            stream = await client.chat.completions.create(
                model="scripted", messages=chat()["messages"], stream=True
            )
            with pytest.raises(openai.APIError, match="The machine died; try again"):
                async for _ in stream:
                    pass


async def test_what_nobody_foresaw_is_no_secret_told(capsys: pytest.CaptureFixture[str]) -> None:
    async with serving(ScriptedGenerator(KeyError(SECRET_WORDS))) as served:
        status, answer = await served.chat()

    assert status == 500
    assert SECRET_WORDS not in json.dumps(answer)
    assert "log" in answer["error"]["message"]


async def test_while_it_loads_a_server_asks_for_patience() -> None:
    generator = Loading()
    async with serving(generator, load=False) as served:
        loading = asyncio.create_task(served.server.load())
        health = await served.get("/health")
        async with served.client.post(f"{served.url}/v1/chat/completions", json=chat()) as response:
            early = response.status, await response.json(), response.headers["Retry-After"]
        generator.loaded.set()
        await loading
        well = await served.get("/health")
        late = await served.chat()

    assert health == (503, {"status": "loading", "open_requests": 0})
    assert (early[0], early[1]["error"]["code"]) == (503, "loading")
    assert int(early[2]) > 0
    assert well == (200, {"status": "ready", "open_requests": 0})
    assert late[0] == 200


async def test_a_model_that_cannot_be_loaded_is_told_to_everybody() -> None:
    generator = Loading()
    generator.problem = ModelError("The model's files are damaged.")
    generator.loaded.set()
    async with serving(generator, load=False) as served:
        with pytest.raises(ModelError):
            await served.server.load()
        health = await served.get("/health")
        status, answer = await served.chat()

    assert health[0] == 503
    assert health[1]["status"] == "failed"
    assert (status, answer["error"]["message"]) == (503, "The model's files are damaged.")


async def test_replies_in_progress_end_before_the_server_does() -> None:
    generator = ScriptedGenerator("One two three")
    generator.hold(after_words=1)
    async with serving(generator) as served:
        url = f"{served.url}/v1/chat/completions"
        async with served.client.post(url, json=chat(stream=True)) as response:
            events = events_of(response)
            opening, first = await anext(events), await anext(events)
            served.told.set()
            await once(lambda: served.server.draining)
            health = await served.get("/health")
            refused = await served.chat()
            generator.release()
            rest = [event async for event in events]
        await served.ended

    assert opening
    assert first["choices"][0]["delta"]["content"] == "One"
    assert health == (503, {"status": "draining", "open_requests": 1})
    assert (refused[0], refused[1]["error"]["code"]) == (503, "draining")
    assert rest[-1] == "[DONE]"


@pytest.mark.parametrize("stream", [False, True])
async def test_a_reply_that_takes_longer_than_the_grace_period_is_broken_off_with_a_word(
    stream: bool,
) -> None:
    generator = ScriptedGenerator("One two three")
    generator.hold(after_words=1)
    async with serving(generator, grace=0.1) as served:
        url = f"{served.url}/v1/chat/completions"
        asking = asyncio.create_task(served.client.post(url, json=chat(stream=stream)))
        await once(lambda: bool(served.server.open_requests))
        served.told.set()
        async with await asking as response:
            body = await response.text()
        await served.ended

    assert "stopping" in body
    assert "draining" in body
    assert "[DONE]" not in body
    assert response.status == (200 if stream else 503)


@pytest.fixture
def own_log() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    log = io.StringIO()
    configure_logging(LogLevel.DEBUG, LogFormat.JSON, log)
    yield log
    root.handlers = handlers
    root.setLevel(level)


async def test_no_word_and_no_key_reaches_the_log(own_log: io.StringIO) -> None:
    generator = ScriptedGenerator("my answer", EngineFailedError("It broke."))
    async with serving(generator, key="right-key") as served:
        headers = {"Authorization": "Bearer right-key"}
        for _ in range(2):
            await served.post("/v1/chat/completions", chat(SECRET_WORDS), **headers)
        await served.post("/v1/chat/completions", chat(SECRET_WORDS), Authorization="Bearer guess")

    assert "engine_failed" in own_log.getvalue()
    for word in (SECRET_WORDS, "my answer", "right-key", "guess"):
        assert word not in own_log.getvalue()


class Breaking(ScriptedGenerator):
    """Its machine dies after the first word."""

    async def stream(self, request: Any) -> Any:
        async for event in super().stream(request):
            yield event
            raise EngineFailedError("The machine died; try again.")
