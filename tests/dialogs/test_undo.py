"""What was taken back is in every prompt as if it had never happened."""

from __future__ import annotations

import pytest
from support.compacting import CompactingDialog
from support.dialog import ANA, HALL, Dialog

from bot.domain.fact import FactStatus
from bot.domain.operation import Actor, MemoryOperation, OperationId, OperationKind
from bot.engine.memory_changes import Undone

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


async def forgotten_by(dialog: Dialog, actor: Actor) -> None:
    """The entry that somebody writes who erased part of what was said."""
    person = await dialog.person()
    assert person
    async with dialog.storage.unit_of_work() as work:
        await work.operations.append(
            MemoryOperation(
                id=OperationId(dialog.ids.new_id()),
                person_id=person.id,
                kind=OperationKind.ERASE,
                actor=actor,
                reason="kept long enough",
                happened_at=dialog.clock.now(),
                detail={"turns": 1},
            )
        )
        await work.commit()


@pytest.mark.parametrize("actor", [actor for actor in Actor if actor is not Actor.PERSON])
async def test_what_others_erased_does_not_stand_in_the_way(dialog: Dialog, actor: Actor) -> None:
    await dialog.say("I've moved to Berlin.")
    await forgotten_by(dialog, actor)

    answer = await dialog.ask("/memory undo")

    assert "Taken back" in answer
    assert "I live in Porto." in await dialog.known()


async def test_what_compaction_did_is_undone_only_by_name() -> None:
    dialog = CompactingDialog()
    await dialog.say("I live in Porto.")
    await dialog.say("Remember that the harbour opens at dawn.")
    await dialog.say("I'll fly to Rome on 20 May.")
    dialog.later(days=400)
    await dialog.say("I've moved to Berlin.")
    dialog.later(days=1)
    job = await dialog.compact()
    person = await dialog.person()
    assert person
    async with dialog.storage.unit_of_work() as work:
        done = {entry.kind: entry for entry in await work.operations.of_job(job.id)}
    assert {OperationKind.EXPIRE, OperationKind.FADE} <= done.keys()

    await dialog.ask("/memory undo")

    assert "I live in Porto." in await dialog.known()
    assert len(await dialog.facts(ANA, FactStatus.EXPIRED)) == 1
    named = await dialog.control.changes.undo(ANA, done[OperationKind.EXPIRE].id)
    assert isinstance(named, Undone)
    assert await dialog.facts(ANA, FactStatus.EXPIRED) == ()


async def test_with_nothing_but_compaction_there_is_nothing_to_undo() -> None:
    dialog = CompactingDialog()
    await dialog.say("I'll fly to Rome on 20 May.")
    dialog.later(days=400)
    await dialog.compact()
    await dialog.ask("/memory undo")
    states = [fact.state for fact in await dialog.facts(ANA, *FactStatus)]

    answer = await dialog.ask("/memory undo")

    assert "Taken back" not in answer
    assert [fact.state for fact in await dialog.facts(ANA, *FactStatus)] == states
