"""What somebody said is in front of the model after a restart, and in front of nobody else's."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from bot.app import App, assembled_app
from bot.commands.call import Caller
from bot.config import Settings
from bot.config_choices import Extraction
from bot.domain.conversation import ConversationRef, Visibility
from bot.domain.identity import IdentityRef, Platform
from bot.domain.message import InboundMessage
from bot.engine.reply import Outcome, ReplyStatus
from bot.ports.scripted import ScriptedGenerator
from bot.system import SystemClock

_events = itertools.count()


async def say(app: App, user: str, text: str) -> Outcome:
    message = InboundMessage(
        event_key=f"event {next(_events)}",
        author=IdentityRef(platform=Platform.CONSOLE, external_id=user, display_name=user),
        conversation=ConversationRef(
            platform=Platform.CONSOLE, channel_id=user, visibility=Visibility.DIRECT
        ),
        text=text,
        received_at=SystemClock().now(),
    )
    return await (await app.engine.handle(message)).outcome()


def caller(user: str) -> Caller:
    identity = IdentityRef(platform=Platform.CONSOLE, external_id=user, display_name=user)
    conversation = ConversationRef(
        platform=Platform.CONSOLE, channel_id=user, visibility=Visibility.DIRECT
    )
    return Caller(identity=identity, conversation=conversation)


def prompt_of(generator: ScriptedGenerator) -> str:
    return "\n".join(message.content for message in generator.requests[-1].prompt.messages)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    if request.param == "sqlite":
        return Settings(data_dir=tmp_path, extraction=Extraction.RULES)
    create = request.getfixturevalue("new_postgres_database")
    return Settings(data_dir=tmp_path, database_url=create(), extraction=Extraction.RULES)


async def test_a_restart_forgets_nothing_and_mixes_nobody_up(settings: Settings) -> None:
    before = ScriptedGenerator("Lovely!", "I see.")
    async with assembled_app(settings, before, SystemClock()) as app:
        await say(app, "Ana", "I'm a nurse in Porto and my dog is called Biscuit. 🐕")
        await say(app, "Bea", "我的猫叫豆豆。")

    after = ScriptedGenerator(*["ok"] * 4)
    async with assembled_app(settings, after, SystemClock()) as app:
        await say(app, "Ana", "What's my dog called, and what do I do?")
        assert "nurse in Porto" in prompt_of(after)
        assert "Biscuit" in prompt_of(after)
        assert "豆豆" not in prompt_of(after)
        await say(app, "Bea", "我的猫叫什么名字？")
        assert "豆豆" in prompt_of(after)
        assert "Biscuit" not in prompt_of(after)
        await say(app, "Cleo", "What's my dog called?")
        assert "Biscuit" not in prompt_of(after)
        assert "does not know this about Cleo" in prompt_of(after)


async def test_after_forgetting_the_same_question_finds_nothing(settings: Settings) -> None:
    generator = ScriptedGenerator(*["ok"] * 2)
    async with assembled_app(settings, generator, SystemClock()) as app:
        await say(app, "Ana", "My dog is called Biscuit.")
        identity = IdentityRef(platform=Platform.CONSOLE, external_id="Ana", display_name="Ana")

        erased = await app.control.forgetting.forget_everything(identity)

        assert (erased.turns, erased.scrubbed) == (1, True)
        assert await app.control.view.show(identity, latest=5) is None
        await say(app, "Ana", "What is my dog called?")
        assert "Biscuit" not in prompt_of(generator)
    if not settings.database_url.get_secret_value():
        files = [f.read_bytes() for f in settings.data_dir.iterdir()]
        assert files
        assert not any(b"Biscuit" in content for content in files)


async def test_hundreds_of_turns_later_the_first_one_is_still_found(settings: Settings) -> None:
    generator = ScriptedGenerator(*["I see."] * 302)
    async with assembled_app(settings, generator, SystemClock()) as app:
        await say(app, "Ana", "The wifi password of the cabin is quokka42.")
        for number in range(300):
            await say(app, "Ana", f"Today I counted {number} birds on the way to work.")
        outcome = await say(app, "Ana", "What was the cabin's wifi password?")

    assert outcome.status is ReplyStatus.ANSWERED
    assert "quokka42" in prompt_of(generator)


async def test_facts_and_what_took_their_place_survive_a_restart(settings: Settings) -> None:
    before = ScriptedGenerator("Lovely!", "Nice city.")
    async with assembled_app(settings, before, SystemClock()) as app:
        told = await say(app, "Ana", "I live in Porto.")
        assert told.notice.startswith("Remembered as #1: I live in Porto.")
        moved = await say(app, "Ana", "I've moved to Berlin.")
        assert moved.notice == "Remembered as #2: I moved to Berlin. (was: I live in Porto.)"

    after = ScriptedGenerator("ok", "ok")
    async with assembled_app(settings, after, SystemClock()) as app:
        await say(app, "Ana", "Where do I live?")
        assert "I moved to Berlin." in prompt_of(after)
        assert "Porto" not in prompt_of(after)
        understood = app.commands.understand("/memory undo")
        assert understood is not None
        await app.commands.answer(understood, caller("Ana"))
        await say(app, "Ana", "Where do I live?")
        assert '- "I live in Porto."' in prompt_of(after)


async def test_commands_and_conversations_agree_on_who_is_incognito(settings: Settings) -> None:
    generator = ScriptedGenerator(*["ok"] * 4)
    async with assembled_app(settings, generator, SystemClock()) as app:
        await say(app, "Ana", "Hello!")
        for switch, text, known in (
            ("on", "My fish is ill.", False),
            ("on", "Will it live?", True),
            ("off", "What now?", False),
        ):
            understood = app.commands.understand(f"/incognito {switch}")
            assert understood is not None
            await app.commands.answer(understood, caller("Ana"))
            assert bool(app.engine._incognito._loops) is known
            await say(app, "Ana", text)
            assert ("My fish is ill." in prompt_of(generator).removesuffix(text)) is known
        found = await app.control.view.show(caller("Ana").identity, latest=5)
        assert found is not None
        assert [turn.text for turn in found.turns] == ["Hello!", "What now?"]
