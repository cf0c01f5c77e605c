"""The dialogs of the Home tab: questions, forms, and what takes a moment.

Slack takes a dialog only within three seconds of the press
(https://docs.slack.dev/surfaces/modals). What is not ready by then is put into one that was opened
in time.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from adapters.command_texts import command_texts
from adapters.slack.home_blocks import View, document, modal, section
from adapters.slack.home_ids import CONFIRM_FORM
from adapters.slack.home_texts import home_texts
from adapters.slack.pending import Miss, Pending
from adapters.slack.web import TROUBLE, error_code
from adapters.tasks import OwnedTasks
from bot.commands.definitions import FORGET, RETENTION, UNDO, Command
from bot.commands.language import Language
from bot.commands.parsing import Argument, Invocation
from bot.commands.reply import CommandReply, Confirmation
from bot.log import get_logger

log = get_logger(__name__)

PATIENCE_SECONDS = 1.5
"""For what a dialog is to show; the rest of Slack's three seconds is for opening it."""
QUESTION_SECONDS = 15 * 60.0
"""So long a question may be answered. After that, or in another process, it is asked anew."""

Answer = View | CommandReply
"""A dialog to show, or what came of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A command that may have a question: enough to ask it once more."""

    command: Command
    argument: str | int | None = None

    def invocation(self, language: Language) -> Invocation:
        """The command, to be carried out."""
        arguments: dict[str, Argument] = {}
        if self.argument is not None:
            arguments[_PARAMETERS[self.command.name]] = self.argument
        return Invocation(command=self.command, arguments=arguments, language=language)

    def packed(self) -> Mapping[str, object]:
        """As part of a view."""
        return {"command": self.command.name, "argument": self.argument}

    @staticmethod
    def unpacked(values: Mapping[str, Any]) -> Asked | None:
        """What a view asks about; None when it is nothing that this version knows."""
        command = _COMMANDS.get(str(values.get("command")))
        argument = values.get("argument")
        if command is None or not isinstance(argument, str | int | None):
            return None
        return Asked(command=command, argument=argument)


_COMMANDS = {command.name: command for command in (FORGET, UNDO, RETENTION)}
_PARAMETERS = {FORGET.name: "what", RETENTION.name: "days"}


class Questions:
    """Dialogs that ask before something is done, and what stands behind their yes."""

    def __init__(self, pending: Pending[Confirmation]) -> None:
        self._pending = pending

    def view(
        self, reply: CommandReply, confirmation: Confirmation, asked: Asked, asker: Asker
    ) -> View:
        """The dialog. To send it is yes, to close it is no."""
        words = command_texts(asker.language)
        (key,) = self._pending.put([confirmation], asker_id=asker.user_id, seconds=QUESTION_SECONDS)
        values = {"language": asker.language.value, "key": key, **asked.packed()}
        return modal(
            home_texts(asker.language).question_title,
            document(reply),
            close=words.refuse,
            callback_id=CONFIRM_FORM,
            submit=words.agree,
            metadata=json.dumps(values),
        )

    def taken(self, key: str, user_id: str) -> Confirmation | None:
        """What a yes is about, once; None when this process does not know, or not any more."""
        found = self._pending.take(key, user_id)
        return None if isinstance(found, Miss) else found


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who is asked something, and in which language."""

    user_id: str
    language: Language


def answer_view(reply: CommandReply, language: Language, *, title: str = "") -> View:
    """A dialog that only says something."""
    texts = home_texts(language)
    return modal(title or texts.answer_title, document(reply), close=texts.close)


def waiting_view(language: Language) -> View:
    """In place of a dialog that is not ready yet."""
    texts = home_texts(language)
    return modal(texts.waiting_title, [section(texts.waiting)], close=texts.close)


class Dialogs:
    """Opens dialogs in time."""

    def __init__(
        self, client: AsyncWebClient, tasks: OwnedTasks, *, patience_seconds: float
    ) -> None:
        self._client = client
        self._tasks = tasks
        self._patience_seconds = patience_seconds

    async def show(
        self, trigger_id: str, work: Coroutine[Any, Any, Answer], language: Language
    ) -> CommandReply | None:
        """Show the dialog that ``work`` prepares, or return the answer that it comes to instead.

        None: all there is to say stands in a dialog.
        """
        task = self._tasks.start(work, name="home-dialog")
        if await self._is_quick(task):
            prepared = await task
            if isinstance(prepared, CommandReply):
                return prepared
            return None if await self._open(trigger_id, prepared) else _too_slow(language)
        view_id = await self._open(trigger_id, waiting_view(language))
        prepared = await task
        if isinstance(prepared, CommandReply):
            if view_id:
                await self.update(view_id, answer_view(prepared, language))
            return prepared
        if not view_id:
            return _too_slow(language)
        await self.update(view_id, prepared)
        return None

    async def settle(
        self,
        ack: Callable[..., Awaitable[Any]],
        view_id: str,
        work: Coroutine[Any, Any, Answer],
        language: Language,
        tell: Callable[[CommandReply], None],
    ) -> None:
        """Acknowledge a dialog that was sent, with the next one if ``work`` prepares one.

        Slack lets a dialog follow another one only in the acknowledgement, so that this waits for
        ``work`` as long as Slack waits for us. ``tell`` is given what came of it.
        """
        task = self._tasks.start(work, name="home-answer")
        if not await self._is_quick(task):
            await ack(response_action="update", view=waiting_view(language))
            self._tasks.start(self._settle_late(view_id, task, language, tell), name="home-late")
            return
        prepared = await task
        if isinstance(prepared, CommandReply):
            await ack()
            tell(prepared)
        else:
            await ack(response_action="update", view=prepared)

    async def update(self, view_id: str, view: View) -> None:
        """Put something else into an open dialog, unless it was closed."""
        try:
            await self._client.views_update(view_id=view_id, view=view)
        except TROUBLE as error:
            log.info("home_dialog_not_updated", code=error_code(error))

    async def _settle_late(
        self,
        view_id: str,
        task: asyncio.Task[Answer],
        language: Language,
        tell: Callable[[CommandReply], None],
    ) -> None:
        prepared = await task
        if isinstance(prepared, CommandReply):
            await self.update(view_id, answer_view(prepared, language))
            tell(prepared)
        else:
            await self.update(view_id, prepared)

    async def _is_quick(self, task: asyncio.Task[Answer]) -> bool:
        done, _ = await asyncio.wait({task}, timeout=self._patience_seconds)
        return bool(done)

    async def _open(self, trigger_id: str, view: View) -> str:
        """The id of the opened dialog; empty when Slack did not take it."""
        try:
            opened = await self._client.views_open(trigger_id=trigger_id, view=view)
        except TROUBLE as error:
            log.warning("home_dialog_not_opened", code=error_code(error))
            return ""
        return str(opened["view"]["id"])


def _too_slow(language: Language) -> CommandReply:
    return CommandReply(lines=(home_texts(language).too_slow,))
