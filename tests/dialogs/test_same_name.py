"""Two people of one name in one channel are two people."""

from __future__ import annotations

import pytest
from support.dialog import HALL, Dialog, account, parrot

SAM = account("U1", display="Sam")
OTHER = account("U2", display="Sam")


@pytest.fixture
async def dialog() -> Dialog:
    """Both talk in turns about the same things."""
    dialog = Dialog(answer=parrot, encoding=True)
    for one, other in (
        ("I live in Zqaaaax.", "I live in Zqaaabx."),
        ("My dog is called Zqaaacx.", "My dog is called Zqaaadx."),
        ("Remember that my locker code is zqaaaex.", "Remember that my locker code is zqaaafx."),
    ):
        await dialog.say(one, SAM, HALL)
        await dialog.say(other, OTHER, HALL)
    return dialog


FIRST = ("Zqaaaax", "Zqaaacx", "zqaaaex")
SECOND = ("Zqaaabx", "Zqaaadx", "zqaaafx")
QUESTION = "Where do I live, what is my dog called, and what is my locker code?"


@pytest.mark.parametrize(
    ("who", "own", "others"), [(SAM, FIRST, SECOND), (OTHER, SECOND, FIRST)], ids=["one", "other"]
)
async def test_each_gets_their_own(
    dialog: Dialog, who: object, own: tuple[str, ...], others: tuple[str, ...]
) -> None:
    for _ in range(2):
        prompt = await dialog.prompt_for(QUESTION, who, HALL)  # type: ignore[arg-type]
        shown = await dialog.ask("/memory show", who)  # type: ignore[arg-type]
        why = await dialog.ask("/memory why", who, HALL)  # type: ignore[arg-type]
        for told in (prompt, shown, why):
            assert all(word in told for word in own), told
            assert not any(word in told for word in others), told
        assert "The user is called Sam." in prompt
        dialog.restart()


async def test_neither_sees_changes_forgets_or_undoes_the_others(dialog: Dialog) -> None:
    before = [fact.state for fact in await dialog.facts(OTHER)]

    await dialog.ask("/memory edit 1 I live in Zqaaagx.", SAM)
    await dialog.ask("/memory pin 2", SAM)
    await dialog.ask("/memory undo", SAM)
    await dialog.agree("/memory forget 3", SAM)
    assert [fact.state for fact in await dialog.facts(OTHER)] == before
    assert "I found nothing" in await dialog.ask("/memory show Zqaaaax", OTHER)
    refused = await dialog.command("/memory forget Zqaaacx", OTHER)
    assert refused.confirmation is None

    await dialog.agree("/memory forget everything", SAM)

    assert await dialog.person(SAM) is None
    assert [fact.state for fact in await dialog.facts(OTHER)] == before
    prompt = await dialog.prompt_for(QUESTION, OTHER, HALL)
    assert all(word in prompt for word in SECOND)
    new = await dialog.prompt_for(QUESTION, SAM, HALL)
    assert not any(word in new for word in (*FIRST, *SECOND))


async def test_only_a_code_makes_them_one(dialog: Dialog) -> None:
    await dialog.link(OTHER, SAM)

    prompt = await dialog.prompt_for("What is my dog called?", SAM)

    assert {"Zqaaacx", "Zqaaadx"} <= {word for word in (*FIRST, *SECOND) if word in prompt}
