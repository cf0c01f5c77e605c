"""Replies from a server, over real HTTP."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

import pytest
from support.model_server import (
    babbles,
    cuts,
    hangs,
    model_server,
    refuses,
    says,
    stops_early,
)
from support.random_model import byte_tokenizer
from support.remote import asked, remote

from bot.domain.generation import FinishReason, GenerationResult, Priority, TextDelta
from bot.errors import (
    EngineFailedError,
    GenerationTimeoutError,
    GeneratorBusyError,
    ModelError,
    PromptTooLongError,
    ScoringUnsupportedError,
)
from bot.generation.tokenizer import HfChatTokenizer


async def test_a_reply_comes_in_pieces_that_make_up_its_text() -> None:
    async with (
        model_server(says("Hello", " the", "re.", tokens=3)) as server,
        remote(server.url) as r,
    ):
        deltas, result = await r.write(asked(variety=0.8))
    assert "".join(deltas) == result.text == "Hello there."
    assert len(deltas) > 1
    assert result == GenerationResult(
        text="Hello there.", finish_reason=FinishReason.STOP, tokens=3
    )
    (body,) = server.bodies
    assert body["model"] == "tiny"
    assert body["messages"][1] == {"role": "user", "content": "hello"}
    assert (body["max_tokens"], body["temperature"]) == (50, 0.8)


async def test_nothing_is_left_to_chance_without_variety() -> None:
    async with model_server() as server, remote(server.url) as r:
        await r.write(asked())
    assert server.bodies[0]["temperature"] == 0


async def test_graphemes_come_whole() -> None:
    async with (
        model_server(says("a👩", "\u200d", "💻 e", "\u0301", "!")) as server,
        remote(server.url) as r,
    ):
        deltas, result = await r.write(asked())
    assert result.text == "a👩\u200d💻 e\u0301!"
    assert "".join(deltas) == result.text
    assert not any(delta.endswith(("👩", "\u200d", "e")) for delta in deltas)


async def test_a_reply_may_end_for_its_length() -> None:
    async with model_server(says("and so", finish="length")) as server, remote(server.url) as r:
        _, result = await r.write(asked())
    assert result.finish_reason is FinishReason.LENGTH
    assert result.tokens > 0  # counted here, as the server did not


async def test_the_setting_names_the_model_or_the_server_does() -> None:
    models = [{"id": "first"}, {"id": "second"}]
    async with model_server(models=models) as server:
        async with remote(server.url) as r:
            await r.write(asked())
        async with remote(f"{server.url}#second") as r:
            await r.write(asked())
            assert r.generator.model_name == "second"
    assert [body["model"] for body in server.bodies] == ["first", "second"]


@pytest.mark.parametrize(
    "step",
    [refuses(500), refuses(503), cuts(), stops_early(), babbles("data: {nonsense\n\n")],
    ids=["500", "503", "cut", "nothing", "garbage"],
)
async def test_a_failure_before_the_first_word_is_tried_again(step: object) -> None:
    async with model_server(step, step, says("at last")) as server, remote(server.url) as r:  # type: ignore[arg-type]
        _, result = await r.write(asked())
    assert result.text == "at last"
    assert r.pauses == [0.2, 0.4]


async def test_a_busy_server_is_asked_when_it_says() -> None:
    async with (
        model_server(refuses(429, retry_after="7"), says("now")) as server,
        remote(server.url) as r,
    ):
        _, result = await r.write(asked())
    assert result.text == "now"
    assert r.pauses == [7.0]


async def test_no_pause_goes_beyond_the_time_limit() -> None:
    async with (
        model_server(refuses(429, retry_after="30"), says("never")) as server,
        remote(server.url) as r,
    ):
        with pytest.raises(GeneratorBusyError):
            await r.write(asked(seconds=20))
    assert r.pauses == []
    assert len(server.bodies) == 1


async def test_attempts_come_to_an_end() -> None:
    async with model_server(*[refuses(500)] * 9) as server, remote(server.url) as r:
        with pytest.raises(EngineFailedError, match="status 500"):
            await r.write(asked())
    assert len(server.bodies) == 4


@pytest.mark.parametrize(
    "step",
    [
        cuts("some ", "words "),
        stops_early("some ", "words "),
        babbles("data: {nonsense\n\n", "some ", "words "),
        babbles('data: {"error": {"message": "out of memory"}}\n\n', "some ", "words "),
        babbles('data: {"choices": 3}\n\n', "some ", "words "),
        babbles('data: {"choices": [{"delta": {"content": 7}}]}\n\n', "some ", "words "),
    ],
    ids=["cut", "no end", "garbage", "error", "shapeless", "number"],
)
async def test_a_failure_after_the_first_word_ends_the_reply(step: object) -> None:
    async with model_server(step, says("fine")) as server, remote(server.url) as r:  # type: ignore[arg-type]
        async with aclosing(r.generator.stream(asked())) as events:
            first = await anext(events)
            assert isinstance(first, TextDelta)
            assert first.text.startswith("some")
            with pytest.raises(EngineFailedError):
                [event async for event in events]
        assert len(server.bodies) == 1  # nobody asks twice for what was heard in part
        _, result = await r.write(asked("r2"))
        assert result.text == "fine"


async def test_time_runs_out_before_the_first_word() -> None:
    async with model_server(hangs(), says("fine")) as server, remote(server.url) as r:
        with pytest.raises(GenerationTimeoutError):
            await r.write(asked(seconds=0.3))
        await until(lambda: not server.running)
        _, result = await r.write(asked("r2"))
        assert result.text == "fine"


async def test_time_runs_out_later() -> None:
    async with model_server(hangs("some ", "words ")) as server, remote(server.url) as r:
        deltas, result = await r.write(asked(seconds=0.5))
        await until(lambda: not server.running)
    assert result.finish_reason is FinishReason.TIME_LIMIT
    assert "".join(deltas) == result.text == "some words "


async def test_a_cancelled_reply_holds_what_was_written_and_its_connection_is_closed() -> None:
    async with model_server(hangs("some ", "words ")) as server, remote(server.url) as r:
        async with aclosing(r.generator.stream(asked())) as events:
            first = await anext(events)
            r.generator.cancel("r1")
            rest = [event async for event in events]
        assert isinstance(first, TextDelta)
        assert isinstance(rest[-1], GenerationResult)
        assert rest[-1].finish_reason is FinishReason.CANCELLED
        assert rest[-1].text.startswith("some ")
        await until(lambda: not server.running)


async def test_a_waiting_request_can_be_cancelled() -> None:
    async with model_server(hangs()) as server, remote(server.url, max_parallel=1) as r:
        one = asyncio.create_task(r.write(asked("one")))
        await until(lambda: server.running)
        other = asyncio.create_task(r.write(asked("other")))
        await asyncio.sleep(0)
        r.generator.cancel("other")
        _, result = await other
        assert result == GenerationResult(text="", finish_reason=FinishReason.CANCELLED, tokens=0)
        r.generator.cancel("one")
        await one
        assert len(server.bodies) == 1


async def test_who_stops_reading_closes_the_connection() -> None:
    async with model_server(hangs("some ", "words ")) as server, remote(server.url) as r:
        async with aclosing(r.generator.stream(asked())) as events:
            await anext(events)
        await until(lambda: not server.running)


async def test_the_task_that_reads_may_be_cancelled() -> None:
    async with model_server(hangs()) as server, remote(server.url) as r:
        reading = asyncio.create_task(r.write(asked()))
        await until(lambda: server.running)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        await until(lambda: not server.running)


async def test_the_line_is_bounded_and_chat_goes_first() -> None:
    async with (
        model_server(hangs()) as server,
        remote(server.url, max_parallel=1, max_waiting=2) as r,
    ):
        first = asyncio.create_task(r.write(asked("first")))
        await until(lambda: server.running)
        ended: list[str] = []

        async def say(name: str, priority: Priority) -> None:
            await r.write(asked(name, name, priority=priority))
            ended.append(name)

        later = [
            asyncio.create_task(say("background", Priority.BACKGROUND)),
            asyncio.create_task(say("chat", Priority.CHAT)),
        ]
        await asyncio.sleep(0)
        with pytest.raises(GeneratorBusyError):
            await r.write(asked("too many"))
        server.go.set()
        await asyncio.gather(first, *later)
    assert ended == ["chat", "background"]


@pytest.mark.parametrize(
    ("status", "message", "code"),
    [
        (400, "This model's maximum context length is 512 tokens.", "context_length_exceeded"),
        (400, "the request exceeds the available context size (512 tokens)", ""),
        (400, "Requested tokens (900) exceed context window of 512", ""),
        (500, "Requested tokens (900) exceed context window of 512", ""),
    ],
)
async def test_a_prompt_that_is_too_long_is_told_as_such(
    status: int, message: str, code: str
) -> None:
    async with model_server(refuses(status, message, code)) as server, remote(server.url) as r:
        with pytest.raises(PromptTooLongError):
            await r.write(asked())
    assert len(server.bodies) == 1


async def test_a_prompt_that_cannot_fit_is_not_sent() -> None:
    models = [{"id": "tiny", "max_model_len": 300}]
    async with model_server(models=models) as server, remote(server.url) as r:
        assert (await r.generator.tokenizer()).context_tokens == 300
        with pytest.raises(PromptTooLongError, match="room for 250"):
            await r.write(asked(text="word " * 300))
    assert server.bodies == []


async def test_the_wrong_key_is_told_at_once_and_never_repeated() -> None:
    async with (
        model_server(key="right") as server,
        remote(f"{server.url}#tiny", key="wrong-secret") as r,
    ):
        with pytest.raises(ModelError, match="ELLIE_MODEL_API_KEY") as caught:
            await r.write(asked())
    assert "wrong-secret" not in str(caught.value)
    assert r.pauses == []


async def test_an_unknown_model_is_told_at_once() -> None:
    async with model_server(refuses(404, "no such model")) as server, remote(server.url) as r:
        with pytest.raises(ModelError, match="404"):
            await r.write(asked())
        _, result = await r.write(asked("r2"))  # the server may have changed
        assert result.text == "Fine."
        assert server.looks == 2


@pytest.mark.parametrize(
    ("message", "missing"),
    [
        ("Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens'.", "max_tokens"),
        ("Unsupported value: 'temperature' does not support 0.", "temperature"),
        ("Extra inputs are not permitted: stream_options", "stream_options"),
    ],
)
async def test_a_field_that_a_server_does_not_take_is_left_out(message: str, missing: str) -> None:
    async with model_server(refuses(400, message)) as server, remote(server.url) as r:
        await r.write(asked())
        await r.write(asked("r2"))
    assert [missing in body for body in server.bodies] == [True, False, False]
    assert r.pauses == []


async def test_closing_ends_what_runs_and_takes_no_more() -> None:
    async with model_server(hangs("some ", "words ")) as server, remote(server.url) as r:
        running = asyncio.create_task(r.write(asked()))
        await until(lambda: server.running)
        await r.generator.close()
        with pytest.raises(EngineFailedError):
            await running
        with pytest.raises(ModelError):
            await r.write(asked("r2"))
        await until(lambda: not server.open_connections)


async def test_a_thousand_cancelled_requests_leave_nothing_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A machine that stands still for a moment is another matter.
    monkeypatch.setattr("bot.generation.remote.server.CONNECT_SECONDS", 60)
    async with model_server(*[hangs("some ", "words ")] * 1000) as server:
        before = len(asyncio.all_tasks())
        async with remote(server.url, max_parallel=16, max_waiting=1000) as r:

            async def give_up(number: int) -> None:
                name = f"r{number}"
                async with aclosing(r.generator.stream(asked(name))) as events:
                    if number % 3 == 0:
                        await anext(events)  # and stop reading
                        return
                    async for event in events:
                        if number % 3 == 1 and isinstance(event, TextDelta):
                            r.generator.cancel(name)
                        elif isinstance(event, TextDelta):
                            raise asyncio.CancelledError

            for start in range(0, 1000, 50):
                await asyncio.gather(
                    *(give_up(start + i) for i in range(50)), return_exceptions=True
                )
            assert len(server.bodies) == 1000
            await until(lambda: not server.running)
            await until(lambda: server.open_connections <= 1)  # the one that was asked for models
            assert r.generator._inboxes == {}
            assert r.generator._turnstile.waiting == 0
            _, result = await r.write(asked("next"))
            assert result.text == "Fine."
        await until(lambda: not server.open_connections)
        await until(lambda: len(asyncio.all_tasks()) <= before)


def tiny_tokenizer() -> HfChatTokenizer:
    return HfChatTokenizer(byte_tokenizer(), context_tokens=400, end_token_ids=[])


def echo(prompt: list[int] | str) -> tuple[list[str], list[float | None]]:
    """As vLLM does it: every token, and one that it wrote behind."""
    count = len(prompt)
    return [""] * count + ["!"], [None, *(-float(place) for place in range(1, count)), -999.0]


async def test_likelihoods_are_those_of_the_replys_tokens() -> None:
    async with (
        model_server(echo=echo) as server,
        remote(server.url, load=tiny_tokenizer) as r,
    ):
        prompt, parts = (
            asked().prompt,
            tiny_tokenizer().encode_reply(asked().prompt.messages, "yes"),
        )
        first = len(parts.prompt)
        expected = -float(first + first + 1 + first + 2)
        assert await r.generator.score([prompt, prompt], "yes") == (expected, expected)
        assert await r.generator.compare(prompt, ["yes"]) == (expected,)


@pytest.mark.parametrize(
    "odd", [None, lambda _: ([], []), lambda _: (["a"], [-1.0])], ids=["none", "empty", "short"]
)
async def test_a_server_that_tells_no_likelihoods_is_said_to(odd: Any) -> None:
    async with (
        model_server(echo=odd) as server,
        remote(server.url, load=tiny_tokenizer) as r,
    ):
        with pytest.raises(ScoringUnsupportedError, match="does not tell"):
            await r.generator.score([asked().prompt], "yes")


async def until(look: object) -> None:
    """Wait for what the other side notices."""
    async with asyncio.timeout(10):
        while not look():  # type: ignore[operator]  # noqa: ASYNC110
            await asyncio.sleep(0.01)  # nothing tells when a connection is closed


async def test_a_server_hears_nothing_of_who_is_to_be_forgotten() -> None:
    async with model_server(says("one"), says("two")) as server, remote(server.url) as r:
        replies = [await r.write(asked())]
        r.generator.forget("anna")
        replies.append(await r.write(asked()))
    assert [result.text for _, result in replies] == ["one", "two"]
    assert len(server.bodies) == 2
