"""A request over HTTP gets what the generator says, in the shape that OpenAI's clients read."""

from __future__ import annotations

import json

import pytest
from support.model_http import chat, serving

from bot.domain.generation import ChatMessage, Priority, Role
from bot.ports.scripted import ScriptedGenerator


async def test_a_reply_comes_whole_with_its_usage() -> None:
    generator = ScriptedGenerator("Hello there, Ana.")
    async with serving(generator) as served:
        status, answer = await served.chat("hello you", max_tokens=50)

    assert status == 200
    assert answer["object"] == "chat.completion"
    assert answer["model"] == "scripted"
    assert answer["choices"] == [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "Hello there, Ana."},
            "finish_reason": "stop",
        }
    ]
    assert answer["usage"] == {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8}
    assert answer["id"].startswith("chatcmpl-")


async def test_a_stream_says_who_speaks_then_the_words_then_why_it_ends() -> None:
    async with serving(ScriptedGenerator("One two three")) as served:
        pieces = await served.pieces()

    *chunks, done = pieces
    assert done == "[DONE]"
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert len({chunk["id"] for chunk in chunks}) == 1
    choices = [chunk["choices"][0] for chunk in chunks]
    assert choices[0]["delta"] == {"role": "assistant", "content": ""}
    assert [choice["delta"].get("content") for choice in choices[1:-1]] == ["One", " two", " three"]
    assert choices[-1] == {"index": 0, "delta": {}, "finish_reason": "stop"}
    assert all("usage" not in chunk for chunk in chunks)


async def test_usage_is_the_last_piece_for_those_who_ask_for_it() -> None:
    async with serving(ScriptedGenerator("One two")) as served:
        *_, usage, done = await served.pieces(stream_options={"include_usage": True})

    assert done == "[DONE]"
    assert usage["choices"] == []
    assert usage["usage"] == {"prompt_tokens": 4, "completion_tokens": 2, "total_tokens": 6}


async def test_what_a_request_says_reaches_the_generator() -> None:
    generator = ScriptedGenerator("yes", "yes")
    messages = [
        {"role": "developer", "content": "Be kind."},
        {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
        {"role": "assistant", "content": "c"},
        {"role": "user", "content": "d"},
    ]
    body = {"messages": messages, "temperature": 0.7, "max_tokens": 9, "user": "ana", "priority": 1}
    async with serving(generator, seconds=12) as served:
        assert (await served.post("/v1/chat/completions", body))[0] == 200
        assert (await served.chat())[0] == 200

    asked, plain = generator.requests
    assert asked.prompt.messages == (
        ChatMessage(Role.SYSTEM, "Be kind."),
        ChatMessage(Role.USER, "ab"),
        ChatMessage(Role.ASSISTANT, "c"),
        ChatMessage(Role.USER, "d"),
    )
    assert asked.prompt.tokens == 2 + 1 + 1 + 1 + 4 * 3
    assert (asked.variety, asked.max_tokens, asked.asker) == (0.7, 9, "ana")
    assert (asked.priority, asked.time_limit_seconds) == (Priority.BACKGROUND, 12)
    # Without a word on it: the likeliest tokens, all the room there is, somebody who waits.
    assert (plain.variety, plain.max_tokens, plain.asker) == (0.0, 2000 - 4, "")
    assert plain.priority is Priority.CHAT


async def test_a_reply_that_was_cut_says_so() -> None:
    generator = ScriptedGenerator("One two three")
    generator.hold(after_words=1)
    async with serving(generator, seconds=0.2) as served:
        status, answer = await served.chat()

    assert status == 200
    assert answer["choices"][0]["message"]["content"] == "One"
    assert answer["choices"][0]["finish_reason"] == "length"


async def test_a_client_learns_the_window_and_what_acts_on_the_model() -> None:
    async with serving(ScriptedGenerator()) as served:
        status, models = await served.get("/v1/models")
        one = await served.get("/v1/models/scripted")
        other = await served.get("/v1/models/gpt")

    assert status == 200
    (model,) = models["data"]
    assert model["id"] == "scripted"
    assert model["max_model_len"] == 2000
    assert model["ellie"] == {"control_tokens": ["<|im_end|>", "<|im_start|>"]}
    assert one == (200, model)
    assert other[0] == 404


async def test_tokens_are_counted_as_the_model_reads_them() -> None:
    async with serving(ScriptedGenerator()) as served:
        whole = await served.post("/tokenize", chat("one two"))
        text = await served.post("/tokenize", {"prompt": "one two"})
        many = await served.post("/tokenize", {"prompt": ["one two", "three"]})
        neither = await served.post("/tokenize", {})

    assert whole == (200, {"count": 5, "max_model_len": 2000})
    assert text == (200, {"count": 2, "max_model_len": 2000})
    assert many == (200, {"count": 3, "counts": [2, 1], "max_model_len": 2000})
    assert neither[0] == 400


async def test_likelihoods_of_one_reply_and_of_one_prompt() -> None:
    known, unknown = ([{"role": "user", "content": text}] for text in ("tea please", "no"))
    async with serving(ScriptedGenerator()) as served:
        path = "/v1/likelihoods"
        one = await served.post(path, {"prompts": [known, unknown], "replies": ["tea"]})
        many = await served.post(path, {"prompts": [known], "replies": ["tea", "oh no"]})
        both = await served.post(path, {"prompts": [known, known], "replies": ["a", "b"]})

    assert one == (200, {"model": "scripted", "likelihoods": [0, -1]})
    assert many == (200, {"model": "scripted", "likelihoods": [0, -2]})
    assert both[0] == 400


@pytest.mark.parametrize("stream", [False, True])
async def test_a_plain_openai_client_is_understood(stream: bool) -> None:
    openai = pytest.importorskip("openai")
    async with serving(ScriptedGenerator("Hello there."), key="secret") as served:
        client = openai.AsyncOpenAI(base_url=f"{served.url}/v1", api_key="secret", max_retries=0)
        async with client:
            (model,) = (await client.models.list()).data
            asked = client.chat.completions.create(
                model=model.id, messages=chat()["messages"], stream=stream
            )
            if stream:
                text = "".join([c.choices[0].delta.content or "" async for c in await asked])
            else:
                text = (await asked).choices[0].message.content
            with pytest.raises(openai.NotFoundError) as caught:
                await client.chat.completions.create(model="gpt", messages=chat()["messages"])

    assert text == "Hello there."
    assert model.max_model_len == 2000
    assert "scripted" in str(caught.value)


def test_nothing_of_what_is_said_is_escaped_into_something_longer() -> None:
    from bot.model_server.said import event

    assert event({"a": "é你"}) == 'data: {"a":"é你"}\n\n'.encode()
    assert json.loads(event({"a": "x\ny"})[6:]) == {"a": "x\ny"}
