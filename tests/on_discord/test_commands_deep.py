"""Commands in groups inside groups, and those that name somebody."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import discord
import pytest
from support.deep_commands import add_deep_commands
from support.discord_commands import CommandServer, command_server, words_of
from support.town import Town, town

from adapters.discord.syncing import sync_if_changed
from bot.commands.definitions import COMMANDS
from bot.commands.voice import TABLES

USER, SUBCOMMAND, GROUP = 6, 1, 2
"""Types of options (docs.discord.com, application commands)."""


@pytest.fixture(autouse=True)
def deep(monkeypatch: pytest.MonkeyPatch) -> None:
    add_deep_commands(monkeypatch)


@pytest.fixture
async def server() -> AsyncIterator[CommandServer]:
    async with command_server() as running:
        yield running


async def admin_group(server: CommandServer) -> dict[str, Any]:
    tree = server.bot.tree
    assert tree.translator
    (admin,) = [one for one in tree.get_commands() if one.name == "admin"]
    payload: dict[str, Any] = await admin.get_translated_payload(tree, tree.translator)
    return payload


def options(payload: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {option["name"]: option for option in payload["options"]}


def levels(payload: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The command and the groups in it."""
    yield payload
    for option in payload.get("options", ()):
        if option["type"] in {GROUP, SUBCOMMAND}:
            yield from levels(option)


async def test_three_words_are_a_group_in_a_group(server: CommandServer) -> None:
    admin = await admin_group(server)
    wave = options(admin)["wave"]
    assert wave["type"] == GROUP
    assert wave["description"] == "ways to greet people"
    assert wave["name_localizations"]["zh-CN"] == "挥手"
    assert wave["description_localizations"]["zh-CN"] == "打招呼的方式"
    assert set(options(wave)) == {"user", "all"}
    assert {option["type"] for option in options(wave).values()} == {SUBCOMMAND}
    # Discord has rights and places for whole commands alone.
    assert "default_member_permissions" not in wave


async def test_a_group_of_the_product_takes_one_more(server: CommandServer) -> None:
    policy = options(await admin_group(server))["policy"]
    assert policy["type"] == GROUP
    assert set(options(policy)) == {"show", "set", "default", "export", "import", "rules"}
    assert options(policy)["show"]["name_localizations"]["zh-CN"] == "查看"


async def test_no_level_has_more_than_discord_takes(server: CommandServer) -> None:
    for payload in server.bot.tree.get_commands():
        for level in levels(payload.to_dict(server.bot.tree)):
            assert len(level.get("options", ())) <= 25


async def test_somebody_is_chosen_and_known_by_their_id(server: CommandServer) -> None:
    wave = options(await admin_group(server))["wave"]
    who = options(options(wave)["user"])["who"]
    assert (who["type"], who["required"]) == (USER, True)

    done = await server.slash("admin wave user", server.cleo, who=server.ben, query="good day")

    assert words_of(done) == f"Hello {server.ben.id} of nowhere.\ngood day"


async def test_who_has_left_can_be_chosen(server: CommandServer) -> None:
    gone = server.env.create_user("gone")

    done = await server.slash("admin wave user", server.cleo, who=gone)

    assert f"Hello {gone.id}" in words_of(done)


async def test_bots_are_refused(server: CommandServer) -> None:
    bot = server.guild.add_member(server.env.create_user("beeper", bot=True))

    refused = await server.slash("admin wave user", server.cleo, who=bot)

    assert words_of(refused) == "beeper is a bot, and I keep nothing about bots. Choose a person."


async def test_who_may_not_manage_is_refused(server: CommandServer) -> None:
    (admin,) = [c for c in await server.bot.tree.fetch_commands() if c.name == "admin"]
    server.guild.set_command_permissions(admin, {server.ana: True})

    refused = await server.slash("admin wave user", who=server.ben)

    assert "Hello" not in words_of(refused)


async def test_discord_is_told_when_a_command_deep_inside_changes(
    server: CommandServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree, state = server.bot.tree, tmp_path / "discord.json"
    assert await sync_if_changed(server.bot, tree, state)
    assert not await sync_if_changed(server.bot, tree, state)
    (admin,) = [one for one in tree.get_commands() if one.name == "admin"]
    assert isinstance(admin, discord.app_commands.Group)
    wave = admin.get_command("wave")
    assert isinstance(wave, discord.app_commands.Group)

    wave.remove_command("all")

    assert await sync_if_changed(server.bot, tree, state)


def test_every_group_is_described() -> None:
    groups = {name.rpartition(" ")[0] for name in (command.name for command in COMMANDS)}
    assert {"admin reset", "admin policy", "admin export"} <= groups
    for table in TABLES.values():
        for group in groups - {""}:
            assert 1 <= len(table[f"group.{group}"]) <= 100


def manager(t: Town) -> Any:
    role = t.guild.create_role("m", permissions=discord.Permissions(manage_guild=True))
    return t.guild.add_member(t.env.create_user("cem"), roles=[role])


async def typed(t: Town, who: Any, text: str) -> str:
    await t.say(who, text)
    return words_of(who.user.dm_channel.last_message)


async def test_in_a_message_somebody_is_mentioned(tmp_path: Path) -> None:
    async with town(tmp_path) as t:
        cem = manager(t)
        told = await typed(t, cem, f"/admin wave user <@!{t.ana.id}> hello")

        assert told == f"Hello {t.ana.id} of nowhere.\nhello"


@pytest.mark.parametrize("name", ["ana", "@ana", "12", "<@&123456789012345678>"])
async def test_in_a_message_a_name_is_nobody(tmp_path: Path, name: str) -> None:
    async with town(tmp_path) as t:
        told = await typed(t, manager(t), f"/admin wave user {name}")

        assert "is nobody here: mention them." in told


async def test_a_group_alone_lists_what_is_in_it(tmp_path: Path) -> None:
    async with town(tmp_path) as t:
        await t.say(manager(t), "/admin wave")

        [told] = [words_of(message) for message in t.hers()]
        assert "What there is under /admin wave" in told
        assert "**/admin wave user WHO" in told
        assert "/admin policy" not in told
