"""Texts in both languages, and help made from the definitions."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest
from support.administering import Office
from support.commanding import Desk, text_of

import bot.commands
from bot.commands.definitions import COMMANDS
from bot.commands.language import Language
from bot.commands.voice import TABLES, Voice
from bot.domain.audit import AuditOutcome
from bot.domain.fact import FactKind, FactStatus
from bot.domain.operation import OperationKind
from bot.domain.place_policy import MemoryMode
from bot.domain.place_settings import NAMES
from bot.domain.policy import AnswerPolicy
from bot.domain.quota import QuotaHolder
from bot.domain.recipient import Purpose
from bot.domain.setting_values import Unfit
from bot.domain.turn import TurnStatus
from bot.engine.linking import LinkRefusal


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_have_every_text_with_the_same_values() -> None:
    english, chinese = TABLES[Language.ENGLISH], TABLES[Language.CHINESE]
    assert set(english) == set(chinese)
    for key, text in english.items():
        same_count = key.endswith(".one")
        assert same_count or placeholders(text) == placeholders(chinese[key]), key


def test_both_languages_name_the_same_commands() -> None:
    commands = re.compile(r"\{p\}(?:(?:memory|admin) \w+|\w+|\{\w+\})")
    for key, text in TABLES[Language.ENGLISH].items():
        chinese = TABLES[Language.CHINESE][key]
        assert sorted(commands.findall(text)) == sorted(commands.findall(chinese)), key


def test_every_text_is_used_and_every_key_exists() -> None:
    folder = Path(bot.commands.__file__).parent
    code = "\n".join(
        path.read_text("utf-8")
        for path in folder.glob("*.py")
        if not path.stem.startswith("texts_")
    )
    made = {f"summary.{command.name}" for command in COMMANDS}
    for command in COMMANDS:
        for parameter in command.parameters:
            made.add(f"parameter.{parameter.name}")
            if parameter.required:
                made.add(f"missing.{parameter.name}")
    unfit = (
        *("fact", "turn", "switch", "format", "days", "setting", "where", "file", "user"),
        "language",
    )
    made |= {f"unfit.{name}" for name in unfit}
    made |= {f"name.{parameter.name}" for command in COMMANDS for parameter in command.parameters}
    made |= {f"group.{group}" for group in ("memory", "admin")}
    made |= {f"group.admin {group}" for group in ("reset", "policy", "export")}
    made |= {f"policy.{policy.value}" for policy in AnswerPolicy}
    decider = ("here", "everywhere", "nobody")
    made |= {f"policy.{what}.{by}" for what in ("by", "mark") for by in decider}
    made |= {f"setting.{name}" for name in NAMES}
    made |= {f"setting.unfit.{reason.value}" for reason in Unfit}
    made |= {
        f"policy.{what}.{where}" for what in ("set", "removed") for where in ("here", "everywhere")
    }
    made |= {f"reword.spent.{holder.value}" for holder in QuotaHolder}
    made |= {f"consent.mode.{mode.value}" for mode in MemoryMode}
    made |= {f"consent.{is_so}" for is_so in ("kept", "unkept", "agreed", "not_agreed")}
    made |= {f"retention.by.{by}" for by in ("tenant", "owner")}
    made |= {f"kind.{kind.value}" for kind in FactKind}
    made |= {f"mark.{status.value}" for status in FactStatus if status is not FactStatus.ACTIVE}
    made |= {f"mark.{status.value}" for status in TurnStatus if status is not TurnStatus.ANSWERED}
    made |= {f"operation.{kind.value}" for kind in OperationKind if kind is not OperationKind.UNDO}
    made |= {
        f"link.{refusal.value}" for refusal in LinkRefusal if refusal is not LinkRefusal.NOT_LINKED
    }
    made |= {f"trace.{kind}" for kind in ("fact", "episode", "fresh", "loop", "recalled", "note")}
    made |= {f"incognito.{on}.{how}" for on in ("on", "off") for how in ("done", "unchanged")}
    made |= {f"privacy.state.{state}" for state in ("on", "paused", "incognito")}
    made |= {f"privacy.{key}" for key in ("what", "compact", "not", "where")}
    made |= {f"privacy.for.{purpose.value}" for purpose in Purpose}
    made |= {
        f"{noun}.{number}"
        for noun in (
            *("message", "fact", "sentence", "day", "channel"),
            *("person", "summary", "hour", "entry"),
        )
        for number in ("one", "many")
    }
    made |= {f"{verb}.{how}" for verb in ("edit", "pin", "unpin") for how in ("done", "unchanged")}
    made |= {"fact.unknown", "fact.not_active"}
    made |= {f"audit.outcome.{outcome.value}" for outcome in AuditOutcome}
    for key in TABLES[Language.ENGLISH]:
        assert key in made or f'"{key}"' in code, key
    for key in made:
        assert key in TABLES[Language.ENGLISH], key


@pytest.mark.parametrize("locale", ["", "zh-CN"])
async def test_help_lists_every_command(locale: str) -> None:
    reply = await Office().ask("/help", locale=locale)

    assert [row.label.split(" [")[0] for row in reply.sections[0].rows]
    for command in COMMANDS:
        assert f"/{command.name}" in text_of(reply)
    assert not reply.private


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
@pytest.mark.parametrize("locale", ["", "zh-CN"])
async def test_help_explains_each_command(command: object, locale: str) -> None:
    name = command.name  # type: ignore[attr-defined]

    reply = await Office().ask(f"/help {name}", locale=locale)

    assert reply.title.startswith(f"/{name}: ")
    shown = text_of(reply)
    for alias in command.aliases:  # type: ignore[attr-defined]
        assert f"/{alias}" in shown


async def test_help_knows_commands_by_their_last_word() -> None:
    reply = await Desk().ask("/help show")

    assert reply.title.startswith("/memory show")
    assert "/memory show [QUERY] [page N]" in text_of(reply)


async def test_destructive_commands_say_that_they_ask() -> None:
    assert "I ask before I do it." in text_of(await Desk().ask("/help forget"))
    assert "I ask before I do it." not in text_of(await Desk().ask("/help pin"))


def test_the_prefix_of_the_platform_stands_before_commands() -> None:
    voice = Voice(language=Language.ENGLISH, prefix="@Ellie ")

    assert voice.say("unknown.help") == "@Ellie help lists the commands."


def test_a_persons_braces_stay_braces() -> None:
    voice = Voice(language=Language.ENGLISH)

    assert "“{p} {0}”" in voice.say("forget.nothing", words="{p} {0}")
