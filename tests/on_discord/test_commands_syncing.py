"""Discord is told about the commands when they changed, and only then."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from support.discord_commands import CommandBot, CommandServer, command_server

from adapters.discord.syncing import sync_if_changed

ASKED = "/applications/42"


@pytest.fixture
async def server() -> AsyncIterator[CommandServer]:
    async with command_server() as running:
        yield running


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state" / "discord.json"


def told(server: CommandServer) -> int:
    """How often Discord was told."""
    return sum(request.method == "PUT" for request in server.env.http_requests) - 1


def remembered(state: Path) -> str | None:
    return state.read_text() if state.exists() else None


def write(state: Path, text: str) -> None:
    state.parent.mkdir(exist_ok=True)
    state.write_text(text)


async def sync(server: CommandServer, state: Path) -> bool:
    bot: CommandBot = server.bot
    return await sync_if_changed(bot, bot.tree, state)


async def test_discord_is_told_once(server: CommandServer, state: Path) -> None:
    assert await sync(server, state)
    assert not await sync(server, state)
    assert not await sync(server, state)

    assert told(server) == 1
    assert [file.name for file in state.parent.iterdir()] == ["discord.json"]


async def test_a_changed_description_is_told(server: CommandServer, state: Path) -> None:
    await sync(server, state)
    command = server.bot.tree.get_command("privacy")
    assert command is not None
    command.description = "something else"

    assert await sync(server, state)


async def test_changed_translations_are_told(server: CommandServer, state: Path) -> None:
    await sync(server, state)
    await server.bot.tree.set_translator(None)

    assert await sync(server, state)


async def test_what_discord_lost_is_told_again(server: CommandServer, state: Path) -> None:
    await sync(server, state)
    application_id = server.bot.application_id
    assert application_id
    kept = [c.to_dict(server.bot.tree) for c in server.bot.tree.get_commands()[1:]]
    await server.bot.http.bulk_upsert_global_commands(application_id, payload=kept)

    assert await sync(server, state)
    assert not await sync(server, state)


async def test_another_application_is_told(server: CommandServer, state: Path) -> None:
    await sync(server, state)
    first = remembered(state)

    server.bot._connection.application_id = 42
    server.env.inject_error("PUT", "/applications/42/commands", status=500)
    assert not await sync(server, state)
    assert remembered(state) == first
    # What was told for another application does not count, so there was nothing to compare.
    assert not [r for r in server.env.http_requests if (r.method, r.path[:16]) == ("GET", ASKED)]


@pytest.mark.parametrize(
    ("status", "code"), [(500, 0), (503, 0), (429, 30034), (400, 50035), (403, 50001)]
)
async def test_a_refusal_is_survived_and_tried_again(
    server: CommandServer, state: Path, status: int, code: int
) -> None:
    server.env.inject_error("PUT", "/applications/*/commands", status=status, code=code)

    assert not await sync(server, state)
    assert remembered(state) is None
    assert await sync(server, state)


async def test_discord_that_lists_nothing_stops_nobody(server: CommandServer, state: Path) -> None:
    await sync(server, state)
    server.env.inject_error("GET", "/applications/*/commands", status=502)

    assert not await sync(server, state)
    assert not await sync(server, state)


async def test_a_broken_state_file_is_written_anew(server: CommandServer, state: Path) -> None:
    for broken in ("", "[]", '{"commands": 3', '"x"'):
        write(state, broken)
        assert await sync(server, state)
        assert not await sync(server, state)


async def test_a_state_that_cannot_be_written_stops_nobody(
    server: CommandServer, tmp_path: Path
) -> None:
    write(tmp_path / "file", "")

    assert await sync(server, tmp_path / "file" / "discord.json")


async def test_a_sync_that_takes_forever_is_given_up(
    server: CommandServer, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.discord.syncing.DEADLINE_SECONDS", 0)

    assert not await sync(server, state)
    assert remembered(state) is None
