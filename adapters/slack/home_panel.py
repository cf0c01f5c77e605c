"""The part of the Home tab for those who may manage the workspace: policies and retention."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from adapters.command_texts import CommandTexts
from adapters.slack.command_texts import slack_command_texts
from adapters.slack.home_blocks import (
    View,
    button,
    channel_text,
    context,
    header,
    modal,
    option,
    paging,
    plain,
    section,
)
from adapters.slack.home_ids import (
    CHANNEL_DEFAULT,
    CHANNELS_FOLLOWING,
    CHANNELS_PREVIOUS,
    KEPT,
    KEPT_CHOICE,
    KEPT_DAYS,
    KEPT_FORM,
    POLICY,
)
from adapters.slack.home_texts import HomeTexts, home_texts
from adapters.slack.rich_text import Block
from bot.commands.call import Caller
from bot.commands.definitions import DEFAULT, RETENTION
from bot.commands.definitions import POLICY as POLICY_COMMAND
from bot.commands.dispatch import Commands
from bot.commands.language import Language
from bot.commands.parsing import FOREVER, NO_DECISION
from bot.commands.reply import ReplyKind
from bot.commands.voice import Voice
from bot.domain.identity import TenantRef
from bot.domain.policy import AnswerPolicy, PolicySetting
from bot.engine.policies import ChannelPolicies

CHANNELS_SHOWN = 10
"""On one page."""
BLOCK_ID_CHARACTERS = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """What was decided for a workspace. ``policy`` is None while nobody decided anything.

    ``kept`` says for how long things are kept; empty where that is not decided here.
    """

    language: Language
    prefix: str
    policy: AnswerPolicy | None = None
    holds: tuple[str, ...] = ()
    channels: tuple[PolicySetting, ...] = ()
    page: int = 1
    pages: int = 1
    kept: tuple[str, ...] = ()


async def read_panel(
    caller: Caller,
    tenant: TenantRef,
    *,
    commands: Commands,
    policies: ChannelPolicies,
    language: Language,
    page: int,
) -> Panel:
    """What was decided, in the words of the commands that decide it.

    Raises:
        StorageError: it cannot be read.
    """
    listing = await policies.listing(tenant)
    held = await commands.look(POLICY_COMMAND, language, caller)
    kept = await commands.look(RETENTION, language, caller)
    channels = [setting for setting in listing if setting.channel_id is not None]
    pages = max(1, -(-len(channels) // CHANNELS_SHOWN))
    page = min(page, pages)
    first = (page - 1) * CHANNELS_SHOWN
    return Panel(
        language=language,
        prefix=caller.prefix,
        policy=next((one.policy for one in listing if one.channel_id is None), None),
        holds=held.lines,
        channels=tuple(channels[first : first + CHANNELS_SHOWN]),
        page=page,
        pages=pages,
        kept=kept.lines if kept.kind is ReplyKind.ANSWER else (),
    )


def panel_blocks(panel: Panel, texts: HomeTexts, words: CommandTexts) -> Iterator[Block]:
    """The panel."""
    yield header(texts.panel_title)
    yield context([texts.panel_note])
    yield section(texts.policy_label, accessory=_choice(panel, texts))
    if panel.holds:
        yield context(panel.holds)
    if panel.channels:
        yield section(texts.channels_title)
    else:
        yield context([texts.no_channels.format(prefix=panel.prefix)])
    for setting in panel.channels:
        yield _channel(setting, texts)
    yield from paging(
        panel.page,
        panel.pages,
        (texts.page, words.previous, words.following),
        (CHANNELS_PREVIOUS, CHANNELS_FOLLOWING),
    )
    if panel.kept:
        yield section(texts.kept_label, accessory=button(texts.change, KEPT))
        yield context(panel.kept)


def kept_form(language: Language, *, days: int | None = None) -> View:
    """The dialog in which somebody chooses for how long things are kept."""
    texts = home_texts(language)
    choices = [
        option(texts.kept_days, KEPT_DAYS),
        option(texts.kept_forever, str(FOREVER)),
        option(texts.kept_default, str(NO_DECISION)),
    ]
    number: Block = {
        "type": "number_input",
        "action_id": KEPT_DAYS,
        "is_decimal_allowed": False,
        "min_value": "1",
        "max_value": "99999",
    }
    if days:
        number["initial_value"] = str(days)
    return modal(
        texts.kept_title,
        [
            {
                "type": "input",
                "block_id": KEPT_CHOICE,
                "label": plain(texts.kept_choice),
                "element": {
                    "type": "radio_buttons",
                    "action_id": KEPT_CHOICE,
                    "options": choices,
                    "initial_option": choices[0],
                },
            },
            {
                "type": "input",
                "block_id": KEPT_DAYS,
                "optional": True,
                "label": plain(texts.days_label),
                "element": number,
            },
        ],
        close=texts.close,
        callback_id=KEPT_FORM,
        submit=slack_command_texts(language).save,
        metadata=json.dumps({"language": language.value}),
    )


def _choice(panel: Panel, texts: HomeTexts) -> Block:
    voice = Voice(language=panel.language)
    options = {
        value: option(label, value, "" if value == DEFAULT else voice.say(f"policy.{value}"))
        for value, label in texts.policies.items()
    }
    return {
        "type": "static_select",
        "action_id": POLICY,
        "options": list(options.values()),
        "initial_option": options[panel.policy or DEFAULT],
    }


def _channel(setting: PolicySetting, texts: HomeTexts) -> Block:
    channel_id = setting.channel_id or ""
    return section(
        channel_text(channel_id, texts.policies[setting.policy]),
        accessory=button(texts.to_default, CHANNEL_DEFAULT, value=channel_id),
        block_id=f"channel:{channel_id}"[:BLOCK_ID_CHARACTERS],
    )
