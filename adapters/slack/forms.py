"""Forms, as Slack shows them: made, and read when they are sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck

from adapters.slack.command_texts import slack_command_texts
from adapters.slack.pending import Miss, Pending, Waiting
from adapters.slack.rich_text import Block
from bot.commands.language import language_of

MAX_CHARACTERS = 3_000
"""Of a text in a form (https://docs.slack.dev/reference/block-kit/block-elements)."""
FORM_SECONDS = 15 * 60.0
"""A form that was left open for longer is forgotten."""
TITLE_CHARACTERS = 24
"""Of a form, and of its buttons (https://docs.slack.dev/reference/views/modal-views)."""


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


async def taken(
    pending: Pending[Waiting], name: str, ack: AsyncAck, body: Mapping[str, Any]
) -> tuple[Waiting | None, str]:
    """Acknowledge a form that was sent; what it stands for, and what its field ``name`` holds.

    The former is None where nothing is to be done: it was sent before, or its time is over, which
    the form says then.
    """
    view = body["view"]
    user_id = str(body["user"].get("id", ""))
    found = pending.take(str(view.get("private_metadata", "")), user_id)
    words = field_of(view, name)
    if isinstance(found, Miss) and found is not Miss.USED:
        texts = slack_command_texts(language_of(words))
        await ack(response_action="errors", errors={name: texts.form_expired})
        return None, words
    await ack()
    return (None if isinstance(found, Miss) else found), words


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": False}
