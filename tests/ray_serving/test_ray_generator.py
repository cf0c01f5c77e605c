"""What the front makes of what Ray and its replicas do. Here both are made up, and time too."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from ray.exceptions import ActorUnavailableError, RayError
from ray.serve.exceptions import BackPressureError

from bot.domain.generation import (
    ChatMessage,
    FinishReason,
    GenerationEvent,
    GenerationRequest,
    GenerationResult,
    Prompt,
    Role,
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
from bot.ports.scripted import WordTokenizer
from bot.ray_serving.generator import RayGenerator, session_of
from bot.system import SystemClock

FOREVER = "forever"
"""A replica that says nothing more."""
DONE = GenerationResult(text="Hello you", finish_reason=FinishReason.STOP, tokens=2)
SAID = [(), (TextDelta("Hello"),), (), (TextDelta(" you"), DONE)]


class Response:
    """What a replica says, step by step; an error is raised."""

    def __init__(self, steps: Sequence[Any]) -> None:
        self.steps = steps
        self.cancelled = False

    async def __aiter__(self) -> AsyncIterator[Any]:
        for step in self.steps:
            if step == FOREVER:
                await asyncio.Event().wait()
            if isinstance(step, Exception):
                raise step
            yield step

    def cancel(self) -> None:
        self.cancelled = True


@dataclass
class Replicas:
    """Ray's handle and cluster in one. Each call of ``write`` gets the next script."""

    scripts: list[Sequence[Any]]
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    responses: list[Response] = field(default_factory=list)
    trouble: Exception | None = None
    removed: int = 0
    _method: str = ""
    _session: str = ""

    def options(self, *, method_name: str, stream: bool = False, session_id: str = "") -> Any:
        assert stream is (method_name == "write")
        self._method, self._session = method_name, session_id
        return self

    def remote(self, *arguments: object) -> Any:
        self.asked.append((self._method, self._session, arguments))
        if self._method != "write":
            return self._answer(self._method)
        self.responses.append(Response(self.scripts.pop(0)))
        return self.responses[-1]

    async def _answer(self, method: str) -> Any:
        if method == "tokenizer":
            return WordTokenizer()
        answer = self.scripts.pop(0)
        if isinstance(answer, RayError):
            raise answer
        return answer

    def deploy(self) -> Any:
        if self.trouble:
            raise self.trouble
        return self

    def remove(self) -> None:
        self.removed += 1


def request(**more: Any) -> GenerationRequest:
    prompt = Prompt(messages=(ChatMessage(Role.USER, "hello"),), tokens=4)
    asked = GenerationRequest(id="one", prompt=prompt, max_tokens=9, time_limit_seconds=30)
    return replace(asked, **more)


@pytest.fixture
async def ask() -> AsyncIterator[Callable[..., Any]]:
    """Asks replicas that follow scripts, and gives all that came and the error, if any."""
    generators = []

    async def ask(
        replicas: Replicas,
        *,
        silence: float = 30,
        seconds: float = 30,
        act: Callable[[RayGenerator], None] = lambda _: None,
    ) -> tuple[list[GenerationEvent], Exception | None]:
        generator = RayGenerator(replicas, name="m", clock=SystemClock(), silence_seconds=silence)
        generators.append(generator)
        generator.start()
        came: list[GenerationEvent] = []
        try:
            wanted = request(time_limit_seconds=seconds)
            async with aclosing(generator.stream(wanted)) as events:
                async for event in events:
                    came.append(event)
                    act(generator)
        except EllieError as error:
            return came, error
        finally:
            assert generator._inboxes == {}
        return came, None

    yield ask
    for generator in generators:
        await generator.close()


async def test_what_a_replica_says_is_passed_on(ask: Any) -> None:
    replicas = Replicas([SAID])

    assert await ask(replicas) == ([TextDelta("Hello"), TextDelta(" you"), DONE], None)
    assert replicas.responses[0].cancelled  # done for certain, whatever Ray thinks


async def test_replicas_hear_nothing_of_who_is_to_be_forgotten(ask: Any) -> None:
    replicas = Replicas([SAID])

    came, error = await ask(replicas, act=lambda generator: generator.forget("anna"))

    assert (came[-1], error) == (DONE, None)
    assert [method for method, *_ in replicas.asked] == ["tokenizer", "write"]


@pytest.mark.parametrize("end", [ActorUnavailableError("gone", None), FOREVER])
async def test_a_replica_that_is_lost_after_a_word_is_an_error(ask: Any, end: Any) -> None:
    replicas = Replicas([[(), (TextDelta("Hello"),), end], SAID])

    came, error = await ask(replicas, silence=0.05)

    assert came == [TextDelta("Hello")]
    assert isinstance(error, EngineFailedError)
    assert str(error) == "The machine that wrote this reply has failed; try again."
    assert replicas.responses[0].cancelled


async def test_a_stream_without_an_end_is_a_lost_replica(ask: Any) -> None:
    came, error = await ask(Replicas([[(), (TextDelta("Hello"),)]]))

    assert came == [TextDelta("Hello")]
    assert isinstance(error, EngineFailedError)


@pytest.mark.parametrize("end", [ActorUnavailableError("gone", None), FOREVER])
async def test_a_replica_that_is_lost_before_a_word_is_not_noticed(ask: Any, end: Any) -> None:
    replicas = Replicas([[(), end], SAID])

    came, error = await ask(replicas, silence=0.05)

    assert error is None
    assert came[-1] == DONE
    (_, first, _), (_, second, _) = [one for one in replicas.asked if one[0] == "write"]
    assert first != second  # so the ring leads elsewhere


async def test_it_is_not_tried_for_ever(ask: Any) -> None:
    lost = [(), ActorUnavailableError("gone", None)]

    came, error = await ask(Replicas([lost, lost]))

    assert came == []
    assert isinstance(error, EngineFailedError)


async def test_waiting_for_a_place_is_no_silence(ask: Any) -> None:
    came, error = await ask(Replicas([[FOREVER]]), silence=0.01, seconds=0.2)

    assert came == []
    assert isinstance(error, GenerationTimeoutError)


async def test_time_that_is_up_after_a_word_cuts_the_reply(ask: Any) -> None:
    came, error = await ask(Replicas([[(), (TextDelta("Hello you"),), FOREVER]]), seconds=0.1)

    cut = GenerationResult(text="Hello you", finish_reason=FinishReason.TIME_LIMIT, tokens=2)
    assert (came, error) == ([TextDelta("Hello you"), cut], None)


async def test_a_request_that_is_cancelled_ends_with_what_there_was(ask: Any) -> None:
    replicas = Replicas([[(), (TextDelta("Hello"),), FOREVER]])

    came, error = await ask(replicas, act=lambda generator: generator.cancel("one"))

    cut = GenerationResult(text="Hello", finish_reason=FinishReason.CANCELLED, tokens=1)
    assert (came, error) == ([TextDelta("Hello"), cut], None)
    assert replicas.responses[0].cancelled


async def test_no_place_on_any_replica_is_busy(ask: Any) -> None:
    full = BackPressureError(num_queued_requests=4, max_queued_requests=4)

    came, error = await ask(Replicas([[full]]))

    assert came == []
    assert isinstance(error, GeneratorBusyError)


async def test_what_a_replica_refuses_is_refused(ask: Any) -> None:
    came, error = await ask(Replicas([[(), (PromptTooLongError("Too long."),)]]))

    assert came == []
    assert isinstance(error, PromptTooLongError)


async def test_likelihoods_come_from_a_replica_and_so_do_its_errors() -> None:
    replicas = Replicas(
        [(-1.0,), (-2.0,), PromptTooLongError("x"), ActorUnavailableError("", None)]
    )
    generator = RayGenerator(replicas, name="m", clock=SystemClock())
    generator.start()
    prompt = request().prompt

    assert await generator.compare(prompt, ["a"]) == (-1.0,)
    assert await generator.score([prompt], "a") == (-2.0,)
    with pytest.raises(PromptTooLongError):
        await generator.compare(prompt, ["a"])
    with pytest.raises(EngineFailedError):
        await generator.compare(prompt, ["a"])
    await generator.close()
    assert replicas.removed == 1


async def test_replicas_that_cannot_be_started_are_said_to_everybody() -> None:
    generator = RayGenerator(
        Replicas([], trouble=ModelError("No room.")), name="m", clock=SystemClock()
    )
    generator.start()

    for _ in range(2):
        with pytest.raises(ModelError, match="No room"):
            await generator.tokenizer()
    await generator.close()
    with pytest.raises(ModelError, match="stopping"):
        await generator.tokenizer()


def test_people_and_conversations_have_sessions_that_last() -> None:
    def prompt(*texts: str) -> Prompt:
        roles = [Role.SYSTEM, *[Role.USER, Role.ASSISTANT] * 9]
        pairs = zip(roles, texts, strict=False)
        return Prompt(messages=tuple(ChatMessage(*pair) for pair in pairs), tokens=0)

    begun, later, other = (
        request(prompt=prompt(*texts))
        for texts in (["be kind", "hi"], ["be kind", "hi", "hello", "so"], ["be kind", "ho"])
    )
    assert session_of(begun) == session_of(later) != session_of(other)
    ana, ana_again, bea = (
        replace(one, asker=who) for one, who in ((begun, "ana"), (other, "ana"), (begun, "bea"))
    )
    assert session_of(ana) == session_of(ana_again) != session_of(bea)
    assert session_of(ana, 2) != session_of(ana)
    assert "ana" not in session_of(ana)
