"""Facts, their numbers, their states and the words that support them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.conversation import Scope
from bot.domain.fact import Evidence, FactId, FactKind, FactSource, FactState, FactStatus
from bot.domain.identity import PersonId
from bot.domain.turn import TurnId
from bot.errors import StorageError


async def test_a_fact_reads_back_as_it_was(world: Any) -> None:
    turn = await world.say(await world.person(), await world.conversation())
    fact = world.fact(
        turn,
        "I live in 北京 🏯.",
        kind=FactKind.IDENTITY,
        evidence=(
            Evidence(quote="住在北京", turn_id=turn.id, said_at=world.now),
            Evidence(quote="🏯", turn_id=None, said_at=world.now + timedelta(days=1)),
        ),
        slot="city",
        topic="place",
        value="北京",
        occurs_from=world.now + timedelta(days=2),
        occurs_until=world.now + timedelta(days=3),
        confidence=0.1,
        source=FactSource.COMMAND,
        conflicts_with=FactId("another, gone"),
        last_used_at=world.now,
        state=FactState(
            status=FactStatus.QUARANTINED,
            valid_to=world.now + timedelta(days=1),
            superseded_by=FactId("a third, gone"),
            strength=1 / 3,
            pinned=True,
        ),
    )
    bare = world.fact(turn)
    await world.learn(fact, bare)
    assert await world.known(turn.person_id) == (fact, bare)


async def test_facts_come_by_number_and_by_status(world: Any) -> None:
    turn = await world.say(await world.person(), await world.conversation())
    facts = {
        status: world.fact(turn, str(status), number=9 - place, state=FactState(status=status))
        for place, status in enumerate(FactStatus)
    }
    await world.learn(*facts.values())
    active, superseded, *_ = FactStatus
    by_number = sorted(facts.values(), key=lambda fact: fact.number)
    assert await world.known(turn.person_id) == tuple(by_number)
    assert await world.known(turn.person_id, [active]) == (facts[active],)
    both = await world.known(turn.person_id, {superseded, active})
    assert both == (facts[superseded], facts[active])
    assert await world.known(turn.person_id, []) == ()


async def test_a_fact_needs_a_person(world: Any) -> None:
    turn = await world.say(await world.person(), await world.conversation())
    with pytest.raises(StorageError):
        await world.learn(world.fact(turn, person_id=PersonId("nobody")))
    with pytest.raises(StorageError):
        await _begin(world, PersonId("nobody"))


async def test_a_number_belongs_to_one_fact_of_a_person(world: Any) -> None:
    home = await world.conversation()
    anns = await world.say(await world.person("ann"), home)
    bobs = await world.say(await world.person("bob"), home)
    await world.learn(world.fact(anns, number=1), world.fact(bobs, number=1))
    with pytest.raises(StorageError):
        await world.learn(world.fact(anns, number=1))
    assert len(await world.known(anns.person_id)) == 1


async def _begin(world: Any, person_id: PersonId) -> int:
    async with world.storage.unit_of_work() as work:
        number: int = await work.facts.begin_change(person_id)
        return number


async def test_numbers_count_up_and_are_never_given_again(world: Any) -> None:
    turn = await world.say(await world.person(), await world.conversation())
    assert await _begin(world, turn.person_id) == 1
    assert await _begin(world, turn.person_id) == 1  # nothing was added
    facts = [world.fact(turn, number=number) for number in (1, 2, 3)]
    await world.learn(*reversed(facts))
    assert await _begin(world, turn.person_id) == 4
    async with world.storage.unit_of_work() as work:
        assert await work.facts.erase(turn.person_id, [facts[2].id]) == 1
        await work.commit()
    assert await _begin(world, turn.person_id) == 4


async def test_changes_of_one_persons_facts_wait_for_each_other(world: Any) -> None:
    turn = await world.say(await world.person(), await world.conversation())

    async def learn_next() -> int:
        async with world.storage.unit_of_work() as work:
            number: int = await work.facts.begin_change(turn.person_id)
            seen = await work.facts.of(Scope.in_private(turn.person_id), [FactStatus.ACTIVE])
            assert len(seen) == number - 1
            await work.facts.add(world.fact(turn, number=number))
            await work.commit()
            return number

    numbers = await asyncio.gather(*(learn_next() for _ in range(8)))
    assert sorted(numbers) == list(range(1, 9))


async def test_a_fact_changes_its_state_and_nothing_else(world: Any) -> None:
    turn = await world.say(await world.person(), await world.conversation())
    fact, other = world.fact(turn, "one"), world.fact(turn, "two")
    await world.learn(fact, other)
    state = FactState(
        status=FactStatus.SUPERSEDED,
        valid_to=world.now,
        superseded_by=other.id,
        strength=2.5,
        pinned=True,
    )
    async with world.storage.unit_of_work() as work:
        await work.facts.set_state(fact.id, state)
        await work.facts.set_state(FactId("gone"), state)
        await work.commit()
    assert await world.known(turn.person_id) == (fact.in_state(state), other)


async def test_evidence_is_added_once_for_each_turn_and_comes_by_date(world: Any) -> None:
    person, home = await world.person(), await world.conversation()
    first, second = [await world.say(person, home) for _ in range(2)]
    fact = world.fact(first)
    [known] = fact.evidence
    later = Evidence(quote="later", turn_id=second.id, said_at=world.now + timedelta(hours=2))
    typed = Evidence(quote="typed", turn_id=None, said_at=world.now + timedelta(hours=1))
    await world.learn(fact)
    async with world.storage.unit_of_work() as work:
        add = work.facts.add_evidence
        for said in (later, typed, typed, replace(later, quote="again"), known):
            await add(fact.id, said)
        await add(FactId("gone"), later)
        await work.commit()
    [stored] = await world.known(person.id)
    assert stored.evidence == (known, typed, typed, later)


async def test_evidence_was_said_in_a_turn_that_exists(world: Any) -> None:
    turn = await world.say(await world.person(), await world.conversation())
    fact = world.fact(turn)
    missing = Evidence(quote="q", turn_id=TurnId("none"), said_at=world.now)
    with pytest.raises(StorageError):
        await world.learn(replace(fact, evidence=(missing,)))
    await world.learn(fact)
    with pytest.raises(StorageError):  # noqa: PT012 - at once or at the commit
        async with world.storage.unit_of_work() as work:
            await work.facts.add_evidence(fact.id, missing)
            await work.commit()
    assert await world.known(turn.person_id) == (fact,)


async def test_one_turn_can_support_several_facts(world: Any) -> None:
    turn = await world.say(await world.person(), await world.conversation())
    facts = world.fact(turn, "one"), world.fact(turn, "two")
    await world.learn(*facts)
    assert await world.known(turn.person_id) == facts


async def test_use_is_noted(world: Any) -> None:
    turn = await world.say(await world.person(), await world.conversation())
    used, unused = world.fact(turn), world.fact(turn)
    await world.learn(used, unused)
    many = [FactId(f"none-{number}") for number in range(1500)]
    async with world.storage.unit_of_work() as work:
        await work.facts.mark_used([*many, used.id], at=world.now)
        await work.facts.mark_used([], at=world.now)
        await work.commit()
    known = await world.known(turn.person_id)
    assert known == (replace(used, last_used_at=world.now, use_count=1), unused)
    later = world.now + timedelta(days=1)
    async with world.storage.unit_of_work() as work:
        await work.facts.mark_used([used.id, used.id], at=later)
        await work.commit()
    known = await world.known(turn.person_id)
    assert known == (replace(used, last_used_at=later, use_count=2), unused)


async def test_a_fact_is_stored_with_its_uses(world: Any) -> None:
    turn = await world.say(await world.person(), await world.conversation())
    merged = replace(world.fact(turn, use_count=7), state=FactState(status=FactStatus.MERGED))
    expired = replace(world.fact(turn), state=FactState(status=FactStatus.EXPIRED))
    await world.learn(merged, expired)
    assert await world.known(turn.person_id) == (merged, expired)


async def test_evidence_is_taken_back_unless_it_is_the_last(world: Any) -> None:
    person, home = await world.person(), await world.conversation()
    first, second = [await world.say(person, home) for _ in range(2)]
    fact, other = world.fact(first), world.fact(first)
    [known] = fact.evidence
    later = Evidence(quote="later", turn_id=second.id, said_at=world.now + timedelta(hours=2))
    typed = Evidence(quote="typed", turn_id=None, said_at=world.now + timedelta(hours=1))
    await world.learn(fact, other)
    async with world.storage.unit_of_work() as work:
        for said in (later, typed, typed):
            await work.facts.add_evidence(fact.id, said)
        await work.facts.remove_evidence(fact.id, replace(later, quote="another"))
        await work.facts.remove_evidence(fact.id, replace(later, turn_id=first.id))
        await work.facts.remove_evidence(FactId("gone"), later)
        await work.facts.remove_evidence(fact.id, typed)
        await work.commit()
    assert [stored.evidence for stored in await world.known(person.id)] == [
        (known, typed, later),
        (known,),
    ]
    async with world.storage.unit_of_work() as work:
        for said in (typed, known, later, later):
            await work.facts.remove_evidence(fact.id, said)
        await work.commit()
    assert [stored.evidence for stored in await world.known(person.id)] == [(later,), (known,)]


async def test_noting_use_does_not_wait_for_a_change(world: Any) -> None:
    """On SQLite and in memory there is one writer; on PostgreSQL a reply must not wait for it."""
    turn = await world.say(await world.person(), await world.conversation())
    fact = world.fact(turn)
    await world.learn(fact)

    async def note() -> None:
        async with world.storage.unit_of_work() as work:
            await work.facts.mark_used([fact.id], at=world.now)
            await work.commit()

    async with world.storage.unit_of_work() as work:
        await work.facts.begin_change(turn.person_id)
        await work.facts.set_state(fact.id, FactState(pinned=True))
        noting = asyncio.create_task(note())
        if getattr(getattr(world.storage, "engine", None), "name", "") == "postgresql":
            async with asyncio.timeout(4):
                await noting
        await work.commit()
    await noting
    [known] = await world.known(turn.person_id)
    assert known.state.pinned


async def test_chosen_facts_go_with_their_evidence(world: Any) -> None:
    home = await world.conversation()
    anns = await world.say(await world.person("ann"), home)
    bobs = await world.say(await world.person("bob"), home)
    kept, gone, other = world.fact(anns, "kept"), world.fact(anns, "gone"), world.fact(bobs)
    await world.learn(kept, gone, other)
    async with world.storage.unit_of_work() as work:
        assert await work.facts.erase(anns.person_id, [gone.id, other.id, FactId("none")]) == 1
        assert await work.facts.erase(anns.person_id, []) == 0
        await work.commit()
    assert await world.known(anns.person_id) == (kept,)
    assert await world.known(bobs.person_id) == (other,)
