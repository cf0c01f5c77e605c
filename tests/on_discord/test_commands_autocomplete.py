"""What is suggested while somebody types: their own memory, quickly, and never an error."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from support.discord_commands import CommandServer, command_server

from bot.errors import StorageUnavailableError


@pytest.fixture
async def server() -> AsyncIterator[CommandServer]:
    async with command_server() as running:
        yield running


def names(choices: list[dict[str, Any]]) -> list[str]:
    return [choice["name"] for choice in choices]


def answers(server: CommandServer) -> list[Any]:
    return [r for r in server.env.http_requests if r.path.startswith("/interactions/")]


async def test_ones_own_facts_are_suggested_with_their_numbers(server: CommandServer) -> None:
    await server.learn("Ana lives in Porto.")
    await server.learn("Ana keeps bees.")

    for command, option in (("memory pin", "fact"), ("memory edit", "fact")):
        found = await server.suggestions(command, option)
        assert [(choice["name"], choice["value"]) for choice in found] == [
            ("#2 Ana keeps bees.", 2),
            ("#1 Ana lives in Porto.", 1),
        ]


async def test_for_forgetting_the_number_stands_for_the_fact(server: CommandServer) -> None:
    await server.learn("Ana keeps bees.")

    (found,) = await server.suggestions("memory forget", "what", "BEE")

    assert (found["name"], found["value"]) == ("#1 Ana keeps bees.", "1")


async def test_nobody_sees_the_memory_of_another(server: CommandServer) -> None:
    await server.learn("Ana keeps bees.")
    await server.say("I keep bees.")

    for command, option in (
        ("memory pin", "fact"),
        ("memory edit", "fact"),
        ("memory forget", "what"),
        ("memory why", "turn"),
    ):
        assert await server.suggestions(command, option, user=server.ben) == []
        assert await server.suggestions(command, option)


async def test_what_memory_does_not_list_is_not_suggested(server: CommandServer) -> None:
    await server.learn("Ana keeps bees.")
    await server.slash("memory edit", fact=1, text="Ana keeps wasps.")
    await server.slash("memory undo")
    taken_back = "Ana keeps wasps."

    assert taken_back not in str(await server.suggestions("memory forget", "what"))
    assert "bees" in str(await server.suggestions("memory forget", "what"))


async def test_only_what_can_be_changed_is_suggested_for_changes(server: CommandServer) -> None:
    old = await server.learn("Ana lives in Porto.", slot="home")
    await server.learn("Ana lives in Faro.", slot="home", replaces=old)

    assert names(await server.suggestions("memory edit", "fact")) == ["#2 Ana lives in Faro."]
    assert len(await server.suggestions("memory forget", "what")) == 2


async def test_only_pinned_facts_can_be_unpinned(server: CommandServer) -> None:
    await server.learn("Ana lives in Porto.")
    await server.learn("Ana keeps bees.")
    await server.slash("memory pin", fact=1)

    assert names(await server.suggestions("memory unpin", "fact")) == ["#1 Ana lives in Porto."]
    assert names(await server.suggestions("memory pin", "fact")) == ["#2 Ana keeps bees."]


async def test_there_are_never_too_many_nor_too_long_ones(server: CommandServer) -> None:
    for number in range(40):
        await server.learn(f"Ana knows w{number}x,\nand much more. " * 20)

    found = await server.suggestions("memory forget", "what")

    assert len(found) == 25
    assert all(1 <= len(choice["name"]) <= 100 for choice in found)
    assert found[0]["value"] == "40"
    (first,) = [
        choice
        for choice in await server.suggestions("memory pin", "fact", "#1 ")
        if choice["value"] == 1
    ]
    assert "w0x, and" in first["name"]


async def test_the_latest_messages_are_suggested(server: CommandServer) -> None:
    await server.say("I keep bees.")
    await server.say("And a cat.")

    found = await server.suggestions("memory why", "turn")

    assert [(choice["name"], choice["value"]) for choice in found] == [
        ("m2 And a cat.", 2),
        ("m1 I keep bees.", 1),
    ]


async def test_days_and_commands_are_suggested(server: CommandServer) -> None:
    assert names(await server.suggestions("memory keep", "days", "9")) == ["90 days"]
    assert [c["value"] for c in await server.suggestions("memory keep", "days", "for")] == [
        "forever"
    ]
    found = await server.suggestions("help", "command", "pin")
    assert [choice["value"] for choice in found] == ["memory pin", "memory unpin"]


async def test_an_admin_may_go_back_to_the_default(server: CommandServer) -> None:
    found = await server.suggestions("admin retention", "days", "def", server.cleo)

    assert [choice["value"] for choice in found] == ["default"]


async def test_without_storage_there_are_no_suggestions(
    server: CommandServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await server.learn("Ana keeps bees.")
    for count, error in enumerate((StorageUnavailableError("gone"), RuntimeError("broken")), 1):

        def fail(error: Exception = error) -> Any:
            raise error

        monkeypatch.setattr(server.desk.storage, "unit_of_work", fail)
        assert await server.suggestions("memory pin", "fact") == []
        # Discord was answered: without an answer it shows an error.
        assert sum("choices" in (r.json or {}).get("data", {}) for r in answers(server)) == count


async def test_suggestions_that_take_too_long_are_left_out(
    server: CommandServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(*_: Any, **__: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(server.desk.control.view, "show", hang)
    monkeypatch.setattr("adapters.discord.autocomplete.DEADLINE_SECONDS", 0)

    assert await server.suggestions("memory pin", "fact") == []
