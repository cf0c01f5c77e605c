"""What somebody said is in front of the model after a restart, and in front of nobody else's."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from bot.app import App, assembled_app
from bot.config import Settings
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


def prompt_of(generator: ScriptedGenerator) -> str:
    return "\n".join(message.content for message in generator.requests[-1].prompt.messages)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    if request.param == "sqlite":
        return Settings(data_dir=tmp_path)
    create = request.getfixturevalue("new_postgres_database")
    return Settings(data_dir=tmp_path, database_url=create())


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

        erased = await app.control.forget_everything(identity)

        assert (erased.turns, erased.scrubbed) == (1, True)
        assert await app.control.show(identity, latest=5) is None
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
