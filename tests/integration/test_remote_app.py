"""A whole Ellie whose model is behind a server: what people are told, and what nobody is."""

from __future__ import annotations

import asyncio
import io
import logging
import time
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from rich.console import Console
from support.hostile_run import VERA, direct
from support.model_server import (
    ModelServer,
    cuts,
    hangs,
    model_server,
    refuses,
    says,
)
from support.remote import asked, remote

import bot.app
from bot.app import App, running_app
from bot.cli.check import check
from bot.cli.findings import of_models
from bot.cli.models import ensure_allowed, ensure_compact, ensure_model, list_models, pull_model
from bot.config import Settings
from bot.config_choices import Extraction, LogLevel
from bot.domain.generation import FinishReason, GenerationResult
from bot.domain.message import InboundMessage
from bot.domain.turn import FailureReason
from bot.engine.fallback import FallbackGenerator
from bot.engine.notices import ENGLISH
from bot.engine.reply import Outcome, ReplyStatus
from bot.errors import (
    EllieError,
    EngineFailedError,
    GenerationTimeoutError,
    ModelError,
    UnknownModelError,
)
from bot.generation.remote.address import parse_address
from bot.local_models import choose_fallback
from bot.log import configure_logging
from bot.ports.generation import Generator
from bot.ports.scripted import ScriptedGenerator
from bot.remote_models import key_for
from bot.system import SystemClock

KEY = "sk-very-secret-key"
SAID = "Quokkas are my favourite animals"
OUT_OF_ORDER = ENGLISH.failures[FailureReason.MODEL]


def settings_for(folder: Path, address: str, **more: Any) -> Settings:
    return Settings(
        data_dir=folder / "data",
        models_dir=folder / "models",
        model=address,
        **{"extraction": Extraction.RULES, "compaction_schedule": "off", **more},
    )


@asynccontextmanager
async def ellie(settings: Settings, **more: Any) -> AsyncIterator[App]:
    name, where = ensure_model(settings, Console(file=io.StringIO()))
    async with running_app(settings, model=name, folder=where, **more) as app:
        yield app
        await app.engine.stop(5)


async def say(app: App, key: str, text: str = SAID) -> Outcome:
    message = InboundMessage(
        event_key=key,
        author=VERA,
        conversation=direct(VERA),
        text=text,
        received_at=SystemClock().now(),
    )
    return await (await app.engine.handle(message)).outcome()


async def test_a_whole_ellie_answers(tmp_path: Path) -> None:
    async with (
        model_server(says("Me too.")) as server,
        ellie(settings_for(tmp_path, server.url)) as app,
    ):
        outcome = await say(app, "e1")
    assert (outcome.status, outcome.text) == (ReplyStatus.ANSWERED, "Me too.")
    assert SAID in server.bodies[0]["messages"][-1]["content"]


async def test_a_server_that_is_down_is_told_within_two_seconds(tmp_path: Path) -> None:
    async with model_server() as server:
        address = f"{server.url}#tiny"
    async with ellie(settings_for(tmp_path, address)) as app:
        for number in range(4):  # the last one by the open circuit
            began = time.monotonic()
            outcome = await say(app, f"e{number}")
            assert time.monotonic() - began < 2
            assert outcome.status is ReplyStatus.FAILED
            assert outcome.notice.startswith(OUT_OF_ORDER)


async def test_a_server_that_dies_in_mid_stream_is_told_within_two_seconds(tmp_path: Path) -> None:
    async with (
        model_server(hangs("I ", "think ", "that "), says("Here again.")) as server,
        ellie(settings_for(tmp_path, server.url)) as app,
    ):
        talking = asyncio.create_task(say(app, "e1"))
        async with asyncio.timeout(10):
            while not server.running:  # noqa: ASYNC110
                await asyncio.sleep(0.01)  # nothing tells
        for transport in server.connections:
            transport.abort()  # type: ignore[attr-defined]
        began = time.monotonic()
        outcome = await talking
        assert time.monotonic() - began < 2
        assert outcome.notice.startswith(OUT_OF_ORDER)
        assert (await say(app, "e2")).text == "Here again."


@pytest.mark.parametrize("level", [LogLevel.INFO, LogLevel.DEBUG])
async def test_the_key_is_sent_and_told_nobody(
    tmp_path: Path, level: LogLevel, caplog: pytest.LogCaptureFixture
) -> None:
    lines = io.StringIO()
    configure_logging(level, stream=lines)
    for name in ("openai", "httpx2", "httpcore2", "asyncio"):
        caplog.set_level(logging.DEBUG, logger=name)
    logging.getLogger().addHandler(caplog.handler)
    steps = [refuses(500, f"with {KEY}"), says("Hello."), cuts("He"), refuses(400, KEY, KEY)]
    async with model_server(*steps, key=KEY) as server:
        settings = settings_for(tmp_path, server.url, model_api_key=SecretStr(KEY))
        async with ellie(settings) as app:
            assert (await say(app, "e1")).text == "Hello."
            await say(app, "e2")
            await say(app, "e3")
            told = repr(app.generator) + repr(vars(app.generator)) + repr(settings)
    assert KEY not in lines.getvalue() + caplog.text + told
    if level is LogLevel.INFO:
        assert SAID not in lines.getvalue()


async def test_errors_do_not_repeat_what_a_server_says() -> None:
    steps = [refuses(400, f"{SAID} {KEY}", KEY), refuses(404, KEY), refuses(500, KEY)] * 2
    async with (
        model_server(*steps) as server,
        remote(f"{server.url}#tiny", key=KEY) as r,
    ):
        for _ in range(3):
            with pytest.raises(EllieError) as caught:
                await r.write(asked(text=SAID))
            told = "".join(traceback.format_exception(caught.value))
            assert KEY not in told
            assert SAID not in told


def test_the_key_goes_to_one_server_alone(tmp_path: Path) -> None:
    settings = settings_for(
        tmp_path,
        "http://one:8000/v1",
        compact_model="http://two/v1",
        allowed_models="http://ONE:8000/other/v1#big, http://three/v1",
        model_api_key=SecretStr(KEY),
    )
    for address, given in (
        ("http://one:8000/v1", KEY),
        ("http://one:8000/other/v1#big", KEY),
        ("https://one:8000/v1", ""),
        ("http://two/v1", ""),
        ("http://three/v1", ""),
    ):
        assert key_for(settings, parse_address(address)) == given
    local = settings_for(
        tmp_path, "ellie-small", compact_model="http://two/v1", model_api_key=SecretStr(KEY)
    )
    assert key_for(local, parse_address("http://two/v1")) == KEY


def said(what: Any, *arguments: Any) -> tuple[str, Any]:
    console = Console(file=io.StringIO(), width=200)
    result = what(arguments[0], console, *arguments[1:])
    return console.file.getvalue(), result  # type: ignore[attr-defined]


async def test_a_server_is_neither_fetched_nor_asked_beforehand(tmp_path: Path) -> None:
    async with model_server() as server:
        settings = settings_for(
            tmp_path, server.url, compact_model=f"{server.url}#big", allowed_models=server.url
        )
        where = parse_address(server.url)
        assert said(ensure_model, settings)[1] == (where.host, where)
        assert said(ensure_compact, settings)[1][1] == parse_address(f"{server.url}#big")
        assert said(ensure_allowed, settings)[1][server.url][1] == where
        report, error = await asyncio.to_thread(said, check, settings)
        assert error is None
        assert f"model: {server.url}; messages go to that server (" in report
        listed = said(list_models, settings)[0].splitlines()
        assert [line.split() for line in listed if "a server has it" in line] == [
            ["→", address, "a", "server", "has", "it"]
            for address in (server.url, f"{server.url}#big")
        ]
        with pytest.raises(UnknownModelError, match="nothing to fetch"):
            said(pull_model, settings, "")
        assert server.looks == 0


def test_unencrypted_ways_are_pointed_out(tmp_path: Path) -> None:
    report, _ = said(check, settings_for(tmp_path, "http://gpu.example.org/v1"))
    assert "without encryption" in report


@pytest.mark.parametrize(
    ("key", "well", "told"),
    [(KEY, True, "answers: tiny, context window 512 tokens"), ("x", False, "ELLIE_MODEL_API_KEY")],
)
async def test_the_doctor_asks_the_server(tmp_path: Path, key: str, well: bool, told: str) -> None:
    async with model_server(key=KEY, models=[{"id": "tiny", "n_ctx": 512}]) as server:
        settings = settings_for(tmp_path, server.url, model_api_key=SecretStr(key))
        (finding,) = await asyncio.to_thread(lambda: list(of_models(settings, thoroughly=False)))
    assert (finding.is_well, told in finding.text) == (well, True)


def test_the_doctor_finds_a_server_that_is_down(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, "http://127.0.0.1:9/v1")
    (finding,) = of_models(settings, thoroughly=False)
    assert not finding.is_well
    assert "cannot be reached" in finding.text


async def test_a_local_model_answers_while_the_server_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = ScriptedGenerator("From here.", "From here again.")
    started = []
    monkeypatch.setattr(local, "start", lambda: started.append(True))
    monkeypatch.setattr(bot.app, "local_generator", lambda *_: local)
    steps = [says("From there."), *[refuses(500)] * 4, cuts("From "), says("Back.")]
    async with model_server(*steps) as server:
        settings = settings_for(tmp_path, server.url, fallback_model="ellie-small")
        chosen = choose_fallback(settings)
        assert chosen is not None
        async with ellie(settings, fallback=(chosen.name, tmp_path)) as app:
            assert (await say(app, "e1")).text == "From there."
            assert not started
            assert (await say(app, "e2")).text == "From here."
            assert started
            broken = await say(app, "e3")  # nobody goes on with another's words
            assert broken.status is ReplyStatus.FAILED
            assert (await say(app, "e4")).text == "Back."


def test_a_fallback_is_on_this_machine_and_for_a_server(tmp_path: Path) -> None:
    assert (
        choose_fallback(settings_for(tmp_path, "ellie-small", fallback_model="ellie-tiny")) is None
    )
    with pytest.raises(UnknownModelError, match="is a server"):
        choose_fallback(settings_for(tmp_path, "http://a/v1", fallback_model="http://b/v1"))


class Failing(ScriptedGenerator):
    """Takes its time to fail."""

    def __init__(self, clock: Any, seconds: float) -> None:
        super().__init__(EngineFailedError("down"))
        self._spend = lambda: setattr(clock, "seconds", clock.seconds + seconds)

    async def stream(self, request: Any) -> Any:
        self._spend()
        async for event in super().stream(request):
            yield event


class Ticking:
    seconds = 0.0

    def elapsed(self) -> float:
        return self.seconds


@pytest.mark.parametrize(("spent", "left"), [(7.0, 13.0), (25.0, None)])
async def test_the_fallback_has_what_is_left_of_the_time(spent: float, left: float | None) -> None:
    clock, local = Ticking(), ScriptedGenerator("late")
    both = FallbackGenerator(Failing(clock, spent), local, clock)  # type: ignore[arg-type]
    if left is None:
        with pytest.raises(GenerationTimeoutError):
            await last(both)
        return
    assert (await last(both)).text == "late"
    assert local.requests[0].time_limit_seconds == left


async def last(generator: Generator) -> GenerationResult:
    events = [event async for event in generator.stream(asked(seconds=20))]
    assert isinstance(events[-1], GenerationResult)
    assert events[-1].finish_reason is FinishReason.STOP
    return events[-1]


async def test_a_tokenizer_that_is_not_there_is_said(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, "http://gpu/v1", model_tokenizer="org/model")
    with pytest.raises(ModelError, match="ellie models pull org/model"):
        async with ellie(settings):
            pass


async def test_the_circuit_closes_again_when_the_server_is_back(tmp_path: Path) -> None:
    server: ModelServer
    async with model_server(*[refuses(500)] * 12, says("Back.")) as server, remote(server.url) as r:
        for _ in range(3):
            with pytest.raises(EngineFailedError, match="500"):
                await r.write(asked())
        assert r.breaker.is_open
        with pytest.raises(EngineFailedError, match="left alone"):
            await r.write(asked())
        assert len(server.bodies) == 12
        r.breaker._open_seconds = 0
        _, result = await r.write(asked())
        assert result.text == "Back."
        assert not r.breaker.is_open
