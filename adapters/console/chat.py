"""The terminal as a platform: one person, one direct conversation."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

from adapters.console.commands import HELP, Export, Quit, Show, parse_console_command
from adapters.console.files import look_at, picture_of, write_files
from adapters.console.lines import Lines
from adapters.console.rendering import rendered
from adapters.console.screen import Screen
from bot.commands.call import Caller
from bot.commands.definitions import HELP as HELP_COMMAND
from bot.commands.dispatch import Commands
from bot.commands.language import Language
from bot.commands.parsing import Invocation, Mistake, message_of
from bot.commands.reply import YES, CommandReply, Confirmation, ReplyKind
from bot.domain.conversation import ConversationRef, Visibility
from bot.domain.identity import IdentityRef, Platform
from bot.domain.message import InboundMessage
from bot.domain.shown import Picture, Shown
from bot.domain.text import clean_text, shorten
from bot.engine.reply import Reply, ReplyStatus
from bot.engine.turn import TurnEngine
from bot.engine.unanswered import Unanswered
from bot.errors import StorageError, UsageError
from bot.ports.system import Clock, IdSource

NAME_CHARACTERS = 80

_HOW_TO_AGREE = {
    Language.ENGLISH: "Type yes to go on.",
    Language.CHINESE: "输入 yes 或“是”继续。",
}


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
        commands: Commands,
        unanswered: Unanswered,
        identity: IdentityRef,
        lines: Lines,
        screen: Screen,
        clock: Clock,
        ids: IdSource,
        interactive: bool = True,
    ) -> None:
        """``interactive``: Ctrl-C stops a reply instead of the program."""
        self._engine = engine
        self._commands = commands
        self._unanswered = unanswered
        self._identity = identity
        self._conversation = console_conversation(identity)
        self._caller = Caller(identity=identity, conversation=self._conversation)
        self._lines = lines
        self._screen = screen
        self._clock = clock
        self._ids = ids
        self._interactive = interactive
        self._stop: Callable[[], object] | None = None
        self.all_answered = True
        """Whether every message so far got a reply."""

    async def run(self) -> None:
        """Talk until there are no more lines."""
        with _on_interrupt(self._interrupt) if self._interactive else nullcontext():
            await self._tell_interrupted()
            while (line := await self._lines.next(self._prompt())) is not None:
                own = parse_console_command(line)
                if isinstance(own, Quit):
                    return
                try:
                    await self._obey(own, line)
                except UsageError as error:
                    self._screen.say(str(error))
                except StorageError as error:
                    self.all_answered = False
                    self._screen.say(f"I can't reach my memory: {error}")

    async def _obey(self, own: Show | Export | None, line: str) -> None:
        match own:
            case Show(path=None):
                self._screen.say("Which file? For example /show photo.png my new bike")
            case Show(path=Path() as path, caption=caption):
                shown = look_at(path, caption)
                await self._send(caption, (shown,), picture_of(path, shown))
            case Export():
                await self._answer(own.invocation, own.folder)
            case _:
                understood = self._commands.understand(line)
                if understood is None:
                    await self._send(message_of(line))
                else:
                    await self._answer(understood, Path())

    async def _answer(self, understood: Invocation | Mistake, folder: Path) -> None:
        """Carry out a command; files of its answer go into ``folder``."""
        reply = await self._commands.answer(understood, self._caller)
        if isinstance(understood, Invocation) and understood.command is HELP_COMMAND:
            reply = replace(reply, sections=(*reply.sections, HELP[understood.language]))
        while True:
            self._tell(reply)
            for path in write_files(reply.files, folder):
                self._screen.tell(f"  {path}")
            if reply.more:
                await self._tell_more(reply.more)
            if reply.confirmation is None:
                return
            reply = await self._confirm(reply.confirmation, understood.language)

    def _tell(self, reply: CommandReply) -> None:
        if reply.erased:
            self._lines.forget()
        if text := rendered(reply):
            show = self._screen.tell if reply.kind is ReplyKind.ANSWER else self._screen.say
            show(text)

    async def _tell_more(self, more: Callable[[], Awaitable[CommandReply]]) -> None:
        task = asyncio.ensure_future(more())
        self._stop = task.cancel
        try:
            await asyncio.wait({task})
        finally:
            self._stop = None
            task.cancel()
        if task.cancelled():
            self._screen.say("(stopped)")
        else:
            self._tell(task.result())

    async def _confirm(self, confirmation: Confirmation, language: Language) -> CommandReply:
        self._screen.say(f"{confirmation.question} {_HOW_TO_AGREE[language]}")
        answer = await self._lines.next("yes/no> ")
        return await confirmation.answer(answer is not None and answer.strip().lower() in YES)

    async def _send(
        self, text: str, shown: tuple[Shown, ...] = (), pictures: tuple[Picture, ...] = ()
    ) -> None:
        message = InboundMessage(
            event_key=self._ids.new_id(),
            author=self._identity,
            conversation=self._conversation,
            text=text,
            received_at=self._clock.now(),
            shown=shown,
            pictures=pictures,
        )
        reply: Reply = await self._engine.handle(message)
        self._stop = reply.cancel
        try:
            outcome = await self._screen.show(reply)
        except asyncio.CancelledError:
            reply.cancel(is_seen=False)  # the program ends, and nobody is left to read it
            raise
        finally:
            self._stop = None
        if outcome.status in (ReplyStatus.FAILED, ReplyStatus.REFUSED):
            self.all_answered = False

    async def _tell_interrupted(self) -> None:
        for turn in await self._unanswered.take(self._identity, self._conversation):
            self._screen.say(
                f"I was interrupted before I could answer: “{shorten(turn.text, 200)}”. "
                "I kept it; ask again if you still want an answer."
            )

    def _interrupt(self) -> None:
        if self._stop is not None:
            self._stop()

    def _prompt(self) -> str:
        return f"{self._identity.display_name or 'you'}> "


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
