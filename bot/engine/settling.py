"""One active value per slot, also where memory comes together that was apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.conversation import Audience, Scope, Visibility
from bot.domain.fact import Fact, FactStatus
from bot.domain.identity import PersonId
from bot.domain.operation import Actor, OperationKind
from bot.engine.memory_store import apply_patch
from bot.memory.operations import ChangeContext, MemoryChange
from bot.ports.storage import UnitOfWork
from bot.ports.system import Clock, IdSource

CURRENT = frozenset({FactStatus.ACTIVE})


async def settle_slots(
    work: UnitOfWork,
    person_id: PersonId,
    *,
    actor: Actor,
    reason: str,
    clock: Clock,
    ids: IdSource,
) -> None:
    """Let the newest value of each slot stand; older ones keep the time in which they held.

    Holds off other changes of the person's facts until the unit of work ends.
    """
    next_number = await work.facts.begin_change(person_id)
    facts = await work.facts.of(Scope.in_private(person_id), CURRENT)
    context = ChangeContext(
        person_id=person_id,
        audience=Audience(visibility=Visibility.DIRECT, channel=""),
        actor=actor,
        now=clock.now(),
        new_id=ids.new_id,
        next_number=next_number,
    )
    change = MemoryChange(facts, context)
    for newer, older in conflicts(facts):
        given_way = replace(
            older.state,
            status=FactStatus.SUPERSEDED,
            valid_to=max(newer.valid_from, older.valid_from),
            superseded_by=newer.id,
        )
        change.restate(OperationKind.OVERWRITE, older, given_way, reason)
    await apply_patch(work, change.patch())


def conflicts(facts: Sequence[Fact]) -> tuple[tuple[Fact, Fact], ...]:
    """For each slot with more than one value, the newest fact with each that says otherwise.

    Facts that say the same all stay: each may be known somewhere else.
    """
    newest: dict[str, Fact] = {}
    for fact in facts:
        if fact.slot and (fact.slot not in newest or _is_newer(fact, newest[fact.slot])):
            newest[fact.slot] = fact
    return tuple(
        (newest[fact.slot], fact)
        for fact in facts
        if fact.slot and _said(fact) != _said(newest[fact.slot])
    )


def _said(fact: Fact) -> str:
    return (fact.text if fact.value is None else fact.value).casefold()


def _is_newer(one: Fact, other: Fact) -> bool:
    return (one.valid_from, one.number) > (other.valid_from, other.number)
