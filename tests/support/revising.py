"""Messages that are deleted and edited after they were said."""

from __future__ import annotations

from support.dialog import ANA, Dialog
from support.episodes import add_summary, summary_of

from bot.domain.identity import Platform
from bot.domain.operation import MemoryOperation
from bot.domain.turn import Turn
from bot.engine.memory_view import EVERY_STATUS
from bot.engine.revisions import Revised


async def say(dialog: Dialog, event: str, text: str, reply: str = "All right.") -> Turn:
    """A message whose event has a name, and what is answered."""
    dialog.generator.answer = lambda _: reply
    await dialog.say(text, event=event)
    (turn,) = [turn for turn in await dialog.turns() if turn.event_key.endswith(event)]
    return turn


async def delete(dialog: Dialog, event: str) -> bool:
    dialog.later(minutes=1)
    return await dialog.control.revisions.deleted(Platform.SLACK, event)


async def edit(dialog: Dialog, event: str, text: str) -> Revised:
    dialog.later(minutes=1)
    return await dialog.control.revisions.edited(Platform.SLACK, event, text)


async def stored(dialog: Dialog) -> list[str]:
    """The facts of every status."""
    return [fact.text for fact in await dialog.facts(ANA, *EVERY_STATUS)]


async def said(dialog: Dialog) -> list[tuple[str, str]]:
    return [(turn.text, turn.reply) for turn in await dialog.turns()]


async def journal(dialog: Dialog) -> tuple[MemoryOperation, ...]:
    person = await dialog.person()
    assert person
    async with dialog.storage.unit_of_work() as work:
        return await work.operations.of_person(person.id)


async def summed_up(dialog: Dialog, *sentences: tuple[str, tuple[Turn, ...]]) -> None:
    """Store a summary of all turns so far."""
    await add_summary(dialog.storage, summary_of(await dialog.turns(), *sentences))


async def summaries(dialog: Dialog) -> list[list[tuple[str, int]]]:
    """What is left in summaries: the sentences, and how many turns each cites."""
    summary = await dialog.control.view.show(ANA, latest=0)
    assert summary
    return [[(s.text, len(s.turn_ids)) for s in e.sentences] for e in summary.episodes]
