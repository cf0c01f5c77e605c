"""Summaries of what the engine's people said, published as compaction does it at its end."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from support.engine import Ellie
from support.episodes import summary_of

from bot.domain.compaction import DueRule, JobId, JobStatus
from bot.domain.conversation import Scope
from bot.domain.episode import Episode
from bot.domain.fact import Fact
from bot.domain.operation import (
    Actor,
    FactChange,
    MemoryOperation,
    MemoryPatch,
    OperationId,
    OperationKind,
)
from bot.engine.memory_store import apply_patch
from bot.engine.memory_view import EVERY_STATUS


async def sum_up(
    ellie: Ellie, first: int, last: int, *, name: str = "summary", words: str | None = None
) -> Episode:
    """Store a summary of the turns with these numbers, which are of one conversation.

    Each turn is a sentence of it, unless there are ``words`` about all of them. Nobody sees it
    before :func:`publish`.
    """
    turns = [turn for turn in await ellie.turns() if first <= turn.number <= last]
    told = [(turn.text, [turn]) for turn in turns] if words is None else [(words, turns)]
    episode = summary_of(turns, *told, name=name)
    async with ellie.storage.unit_of_work() as work:
        await work.episodes.add(episode)
        await work.commit()
    return episode


async def publish(ellie: Ellie) -> None:
    """Count all that Ana said as compacted."""
    now = ellie.clock.now()
    async with ellie.storage.unit_of_work() as work:
        person = await work.persons.find(ellie.message("x").author)
        assert person
        job = await work.compactions.claim(
            JobId(ellie.ids.new_id()),
            worker="compactor",
            now=now,
            lease_until=now + timedelta(minutes=1),
            rule=DueRule(),
            person_id=person.id,
        )
        assert job
        assert await work.compactions.finish(job, JobStatus.DONE, at=now)
        await work.commit()


async def facts_of(ellie: Ellie) -> tuple[Fact, ...]:
    """Everything that Ana taught."""
    async with ellie.storage.unit_of_work() as work:
        person = await work.persons.find(ellie.message("x").author)
        assert person
        return await work.facts.of(Scope.in_private(person.id), EVERY_STATUS)


async def fade(ellie: Ellie, number: int, strength: float) -> None:
    """Give the fact of this number another strength, as compaction does."""
    (known,) = [fact for fact in await facts_of(ellie) if fact.number == number]
    operation = MemoryOperation(
        id=OperationId(ellie.ids.new_id()),
        person_id=known.person_id,
        kind=OperationKind.FADE,
        actor=Actor.COMPACTION,
        reason="time passed",
        happened_at=ellie.clock.now(),
        changes=(
            FactChange(
                fact_id=known.id, before=known.state, after=replace(known.state, strength=strength)
            ),
        ),
    )
    async with ellie.storage.unit_of_work() as work:
        await apply_patch(work, MemoryPatch(operations=(operation,)))
        await work.commit()
