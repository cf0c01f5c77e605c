"""What was taken back is in every prompt as if it had never happened."""

from __future__ import annotations

import pytest
from support.dialog import ANA, HALL, Dialog

from bot.domain.fact import FactStatus

QUESTION = "Where do I live, what is my dog called, and what do I like?"


@pytest.fixture
async def dialog() -> Dialog:
    """What is told in the hall is asked for there; changes are made where the hall cannot hear."""
    dialog = Dialog(encoding=True)
    for text in (
        "I live in Porto.",
        "My dog is called Biscuit.",
        "I like rye bread. I hate cilantro.",
        "From now on, answer me in short sentences.",
        "我对花生过敏。",
    ):
        await dialog.say(text, ANA, HALL)
    return dialog


async def peek(dialog: Dialog) -> str:
    """The prompt of a question that leaves no trace, so that it can be asked again."""
    before = dialog.clock.moment
    await dialog.ask("/incognito on")
    prompt = await dialog.prompt_for(QUESTION, ANA, HALL)
    await dialog.ask("/incognito off")
    dialog.clock.moment = before
    return prompt


@pytest.mark.parametrize(
    ("change", "gone"),
    [
        ("I've moved to Berlin.", "I live in Porto"),
        ("I don't have a dog any more.", "Biscuit"),
        ("I hate rye bread now.", "rye bread"),
        ("我不再对花生过敏了。", "花生"),
        ("/memory edit 1 I live near Porto, in Matosinhos.", '"I live in Porto."'),
        ("/memory pin 3", ""),
    ],
)
async def test_a_change_and_its_undo_leave_the_prompt_as_it_was(
    dialog: Dialog, change: str, gone: str
) -> None:
    before = await peek(dialog)
    moment = dialog.clock.moment
    if change.startswith("/"):
        await dialog.ask(change)
    else:
        await dialog.say(change)
    changed = await peek(dialog)
    assert changed != before
    if gone:
        assert gone in before
        assert gone not in changed

    answer = await dialog.ask("/memory undo")

    assert "Taken back" in answer
    dialog.clock.moment = moment
    assert await peek(dialog) == before
    dialog.restart()
    assert await peek(dialog) == before


async def test_undoing_twice_goes_back_twice(dialog: Dialog) -> None:
    before = await peek(dialog)
    moment = dialog.clock.moment
    await dialog.say("I've moved to Berlin.")
    await dialog.say("I've moved to Oslo.")

    await dialog.ask("/memory undo")
    assert "I moved to Berlin." in await dialog.known()
    await dialog.ask("/memory undo")

    dialog.clock.moment = moment
    assert await peek(dialog) == before
    states = {fact.text: fact.status for fact in await dialog.facts(ANA, *FactStatus)}
    assert states["I moved to Berlin."] is states["I moved to Oslo."] is FactStatus.RETRACTED


async def test_after_forgetting_undo_says_that_it_is_final(dialog: Dialog) -> None:
    await dialog.agree("/memory forget 1")

    answer = await dialog.ask("/memory undo")

    assert "final" in answer
    assert "Porto" not in await peek(dialog)
