"""Slack's blocks for what the Home tab and its dialogs show.

Stored words are always plain text, which Slack neither formats nor makes calls of
(https://docs.slack.dev/reference/block-kit/composition-objects/text-object).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from adapters.slack.command_layout import parts_of
from adapters.slack.markdown import for_slack
from adapters.slack.rich_text import CHANNEL_ID, Block
from adapters.splitting import length
from bot.commands.reply import CommandReply, Row
from bot.domain.text import shorten

View = dict[str, Any]

MOST_BLOCKS = 100
"""Of one view (https://docs.slack.dev/reference/views/home-tab-views)."""
TEXT_UNITS = 2_900
"""Of one text. Slack takes 3,000 characters and does not say how it counts; these are UTF-16 units,
and the rest is room for what must not be cut."""
HEADER_UNITS = 150
LABEL_UNITS = 75
TITLE_UNITS = 24
NOTES_SHOWN = 10
"""Texts of one context block."""
QUERY_CHARACTERS = 200
"""Of what is searched for: it travels with the view, which has room for 3,000."""


def fit(text: str, limit: int = TEXT_UNITS) -> str:
    """``text``, cut with an ellipsis where it is longer than ``limit``; never empty."""
    if length(text) <= limit:
        return text if text.strip() else "…"
    cut, left = [], limit - 1
    for character in text:
        left -= length(character)
        if left < 0:
            break
        cut.append(character)
    return "".join(cut) + "…"


def plain(text: str, limit: int = TEXT_UNITS) -> Block:
    """A text that is shown as it is. Even where Slack would read it otherwise, it calls nobody."""
    return {"type": "plain_text", "text": fit(for_slack(text), limit), "emoji": True}


def header(text: str) -> Block:
    """A heading."""
    return {"type": "header", "text": plain(" ".join(text.split()), HEADER_UNITS)}


def section(text: str | Block, *, accessory: Block | None = None, block_id: str = "") -> Block:
    """A text, with something to press beside it."""
    block: Block = {"type": "section", "text": plain(text) if isinstance(text, str) else text}
    if accessory is not None:
        block["accessory"] = accessory
    if block_id:
        block["block_id"] = block_id
    return block


def context(texts: Sequence[str]) -> Block:
    """Small print."""
    return {"type": "context", "elements": [plain(text) for text in texts[:NOTES_SHOWN]]}


def divider() -> Block:
    """A line across."""
    return {"type": "divider"}


def button(label: str, action_id: str, *, value: str = "", style: str = "") -> Block:
    """Something to press. ``style`` is "primary" or "danger" where it is not as usual."""
    block: Block = {"type": "button", "text": plain(label, LABEL_UNITS), "action_id": action_id}
    if value:
        block["value"] = value
    if style:
        block["style"] = style
    return block


def actions(*elements: Block) -> Block:
    """Things to press, in a row."""
    return {"type": "actions", "elements": list(elements)}


def option(label: str, value: str, description: str = "") -> Block:
    """An entry of a menu."""
    block: Block = {"text": plain(label, LABEL_UNITS), "value": value}
    if description:
        block["description"] = plain(description, LABEL_UNITS)
    return block


def overflow(action_id: str, options: Sequence[Block]) -> Block:
    """A menu behind three dots: up to five entries."""
    return {"type": "overflow", "action_id": action_id, "options": list(options)}


def channel_text(channel_id: str, words: str = "") -> Block:
    """A channel by its name, where the id can be nothing but an id, and Ellie's own ``words``."""
    rest = f": {words}" if words else ""
    if CHANNEL_ID.fullmatch(channel_id):
        return {"type": "mrkdwn", "text": f"<#{channel_id}>{rest}"}
    return plain(f"{channel_id}{rest}")


def paging(
    page: int, pages: int, words: tuple[str, str, str], action_ids: tuple[str, str]
) -> Iterator[Block]:
    """Which page this is, and the ways to those beside it; nothing where there is but one.

    ``words`` say which page it is, and name the page before it and the one after it.
    """
    if pages <= 1:
        return
    which, before, after = words
    yield context([which.format(page=page, pages=pages)])
    buttons = []
    if page > 1:
        buttons.append(button(before, action_ids[0], value=str(page - 1)))
    if page < pages:
        buttons.append(button(after, action_ids[1], value=str(page + 1)))
    yield actions(*buttons)


def row_text(row: Row) -> str:
    """A row without its notes, on as many lines as it has."""
    marks = "".join(f" · {mark}" for mark in row.marks)
    words = for_slack(f"{row.label}  {row.text}" if row.label else row.text)
    return f"{fit(words, TEXT_UNITS - length(marks))}{marks}"


def row_blocks(row: Row, *, accessory: Block | None = None, block_id: str = "") -> Iterator[Block]:
    """A row and its notes."""
    yield section(row_text(row), accessory=accessory, block_id=block_id)
    if row.notes:
        yield context(row.notes)


def document(reply: CommandReply) -> list[Block]:
    """All that an answer says, as in a message; of a very long one something is left out.

    A question stands at the end, whatever is left out before.
    """
    blocks = [block for part in parts_of(reply) for block in part.blocks]
    if len(blocks) > MOST_BLOCKS:
        return [*blocks[: MOST_BLOCKS - 1], blocks[-1]]
    return blocks


def modal(
    title: str,
    blocks: Sequence[Block],
    *,
    close: str,
    callback_id: str = "",
    submit: str = "",
    metadata: str = "",
) -> View:
    """A dialog; without ``submit`` it only tells something."""
    view: View = {
        "type": "modal",
        "title": plain(shorten(title, TITLE_UNITS), TITLE_UNITS),
        "close": plain(close, TITLE_UNITS),
        "blocks": list(blocks),
    }
    if callback_id:
        view["callback_id"] = callback_id
    if submit:
        view["submit"] = plain(submit, TITLE_UNITS)
    if metadata:
        view["private_metadata"] = metadata
    return view
