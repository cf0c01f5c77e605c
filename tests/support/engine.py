"""The engine over in-memory storage and a scripted model."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bot.domain.conversation import ConversationRef, Scope, Visibility
from bot.domain.identity import IdentityRef, Platform, TenantRef
from bot.domain.message import InboundMessage
from bot.domain.turn import Turn, TurnTrace
from bot.engine.ledger import TurnLedger
from bot.engine.memory_loader import MemoryLoader
from bot.engine.recall_cache import RecallCache
from bot.engine.reply import Outcome
from bot.engine.turn import TurnEngine, TurnLimits
from bot.ports.scripted import ScriptedGenerator
from storage.inmemory import InMemoryStorage

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


WORKSPACE = TenantRef(platform=Platform.SLACK, external_id="T1")


@dataclass
class FakeClock:
    """Stands still unless told otherwise."""

    moment: datetime = NOON
    ticks: itertools.count[int] = field(default_factory=itertools.count)

    def now(self) -> datetime:
        return self.moment

    def elapsed(self) -> float:
        return next(self.ticks) / 1000


@dataclass
class CountingIds:
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    def new_id(self) -> str:
        return f"id{next(self.numbers)}"


@dataclass
class Workers:
    name: str = "this"
    dead: frozenset[str] = frozenset()

    def is_dead(self, name: str) -> bool:
        return name in self.dead


class Ellie:
    """The engine with everything around it, as the tests talk to it."""

    def __init__(
        self,
        generator: ScriptedGenerator,
        storage: InMemoryStorage | None = None,
        limits: TurnLimits | None = None,
        worker: str = "this",
    ) -> None:
        self.generator = generator
        self.storage = storage or InMemoryStorage()
        self.clock = FakeClock()
        self.ids = CountingIds()
        self.workers = Workers(worker)
        self.recall = RecallCache()
        self.ledger = TurnLedger(self.storage, clock=self.clock, ids=self.ids, workers=self.workers)
        self.engine = TurnEngine(
            ledger=self.ledger,
            loader=MemoryLoader(self.storage, self.recall),
            generator=generator,
            clock=self.clock,
            limits=limits or TurnLimits(reply_tokens=50),
        )
        self._events = itertools.count()

    def message(
        self,
        text: str,
        *,
        user: str = "ana",
        channel: str | None = None,
        visibility: Visibility = Visibility.DIRECT,
        event: str | None = None,
    ) -> InboundMessage:
        direct = visibility is Visibility.DIRECT
        return InboundMessage(
            event_key=event or f"event{next(self._events)}",
            author=IdentityRef(
                platform=Platform.SLACK,
                external_id=user,
                display_name=user.title(),
                tenant=WORKSPACE,
            ),
            conversation=ConversationRef(
                platform=Platform.SLACK,
                channel_id=channel or f"dm-{user}",
                visibility=visibility,
                tenant=None if direct else WORKSPACE,
            ),
            text=text,
            received_at=self.clock.now(),
        )

    async def say(self, text: str, **where: object) -> Outcome:
        reply = await self.engine.handle(self.message(text, **where))  # type: ignore[arg-type]
        return await reply.outcome()

    async def turns(self, user: str = "ana") -> tuple[Turn, ...]:
        async with self.storage.unit_of_work() as work:
            person = await work.persons.find(self.message("x", user=user).author)
            assert person
            return await work.turns.latest(Scope.in_private(person.id), limit=1000)

    async def trace(self, turn: Turn) -> TurnTrace | None:
        async with self.storage.unit_of_work() as work:
            return await work.traces.get(Scope.in_private(turn.person_id), turn.id)

    def last_prompt(self) -> str:
        messages = self.generator.requests[-1].prompt.messages
        return "\n".join(f"{m.role.value}: {m.content}" for m in messages)


async def settle() -> None:
    """Let every task that can run do so."""
    for _ in range(30):
        await asyncio.sleep(0)


@asynccontextmanager
async def started(*replies: str | Exception) -> AsyncIterator[Ellie]:
    ellie = Ellie(ScriptedGenerator(*replies))
    yield ellie
    await ellie.engine.stop(0)
