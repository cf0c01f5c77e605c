"""Pictures on Discord, from the attachment to the prompt."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from support.sight import ScriptedSight, png
from support.town import Town, town

from adapters.discord.attachments import look_at_files
from bot.domain.shown import Picture

SEEN = "a brown dog asleep on a sofa"
PNG = png()


async def show(t: Town) -> None:
    await t.ana.slash(t.hall, "chat", text="what is on it?", file=("dog.png", PNG))


async def test_a_picture_is_fetched_seen_and_described(tmp_path: Path) -> None:
    eyes = ScriptedSight({"dog.png": SEEN})
    async with town(tmp_path, "A dog!", "Your dog.", sight=eyes) as t:
        await show(t)
        assert t.said() == ["> what is on it?\nA dog!"]
        assert eyes.looked_at == [("dog.png", PNG)]
        assert f"64x48, {len(PNG)} bytes: it seems to show: {SEEN}" in t.ellie.prompts()[0]
        [turn] = t.ellie.turns()
        assert turn.shown[0].description == SEEN
        assert repr(PNG)[2:-1] not in repr(t.ellie.state)

        await t.ana.slash(t.hall, "chat", text="what did I show you?")
        assert SEEN in t.ellie.prompts()[1]


async def test_without_sight_a_picture_is_known_by_its_name(tmp_path: Path) -> None:
    async with town(tmp_path, "Nice.") as t:
        await show(t)
        assert "[picture dog.png, 64x48" in t.ellie.prompts()[0]
        assert "seems" not in t.ellie.prompts()[0]


class HeldSight(ScriptedSight):
    """Looks for as long as a test says. The Discord in memory knows that it waits."""

    env: Any = None
    gate: asyncio.Future[None]

    async def look(self, picture: Picture) -> str:
        self.gate = asyncio.get_running_loop().create_future()
        await self.env.external_wait(self.gate, reason="somebody looks")
        return await super().look(picture)


async def test_what_is_seen_too_late_is_there_for_the_next_reply(tmp_path: Path) -> None:
    eyes = HeldSight({"dog.png": SEEN})
    async with town(tmp_path, "What is it?", "Hello.", "A dog!", sight=eyes, see_seconds=0) as t:
        eyes.env = t.env
        await show(t)
        await t.say(t.bo, "hello")
        assert t.said() == ["> what is on it?\nWhat is it?", "Hello."]
        assert "seems to show" not in t.ellie.prompts()[0]

        eyes.gate.set_result(None)
        await t.env.settle()
        await t.ana.slash(t.hall, "chat", text="what did I show you?")
        assert SEEN in t.ellie.prompts()[2]


@pytest.mark.parametrize(("size", "answer"), [(9, b"a picture"), (10, b"a picture"), (8, None)])
async def test_a_picture_that_is_too_large_is_not_fetched(size: int, answer: bytes | None) -> None:
    class Attachment:
        filename, title, content_type, description = "dog.png", None, "image/png", None
        size, width, height = 9, 640, 480

        def __init__(self) -> None:
            self.reads = 0

        def is_voice_message(self) -> bool:
            return False

        async def read(self) -> bytes:
            self.reads += 1
            return b"a picture"

    file: Any = Attachment()
    [picture] = (await look_at_files([file], "look")).pictures
    assert file.reads == 0  # Discord has measured it, and nobody has looked yet
    assert await picture.read(size) == answer
    assert file.reads == (answer is not None)
