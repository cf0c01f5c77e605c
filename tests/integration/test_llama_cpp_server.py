"""The remote engine against llama-cpp-python's server, with a model that is made here.

Only with ``--interop``, as CONTRIBUTING.md says: llama.cpp is compiled where it is installed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.gguf_model import save_random_gguf
from support.remote import asked, remote
from support.serving import free_port, served

from bot.domain.generation import FinishReason, GenerationResult, TextDelta
from bot.errors import ScoringUnsupportedError
from bot.generation.loading import load_tokenizer
from bot.generation.tokenizer import HfChatTokenizer

pytestmark = [pytest.mark.model, pytest.mark.interop, pytest.mark.timeout(180)]


@dataclass(frozen=True)
class Served:
    """A running server, and the folder of its model in other formats."""

    folder: Path
    address: str


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("tiny")
    port = free_port()
    command = [
        *(os.environ.get("LLAMA_CPP_PYTHON", sys.executable), "-m", "llama_cpp.server"),
        *("--model", str(save_random_gguf(folder)), "--n_ctx", "400"),
        *("--host", "127.0.0.1", "--port", str(port), "--logits_all", "true"),
    ]
    log = tmp_path_factory.mktemp("log") / "server.log"
    with served(command, port, ready="/v1/models", log=log):
        yield Served(folder, f"http://127.0.0.1:{port}/v1")


async def test_a_reply_comes_in_pieces(server: Served) -> None:
    async with remote(server.address) as r:
        deltas, result = await r.write(asked(tokens=12))
        again = (await r.write(asked(tokens=12)))[1]
    assert "".join(deltas) == result.text == again.text
    assert len(deltas) > 3
    assert result.finish_reason is FinishReason.LENGTH


async def test_its_counter_is_used(server: Served) -> None:
    async with remote(server.address) as r:
        facts = await r.connection.facts()
        assert facts.counts
        tokenizer = await r.generator.tokenizer()
        prose = "She walked down to the harbour and waited for an hour."  # a token for each byte
        assert len(prose) <= tokenizer.count_text(prose) <= 2 * len(prose)


async def test_a_cancelled_reply_leaves_the_server_to_the_next(server: Served) -> None:
    async with remote(server.address) as r:
        async with aclosing(r.generator.stream(asked(tokens=300))) as events:
            first = await anext(events)
            r.generator.cancel("r1")
            rest = [event async for event in events]
        assert isinstance(first, TextDelta)
        assert isinstance(rest[-1], GenerationResult)
        assert rest[-1].finish_reason is FinishReason.CANCELLED
        assert len((await r.write(asked("r2", tokens=5)))[1].text) == 5


async def test_its_likelihoods_are_not_believed(server: Served) -> None:
    """It echoes numbers that are not those of the model."""

    def load() -> HfChatTokenizer:
        return load_tokenizer(server.folder, 400)

    async with remote(server.address, load=load) as r:
        with pytest.raises(ScoringUnsupportedError, match="does not tell"):
            await r.generator.score([asked().prompt], "yes")
    async with remote(server.address) as r:
        with pytest.raises(ScoringUnsupportedError, match="ELLIE_MODEL_TOKENIZER"):
            await r.generator.score([asked().prompt], "yes")
