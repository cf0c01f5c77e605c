"""A form in which somebody changes the words of a fact."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from adapters.command_texts import command_texts
from adapters.slack.command_outlets import delivered
from adapters.slack.command_texts import slack_command_texts
from adapters.slack.pending import Miss, Pending
from adapters.slack.rich_text import Block
from adapters.tasks import OwnedTasks
from bot.commands.language import Language, language_of
from bot.domain.fact import Fact
from bot.ports.system import Clock

CALLBACK_ID = "ellie_edit_fact"
MAX_CHARACTERS = 3_000
"""Of a text in a form (https://docs.slack.dev/reference/block-kit/block-elements)."""
FORM_SECONDS = 15 * 60.0
"""A form that was left open for longer is forgotten."""
TITLE_CHARACTERS = 24
"""Of a form, and of its buttons (https://docs.slack.dev/reference/views/modal-views)."""

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
        view = body["view"]
        save = self._pending.take(
            str(view.get("private_metadata", "")), str(body["user"].get("id", ""))
        )
        words = field_of(view, _WORDS)
        if isinstance(save, Miss) and save is not Miss.USED:
            texts = slack_command_texts(language_of(words))
            await ack(response_action="errors", errors={_WORDS: texts.form_expired})
            return
        await ack()
        if not isinstance(save, Miss):
            self._tasks.start(_run(save, words), name="edit-fact")


def modal(
    callback_id: str, *, id_: str, title: str, submit: str, close: str, blocks: list[Block]
) -> Block:
    """A form; ``id_`` is what it stands for."""
    return {
        "type": "modal",
        "callback_id": callback_id,
        "private_metadata": id_,
        "title": _plain(title),
        "submit": _plain(submit),
        "close": _plain(close),
        "blocks": blocks,
    }


def text_field(name: str, label: str, *, hint: str = "", **more: object) -> Block:
    """A field for several lines of text, with a ``hint`` under it."""
    return {
        **({"hint": _plain(hint)} if hint else {}),
        "type": "input",
        "block_id": name,
        "label": _plain(label),
        "element": {
            "type": "plain_text_input",
            "action_id": name,
            "multiline": True,
            "min_length": 1,
            "max_length": MAX_CHARACTERS,
            "focus_on_load": True,
            **more,
        },
    }


def field_of(view: Mapping[str, Any], name: str) -> str:
    """What was written into a field of a form."""
    state = ((view.get("state") or {}).get("values") or {}).get(name) or {}
    return str((state.get(name) or {}).get("value") or "")


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


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": False}


async def _run(save: Save, words: str) -> None:
    await save(words)
