"""Two accounts of one human being in a storage, and what each leaves there."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from bot.domain.compaction import CompactionJob, DueRule, JobId, JobStatus
from bot.domain.identity import IdentityRef, Person, PersonId, Platform
from bot.domain.link import LinkCode
from bot.domain.operation import Actor, MemoryOperation, OperationId, OperationKind
from bot.domain.turn import TurnTrace
from bot.ports.memory_storage import TurnVector


async def merge(world: Any, gone: PersonId, into: PersonId) -> None:
    async with world.storage.unit_of_work() as work:
        await work.persons.merge(gone, into)
        await work.commit()


async def detach(world: Any, identity: IdentityRef) -> Person:
    async with world.storage.unit_of_work() as work:
        person: Person = await work.persons.detach(
            identity, new_id=world.new_id(), seen_at=world.now + timedelta(days=9)
        )
        await work.commit()
    return person


async def identities_of(world: Any, person_id: PersonId) -> tuple[IdentityRef, ...]:
    async with world.storage.unit_of_work() as work:
        found: tuple[IdentityRef, ...] = await work.persons.identities(person_id)
    return found


def on_discord(world: Any, name: str = "ann#1") -> IdentityRef:
    identity: IdentityRef = world.identity(name, platform=Platform.DISCORD)
    return identity


async def live(world: Any, person: Person, place: Any, name: str) -> None:
    """Leave something of a person in every table."""
    turn = await world.say(person, place, f"{name} says")
    async with world.storage.unit_of_work() as work:
        number = await work.facts.begin_change(person.id)
        await work.facts.add(world.fact(turn, f"{name} knows", number=number))
        await work.traces.save(trace_of(turn))
        await work.vectors.put([vector_of(turn)])
        await work.operations.append(
            MemoryOperation(
                id=OperationId(world.new_id()),
                person_id=person.id,
                kind=OperationKind.APPEND,
                actor=Actor.EXTRACTION,
                reason=name,
                happened_at=world.now,
            )
        )
        await work.links.issue(
            LinkCode(
                digest=world.new_id(),
                person_id=person.id,
                issued_at=world.now,
                expires_at=world.lease,
            )
        )
        await work.links.note_failure(person.id, at=world.now)
        await work.commit()


def trace_of(turn: Any) -> TurnTrace:
    return TurnTrace(
        turn_id=turn.id,
        person_id=turn.person_id,
        model="m",
        prompt_tokens=1,
        reply_tokens=1,
        finish_reason="stop",
    )


def vector_of(turn: Any) -> TurnVector:
    return TurnVector(turn_id=turn.id, person_id=turn.person_id, model="m", data=b"1")


async def person_of(world: Any, identity: IdentityRef) -> Person:
    async with world.storage.unit_of_work() as work:
        person: Person | None = await work.persons.find(identity)
    assert person is not None
    return person


async def claimed_job(world: Any, person: Person, status: JobStatus | None = None) -> CompactionJob:
    async with world.storage.unit_of_work() as work:
        job: CompactionJob = await work.compactions.claim(
            JobId(world.new_id()),
            worker="w",
            now=world.now,
            lease_until=world.lease,
            rule=DueRule(),
            person_id=person.id,
        )
        if status is not None:
            await work.compactions.finish(job, status, at=world.now)
        await work.commit()
    return job


async def must_wait(task: asyncio.Task[Any]) -> None:
    """Let a task come as far as it can while a unit of work is open that it has to wait for."""
    await asyncio.wait({task}, timeout=0.2)
    assert not task.done()
