"""The terminal as a platform: one person, one direct conversation."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

from adapters.console.commands import (
    HELP_LINES,
    Command,
    UnknownCommand,
    message_of,
    parse_command,
)
from adapters.console.lines import Lines
from adapters.console.screen import Screen
from bot.domain.conversation import ConversationRef, Visibility
from bot.domain.identity import IdentityRef, Platform
from bot.domain.memory import MemorySummary
from bot.domain.message import InboundMessage
from bot.domain.text import clean_text, shorten
from bot.domain.turn import TurnStatus
from bot.engine.memory_control import MemoryControl
from bot.engine.reply import Reply, ReplyStatus
from bot.engine.turn import TurnEngine
from bot.errors import StorageError, UsageError
from bot.ports.system import Clock, IdSource

SHOWN_TURNS = 20
NAME_CHARACTERS = 80


def console_identity(user: str) -> IdentityRef:
    """Who sits at the terminal. Names differ by letters, not by case; no name is the owner.

    Raises:
        UsageError: the name is too long or has no visible character.
    """
    name = clean_text(user)
    visible = any(character.isprintable() and not character.isspace() for character in name)
    if (user and not visible) or len(name) > NAME_CHARACTERS:
        raise UsageError(
            f"--user needs a name of 1 to {NAME_CHARACTERS} characters, for example --user Ana."
        )
    return IdentityRef(
        platform=Platform.CONSOLE, external_id=name.casefold() or "owner", display_name=name
    )


def console_conversation(identity: IdentityRef) -> ConversationRef:
    """The one conversation that an identity has in the terminal."""
    return ConversationRef(
        platform=Platform.CONSOLE,
        channel_id=identity.external_id,
        visibility=Visibility.DIRECT,
    )


class ConsoleChat:
    """Reads lines, shows replies, runs commands."""

    def __init__(
        self,
        *,
        engine: TurnEngine,
        control: MemoryControl,
        identity: IdentityRef,
        lines: Lines,
        screen: Screen,
        clock: Clock,
        ids: IdSource,
        interactive: bool = True,
    ) -> None:
        """``interactive``: Ctrl-C stops a reply instead of the program."""
        self._engine = engine
        self._control = control
        self._identity = identity
        self._conversation = console_conversation(identity)
        self._lines = lines
        self._screen = screen
        self._clock = clock
        self._ids = ids
        self._interactive = interactive
        self._reply: Reply | None = None
        self.all_answered = True
        """Whether every message so far got a reply."""

    async def run(self) -> None:
        """Talk until there are no more lines."""
        with _on_interrupt(self._interrupt) if self._interactive else nullcontext():
            await self._tell_interrupted()
            while (line := await self._lines.next(self._prompt())) is not None:
                command = parse_command(line)
                if command is Command.QUIT:
                    return
                try:
                    await self._obey(command, line)
                except StorageError as error:
                    self.all_answered = False
                    self._screen.say(f"I can't reach my memory: {error}")

    async def _obey(self, command: Command | UnknownCommand | None, line: str) -> None:
        match command:
            case None:
                await self._send(message_of(line))
            case Command.SHOW:
                summary = await self._control.show(self._identity, latest=SHOWN_TURNS)
                self._screen.tell(_described(summary))
            case Command.FORGET:
                await self._forget_everything()
            case UnknownCommand(typed):
                self._screen.say(
                    f"I don't know {shorten(clean_text(typed), 40)}. /help lists the commands."
                )
            case _:
                self._screen.tell(_help())

    async def _send(self, text: str) -> None:
        message = InboundMessage(
            event_key=self._ids.new_id(),
            author=self._identity,
            conversation=self._conversation,
            text=text,
            received_at=self._clock.now(),
        )
        self._reply = reply = await self._engine.handle(message)
        try:
            outcome = await self._screen.show(reply)
        except asyncio.CancelledError:
            reply.cancel()  # the program ends, and nobody is left to read it
            raise
        finally:
            self._reply = None
        if outcome.status in (ReplyStatus.FAILED, ReplyStatus.REFUSED):
            self.all_answered = False

    async def _forget_everything(self) -> None:
        summary = await self._control.show(self._identity, latest=0)
        if summary is None:
            self._screen.say("There is nothing I remember about you.")
            return
        self._screen.say(
            f"This erases {_counted(summary.turn_count, 'message')} and "
            f"{_counted(len(summary.facts), 'fact')} for good. Type yes to go on."
        )
        answer = await self._lines.next("yes/no> ")
        if answer is None or answer.strip().lower() not in ("yes", "y"):
            self._screen.say("Nothing was erased.")
            return
        erased = await self._control.forget_everything(self._identity)
        self._lines.forget()
        self._screen.say(
            f"Done: {_counted(erased.turns, 'message')} and {_counted(erased.facts, 'fact')} "
            "are erased. I don't know you any more."
        )
        if not erased.scrubbed:
            self._screen.say(
                "Another program is using the database, so its files still hold traces of them. "
                "I overwrite those when I stop; close the other program before."
            )

    async def _tell_interrupted(self) -> None:
        for turn in await self._control.take_interrupted(self._identity, self._conversation):
            self._screen.say(
                f"I was interrupted before I could answer: “{shorten(turn.text, 200)}”. "
                "I kept it; ask again if you still want an answer."
            )

    def _interrupt(self) -> None:
        if self._reply is not None:
            self._reply.cancel()

    def _prompt(self) -> str:
        return f"{self._identity.display_name or 'you'}> "


def _help() -> str:
    width = max(len(command.value) for command in HELP_LINES) + 2
    lines = [f"/{command.value:<{width}}{text}" for command, text in HELP_LINES.items()]
    return "\n".join(
        [
            *lines,
            "Ctrl-C stops a reply. Anything else you type is for Ellie; a message that begins",
            "with a slash is written with two.",
        ]
    )


def _described(summary: MemorySummary | None) -> str:
    if summary is None:
        return "I don't remember anything about you yet."
    lines = [f"I keep {_counted(summary.turn_count, 'message')} of yours, with my replies."]
    if summary.facts:
        lines += ["Facts:", *(f"  {fact.text}" for fact in summary.facts)]
    shown = len(summary.turns)
    if shown:
        newest = "" if shown == summary.turn_count else f" (the latest {shown})"
        lines.append(f"You wrote{newest}:")
    for turn in summary.turns:
        mark = "" if turn.status is TurnStatus.ANSWERED else f"  [{turn.status.value}]"
        lines.append(f"  {turn.received_at:%Y-%m-%d %H:%M}  {shorten(turn.text, 100)}{mark}")
    lines.append("/memory forget everything erases all of it.")
    return "\n".join(lines)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


@contextmanager
def _on_interrupt(action: Callable[[], None]) -> Iterator[None]:
    """Have Ctrl-C call ``action`` instead of ending the program, where the system can do that."""
    loop = asyncio.get_running_loop()
    try:
        loop.add_signal_handler(signal.SIGINT, action)
    except NotImplementedError:  # Windows: Ctrl-C ends the program
        yield
        return
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)
