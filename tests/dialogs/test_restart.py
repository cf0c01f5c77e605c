"""A restart changes no byte of what the model is given."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from support.dialog import ANA, HALL, Dialog, nod

from bot.domain.shown import Shown
from storage.database import open_storage

QUESTIONS = (
    "Where do I live, and what is my locker code?",
    "What did I say about the birds near the river?",
    "我住在哪里？",
    "Good morning!",
)


@pytest.fixture(params=["inmemory", "sqlite"])
async def dialog(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Dialog]:
    """With a budget so small that much is left out."""
    if request.param == "inmemory":
        yield _tight(None)
        return
    async with open_storage(f"sqlite:///{tmp_path}/ellie.db") as storage:
        yield _tight(storage)


def _tight(storage: object) -> Dialog:
    return Dialog(
        storage,  # type: ignore[arg-type]
        memory_tokens=220,
        context_tokens=600,
        answer=_long_winded,
        encoding=True,
    )


def _long_winded(prompt: str) -> str:
    return f"{nod(prompt)} {'Let us see. ' * (len(prompt) % 5)}"


async def live(dialog: Dialog, turns: int) -> None:
    await dialog.say("I live in Porto. My dog is called Biscuit.")
    await dialog.say("Remember that my locker code is 4417.", ANA, HALL)
    await dialog.say("From now on, answer me in short sentences.")
    for number in range(turns):
        await dialog.say(f"Today I counted {number} birds near the river.")
        if number % 7 == 3:
            await dialog.say(f"My locker code is now {number}.")
            picture = Shown(name=f"{number}.png", media_type="image/png", caption="a heron")
            await dialog.say("Look!", shown=(picture,))
    await dialog.say("I've moved to Berlin.")
    await dialog.ask("/memory pin 1")
    await dialog.say("我最喜欢的颜色是蓝色。")


@pytest.mark.parametrize("turns", [0, 40])
async def test_the_prompt_is_the_same_to_the_byte(dialog: Dialog, turns: int) -> None:
    await live(dialog, turns)
    await dialog.ask("/incognito on")  # what is asked now leaves nothing behind
    moment = dialog.clock.moment

    prompts = {}
    for question in QUESTIONS:
        dialog.clock.moment = moment
        prompts[question] = await dialog.prompt_for(question)
        dialog.incognito.end((await dialog.turns())[0].person_id)
    if turns:
        assert any("Earlier, Ana told you:" in prompt for prompt in prompts.values())

    for question, prompt in prompts.items():
        dialog.restart()
        dialog.clock.moment = moment
        assert await dialog.prompt_for(question) == prompt


async def test_a_conversation_goes_on_as_if_there_had_been_no_restart(tmp_path: Path) -> None:
    """One Ellie is never restarted, the other one before every message."""
    prompts: list[list[str]] = []
    for restarting in (False, True):
        async with open_storage(f"sqlite:///{tmp_path}/{restarting}.db") as storage:
            dialog = _tight(storage)
            prompts.append([])
            for text in SCRIPT:
                if restarting:
                    dialog.restart()
                before = len(dialog.generator.requests)
                await dialog.say(text)
                if len(dialog.generator.requests) > before:
                    prompts[-1].append(dialog.last_prompt())
    steady, restarted = prompts
    assert len(steady) > 20
    assert restarted == steady


SCRIPT = (
    "I live in Porto.",
    "My dog is called Biscuit.",
    "Remember that my locker code is 4417.",
    "What is my dog called?",
    "我对花生过敏。",
    *(f"Today I counted {number} birds near the river." for number in range(14)),
    "I've moved to Berlin.",
    "Where do I live?",
    "Actually my locker code is 9921.",
    "What is my locker code?",
    "How many birds did I count near the river?",
    "我对什么过敏？",
)
