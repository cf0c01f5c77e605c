"""How soon the first text is seen and how often it changes, by the clock of the Discord in memory.

No time passes by itself: everything from the first token on happens within one ``advance_time``.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from simcord.http import router
from support.town import Town, town

from adapters.answer import USUAL_PACE
from bot.domain.generation import (
    FinishReason,
    GenerationEvent,
    GenerationRequest,
    GenerationResult,
    TextDelta,
)
from bot.domain.message import InboundMessage

FIRST_SEEN_SECONDS = 1.5
APART_SECONDS = 1.0
SLACK_SECONDS = 0.001
"""A timer of the Discord in memory fires on the next tick of its clock."""

Ask = Callable[[Town], Awaitable[Any]]


@dataclass(frozen=True)
class Sent:
    """A message of hers that was sent or changed: when, in seconds, and by which request."""

    at: float
    method: str
    path: str

    @property
    def is_post(self) -> bool:
        return self.method == "POST"


@dataclass
class Writing:
    """A model that writes at a speed, and what is seen of it when."""

    t: Town
    tokens: int
    per_token: float
    words_per_token: int = 1
    before_first: float = 2.2
    written: list[float] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)

    @property
    def edits(self) -> list[Sent]:
        return [one for one in self.sent if not one.is_post]

    @property
    def meanwhile(self) -> list[Sent]:
        """What was sent before the end, which is shown at once."""
        end = self.written[-1] + self.per_token
        return [one for one in self.sent if one.at < end]

    def now(self) -> float:
        return self.t.env.backend.clock.elapsed

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[GenerationEvent]:
        """In place of the scripted model's."""
        self.t.ellie.generator.requests.append(request)
        await self._pause(self.before_first)
        words = [f"word{number} " * self.words_per_token for number in range(self.tokens)]
        for word in words:
            self.written.append(self.now())
            yield TextDelta(word)
            await self._pause(self.per_token)
        text = "".join(words).strip()
        yield GenerationResult(text=text, finish_reason=FinishReason.STOP, tokens=self.tokens)

    async def _pause(self, seconds: float) -> None:
        # Declared as a wait, it ends by the clock of the test alone.
        await self.t.env.external_wait(asyncio.sleep(seconds), reason="the model writes")


async def watch(writing: Writing, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have somebody ask, and the whole reply written and shown."""
    t = writing.t
    handle, dispatch = t.ellie.engine.handle, router.dispatch

    async def handle_later(message: InboundMessage) -> Any:
        # Not while the test still speaks to Discord: its timers would end by the wall clock.
        await t.env.external_wait(asyncio.sleep(0.01), reason="the message is taken")
        return await handle(message)

    def noted(backend: Any, method: str, path: str, **fields: Any) -> Any:
        if method in ("POST", "PATCH") and "content" in (fields.get("json") or {}):
            writing.sent.append(Sent(writing.now(), method, path))
        return dispatch(backend, method, path, **fields)

    monkeypatch.setattr(t.ellie.generator, "stream", writing.stream)
    monkeypatch.setattr(t.ellie.engine, "handle", handle_later)
    monkeypatch.setattr(router, "dispatch", noted)
    await ask(t)
    t.env.settle_timeout = 40.0  # the machine may be slow; nothing waits for this
    await t.env.advance_time(writing.before_first + writing.tokens * writing.per_token + 10)
    assert len(writing.written) == writing.tokens
    assert f"word{writing.tokens - 1}" in t.said()[-1]


async def mention(t: Town) -> None:
    await t.say(t.ana, "count")


async def chat(t: Town) -> None:
    await t.ana.slash(t.hall, "chat", text="count")


BOTH = pytest.mark.parametrize("ask", [mention, chat])


def shortest_pause(sent: list[Sent]) -> float:
    return min(later.at - earlier.at for earlier, later in itertools.pairwise(sent))


@BOTH
@pytest.mark.parametrize("per_token", [0.05, 0.3, 2.7])
async def test_the_first_text_is_seen_soon_after_the_first_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ask: Ask, per_token: float
) -> None:
    async with town(tmp_path, pace=USUAL_PACE) as t:
        writing = Writing(t, tokens=12, per_token=per_token)
        await watch(writing, ask, monkeypatch)
        assert 0 < writing.sent[0].at - writing.written[0] <= FIRST_SEEN_SECONDS


@BOTH
async def test_in_twenty_seconds_of_writing_there_is_at_most_an_edit_a_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ask: Ask
) -> None:
    async with town(tmp_path, pace=USUAL_PACE) as t:
        writing = Writing(t, tokens=80, per_token=0.25)
        await watch(writing, ask, monkeypatch)
        assert writing.written[-1] - writing.written[0] == pytest.approx(20, abs=0.3)
        assert 15 <= len(writing.edits) <= 21
        assert shortest_pause(writing.meanwhile) >= APART_SECONDS - SLACK_SECONDS
        assert len(t.hers()) == 1


@BOTH
async def test_an_answer_of_several_messages_is_no_more_bother(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ask: Ask
) -> None:
    async with town(tmp_path, pace=USUAL_PACE) as t:
        writing = Writing(t, tokens=40, per_token=0.5, words_per_token=20)
        await watch(writing, ask, monkeypatch)
        assert len(t.hers()) > 2
        assert len(writing.edits) <= 21
        for path in {one.path for one in writing.edits}:
            of_one = [one for one in writing.meanwhile if one.path == path]
            assert len(of_one) < 2 or shortest_pause(of_one) >= APART_SECONDS - SLACK_SECONDS
        ticks = {round(one.at, 2) for one in writing.meanwhile}
        assert all(
            later - earlier >= APART_SECONDS - SLACK_SECONDS
            for earlier, later in itertools.pairwise(sorted(ticks))
        )


@BOTH
async def test_the_end_is_seen_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ask: Ask
) -> None:
    async with town(tmp_path, pace=USUAL_PACE) as t:
        writing = Writing(t, tokens=12, per_token=0.3)
        await watch(writing, ask, monkeypatch)
        assert writing.sent[-1].at - (writing.written[-1] + 0.3) < SLACK_SECONDS
