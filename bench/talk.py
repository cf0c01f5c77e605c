"""Ellie without a model or a database, for benchmarks of her memory alone: it keeps her prompts."""

from __future__ import annotations

import itertools
import os
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot.domain.conversation import ConversationRef, Visibility
from bot.domain.generation import FinishReason, GenerationEvent, GenerationRequest, GenerationResult
from bot.domain.identity import IdentityRef, Platform
from bot.domain.message import InboundMessage
from bot.engine.ledger import TurnLedger
from bot.engine.memory_loader import MemoryLoader
from bot.engine.recall_cache import RecallCache
from bot.engine.reply import Outcome
from bot.engine.turn import TurnEngine, TurnLimits
from bot.ports.scripted import ScriptedGenerator
from storage.inmemory import InMemoryStorage

MEMORY_TOKENS = 1500


@dataclass
class SteppingClock:
    """A minute passes whenever somebody says something."""

    moment: datetime = datetime(2026, 1, 5, 9, tzinfo=UTC)

    def now(self) -> datetime:
        """The moment it is."""
        return self.moment

    def elapsed(self) -> float:
        """Durations are not measured with this clock."""
        return 0.0

    def step(self) -> None:
        """Let a minute pass."""
        self.moment += timedelta(minutes=1)


@dataclass
class Counted:
    """Ids that count up."""

    numbers: itertools.count[int] = field(default_factory=itertools.count)

    def new_id(self) -> str:
        """The next one."""
        return f"id{next(self.numbers)}"


@dataclass
class OneWorker:
    """This process."""

    name: str = f"bench/{os.getpid()}"

    def is_dead(self, name: str) -> bool:
        """Nobody else is there."""
        return name != self.name


class Nodding(ScriptedGenerator):
    """Says the same to everything, and keeps what it was asked."""

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[GenerationEvent]:
        """One result without a word of its own."""
        self.requests.append(request)
        yield GenerationResult(text="All right.", finish_reason=FinishReason.STOP, tokens=2)


class Talk:
    """One person in a direct message with Ellie."""

    def __init__(self) -> None:
        self.storage = InMemoryStorage()
        self.clock = SteppingClock()
        self.generator = Nodding()
        self.identity = IdentityRef(
            platform=Platform.CONSOLE, external_id="sam", display_name="Sam"
        )
        ids = Counted()
        self._events = itertools.count()
        self._engine = TurnEngine(
            ledger=TurnLedger(self.storage, clock=self.clock, ids=ids, workers=OneWorker()),
            loader=MemoryLoader(self.storage, RecallCache()),
            generator=self.generator,
            clock=self.clock,
            limits=TurnLimits(memory_tokens=MEMORY_TOKENS),
        )

    async def say(self, text: str) -> Outcome:
        """Say something and wait for the end of the reply."""
        self.clock.step()
        message = InboundMessage(
            event_key=f"event{next(self._events)}",
            author=self.identity,
            conversation=ConversationRef(
                platform=Platform.CONSOLE, channel_id="sam", visibility=Visibility.DIRECT
            ),
            text=text,
            received_at=self.clock.now(),
        )
        reply = await self._engine.handle(message)
        return await reply.outcome()

    def last_prompt(self) -> str:
        """All that the model was given for the last message that needed it."""
        return "\n".join(message.content for message in self.generator.requests[-1].prompt.messages)
