"""The remote engine against a real ``transformers serve``."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.random_model import save_random_model
from support.remote import asked, remote
from support.serving import free_port, served

from bot.domain.generation import FinishReason, GenerationResult, TextDelta
from bot.errors import EngineFailedError, ScoringUnsupportedError
from bot.generation.loading import load_tokenizer

pytestmark = [pytest.mark.model, pytest.mark.timeout(180)]


@dataclass
class Served:
    """A running server and the folder of its model."""

    process: subprocess.Popen[bytes]
    folder: Path
    address: str


def start(folder: Path, log: Path) -> Iterator[Served]:
    port = free_port()
    program = str(Path(sys.executable).with_name("transformers"))
    command = [program, "serve", str(folder), "--port", str(port), "--device", "cpu"]
    with served([*command, "--host", "127.0.0.1"], port, ready="/health", log=log) as process:
        yield Served(process, folder, f"http://127.0.0.1:{port}/v1#{folder}")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("tiny")
    save_random_model(folder)
    yield from start(folder, tmp_path_factory.mktemp("log") / "serve.log")


async def test_a_reply_comes_in_pieces(server: Served) -> None:
    async with remote(server.address) as r:
        deltas, result = await r.write(asked(tokens=12))
        again = (await r.write(asked(tokens=12)))[1]
    assert "".join(deltas) == result.text
    assert len(deltas) > 3
    assert (result.finish_reason, result.tokens) == (FinishReason.LENGTH, 12)
    assert again == result  # nothing is left to chance


async def test_a_cancelled_reply_leaves_the_server_to_the_next(server: Served) -> None:
    async with remote(server.address) as r:
        async with aclosing(r.generator.stream(asked(tokens=300))) as events:
            first = await anext(events)
            r.generator.cancel("r1")
            rest = [event async for event in events]
        assert isinstance(first, TextDelta)
        assert isinstance(rest[-1], GenerationResult)
        assert rest[-1].finish_reason is FinishReason.CANCELLED
        assert len(rest[-1].text) < 300
        assert (await r.write(asked("r2", tokens=5)))[1].tokens == 5


async def test_a_time_limit_ends_a_reply(server: Served) -> None:
    async with remote(server.address) as r:
        began = time.monotonic()
        _, result = await r.write(asked(tokens=3000, seconds=1))
        assert time.monotonic() - began < 3
    assert result.finish_reason is FinishReason.TIME_LIMIT
    assert result.text


async def test_the_models_own_tokenizer_counts_what_the_server_counts(server: Served) -> None:
    async with remote(
        server.address, load=lambda: load_tokenizer(server.folder, 400), context_tokens=400
    ) as r:
        request = asked(tokens=3)
        count = (await r.generator.tokenizer()).count_chat(request.prompt.messages)
        chat = (await r.connection.server())._client.chat.completions
        answer = await chat.create(
            model=str(server.folder),
            messages=[
                {"role": m.role.value, "content": m.content}  # type: ignore[misc,list-item]
                for m in request.prompt.messages
            ],
            max_tokens=3,
        )
        assert answer.usage
        assert count == answer.usage.prompt_tokens
        # It does not tell likelihoods, and that is said as such.
        with pytest.raises(ScoringUnsupportedError):
            await r.generator.score([request.prompt], "yes")


async def test_a_killed_server_is_noticed_at_once(server: Served, tmp_path: Path) -> None:
    for own in start(server.folder, tmp_path / "serve.log"):
        async with remote(own.address) as r:
            async with aclosing(r.generator.stream(asked(tokens=400))) as events:
                assert isinstance(await anext(events), TextDelta)
                own.process.kill()
                began = time.monotonic()
                with pytest.raises(EngineFailedError):
                    [event async for event in events]
                assert time.monotonic() - began < 2
            began = time.monotonic()
            with pytest.raises(EngineFailedError, match="cannot be reached"):
                await r.write(asked("r2"))
            assert time.monotonic() - began < 2
