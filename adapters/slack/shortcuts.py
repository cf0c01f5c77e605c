"""“Ask Ellie about this”, on somebody's message: a form for the question, and then the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from adapters.reply_texts import reply_texts_for
from adapters.slack.command_outlets import delivered
from adapters.slack.command_texts import slack_command_texts
from adapters.slack.forms import FORM_SECONDS, modal, taken, text_field
from adapters.slack.pending import Pending
from adapters.slack.people import People
from adapters.slack.workspace import Workspace
from adapters.tasks import OwnedTasks
from bot.commands.language import language_of
from bot.log import get_logger
from bot.ports.system import Clock

log = get_logger(__name__)

CALLBACK_ID = "ellie_ask_about"
"""Of the shortcut, and of its form."""
LOCALE_SECONDS = 1.0
"""For finding out in which language to ask; a form can be opened for three seconds."""

_QUESTION = "question"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What somebody asks about a message.

    ``team_id`` is the workspace that Ellie is in, ``user_team_id`` the one that Slack names for
    the person; ``message`` is as Slack tells it; ``locale`` is their language tag.
    """

    user_id: str
    team_id: str
    channel_id: str
    message: Mapping[str, Any]
    text: str = ""
    view_id: str = ""
    response_url: str = ""
    locale: str = ""
    user_team_id: str = ""

    @property
    def event_key(self) -> str:
        """The same however often Slack tells of it. It names the message that is asked about."""
        return f"{self.team_id}:view:{self.view_id}:{self.message.get('ts', '')}"


Ask: TypeAlias = Callable[[Question], Awaitable[None]]
"""Answers a question."""


class AskShortcut:
    """Takes the shortcut, asks for the question, and hands it on."""

    def __init__(
        self,
        *,
        client: AsyncWebClient,
        workspace: Workspace,
        people: People,
        tasks: OwnedTasks,
        clock: Clock,
        ask: Ask,
    ) -> None:
        self._client = client
        self._workspace = workspace
        self._people = people
        self._tasks = tasks
        self._ask = ask
        self._pending: Pending[Question] = Pending(clock, tasks)

    def register(self, app: AsyncApp) -> None:
        """Hear of the shortcut and of its form."""
        app.shortcut(CALLBACK_ID)(self._used)
        app.view(CALLBACK_ID)(self._sent)

    async def _used(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        await ack()
        if isinstance(body.get("message"), Mapping):
            self._tasks.start(self._open(body), name="ask-about")

    async def _open(self, body: Mapping[str, Any]) -> None:
        user = body.get("user") or {}
        question = Question(
            user_id=str(user.get("id", "")),
            user_team_id=str(user.get("team_id") or ""),
            team_id=self._workspace.team_id,
            channel_id=str((body.get("channel") or {}).get("id", "")),
            message=body["message"],
            response_url=str(body.get("response_url") or ""),
        )
        question = replace(question, locale=await self._locale(question))
        texts = reply_texts_for("", question.locale)
        own = slack_command_texts(language_of("", question.locale))
        [id_] = self._pending.put([question], asker_id=question.user_id, seconds=FORM_SECONDS)
        view = modal(
            CALLBACK_ID,
            id_=id_,
            title=texts.ask_title,
            submit=own.ask,
            close=own.cancel,
            blocks=[
                text_field(
                    _QUESTION,
                    texts.ask_label,
                    hint=own.asked_openly,
                    placeholder={"type": "plain_text", "text": texts.ask_hint, "emoji": False},
                )
            ],
        )
        opening = self._client.views_open(trigger_id=str(body.get("trigger_id", "")), view=view)
        if not await delivered(opening, "form_not_opened"):
            self._pending.take(id_, question.user_id)

    async def _sent(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        sent = await taken(self._pending, _QUESTION, ack, body)
        question, text = sent
        if question is not None:
            asked = replace(question, text=text, view_id=str(body["view"].get("id", "")))
            self._tasks.start(self._hand_on(asked), name="question-about")

    async def _hand_on(self, question: Question) -> None:
        await self._ask(question)

    async def _locale(self, question: Question) -> str:
        asking = self._people.get(question.user_id, team_id=question.user_team_id)
        try:
            async with asyncio.timeout(LOCALE_SECONDS):
                return (await asking).locale
        except TimeoutError:
            return ""
