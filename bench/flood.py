"""One person floods Ellie while nine others talk: how long the others wait for their replies.

    python bench/flood.py [--seconds 20] [--cost 0.6] [--places 8] [--real]

The engine, with a stand-in for the model that takes the same time for each reply and lets as many
replies be written at once as Ellie does by default, in the order in which her own generator lets
them in. One person sends 500 messages at once in 20 channels, once or every second; each of nine
others sends one a second. Quotas are off, because they would end the flood. Prints a table with
the waiting time from the message to the end of its reply.

Time is not waited for, and storage is in memory: what is shown is who waits for whom, and is the
same on every machine. With ``--real`` it takes its time, on SQLite, and the machine counts too.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import statistics
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from virtual_time import LoopClock, VirtualLoop

from bot.config_choices import LogLevel
from bot.domain.conversation import ConversationRef, Visibility
from bot.domain.generation import (
    FinishReason,
    GenerationEvent,
    GenerationRequest,
    GenerationResult,
    TextDelta,
)
from bot.domain.identity import IdentityRef, Platform, TenantRef
from bot.domain.message import InboundMessage
from bot.engine.ledger import TurnLedger
from bot.engine.memory_loader import MemoryLoader
from bot.engine.recall_cache import RecallCache
from bot.engine.reply import ReplyStatus
from bot.engine.turn import TurnEngine, TurnLimits
from bot.generation.turnstile import Turnstile
from bot.log import configure_logging
from bot.ports.scripted import ScriptedGenerator
from bot.ports.storage import Storage
from bot.ports.system import Clock
from bot.system import ProcessRegistry, RandomIds, SystemClock
from storage.database import open_storage
from storage.inmemory import InMemoryStorage

GUILD = TenantRef(platform=Platform.DISCORD, external_id="1")
OTHERS = 9
BURST = 500
CHANNELS = 20
WAITING = 32


class SteadyGenerator(ScriptedGenerator):
    """Takes the same time for each reply, and lets requests in as Ellie's own generator does."""

    def __init__(self, cost: float, places: int, *, is_fair: bool) -> None:
        super().__init__()
        self._cost = cost
        self._is_fair = is_fair
        self._turnstile = Turnstile(places=places, max_waiting=WAITING)

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[GenerationEvent]:
        """Wait for a place, then for the time that a reply takes."""
        admitted = asyncio.Event()
        asker = request.asker if self._is_fair else ""
        ticket = self._turnstile.enter(request.priority, admitted.set, asker)
        try:
            await admitted.wait()
            await asyncio.sleep(self._cost)
            yield TextDelta("All right.")
            yield GenerationResult(text="All right.", finish_reason=FinishReason.STOP, tokens=2)
        finally:
            self._turnstile.leave(ticket)


@dataclass
class Result:
    """How the others fared, in seconds, and what became of the flood."""

    waits: list[float] = field(default_factory=list)
    refused: int = 0
    flood_answered: int = 0
    flood_told: int = 0
    """How many of its messages were answered with a refusal that is shown."""
    flood_sent: int = 0

    def row(self, name: str, before: Result | None) -> str:
        """A line of the table."""
        waits = sorted(self.waits)
        middle, late = statistics.median(waits), waits[int(len(waits) * 0.95)]
        ratio = "" if before is None else f"{middle / statistics.median(before.waits):.2f}"
        flood = f"{self.flood_sent} | {self.flood_answered} | {self.flood_told}"
        return (
            f"| {name} | {len(waits)} | {self.refused} | {middle:.2f} | {late:.2f} "
            f"| {max(waits):.2f} | {ratio} | {flood} |"
        )


class Place:
    """A server in which somebody is flooding Ellie."""

    def __init__(self, engine: TurnEngine, result: Result) -> None:
        self._engine = engine
        self._result = result
        self._events = itertools.count()

    async def other(self, number: int, seconds: float) -> None:
        """Say something every second, in a channel of one's own, whether or not it is answered."""
        await asyncio.sleep(number / OTHERS)
        sayings = []
        for turn in range(int(seconds)):
            sayings.append(asyncio.create_task(self._say(f"other{number}", f"own{number}", turn)))
            await asyncio.sleep(1.0)
        await asyncio.gather(*sayings)

    async def flood(self, bursts: int) -> None:
        """Send 500 messages at once in 20 channels, so many times, a second apart."""
        await asyncio.sleep(2.0)
        sayings = []
        for burst in range(bursts):
            for number in range(BURST):
                where, text = f"c{number % CHANNELS}", f"{burst} {number}"
                sayings.append(asyncio.create_task(self._flood_once(where, text)))
            await asyncio.sleep(1.0)
        await asyncio.gather(*sayings)

    async def _flood_once(self, where: str, text: str) -> None:
        self._result.flood_sent += 1
        reply = await self._engine.handle(self._message("flood", where, text))
        outcome = await reply.outcome()
        self._result.flood_answered += outcome.status is ReplyStatus.ANSWERED
        refused = outcome.status is not ReplyStatus.ANSWERED
        self._result.flood_told += refused and not outcome.told_before

    async def _say(self, who: str, where: str, turn: int) -> None:
        began = _now()
        reply = await self._engine.handle(self._message(who, where, f"message {turn}"))
        outcome = await reply.outcome()
        if outcome.status is ReplyStatus.ANSWERED:
            self._result.waits.append(_now() - began)
        else:
            self._result.refused += 1

    def _message(self, who: str, where: str, text: str) -> InboundMessage:
        return InboundMessage(
            event_key=f"e{next(self._events)}",
            author=IdentityRef(platform=Platform.DISCORD, external_id=who, display_name=who),
            conversation=ConversationRef(
                platform=Platform.DISCORD,
                channel_id=where,
                visibility=Visibility.PUBLIC,
                tenant=GUILD,
            ),
            text=text,
            received_at=datetime.now(UTC),
        )


def _now() -> float:
    return asyncio.get_running_loop().time()


@asynccontextmanager
async def stored(*, is_real: bool) -> AsyncIterator[tuple[Storage, Clock]]:
    """An empty database, and the clock to go with it."""
    if not is_real:
        yield InMemoryStorage(), LoopClock()
        return
    with tempfile.TemporaryDirectory() as folder:
        async with open_storage(f"sqlite:///{Path(folder) / 'ellie.db'}") as storage:
            yield storage, SystemClock()


async def measured(arguments: argparse.Namespace, bursts: int, *, is_fair: bool = True) -> Result:
    """One run on a new database."""
    result = Result()
    async with stored(is_real=arguments.real) as (storage, clock):
        engine = TurnEngine(
            ledger=TurnLedger(storage, clock=clock, ids=RandomIds(), workers=ProcessRegistry()),
            loader=MemoryLoader(storage, RecallCache()),
            generator=SteadyGenerator(arguments.cost, arguments.places, is_fair=is_fair),
            clock=clock,
            limits=TurnLimits(max_open=arguments.places + WAITING),
        )
        place = Place(engine, result)
        await asyncio.gather(
            place.flood(bursts),
            *(place.other(number, arguments.seconds) for number in range(OTHERS)),
        )
        await engine.stop(5.0)
    return result


async def main(arguments: argparse.Namespace) -> None:
    """Without the flood, with one burst, and with one every second."""
    print(
        "| run | answered | refused | median s | 95 % s | longest s | median ÷ without "
        "| flood: sent | answered | told no |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    before = await measured(arguments, 0)
    print(before.row("no flood", None))
    every = max(int(arguments.seconds) - 2, 1)
    for name, bursts, is_fair in (
        ("500 at once", 1, True),
        ("500 every second", every, True),
        ("500 every second, first come first served at the model", every, False),
    ):
        print((await measured(arguments, bursts, is_fair=is_fair)).row(name, before), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--cost", type=float, default=0.6, help="seconds for each reply")
    parser.add_argument("--places", type=int, default=8, help="replies written at once")
    configure_logging(LogLevel.ERROR)
    parser.add_argument("--real", action="store_true", help="take the time, on SQLite")
    given = parser.parse_args()
    with asyncio.Runner(loop_factory=None if given.real else VirtualLoop) as runner:
        runner.run(main(given))
