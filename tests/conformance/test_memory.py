"""The journal and traces."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, timezone
from typing import Any

import pytest

from bot.domain.conversation import Scope, Visibility
from bot.domain.fact import FactId, FactState, FactStatus
from bot.domain.identity import PersonId
from bot.domain.operation import Actor, FactChange, MemoryOperation, OperationId, OperationKind
from bot.domain.turn import TraceItem, TurnId, TurnTrace
from bot.errors import StorageError


async def test_the_journal_reads_back_oldest_first_and_outlives_the_person(world: Any) -> None:
    ann, bob = await world.person("ann"), await world.person("bob")

    def entry(person_id: PersonId, minutes: int) -> MemoryOperation:
        return MemoryOperation(
            id=OperationId(world.new_id()),
            person_id=person_id,
            kind=OperationKind.ERASE,
            actor=Actor.PERSON,
            reason="/forget",
            happened_at=world.now + timedelta(minutes=minutes),
            detail={"turns": 3, "facts": 1},
        )

    late, early, same = entry(ann.id, 5), entry(ann.id, 0), entry(ann.id, 0)
    async with world.storage.unit_of_work() as work:
        for operation in (late, early, same, entry(bob.id, 0)):
            await work.operations.append(operation)
        await work.persons.erase(ann.id)
        await work.commit()
    async with world.storage.unit_of_work() as work:
        of_person = work.operations.of_person
        assert await of_person(ann.id) == (early, same, late)
        assert await of_person(ann.id, latest=2) == (same, late)
        assert await of_person(ann.id, latest=9) == (early, same, late)
        assert await of_person(ann.id, latest=0) == ()


async def test_an_entry_keeps_states_and_what_it_took_back(world: Any) -> None:
    person, other = await world.person("ann"), await world.person("bob")
    tokyo = timezone(timedelta(hours=9))
    before = FactState(strength=1 / 3, pinned=True)
    after = FactState(
        status=FactStatus.SUPERSEDED,
        valid_to=world.now.astimezone(tokyo),
        superseded_by=FactId("f2"),
    )
    change = MemoryOperation(
        id=OperationId("change"),
        person_id=person.id,
        kind=OperationKind.OVERWRITE,
        actor=Actor.EXTRACTION,
        reason="city",
        happened_at=world.now,
        turn_id=TurnId("a turn that nobody has"),
        changes=(
            FactChange(fact_id=FactId("f1"), before=before, after=after),
            FactChange(fact_id=FactId("f2"), before=None, after=FactState()),
        ),
    )
    undo = replace(
        change,
        id=OperationId("undo"),
        kind=OperationKind.UNDO,
        actor=Actor.PERSON,
        turn_id=None,
        changes=(FactChange(fact_id=FactId("f1"), before=after, after=before),),
        undoes=change.id,
    )
    async with world.storage.unit_of_work() as work:
        await work.operations.append(change)
        await work.operations.append(undo)
        await work.commit()
    async with world.storage.unit_of_work() as work:
        assert await work.operations.of_person(person.id) == (change, undo)
        assert await work.operations.undone(person.id) == {change.id}
        assert await work.operations.undone(other.id) == frozenset()


def _trace(turn: Any, model: str) -> TurnTrace:
    return TurnTrace(
        turn_id=turn.id,
        person_id=turn.person_id,
        model=model,
        prompt_tokens=812,
        reply_tokens=40,
        finish_reason="stop",
        items=(
            TraceItem(kind="fact", item_id="f1", tokens=9, included=True, scores={"bm25": 0.1}),
            TraceItem(kind="recalled", item_id="t1", tokens=90, included=False, reason="budget"),
        ),
        timings_ms={"load": 1.25, "generate": 1800.0},
    )


async def test_a_trace_reads_back_and_the_last_one_counts(world: Any) -> None:
    turn = await world.say(await world.person(), await world.conversation())
    async with world.storage.unit_of_work() as work:
        await work.traces.save(_trace(turn, "first"))
        await work.traces.save(_trace(turn, "second"))
        await work.commit()
    async with world.storage.unit_of_work() as work:
        stored = await work.traces.get(Scope.in_private(turn.person_id), turn.id)
    assert stored == _trace(turn, "second")


async def test_a_trace_is_shown_where_its_turn_may_be(world: Any) -> None:
    ann, bob = await world.person("ann"), await world.person("bob")
    turn = await world.say(ann, await world.conversation())
    channel = await world.conversation(world.ref("open", Visibility.PUBLIC))
    async with world.storage.unit_of_work() as work:
        await work.traces.save(_trace(turn, "m"))
        await work.commit()
    async with world.storage.unit_of_work() as work:
        assert await work.traces.get(Scope.in_private(ann.id), turn.id) is not None
        assert await work.traces.get(Scope(ann.id, channel.audience), turn.id) is None
        assert await work.traces.get(Scope.in_private(bob.id), turn.id) is None


async def test_a_turn_without_trace_has_none(world: Any) -> None:
    turn = await world.say(await world.person(), await world.conversation())
    async with world.storage.unit_of_work() as work:
        assert await work.traces.get(Scope.in_private(turn.person_id), turn.id) is None


async def test_a_trace_needs_a_turn(world: Any) -> None:
    turn = world.turn(await world.person(), await world.conversation())
    with pytest.raises(StorageError):
        async with world.storage.unit_of_work() as work:
            await work.traces.save(_trace(turn, "m"))


async def test_all_traces_come_by_turn_number(world: Any) -> None:
    ann, home = await world.person("ann"), await world.conversation()
    turns = [await world.say(ann, home) for _ in range(3)]
    bobs = await world.say(await world.person("bob"), home)
    async with world.storage.unit_of_work() as work:
        for turn in (turns[2], bobs, turns[0]):
            await work.traces.save(_trace(turn, "m"))
        await work.commit()
    async with world.storage.unit_of_work() as work:
        found = await work.traces.of(Scope.in_private(ann.id))
    assert found == (_trace(turns[0], "m"), _trace(turns[2], "m"))
