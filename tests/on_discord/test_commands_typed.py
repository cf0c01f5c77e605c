"""Commands that people write as messages, and where their answers go."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from support.discord_commands import (
    Answers,
    CommandServer,
    break_storage,
    buttons_of,
    command_server,
    words_of,
)

from bot.commands.reply import CommandReply, ReplyKind
from bot.errors import StorageUnavailableError


@pytest.fixture
async def server() -> AsyncIterator[CommandServer]:
    async with command_server() as running:
        yield running


@pytest.fixture
def answers(server: CommandServer) -> Answers:
    made = Answers()
    server.bot.prepared = made.question
    return made


async def test_a_typed_command_is_carried_out_and_leafed_through(server: CommandServer) -> None:
    for number in range(30):
        await server.learn(f"Ana knows w{number}x.")

    await server.ana.user.send_dm("/memory show")

    directly = server.ana.user.dm_channel
    assert "w0x" in words_of(directly.last_message)
    await server.ana.user.click(directly.last_message, label="Next")
    assert "w29x" in words_of(directly.last_message)
    assert "w0x" not in words_of(directly.last_message)


async def test_a_typed_mistake_is_explained(server: CommandServer) -> None:
    await server.ana.user.send_dm("/memory pin bees")

    assert "is not the number of a fact" in words_of(server.ana.user.dm_channel.last_message)


async def test_a_typed_command_without_storage_is_answered(
    server: CommandServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_storage(server, monkeypatch, StorageUnavailableError("gone"))

    await server.ana.user.send_dm("/memory show")

    assert "I can't reach my memory" in words_of(server.ana.user.dm_channel.last_message)


async def test_a_typed_command_is_answered_directly(
    server: CommandServer, answers: Answers
) -> None:
    server.bot.prepared = lambda: answers.question(private=True)
    await server.ana.send(server.channel, "forget the bees")

    directly = server.ana.user.dm_channel.last_message
    assert "Here is what would happen." in words_of(directly)
    assert "in a direct message" in server.channel.last_message.content
    assert "happen" not in server.channel.last_message.content

    await server.ana.user.click(directly, label="Yes")

    assert answers.given == [True]
    assert words_of(server.ana.user.dm_channel.last_message) == "agreed: True"


async def test_where_direct_messages_are_closed_the_command_is_named(
    server: CommandServer, answers: Answers
) -> None:
    server.bot.prepared = lambda: answers.question(private=True)
    closed = f"/channels/{server.ana.user.dm_channel.id}/messages"
    server.env.inject_error("POST", closed, status=403, code=50007)

    await server.ana.send(server.channel, "forget the bees")

    told = server.channel.last_message.content
    assert "Use /memory show here" in told
    assert "happen" not in told


async def test_what_is_done_already_is_not_asked_for_again(server: CommandServer) -> None:
    async def done() -> CommandReply:
        return CommandReply(kind=ReplyKind.DONE, lines=("Taken back: a secret.",))

    server.bot.prepared = done
    closed = f"/channels/{server.ana.user.dm_channel.id}/messages"
    server.env.inject_error("POST", closed, status=403, code=50007)

    await server.ana.send(server.channel, "undo that")

    told = server.channel.last_message.content
    assert told.startswith("Done.")
    assert "secret" not in told


async def test_what_is_for_everybody_is_answered_where_it_was_asked(
    server: CommandServer, answers: Answers
) -> None:
    await server.ana.send(server.channel, "help")

    assert "Shall I?" in words_of(server.channel.last_message)


async def test_a_question_in_a_channel_goes_stale_without_a_token(
    server: CommandServer, answers: Answers
) -> None:
    await server.ana.send(server.channel, "help")

    await server.env.advance_time(601)

    assert "so nothing was changed" in words_of(server.channel.last_message)
    assert not buttons_of(server.channel.last_message)
