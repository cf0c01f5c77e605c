"""Commands on Slack: after ``/ellie``, in a message to her, and by the buttons of answers."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, TypeAlias

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from adapters.command_texts import command_texts
from adapters.commanding import CarryOut, TurnPage, carefully, ways_to_answer
from adapters.recent import Recent
from adapters.slack.callers import caller_for, direct_channel
from adapters.slack.command_answering import CONFIRM, PAGE, Act, Answering, Changed
from adapters.slack.command_files import FileWay
from adapters.slack.command_layout import line_part
from adapters.slack.command_outlets import (
    ByUrl,
    Ephemerally,
    InDirectMessages,
    Outlet,
    Screen,
    Way,
    delivered,
)
from adapters.slack.command_texts import slack_command_texts
from adapters.slack.events import SlackMessage
from adapters.slack.fact_form import FactForms
from adapters.slack.forms import MAX_CHARACTERS
from adapters.slack.pending import Miss, Pending, Press, press_in
from adapters.slack.people import People
from adapters.slack.places import Places
from adapters.slack.response_urls import ResponseUrl
from adapters.slack.slash import Slash, SlashChat, asked_by, fact_without_words, slash_in
from adapters.slack.workspace import Workspace
from adapters.splitting import length
from adapters.tasks import OwnedTasks
from bot.commands.call import Caller
from bot.commands.definitions import EDIT
from bot.commands.dispatch import Commands
from bot.commands.language import Language, language_of
from bot.commands.parsing import Invocation, Mistake
from bot.commands.reply import CommandReply, ReplyKind
from bot.commands.voice import Voice
from bot.domain.conversation import Visibility
from bot.domain.fact import Fact, FactStatus
from bot.engine.memory_view import MemoryView
from bot.log import get_logger
from bot.ports.system import Clock

log = get_logger(__name__)

READ_SECONDS = 1.5
"""For what has to be read before a form is opened; Slack lets one be opened for 3 seconds."""
REMEMBERED_COMMANDS = 10_000

_NAME = re.compile(r"^/\S+$")
"""Any slash command of the app is hers: workspaces may call it otherwise than in the manifest."""
_BUTTONS = re.compile(f"^({PAGE}|{CONFIRM})")
_FACT, _WORDS = EDIT.parameters

Chat: TypeAlias = Callable[[SlashChat], Awaitable[None]]
"""Answers what is no command."""


class SlackCommands:
    """Carries commands out for whoever gives them, and shows the answers to nobody else."""

    def __init__(
        self,
        *,
        commands: Commands,
        view: MemoryView,
        people: People,
        places: Places,
        client: AsyncWebClient,
        workspace: Workspace,
        tasks: OwnedTasks,
        clock: Clock,
        chat: Chat,
        changed: Changed | None = None,
        forms: FactForms | None = None,
    ) -> None:
        """``changed`` is told the user whose memory a command may have changed."""
        self._commands = commands
        self._view = view
        self._people = people
        self._places = places
        self._client = client
        self._workspace = workspace
        self._tasks = tasks
        self._chat = chat
        self._changed = changed
        self.forms = forms or FactForms(client=client, tasks=tasks, clock=clock)
        self.pending: Pending[Act] = Pending(clock, tasks)
        self._seen = Recent(REMEMBERED_COMMANDS)

    def register(self, app: AsyncApp) -> None:
        """Hear of slash commands, of presses under answers, and of forms."""
        app.command(_NAME)(self._slash)
        app.action(_BUTTONS)(self._pressed)
        self.forms.register(app)

    def close(self) -> None:
        """Forget what buttons and forms stand for: nobody presses anything any more."""
        self.pending.clear()
        self.forms.close()

    async def typed(
        self, message: SlackMessage, understood: Invocation | Mistake, caller: Caller
    ) -> None:
        """Carry out a command that somebody wrote to her as a message, once. Never raises.

        Returns when all of the answer is shown. In a channel only the author sees it.
        """
        # What was not understood may be put right by an edit.
        words = "" if isinstance(understood, Invocation) else message.text
        if not self._seen.add(("message", message.event_key, words)):
            return
        with self._tasks.joined():
            is_direct = caller.conversation.visibility is Visibility.DIRECT
            ways: list[Way] = []
            if is_direct:
                find_channel = partial(_already, message.channel_id)
                thread_ts: str | None = message.root_ts
            else:
                find_channel = partial(direct_channel, self._client, message.user_id)
                thread_ts = None
                ways.append(
                    Ephemerally(
                        client=self._client,
                        channel_id=message.channel_id,
                        user_id=message.user_id,
                        # Under a message that has no thread yet, nobody would look for it.
                        thread_ts=message.root_ts if message.is_in_thread else None,
                    )
                )
            ways.append(
                InDirectMessages(
                    client=self._client, find_channel=find_channel, thread_ts=thread_ts
                )
            )
            files = FileWay(
                client=self._client,
                workspace=self._workspace,
                find_channel=find_channel,
                is_here=is_direct,
                thread_ts=thread_ts,
            )
            carry_out, turn_page = ways_to_answer(understood, self._commands, caller)
            answering = self._answering(
                message.user_id, understood.language, ways, files, turn_page
            )
            await self._carry_out(answering, carry_out)

    async def _slash(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        await ack()
        slash = slash_in(body)
        if slash.team_id != self._workspace.team_id:
            log.warning("command_of_another_workspace", workspace=slash.team_id)
            return
        if not slash.user_id or not self._seen.add(("slash", slash.trigger_id)):
            return
        self._tasks.start(self._answer_slash(slash), name="slash-command")

    async def _answer_slash(self, slash: Slash) -> None:
        try:
            await self._follow_slash(slash)
        except Exception:
            # Whoever gave a command is answered, whatever happened.
            log.exception("slash_command_broke")
            trouble = command_texts(language_of(slash.text)).trouble
            url = ResponseUrl(slash.response_url, self._client)
            await delivered(url.post(line_part(trouble)), "command_error_not_told")

    async def _follow_slash(self, slash: Slash) -> None:
        user = await self._people.get(slash.user_id, team_id=slash.team_id)
        if not user.is_certain:
            # Whose memory it is must not be guessed.
            url = ResponseUrl(slash.response_url, self._client)
            told = line_part(command_texts(language_of(slash.text)).trouble)
            await delivered(url.post(told), "command_not_answered")
            return
        understood = asked_by(slash, user.locale)
        if understood is None:
            await self._chat(
                SlashChat(
                    user_id=slash.user_id,
                    team_id=self._workspace.team_id,
                    user_team_id=slash.team_id,
                    channel_id=slash.channel_id,
                    text=slash.text,
                    trigger_id=slash.trigger_id,
                    response_url=slash.response_url,
                    locale=user.locale,
                )
            )
            return
        number = fact_without_words(understood, slash.text)
        if number is not None:
            await self._open_form(slash, number, understood.language)
            return
        caller = await self._caller(slash)
        carry_out, turn_page = ways_to_answer(understood, self._commands, caller)
        answering = self._answering_slash(slash, understood.language, turn_page)
        await self._carry_out(answering, carry_out)

    async def _open_form(self, slash: Slash, number: int, language: Language) -> None:
        """Let them change a fact's words in a form, which begins with those that it has."""
        texts = command_texts(language)
        answering = self._answering_slash(slash, language)

        async def save(words: str) -> None:
            asked = Invocation(
                command=EDIT,
                arguments={_FACT.name: number, _WORDS.name: words},
                language=language,
            )
            carry_out, _ = ways_to_answer(asked, self._commands, await self._caller(slash))
            await self._carry_out(answering, carry_out)

        found = await carefully(lambda: self._fact(slash, number, language), texts)
        if isinstance(found, CommandReply):
            await answering.show(found)
            return
        opened = await self.forms.open(
            slash.trigger_id, found, asker_id=slash.user_id, language=language, save=save
        )
        if not opened:
            await answering.show(_refused(texts.trouble))

    async def _fact(self, slash: Slash, number: int, language: Language) -> Fact | CommandReply:
        """The fact that can be changed in a form, or why none can."""
        user = await self._people.get(slash.user_id, team_id=slash.team_id)
        async with asyncio.timeout(READ_SECONDS):
            summary = await self._view.show(self._people.identity_of(user), latest=0)
        facts = summary.facts if summary else ()
        fact = next((fact for fact in facts if fact.number == number), None)
        voice = Voice(language=language, prefix=slash.prefix)
        if fact is None:
            return _refused(voice.say("fact.unknown", number=number))
        if fact.status is not FactStatus.ACTIVE:
            return _refused(voice.say("fact.not_active", number=number))
        if length(fact.text) > MAX_CHARACTERS:
            command = f"{slash.prefix}{EDIT.name}"
            sentence = slack_command_texts(language).edit_long
            return _refused(sentence.format(number=number, command=command))
        return fact

    async def _pressed(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        await ack()
        press = press_in(body)
        if press is not None:
            self._tasks.start(self._act(press), name="command-button")

    async def _act(self, press: Press) -> None:
        act = self.pending.take(press.value, press.user_id)
        if act is Miss.USED:
            return
        if isinstance(act, Miss):
            user = await self._people.get(press.user_id)
            texts = command_texts(language_of("", user.locale))
            sentence = texts.not_yours if act is Miss.NOT_YOURS else texts.inactive
            url = ResponseUrl(press.response_url, self._client)
            telling = url.post(line_part(sentence), thread_ts=press.thread_ts)
            await delivered(telling, "late_press_not_answered")
            return
        await act(press)

    async def _carry_out(self, answering: Answering, carry_out: CarryOut) -> None:
        try:
            await answering.show(await carefully(carry_out, answering.texts))
        except Exception:
            # Whoever gave a command is answered, whatever happened.
            log.exception("command_answer_broke")
            await answering.screen.add(line_part(answering.texts.trouble))

    async def _caller(self, slash: Slash) -> Caller:
        return await caller_for(
            slash.user_id,
            slash.channel_id,
            people=self._people,
            places=self._places,
            workspace=self._workspace,
            prefix=slash.prefix,
            team_id=slash.team_id,
        )

    def _answering_slash(
        self, slash: Slash, language: Language, turn_page: TurnPage | None = None
    ) -> Answering:
        find_channel = partial(direct_channel, self._client, slash.user_id)
        ways: list[Way] = [
            ByUrl(ResponseUrl(slash.response_url, self._client)),
            Ephemerally(client=self._client, channel_id=slash.channel_id, user_id=slash.user_id),
            InDirectMessages(client=self._client, find_channel=find_channel),
        ]
        files = FileWay(client=self._client, workspace=self._workspace, find_channel=find_channel)
        return self._answering(slash.user_id, language, ways, files, turn_page)

    def _answering(
        self,
        user_id: str,
        language: Language,
        ways: list[Way],
        files: FileWay,
        turn_page: TurnPage | None,
    ) -> Answering:
        return Answering(
            screen=Screen(Outlet(ways, self._client)),
            asker_id=user_id,
            language=language,
            pending=self.pending,
            files=files,
            changed=self._tell_changed,
            turn_page=turn_page,
        )

    async def _tell_changed(self, user_id: str) -> None:
        if self._changed is None:
            return
        try:
            await self._changed(user_id)
        except Exception:
            # Whoever shows memory elsewhere must not take the answer to the command along.
            log.exception("change_not_told")


async def _already(channel_id: str) -> str:
    return channel_id


def _refused(sentence: str) -> CommandReply:
    return CommandReply(kind=ReplyKind.REFUSED, lines=(sentence,))
