"""Facts, the journal and traces."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.domain.conversation import Scope, Visibility
from bot.domain.identity import PersonId
from bot.domain.memory import FactStatus, MemoryOperation, OperationId, OperationKind
from bot.domain.turn import TraceItem, TurnTrace
from bot.errors import StorageError


async def test_a_fact_reads_back_as_it_was(world: Any) -> None:
    turn = await world.say(await world.person(), await world.conversation())
    fact = world.fact(
        turn,
        "lives in 北京 🏯",
        slot="city",
        confidence=0.1,
        strength=1 / 3,
        valid_to=world.now + timedelta(days=1),
        last_used_at=world.now,
        pinned=True,
    )
    async with world.storage.unit_of_work() as work:
        await work.facts.add(fact)
        await work.commit()
    async with world.storage.unit_of_work() as work:
        assert await work.facts.active(Scope.in_private(turn.person_id)) == (fact,)


async def test_active_facts_come_pinned_first_then_oldest_first(world: Any) -> None:
    turn = await world.say(await world.person(), await world.conversation())
    later = world.now + timedelta(hours=1)
    added = [
        world.fact(turn, "new", valid_from=later),
        world.fact(turn, "old"),
        world.fact(turn, "also old"),
        world.fact(turn, "pinned and new", valid_from=later, pinned=True),
        world.fact(turn, "pinned and old", pinned=True),
        *(
            world.fact(turn, str(status), status=status)
            for status in FactStatus
            if status != "active"
        ),
    ]
    async with world.storage.unit_of_work() as work:
        for fact in added:
            await work.facts.add(fact)
        await work.commit()
    async with world.storage.unit_of_work() as work:
        active = await work.facts.active(Scope.in_private(turn.person_id))
    texts = [fact.text for fact in active]
    assert texts == ["pinned and old", "pinned and new", "old", "also old", "new"]


async def test_a_fact_needs_a_person(world: Any) -> None:
    turn = await world.say(await world.person(), await world.conversation())
    with pytest.raises(StorageError):  # noqa: PT012 - at once or at the commit
        async with world.storage.unit_of_work() as work:
            await work.facts.add(world.fact(turn, person_id=PersonId("nobody")))
            await work.commit()


async def test_the_journal_reads_back_oldest_first_and_outlives_the_person(world: Any) -> None:
    ann, bob = await world.person("ann"), await world.person("bob")

    def entry(person_id: PersonId, minutes: int) -> MemoryOperation:
        return MemoryOperation(
            id=OperationId(world.new_id()),
            person_id=person_id,
            kind=OperationKind.ERASE,
            actor="person",
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
        assert await work.operations.of_person(ann.id) == (early, same, late)


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
