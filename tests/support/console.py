"""The terminal in memory, with a model that says what it is told."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from datetime import UTC, datetime

from support.chat_rewording import reworded_by

from adapters.console.chat import ConsoleChat, console_conversation, console_identity
from adapters.console.lines import Lines
from bot.commands.dispatch import Commands
from bot.domain.message import InboundMessage
from bot.domain.turn import Turn
from bot.engine.explanation import Explanations
from bot.engine.ledger import TurnLedger
from bot.engine.memory_control import MemoryControl
from bot.engine.memory_loader import MemoryLoader
from bot.engine.notices import CHINESE, ENGLISH
from bot.engine.recall_cache import RecallCache
from bot.engine.recovery import TurnRecovery
from bot.engine.reply import Outcome, Reply
from bot.engine.turn import TurnEngine, TurnLimits
from bot.errors import StorageUnavailableError
from bot.ports.scripted import ScriptedGenerator, WordTokenizer
from storage.inmemory import InMemoryStorage, InMemoryUnitOfWork

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


BROKEN = StorageUnavailableError("The database file is gone.")


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0)


class FixedClock:
    def __init__(self) -> None:
        self.time = NOON
        self._readings = itertools.count()

    def now(self) -> datetime:
        return self.time

    def elapsed(self) -> float:
        return float(next(self._readings))


class CountingIds:
    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def new_id(self) -> str:
        return f"id-{next(self._numbers):04}"

    def new_code(self) -> str:
        return f"CODE{next(self._numbers):04}"


class Workers:
    name = "this"

    def is_dead(self, name: str) -> bool:
        return name == "killed"


class BreakableStorage(InMemoryStorage):
    broken = False

    def unit_of_work(self) -> InMemoryUnitOfWork:
        if self.broken:
            raise BROKEN
        return super().unit_of_work()


class ScriptedLines:
    """Types the given lines; a function among them runs when its turn comes."""

    def __init__(self, *lines: str | Callable[[], None] | None) -> None:
        self._lines = iter(lines)
        self.prompts: list[str] = []
        self.forgotten = 0

    async def next(self, prompt: str) -> str | None:
        for line in self._lines:
            if callable(line):
                line()
                await asyncio.sleep(0.01)  # a signal arrives with the loop's next round
                continue
            self.prompts.append(prompt)
            return line
        return None

    def forget(self) -> None:
        self.forgotten += 1


class RecordingScreen:
    """Remembers all that was shown, in order. ``on_piece`` runs at each piece of a reply.

    What everybody is told on first contact is kept apart.
    """

    def __init__(self) -> None:
        self.shown: list[tuple[str, str]] = []
        self.introductions: list[str] = []
        self.outcomes: list[Outcome] = []
        self.on_piece: Callable[[], None] = lambda: None

    async def show(self, reply: Reply) -> Outcome:
        async for _ in reply:
            self.on_piece()
        outcome = await reply.outcome()
        self.outcomes.append(outcome)
        self.shown.append(("reply", outcome.text))
        introductions = (ENGLISH.first_contact, CHINESE.first_contact)
        for remark in filter(None, outcome.notice.split("\n")):
            if remark in introductions:
                self.introductions.append(remark)
            else:
                self.say(remark)
        return outcome

    def say(self, text: str) -> None:
        self.shown.append(("remark", text))

    def tell(self, text: str) -> None:
        self.shown.append(("answer", text))

    def of(self, kind: str) -> list[str]:
        return [text for shown, text in self.shown if shown == kind]


class Terminal:
    """Everything behind the terminal, in memory, and the person in front of it."""

    def __init__(self, context_tokens: int = 2000) -> None:
        self.storage = BreakableStorage()
        self.clock = FixedClock()
        self.ids = CountingIds()
        self.workers = Workers()
        self.generator = ScriptedGenerator(tokenizer=WordTokenizer(context_tokens))
        recall = RecallCache()
        self.engine = TurnEngine(
            ledger=TurnLedger(self.storage, clock=self.clock, ids=self.ids, workers=self.workers),
            loader=MemoryLoader(self.storage, recall),
            generator=self.generator,
            clock=self.clock,
            limits=TurnLimits(),
        )
        self.control = MemoryControl.over(self.storage, recall, clock=self.clock, ids=self.ids)
        self.commands = Commands(
            self.control,
            clock=self.clock,
            explanations=Explanations(
                self.storage, self.generator, ids=self.ids, limits=TurnLimits()
            ),
            rewording=reworded_by(self.generator, self.storage, clock=self.clock, ids=self.ids),
        )
        self.screen = RecordingScreen()
        self.lines = ScriptedLines()

    def session(
        self,
        *lines: str | Callable[[], None] | None,
        user: str = "",
        source: Lines | None = None,
        interactive: bool = True,
    ) -> ConsoleChat:
        self.screen = RecordingScreen()
        self.lines = ScriptedLines(*lines)
        return ConsoleChat(
            engine=self.engine,
            commands=self.commands,
            unanswered=self.control.unanswered,
            identity=console_identity(user),
            lines=source or self.lines,
            screen=self.screen,
            clock=self.clock,
            ids=self.ids,
            interactive=interactive,
        )

    async def talk(
        self, *lines: str | Callable[[], None] | None, user: str = "", source: Lines | None = None
    ) -> RecordingScreen:
        """A whole session; the screen after it."""
        chat = self.session(*lines, user=user, source=source)
        await chat.run()
        self.all_answered = chat.all_answered
        return self.screen

    def turns(self) -> list[Turn]:
        return [stored.turn for stored in self.storage.state.turns.values()]

    def prompts(self) -> list[str]:
        return [
            "\n".join(message.content for message in request.prompt.messages)
            for request in self.generator.requests
        ]

    async def die_while_answering(self, text: str, user: str = "") -> None:
        """Another process takes a message and is killed; recovery notices."""
        killed = Workers()
        killed.name = "killed"
        ledger = TurnLedger(self.storage, clock=self.clock, ids=self.ids, workers=killed)
        identity = console_identity(user)
        message = InboundMessage(
            event_key=self.ids.new_id(),
            author=identity,
            conversation=console_conversation(identity),
            text=text,
            received_at=NOON,
        )
        await ledger.admit(message, text)
        recovery = TurnRecovery(self.storage, clock=self.clock, workers=self.workers)
        assert await recovery.close_orphans() == 1
