"""Answers of commands when something is not as it should be: people, Discord, or storage."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from support.commanding import Desk
from support.discord_commands import (
    Answers,
    CommandBot,
    CommandServer,
    break_storage,
    buttons_of,
    command_server,
    last_of,
    words_of,
)

from adapters.discord.command_files import parcel
from adapters.discord.command_texts import command_texts
from bot.commands.language import Language
from bot.commands.reply import CommandReply, ReplyFile
from bot.domain.conversation import ConversationRef
from bot.domain.identity import IdentityRef
from bot.engine.explanation import ExplainedItem, Explanation
from bot.errors import EngineFailedError, StorageUnavailableError

NOT_ACTIVE = "This is no longer active. Please use the command again."


class Explaining:
    """Explains one turn, and measures it unless it cannot."""

    def __init__(self, explanation: Explanation) -> None:
        self.explanation = explanation
        self.error: Exception | None = None

    async def explain(
        self,
        identity: IdentityRef,
        conversation: ConversationRef | None,
        turn_number: int | None = None,
    ) -> Explanation | None:
        return self.explanation

    async def measure(self, identity: IdentityRef, explanation: Explanation) -> Explanation | None:
        if self.error:
            raise self.error
        (item,) = explanation.items
        return replace(explanation, items=(replace(item, influence=0.5),), measured=True)


@pytest.fixture
async def server() -> AsyncIterator[CommandServer]:
    async with command_server(prepared=True) as running:
        yield running


@pytest.fixture
def answers(server: CommandServer) -> Answers:
    made = Answers()
    server.bot.prepared = made.question
    return made


@pytest.fixture
async def explaining() -> Explaining:
    turn = await Desk().say("What do I keep?", "Bees.")
    item = ExplainedItem(kind="fact", tokens=9, included=True, number=1, words="Ana keeps bees.")
    return Explaining(Explanation(turn=turn, model="toy", prompt_tokens=9, items=(item,)))


async def test_only_the_person_who_asked_can_answer(
    server: CommandServer, answers: Answers
) -> None:
    asked = await server.slash("prepared")

    pressed = await server.ben.click(asked.response, label="Yes")

    assert pressed.ephemeral
    assert "for the person who asked" in words_of(pressed)
    assert answers.given == []
    await server.ana.click(asked.response, label="Yes")
    assert answers.given == [True]
    assert words_of(asked) == "agreed: True"


async def test_a_question_is_answered_once_even_if_its_buttons_stay(
    server: CommandServer, answers: Answers
) -> None:
    asked = await server.slash("prepared")
    server.env.inject_error("PATCH", "/webhooks/*", status=404, code=10008)
    await server.ana.click(asked.response, label="Yes")
    assert buttons_of(asked.response)

    again = await server.ana.click(asked.response, label="Yes")

    assert answers.given == [True]
    assert words_of(again) == NOT_ACTIVE
    assert again.ephemeral


async def test_a_press_that_came_too_late_does_nothing_and_can_be_repeated(
    server: CommandServer, answers: Answers
) -> None:
    asked = await server.slash("prepared")
    server.env.inject_error("POST", "/interactions/*", status=404, code=10062)
    await server.ana.click(asked.response, label="Yes")
    assert answers.given == []

    await server.ana.click(asked.response, label="Yes")

    assert answers.given == [True]


async def test_buttons_of_before_a_restart_say_so(server: CommandServer, answers: Answers) -> None:
    asked = await server.slash("prepared")
    await server.env.restart_bot(CommandBot(server.desk))

    pressed = await server.ana.click(asked.response, label="Yes")

    assert pressed.ephemeral
    assert words_of(pressed) == NOT_ACTIVE
    assert answers.given == []


async def test_a_form_of_before_a_restart_says_so(server: CommandServer) -> None:
    await server.learn("Ana keeps bees.")
    opened = await server.slash("memory edit", fact=1)
    assert opened.modal
    (label,) = opened.modal["components"]
    await server.env.restart_bot(CommandBot(server.desk))

    sent = await server.ana.submit_modal(opened, {label["component"]["custom_id"]: "wasps"})

    assert words_of(sent) == NOT_ACTIVE
    assert await server.facts() == ["Ana keeps bees."]


async def test_a_command_that_discord_does_not_wait_for_is_not_carried_out(
    server: CommandServer,
) -> None:
    await server.learn("Ana keeps bees.")
    server.env.inject_error("POST", "/interactions/*", status=404, code=10062)

    answer = await server.slash("memory edit", fact=1, text="Ana keeps wasps.")

    assert not answer.acknowledged
    assert await server.facts() == ["Ana keeps bees."]


@pytest.mark.parametrize(("status", "code"), [(404, 10008), (500, 0), (401, 50027)])
async def test_an_answer_that_discord_refuses_stops_nobody(
    server: CommandServer, status: int, code: int
) -> None:
    await server.learn("Ana keeps bees.")
    server.env.inject_error("PATCH", "/webhooks/*", status=status, code=code, times=None)

    answer = await server.slash("memory show")

    assert server.env.errors == []
    assert "Something went wrong" not in str([r.json for r in server.env.http_requests])
    assert words_of(answer) == ""


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (StorageUnavailableError("the disk is gone"), "I can't reach my memory just now."),
        (RuntimeError("secret"), "Something went wrong on my side."),
    ],
)
async def test_trouble_is_told_in_a_sentence(
    server: CommandServer, monkeypatch: pytest.MonkeyPatch, error: Exception, sentence: str
) -> None:
    break_storage(server, monkeypatch, error)

    for name, given in (
        ("memory show", {}),
        ("memory edit", {"fact": 1}),
        ("memory edit", {"fact": 1, "text": "x"}),
        ("memory export", {}),
    ):
        answer = await server.slash(name, **given)
        assert answer.ephemeral
        assert sentence in words_of(answer)
        assert str(error) not in words_of(answer)
    assert server.env.errors == []


async def test_trouble_after_a_press_is_told_too(
    server: CommandServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await server.learn("Ana keeps bees.")
    asked = await server.slash("memory forget", what="1")
    break_storage(server, monkeypatch, StorageUnavailableError("gone"))

    await server.ana.click(asked.response, label="Yes")

    assert "I can't reach my memory" in words_of(asked)


async def test_reading_that_takes_too_long_opens_no_form(
    server: CommandServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(*_: Any, **__: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(server.desk.control.view, "show", hang)
    monkeypatch.setattr("adapters.discord.application_commands.READ_SECONDS", 0)

    answer = await server.slash("memory edit", fact=1)

    assert "I can't reach my memory" in words_of(answer)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (StorageUnavailableError("gone"), "I can't reach my memory just now."),
        (RuntimeError("secret"), "Something went wrong on my side."),
    ],
)
async def test_what_nobody_foresaw_is_told_in_a_sentence(
    server: CommandServer, error: Exception, sentence: str
) -> None:
    async def fail() -> CommandReply:
        raise error

    server.bot.prepared = fail

    answer = await server.slash("prepared")

    assert answer.ephemeral
    assert sentence in words_of(answer)


async def test_a_command_that_is_gone_is_told_so(server: CommandServer) -> None:
    server.bot.tree.remove_command("privacy")

    answer = await server.slash("privacy")

    assert "has just changed" in words_of(answer)


async def test_why_answers_at_once_and_then_more_fully(explaining: Explaining) -> None:
    async with command_server(explaining) as server:
        answer = await server.slash("memory why")

        assert "influence: +0.50" in words_of(answer)
        assert "I am measuring" not in words_of(answer)
        assert answer.followups == []
        sent = [str(request.json) for request in server.env.http_requests]
        (first,) = [number for number, json in enumerate(sent) if "I am measuring" in json]
        (last,) = [number for number, json in enumerate(sent) if "influence" in json]
        assert first < last


async def test_why_keeps_its_answer_when_nothing_can_be_measured(explaining: Explaining) -> None:
    explaining.error = EngineFailedError("no")
    async with command_server(explaining) as server:
        answer = await server.slash("memory why")

        assert answer.response is not None
        assert "Ana keeps bees." in words_of(answer.response)
        (remark,) = answer.followups
        assert "could not measure" in words_of(remark)
        assert remark.ephemeral


async def test_a_long_answer_has_its_buttons_at_its_end(server: CommandServer) -> None:
    async def question() -> CommandReply:
        return replace(await Answers().question(), lines=("Bees hum. " * 900,))

    server.bot.prepared = question

    asked = await server.slash("prepared")

    assert words_of(asked).count("Bees hum.") == 900
    assert len(asked.followups) == 2
    assert not buttons_of(asked.response)
    assert set(buttons_of(last_of(asked))) == {"Yes", "No"}
    await server.ana.click(last_of(asked), label="No")
    assert words_of(asked) == "agreed: False"
    assert asked.followups == []


async def test_files_that_are_too_big_are_packed_or_explained() -> None:
    texts = command_texts(Language.ENGLISH)
    files = [
        ReplyFile(name="a.json", media_type="application/json", content=b"a" * 90),
        ReplyFile(name="b.md", media_type="text/markdown", content=b"b" * 20_000),
        ReplyFile(name="c.bin", media_type="x/y", content=bytes(range(256)) * 2),
    ]

    parcelled = await parcel(files, texts, limit=200)

    names = [[file.filename for file in message] for message in parcelled.messages]
    assert names == [["a.json"], ["b.md.zip"]]
    assert parcelled.remarks[0].startswith("b.md is packed")
    assert parcelled.remarks[1].startswith("c.bin has 0 MB")


async def test_files_that_discord_refuses_are_not_silently_missing(server: CommandServer) -> None:
    await server.learn("Ana keeps bees.")
    server.env.inject_error("POST", "/webhooks/*", status=413, code=40005)

    answer = await server.slash("memory export")

    assert "Something went wrong" in words_of(answer)
