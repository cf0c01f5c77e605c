"""`ellie serve-model` as a program: it answers until it is told to stop."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from support.model_http import chat, events_of
from support.random_model import save_random_model

ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def ellie(folder: Path, **variables: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "serve-model", "--port", "0"),
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "ELLIE_MODELS_DIR": str(folder / "models"),
            "ELLIE_CONTEXT_TOKENS": "512",
            "ELLIE_REPLY_TOKENS": "100",
            "ELLIE_MEMORY_TOKENS": "100",
            "ELLIE_KV_CACHE_TOKENS": "4096",
            **variables,
        },
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def line(process: asyncio.subprocess.Process) -> str:
    assert process.stderr
    return (await process.stderr.readline()).decode().strip()


@pytest.mark.timeout(120)
async def test_it_answers_and_ends_with_the_last_reply(tmp_path: Path) -> None:
    save_random_model(tmp_path / "model")
    variables = {"ELLIE_MODEL": str(tmp_path / "model"), "ELLIE_SERVE_API_KEY": "a-secret-word"}
    headers = {"Authorization": "Bearer a-secret-word"}
    async with (
        ellie(tmp_path, **variables) as process,
        aiohttp.ClientSession(headers=headers) as client,
    ):
        url = (await line(process)).rpartition(" ")[2]
        async with client.get(f"{url.removesuffix('/v1')}/health") as early:
            assert (await early.json())["status"] in {"loading", "ready"}
        assert await line(process) == "The model is loaded."
        body = chat(stream=True, max_tokens=200)
        async with client.post(f"{url}/chat/completions", json=body) as response:
            events = events_of(response)
            await anext(events)
            process.send_signal(signal.SIGTERM)
            rest = [event async for event in events]
        assert await asyncio.wait_for(process.wait(), 60) == 0
        assert process.stderr
        left = (await process.stderr.read()).decode()

    assert rest[-1] == "[DONE]"
    assert rest[-2]["choices"][0]["finish_reason"] == "length"
    assert left == ""


@pytest.mark.timeout(120)
async def test_a_model_that_cannot_be_loaded_ends_it_with_a_sentence(tmp_path: Path) -> None:
    save_random_model(tmp_path / "model")
    (tmp_path / "model" / "model.safetensors").write_bytes(b"no weights")
    async with ellie(tmp_path, ELLIE_MODEL=str(tmp_path / "model")) as process:
        assert await asyncio.wait_for(process.wait(), 60) != 0
        assert process.stderr
        said = (await process.stderr.read()).decode()

    assert "Traceback" not in said
    assert said.splitlines()[-1].startswith("ellie: ")
