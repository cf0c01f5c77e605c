"""A form in which somebody changes the words of a fact."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from adapters.command_texts import command_texts
from adapters.slack.command_outlets import delivered
from adapters.slack.command_texts import slack_command_texts
from adapters.slack.forms import FORM_SECONDS, modal, taken, text_field
from adapters.slack.pending import Pending
from adapters.slack.rich_text import Block
from adapters.tasks import OwnedTasks
from bot.commands.language import Language
from bot.domain.fact import Fact
from bot.ports.system import Clock

CALLBACK_ID = "ellie_edit_fact"

_WORDS = "words"

Save: TypeAlias = Callable[[str], Awaitable[None]]
"""Puts words in place of the fact's, and says what came of it."""


class FactForms:
    """Opens such forms, and takes what people write in them."""

    def __init__(self, *, client: AsyncWebClient, tasks: OwnedTasks, clock: Clock) -> None:
        self._client = client
        self._tasks = tasks
        self._pending: Pending[Save] = Pending(clock, tasks)

    def register(self, app: AsyncApp) -> None:
        """Hear of forms that are sent."""
        app.view(CALLBACK_ID)(self._sent)

    def close(self) -> None:
        """Forget what open forms stand for."""
        self._pending.clear()

    async def open(
        self, trigger_id: str, fact: Fact, *, asker_id: str, language: Language, save: Save
    ) -> bool:
        """Show the form with the fact's words in it. False when Slack did not.

        ``trigger_id`` is that of what the person did; it is good for three seconds.
        """
        [id_] = self._pending.put([save], asker_id=asker_id, seconds=FORM_SECONDS)
        opening = self._client.views_open(
            trigger_id=trigger_id, view=_view(fact, id_=id_, language=language)
        )
        if await delivered(opening, "form_not_opened"):
            return True
        self._pending.take(id_, asker_id)
        return False

    async def _sent(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        sent = await taken(self._pending, _WORDS, ack, body)
        save, words = sent
        if save is not None:
            self._tasks.start(_run(save, words), name="edit-fact")


def _view(fact: Fact, *, id_: str, language: Language) -> Block:
    texts, own = command_texts(language), slack_command_texts(language)
    return modal(
        CALLBACK_ID,
        id_=id_,
        title=texts.edit_title.format(number=fact.number),
        submit=own.save,
        close=own.cancel,
        blocks=[text_field(_WORDS, texts.edit_label, initial_value=fact.text)],
    )


async def _run(save: Save, words: str) -> None:
    await save(words)
