"""What Discord is told about the commands: all of them, in its limits, in two languages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import pytest
import simcord.interactions
from discord import app_commands
from simcord import SetupError
from support.discord_commands import CommandServer, command_server, words_of

from adapters.discord import application_commands
from adapters.discord.command_texts import CHINESE as CHINESE_CHOICES
from bot.commands.definitions import CHOICES, COMMANDS, PIN
from bot.commands.language import Language
from bot.commands.parsing import Invocation, parse_arguments
from bot.commands.voice import TABLES

LONGEST = 8_000
"""docs.discord.com, application commands: names, descriptions and values of one command."""


@pytest.fixture
async def server() -> AsyncIterator[CommandServer]:
    async with command_server() as running:
        yield running


@pytest.fixture
def chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody's client is set to Chinese."""
    made = simcord.interactions.base_payload

    def localised(*given: Any, **named: Any) -> Any:
        record, payload = made(*given, **named)
        return record, {**payload, "locale": "zh-CN"}

    monkeypatch.setattr(simcord.interactions, "base_payload", localised)


async def payloads(server: CommandServer) -> list[dict[str, Any]]:
    tree = server.bot.tree
    assert tree.translator
    return [
        await command.get_translated_payload(tree, tree.translator)
        for command in tree.get_commands()
    ]


def nodes(payload: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield payload
    for part in (*payload.get("options", ()), *payload.get("choices", ())):
        yield from nodes(part)


async def test_everybody_has_every_command_in_channels_and_directly(
    server: CommandServer,
) -> None:
    wanted = {command.name for command in COMMANDS if not command.admin}

    assert set(server.ana.available_commands(server.channel)) == wanted
    assert set(server.ana.user.available_commands()) == wanted


async def test_admin_commands_are_for_those_who_manage_the_server(server: CommandServer) -> None:
    wanted = {command.name for command in COMMANDS}

    assert set(server.cleo.available_commands(server.channel)) == wanted
    assert not any("admin" in name for name in server.cleo.user.available_commands())


async def test_a_new_command_appears_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    new = replace(PIN, name="memory upin")
    monkeypatch.setattr(application_commands, "COMMANDS", (*COMMANDS, new))
    for table in TABLES.values():
        monkeypatch.setitem(table, "summary.memory upin", "does something new")

    async with command_server() as server:
        assert "memory upin" in server.ana.available_commands(server.channel)


async def test_they_are_not_offered_among_other_people(server: CommandServer) -> None:
    for payload in await payloads(server):
        assert payload["contexts"] == ([0] if payload["name"] == "admin" else [0, 1])
        assert payload["integration_types"] == [0]


async def test_only_the_admin_group_is_hidden_from_others(server: CommandServer) -> None:
    hidden = {
        payload["name"]: payload["default_member_permissions"]
        for payload in await payloads(server)
        if payload["default_member_permissions"] is not None
    }
    assert hidden == {"admin": 1 << 5}  # manage the server


async def test_all_names_and_descriptions_fit(server: CommandServer) -> None:
    for payload in await payloads(server):
        length = 0
        for node in nodes(payload):
            names = [node["name"], *node.get("name_localizations", {}).values()]
            descriptions = [
                node.get("description", ""),
                *node.get("description_localizations", {}).values(),
            ]
            is_choice = "value" in node
            if not is_choice:
                assert all(app_commands.commands.validate_name(name) for name in names)
                assert all(1 <= len(description) <= 100 for description in descriptions)
            assert all(1 <= len(name) <= 100 for name in names)
            assert len(node.get("options", ())) <= 25
            assert len(node.get("choices", ())) <= 25
            length += max(map(len, names)) + max(map(len, descriptions))
            length += len(str(node.get("value", "")))
        assert length <= LONGEST


async def test_siblings_have_different_names_in_every_language(server: CommandServer) -> None:
    for payload in [{"name": "", "options": await payloads(server)}, *await payloads(server)]:
        for node in nodes(payload):
            for locale in ("", "zh-CN", "zh-TW"):
                names = [
                    option["name_localizations"].get(locale, option["name"])
                    for option in node.get("options", ())
                ]
                assert len(set(names)) == len(names)


async def test_everything_has_a_chinese_name_and_description(server: CommandServer) -> None:
    for payload in await payloads(server):
        for node in nodes(payload):
            if "value" in node:
                continue
            for kind in ("name", "description"):
                chinese = node[f"{kind}_localizations"]
                assert set(chinese) == {"zh-CN", "zh-TW"}, node
                assert any("\u4e00" <= character <= "\u9fff" for character in chinese["zh-CN"])


def test_a_chinese_choice_can_be_typed_as_well() -> None:
    for command in COMMANDS:
        for parameter in command.parameters:
            for value in CHOICES.get(parameter.kind, ()):
                chinese = CHINESE_CHOICES.choices.get(value, value)
                alone = replace(command, parameters=(parameter,))
                typed = parse_arguments(alone, chinese, Language.CHINESE)
                assert typed == parse_arguments(alone, value, Language.CHINESE)
                assert isinstance(typed, Invocation)


async def test_a_chinese_client_is_answered_in_chinese(
    server: CommandServer, chinese: None
) -> None:
    await server.learn("I keep bees.")

    asked = await server.slash("memory forget", what="1")

    assert "将会删除这些" in words_of(asked)
    await server.ana.click(asked.response, label="否")
    assert words_of(asked) == "没有删除任何内容。"


async def test_chinese_words_are_answered_in_chinese(server: CommandServer) -> None:
    assert "没有找到" in words_of(await server.slash("memory show", query="蜜蜂"))


async def test_those_who_manage_the_server_decide(server: CommandServer) -> None:
    done = await server.slash("admin policy set", server.cleo, setting="answers", value="mentions")

    assert done.ephemeral
    shown = words_of(await server.slash("admin policy show", server.cleo))
    assert "mentions" in shown


async def test_a_member_whom_discord_lets_through_is_refused_all_the_same(
    server: CommandServer,
) -> None:
    with pytest.raises(SetupError):  # Discord hides it
        await server.slash("admin policy set", setting="answers", value="off")
    (admin,) = [c for c in await server.bot.tree.fetch_commands() if c.name == "admin"]
    server.guild.set_command_permissions(admin, {server.ana: True})

    refused = await server.slash("admin policy set", setting="answers", value="off")

    assert refused.ephemeral
    shown = words_of(await server.slash("admin policy show", server.cleo))
    assert "manage" in words_of(refused)
    assert "off" not in shown.partition("\n\n")[0]


async def test_what_discord_says_about_rights_is_not_enough(
    server: CommandServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = simcord.interactions.base_payload

    def flattering(*given: Any, **named: Any) -> Any:
        record, payload = made(*given, **named)
        member = {**payload["member"], "permissions": str(1 << 5)}
        return record, {**payload, "member": member}

    monkeypatch.setattr(simcord.interactions, "base_payload", flattering)
    (admin,) = [c for c in await server.bot.tree.fetch_commands() if c.name == "admin"]
    server.guild.set_command_permissions(admin, {server.ana: True})

    refused = words_of(await server.slash("admin policy set", setting="answers", value="off"))

    assert "manage" in refused
