"""What the Home tab shows, as a view of Slack's. Nothing here asks or stores anything."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from adapters.command_texts import CommandTexts, command_texts
from adapters.slack.home_blocks import (
    MOST_BLOCKS,
    NOTES_SHOWN,
    QUERY_CHARACTERS,
    TEXT_UNITS,
    View,
    actions,
    button,
    channel_text,
    context,
    divider,
    document,
    header,
    option,
    overflow,
    paging,
    plain,
    row_blocks,
    section,
)
from adapters.slack.home_ids import (
    AGAIN,
    ALL,
    EDIT,
    EXPORT,
    FACT,
    FOLLOWING,
    FORGET,
    FORGET_ALL,
    INCOGNITO_OFF,
    INCOGNITO_ON,
    PAUSE,
    PIN,
    PREVIOUS,
    READ,
    RESUME,
    SEARCH,
    UNDO,
    UNPIN,
)
from adapters.slack.home_panel import Panel, panel_blocks
from adapters.slack.home_state import Notice, Position
from adapters.slack.home_texts import HomeTexts, home_texts
from adapters.slack.rich_text import Block, Run, block_of
from adapters.splitting import length
from bot.commands.reply import CommandReply, Row, Section
from bot.domain.fact import Fact, FactStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What is remembered about whoever looks, or the part that they looked for.

    ``facts`` are all their facts by what stands before them in a row, ``#12``.
    """

    lines: tuple[str, ...]
    sections: tuple[Section, ...] = ()
    closing: tuple[str, ...] = ()
    facts: Mapping[str, Fact]
    page: int = 1
    pages: int = 1
    paused: bool = False
    incognito: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeContent:
    """All that one person's Home tab shows. Without ``memory`` they are a stranger."""

    name: str
    position: Position
    privacy: CommandReply
    memory: Memory | None = None
    notice: Notice | None = None
    panel: Panel | None = None


def home_view(content: HomeContent) -> View:
    """The view."""
    language = content.position.language
    texts, words = home_texts(language), command_texts(language)
    blocks = [header(texts.greeting.format(name=content.name))]
    if content.notice is not None:
        blocks.append(_notice(content.notice))
    if content.memory is None:
        blocks.append(section(texts.start))
    else:
        blocks.extend(_memory(content.memory, content.position, texts, words))
    blocks += [divider(), *_settings(content.memory, texts), *document(content.privacy)]
    if content.panel is not None:
        blocks += [divider(), *panel_blocks(content.panel, texts, words)]
    return _home(blocks, content.position)


def trouble_view(sentence: str, position: Position) -> View:
    """In place of everything, while nothing can be read."""
    label = home_texts(position.language).try_again
    return _home([section(sentence), actions(button(label, AGAIN))], position)


def _home(blocks: list[Block], position: Position) -> View:
    return {
        "type": "home",
        "blocks": blocks[:MOST_BLOCKS],
        "private_metadata": position.packed(),
    }


def _notice(notice: Notice) -> Block:
    block = context(notice.lines)
    if notice.channel_id:
        elements = [channel_text(notice.channel_id), *block["elements"]]
        block["elements"] = elements[:NOTES_SHOWN]
    return block


def _memory(
    memory: Memory, position: Position, texts: HomeTexts, words: CommandTexts
) -> Iterator[Block]:
    yield _search(position, texts)
    if position.query:
        yield actions(button(texts.show_all, ALL))
    if memory.lines:
        yield section("\n".join(memory.lines))
    for part in memory.sections:
        if part.title:
            yield block_of([(Run(text=part.title, bold=True),)])
        for row in part.rows:
            yield from _row(row, memory.facts.get(row.label), texts)
    if memory.closing:
        yield context(memory.closing)
    yield from paging(
        memory.page,
        memory.pages,
        (texts.page, words.previous, words.following),
        (PREVIOUS, FOLLOWING),
    )


def _search(position: Position, texts: HomeTexts) -> Block:
    element: Block = {
        "type": "plain_text_input",
        "action_id": SEARCH,
        "placeholder": plain(texts.search_hint),
        "max_length": QUERY_CHARACTERS,
        "dispatch_action_config": {"trigger_actions_on": ["on_enter_pressed"]},
    }
    if position.query:
        element["initial_value"] = position.query
    return {
        "type": "input",
        # Slack keeps what was typed into a block of the same name, also when all is shown again.
        "block_id": f"search:{hashlib.sha256(position.query.encode()).hexdigest()[:12]}",
        "dispatch_action": True,
        "optional": True,
        "label": plain(texts.search_label),
        "element": element,
    }


def _row(row: Row, fact: Fact | None, texts: HomeTexts) -> Iterator[Block]:
    if fact is None:
        yield from row_blocks(row)
        return
    menu = _menu(fact, is_long=length(row.text) > TEXT_UNITS - 200, texts=texts)
    yield from row_blocks(row, accessory=menu, block_id=f"fact:{fact.number}")


def _menu(fact: Fact, *, is_long: bool, texts: HomeTexts) -> Block:
    def entry(label: str, what: str) -> Block:
        return option(label, f"{what}:{fact.number}")

    entries = [entry(texts.forget, FORGET)]
    if fact.status is FactStatus.ACTIVE:
        pin = entry(texts.unpin, UNPIN) if fact.state.pinned else entry(texts.pin, PIN)
        entries = [entry(texts.edit, EDIT), *entries, pin]
    if is_long:
        entries.append(entry(texts.read, READ))
    return overflow(FACT, entries)


def _settings(memory: Memory | None, texts: HomeTexts) -> Iterator[Block]:
    paused, incognito = (memory.paused, memory.incognito) if memory else (False, False)
    buttons = [
        button(texts.resume, RESUME, style="primary") if paused else button(texts.pause, PAUSE),
        button(texts.end_incognito, INCOGNITO_OFF, style="primary")
        if incognito
        else button(texts.go_incognito, INCOGNITO_ON),
    ]
    if memory is not None:
        buttons += [
            button(texts.undo, UNDO),
            button(texts.export, EXPORT),
            button(texts.forget_all, FORGET_ALL, style="danger"),
        ]
    yield header(texts.settings_title)
    yield actions(*buttons)
