"""The erase list, and what is erased once more because of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.conversation import Scope, Visibility
from bot.domain.erasure import (
    Erasure,
    ErasureId,
    Everything,
    MergedInto,
    SaidIn,
    These,
    What,
    these,
)
from bot.domain.fact import Evidence
from bot.domain.identity import Person, PersonId, TenantId
from bot.domain.turn import Turn, TurnId
from bot.ports.compaction_storage import Expired
from bot.ports.memory_storage import TurnVector

ANN = PersonId("ann")


def entry(world: Any, what: What, *, person: PersonId = ANN) -> Erasure:
    return Erasure(id=ErasureId(world.new_id()), person_id=person, happened_at=world.now, what=what)


async def append(world: Any, *entries: Erasure) -> None:
    async with world.storage.unit_of_work() as work:
        await work.erasures.append(*entries)
        await work.commit()


async def erase_these(world: Any, person: Person, what: These) -> Expired:
    async with world.storage.unit_of_work() as work:
        erased: Expired = await work.erasures.erase_these(person.id, what)
        await work.commit()
    return erased


async def erase_said(world: Any, person: Person, said: SaidIn) -> Expired:
    async with world.storage.unit_of_work() as work:
        erased: Expired = await work.retention.erase_said(person.id, said)
        await work.commit()
    return erased


async def turns_of(world: Any, person: Person) -> tuple[Turn, ...]:
    async with world.storage.unit_of_work() as work:
        turns: tuple[Turn, ...] = await work.turns.after(Scope.in_private(person.id), 0)
    return turns


async def test_every_kind_of_entry_comes_back_as_it_was(world: Any) -> None:
    whats: list[What] = [
        Everything(),
        *these(turns=[TurnId("t")], facts=[], episodes=[]),
        SaidIn(tenant_id=TenantId("slack:T1"), until=world.now),
        SaidIn(
            tenant_id=TenantId("slack:T1"), until=world.now, channel="slack:T1:C", with_direct=False
        ),
        MergedInto(PersonId("bea")),
    ]
    entries = [entry(world, what) for what in whats]

    await append(world, *entries)

    async with world.storage.unit_of_work() as work:
        assert await work.erasures.latest(limit=10) == tuple(entries)
        assert await work.erasures.latest(limit=2) == tuple(entries[-2:])
        assert await work.erasures.latest(limit=0) == ()
        assert await work.erasures.ids() == {each.id for each in entries}
        wanted = [entries[3].id, ErasureId("nobody's"), entries[1].id]
        assert await work.erasures.by_ids(wanted) == (entries[1], entries[3])
        assert await work.erasures.merges() == (entries[-1],)


async def test_an_entry_is_written_once(world: Any) -> None:
    first = entry(world, Everything())
    await append(world, first)

    await append(world, replace(first, person_id=PersonId("bea")), entry(world, Everything()))

    async with world.storage.unit_of_work() as work:
        kept, _ = await work.erasures.latest(limit=10)
    assert kept == first


async def test_it_stays_when_the_person_goes(world: Any) -> None:
    ann = await world.person()
    await append(world, entry(world, Everything(), person=ann.id))

    async with world.storage.unit_of_work() as work:
        await work.persons.erase(ann.id)
        await work.commit()

    async with world.storage.unit_of_work() as work:
        assert len(await work.erasures.ids()) == 1


async def test_a_turn_loses_its_words_and_all_that_was_made_of_them(world: Any) -> None:
    ann = await world.person()
    there = await world.conversation()
    first, second, third = [await world.say(ann, there, f"words {n}") for n in range(3)]
    alone, together = world.fact(first), world.fact(first)
    other = Evidence(quote="again", turn_id=third.id, said_at=world.now)
    await world.learn(alone, replace(together, evidence=(*together.evidence, other)))
    covering, apart = world.episode(first, second), world.episode(third)
    await world.summarise(covering, apart)
    async with world.storage.unit_of_work() as work:
        await work.vectors.put(
            [
                TurnVector(turn_id=turn.id, person_id=ann.id, model="m", data=b"\0\0")
                for turn in (first, third)
            ]
        )
        await work.commit()

    erased = await erase_these(world, ann, These(turn_ids=(first.id, TurnId("unknown"))))

    assert erased == Expired(turns=1, facts=1, episodes=1)
    told = [(turn.text, turn.reply) for turn in await turns_of(world, ann)]
    assert told == [("", ""), ("words 1", "hi"), ("words 2", "hi")]
    (fact,) = await world.known(ann.id)
    assert fact.id == together.id
    assert [said.turn_id for said in fact.evidence] == [third.id]
    async with world.storage.unit_of_work() as work:
        assert await work.episodes.of(Scope.in_private(ann.id)) == (apart,)
        vectors = await work.vectors.of_person(ann.id, "m", after_number=0)
    assert [vector.turn_id for vector in vectors] == [third.id]


async def test_facts_and_episodes_go_by_their_ids(world: Any) -> None:
    ann = await world.person()
    there = await world.conversation()
    turn = await world.say(ann, there)
    gone, kept = world.fact(turn), world.fact(turn, "likes rye bread")
    await world.learn(gone, kept)
    one, other = world.episode(turn), world.episode(turn)
    await world.summarise(one, other)

    erased = await erase_these(world, ann, These(fact_ids=(gone.id,), episode_ids=(one.id,)))

    assert erased == Expired(facts=1, episodes=1)
    assert [fact.id for fact in await world.known(ann.id)] == [kept.id]
    async with world.storage.unit_of_work() as work:
        assert await work.episodes.of(Scope.in_private(ann.id)) == (other,)
    assert [each.text for each in await turns_of(world, ann)] == ["hello"]


async def test_nothing_of_anybody_else_goes_by_an_id(world: Any) -> None:
    ann, bea = await world.person(), await world.person("bea")
    there = await world.conversation()
    turn = await world.say(bea, there, "of bea")
    fact = world.fact(turn)
    await world.learn(fact)
    episode = world.episode(turn)
    await world.summarise(episode)
    async with world.storage.unit_of_work() as work:
        vector = TurnVector(turn_id=turn.id, person_id=bea.id, model="m", data=b"\0\0")
        await work.vectors.put([vector])
        await work.commit()

    every = These(turn_ids=(turn.id,), fact_ids=(fact.id,), episode_ids=(episode.id,))
    erased = await erase_these(world, ann, every)

    assert not erased
    assert [each.text for each in await turns_of(world, bea)] == ["of bea"]
    assert len(await world.known(bea.id)) == 1
    async with world.storage.unit_of_work() as work:
        assert await work.episodes.of(Scope.in_private(bea.id)) == (episode,)
        assert await work.vectors.of_person(bea.id, "m", after_number=0) == (vector,)


async def test_more_ids_than_one_statement_takes(world: Any) -> None:
    ann = await world.person()
    there = await world.conversation()
    turn = await world.say(ann, there)
    many = tuple(TurnId(f"unknown-{n}") for n in range(1200))

    erased = await erase_these(world, ann, These(turn_ids=(*many, turn.id)))

    assert erased.turns == 1


@pytest.mark.parametrize(
    ("limits", "left"),
    [
        ({}, ["elsewhere", "later"]),
        ({"with_direct": False}, ["direct", "elsewhere", "later"]),
        ({"channel": "slack:slack:T1:hall"}, ["direct", "closed", "elsewhere", "later"]),
        ({"channel": "slack:slack:T1:none"}, ["direct", "hall", "closed", "elsewhere", "later"]),
    ],
)
async def test_what_was_said_in_a_tenant_goes_within_its_limits(
    world: Any, limits: dict[str, Any], left: list[str]
) -> None:
    ann, bea = await world.person(), await world.person("bea")
    places = {
        "direct": world.ref(),
        "hall": world.ref("hall", Visibility.PUBLIC),
        "closed": world.ref("closed", Visibility.PRIVATE),
        "elsewhere": world.ref("hall", Visibility.PUBLIC, workspace="T2"),
    }
    for name, ref in places.items():
        turn = await world.say(ann, await world.conversation(ref), name)
        await world.learn(world.fact(turn, name))
    hall = await world.conversation(places["hall"])
    late = await world.say(ann, hall, "later", at=world.now + timedelta(seconds=1))
    said_later = Evidence(quote="later", turn_id=late.id, said_at=late.received_at)
    await world.learn(world.fact(late, "later", evidence=(said_later,)))
    await world.say(bea, hall, "of bea")

    said = SaidIn(tenant_id=world.workspace.id, until=world.now)
    erased = await erase_said(world, ann, replace(said, **limits))

    assert [turn.text for turn in await turns_of(world, ann)] == left
    assert [fact.text for fact in await world.known(ann.id)] == left
    assert erased.turns == erased.facts == len(places) + 1 - len(left)
    assert [turn.text for turn in await turns_of(world, bea)] == ["of bea"]


async def test_typed_words_go_by_when_they_were_typed(world: Any) -> None:
    ann = await world.person()
    turn = await world.say(ann, await world.conversation(world.ref("hall", Visibility.PUBLIC)))
    at = {"before": world.now, "after": world.now + timedelta(seconds=1)}
    for name, moment in at.items():
        typed = Evidence(quote=name, turn_id=None, said_at=moment)
        await world.learn(world.fact(turn, name, evidence=(typed,)))

    await erase_said(world, ann, SaidIn(tenant_id=world.workspace.id, until=world.now))

    assert [fact.text for fact in await world.known(ann.id)] == ["after"]
