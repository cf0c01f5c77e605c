"""Two accounts of one human being are made one person."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from support.merging import (
    claimed_job,
    detach,
    identities_of,
    live,
    merge,
    must_wait,
    on_discord,
    person_of,
    trace_of,
    vector_of,
)

from bot.domain.compaction import DueRule, JobStatus
from bot.domain.conversation import Scope
from bot.domain.fact import FactStatus
from bot.domain.identity import PersonId
from bot.errors import StorageError


async def test_a_merged_person_owns_everything_of_both_in_order(world: Any) -> None:
    ann, other = await world.person("ann"), await world.person(identity=on_discord(world))
    stranger = await world.person("bob")
    home, away = await world.conversation(), await world.conversation(world.ref("away"))
    for name, person, place in (
        ("ann 1", ann, home),
        ("other 1", other, away),
        ("bob 1", stranger, home),
        ("other 2", other, away),
        ("ann 2", ann, home),
    ):
        await live(world, person, place, name)
    told = await world.interrupted(other, away)
    await merge(world, other.id, ann.id)

    scope, names = Scope.in_private(ann.id), ["ann 1", "ann 2", "other 1", "other 2"]
    async with world.storage.unit_of_work() as work:
        turns = await work.turns.after(scope, 0)
        assert [turn.text for turn in turns[:4]] == [f"{name} says" for name in names]
        assert [turn.number for turn in turns] == [1, 2, 3, 4, 5]
        assert [turn.conversation_id for turn in turns] == [home.id] * 2 + [away.id] * 3
        facts = await work.facts.of(scope, [FactStatus.ACTIVE])
        assert [fact.text for fact in facts] == [f"{name} knows" for name in names]
        assert [fact.number for fact in facts] == [1, 2, 3, 4]
        assert [fact.evidence[0].turn_id for fact in facts] == [turn.id for turn in turns[:4]]
        assert {fact.person_id for fact in facts} == {ann.id}
        assert await work.traces.of(scope) == tuple(map(trace_of, turns[:4]))
        found = await work.vectors.of_person(ann.id, "m", after_number=0)
        assert found == tuple(map(vector_of, turns[:4]))
        journal = await work.operations.of_person(ann.id)
        assert sorted(entry.reason for entry in journal) == names
        assert [e.reason for e in journal if e.reason.startswith("other")] == names[2:]
        assert await work.links.issued_since(ann.id, world.now) == 4
        assert await work.links.failures_since(ann.id, world.now) == 4
        assert [t.id for t in await work.turns.take_unreported_failures(scope, away.id)] == [
            told.id
        ]
        assert await work.turns.count(Scope.in_private(other.id)) == 0
        assert await work.turns.count(Scope.in_private(stranger.id)) == 1


async def test_a_merged_person_goes_on_counting(world: Any) -> None:
    ann, other = await world.person("ann"), await world.person(identity=on_discord(world))
    home = await world.conversation()
    await live(world, ann, home, "a")
    await live(world, other, home, "b")
    await merge(world, other.id, ann.id)
    assert (await world.say(ann, home)).number == 3
    async with world.storage.unit_of_work() as work:
        assert await work.facts.begin_change(ann.id) == 3


async def test_both_accounts_lead_to_the_merged_person(world: Any) -> None:
    other, ann = await world.person(identity=on_discord(world)), await world.person("ann")
    await merge(world, other.id, ann.id)
    found = await world.person("ann")
    assert (found.id, found.display_name, found.memory_epoch) == (ann.id, "Ann", 1)
    assert (await world.person(identity=on_discord(world))).id == ann.id


async def test_identities_come_first_seen_first(world: Any) -> None:
    late, early, same = world.identity("a"), on_discord(world, "z"), world.identity("b")
    people = []
    for identity, days in ((late, 2), (early, 1), (same, 2)):
        async with world.storage.unit_of_work() as work:
            people.append(
                await work.persons.resolve(
                    identity, new_id=world.new_id(), seen_at=world.now + timedelta(days=days)
                )
            )
            await work.commit()
    for person in people[1:]:
        await merge(world, person.id, people[0].id)
    expected = [replace(identity, display_name="A") for identity in (early, late, same)]
    assert await identities_of(world, people[0].id) == tuple(expected)
    assert (await person_of(world, late)).first_seen_at == world.now + timedelta(days=1)
    assert await identities_of(world, PersonId("nobody")) == ()


async def test_episodes_of_a_merged_person_move_with_their_turns(world: Any) -> None:
    ann, other = await world.person("ann"), await world.person(identity=on_discord(world))
    home, away = await world.conversation(), await world.conversation(world.ref("away"))
    mine = [await world.say(ann, home), await world.say(ann, home)]
    theirs = [await world.say(other, away) for _ in range(3)]
    done = (
        await claimed_job(world, ann, JobStatus.DONE),
        await claimed_job(world, other, JobStatus.DONE),
    )
    first = world.episode(*mine, job_id=done[0].id)
    second = world.episode(*theirs[1:], job_id=done[1].id)
    await world.summarise(first, second)
    await merge(world, other.id, ann.id)
    async with world.storage.unit_of_work() as work:
        moved = replace(second, person_id=ann.id, first_number=4, last_number=5)
        assert await work.episodes.of(Scope.in_private(ann.id)) == (first, moved)
        assert (await work.persons.get(ann.id)).compacted_until == 2
        # The other's turns are not compacted in this order, so their jobs cannot be undone.
        assert [job.id for job in await work.compactions.latest(limit=9)] == [done[0].id]
        assert await work.compactions.set_undone(done[0].id, at=world.now, not_before=world.now)


async def test_episodes_go_where_both_talked_and_one_waits_to_be_summarised(world: Any) -> None:
    ann, other = await world.person("ann"), await world.person(identity=on_discord(world))
    home = await world.conversation()
    summarised = await world.say(other, home)
    await world.summarise(world.episode(summarised))
    await world.say(ann, home)
    await merge(world, other.id, ann.id)
    async with world.storage.unit_of_work() as work:
        assert await work.episodes.ends(ann.id) == {}


@pytest.mark.parametrize("whose", ["gone", "into"])
async def test_who_works_on_somebody_notices_that_they_are_merged(world: Any, whose: str) -> None:
    gone, into = await world.person(identity=on_discord(world)), await world.person("ann")
    person = gone if whose == "gone" else into
    turn = await world.say(person, await world.conversation())
    job = await claimed_job(world, person)
    await world.summarise(world.episode(turn, job_id=job.id))
    await merge(world, gone.id, into.id)
    async with world.storage.unit_of_work() as work:
        assert not await work.compactions.advance(job)
        assert not await work.compactions.finish(job, JobStatus.DONE, at=world.now)
        assert await work.compactions.get(job.id) is None
        assert await work.episodes.of(Scope.in_private(into.id)) == ()
    assert (await claimed_job(world, into)).until_number == 1


@pytest.mark.parametrize(
    ("gone", "into", "left"), [(3, 9, 3), (9, 3, 3), (None, 3, 3), (3, None, 3)]
)
async def test_of_two_wishes_the_shorter_one_counts(
    world: Any, gone: int | None, into: int | None, left: int
) -> None:
    other, ann = await world.person(identity=on_discord(world)), await world.person("ann")
    async with world.storage.unit_of_work() as work:
        await work.retention.set_person(other.id, gone)
        await work.retention.set_person(ann.id, into)
        await work.persons.merge(other.id, ann.id)
        assert await work.retention.of_person(ann.id) == left
        await work.commit()
    stranger = await detach(world, on_discord(world))
    async with world.storage.unit_of_work() as work:
        assert await work.retention.of_person(stranger.id) == left


@pytest.mark.parametrize("whose", ["gone", "into"])
async def test_a_merged_person_is_due_when_either_was(world: Any, whose: str) -> None:
    gone, into = await world.person(identity=on_discord(world)), await world.person("ann")
    job = await claimed_job(world, gone if whose == "gone" else into)
    async with world.storage.unit_of_work() as work:
        await work.compactions.finish(job, JobStatus.DONE, at=world.now, refresh_at=world.now)
        await work.persons.merge(gone.id, into.id)
        assert await work.compactions.due(now=world.now, rule=DueRule()) == (into.id,)


@pytest.mark.parametrize("setting", ["paused", "incognito"])
@pytest.mark.parametrize("whose", ["gone", "into"])
async def test_a_merged_person_keeps_the_stricter_setting(
    world: Any, whose: str, setting: str
) -> None:
    gone, into = await world.person(identity=on_discord(world)), await world.person("ann")
    strict = gone if whose == "gone" else into
    async with world.storage.unit_of_work() as work:
        await getattr(work.persons, f"set_{setting}")(strict.id, **{setting: True})
        await work.commit()
    await merge(world, gone.id, into.id)
    merged = await person_of(world, world.identity("ann"))
    assert (merged.paused, merged.incognito) == (setting == "paused", setting == "incognito")


@pytest.mark.parametrize("told", ["gone", "into", "neither"])
async def test_a_merged_person_is_told_once(world: Any, told: str) -> None:
    people = {
        "gone": await world.person(identity=on_discord(world)),
        "into": await world.person("ann"),
    }
    async with world.storage.unit_of_work() as work:
        if told in people:
            assert await work.persons.take_notice(people[told].id, at=world.now)
        await work.persons.merge(people["gone"].id, people["into"].id)
        is_left = await work.persons.take_notice(people["into"].id, at=world.now)
        assert is_left is (told == "neither")


async def test_only_two_people_who_exist_can_become_one(world: Any) -> None:
    ann, nobody = (await world.person("ann")).id, PersonId("nobody")
    for gone, into in ((ann, nobody), (nobody, ann), (ann, ann)):
        with pytest.raises(StorageError):
            await merge(world, gone, into)
    assert (await world.person("ann")).id == ann


async def test_of_two_mergers_at_once_one_happens(world: Any) -> None:
    ann, other = await world.person("ann"), await world.person(identity=on_discord(world))
    home = await world.conversation()
    await live(world, ann, home, "a")
    await live(world, other, home, "b")
    results = await asyncio.gather(
        merge(world, ann.id, other.id),
        merge(world, other.id, ann.id),
        return_exceptions=True,
    )
    assert sorted(type(result) for result in results if result is not None) == [StorageError]
    person = await person_of(world, world.identity("ann"))
    assert await person_of(world, on_discord(world)) == person
    assert len(await world.texts(Scope.in_private(person.id))) == 2


async def test_turns_said_while_people_are_merged_are_neither_lost_nor_numbered_twice(
    world: Any,
) -> None:
    ann, other = await world.person("ann"), await world.person(identity=on_discord(world))
    home = await world.conversation()
    await world.say(other, home, "other 1")
    async with world.storage.unit_of_work() as work:
        await work.turns.accept(world.turn(ann, home, "ann 1"))
        merging = asyncio.create_task(merge(world, other.id, ann.id))
        await must_wait(merging)
        await work.commit()
    await merging
    async with world.storage.unit_of_work() as work:
        stored = await work.turns.after(Scope.in_private(ann.id), 0)
    assert [(turn.number, turn.text) for turn in stored] == [(1, "ann 1"), (2, "other 1")]


async def test_a_turn_that_comes_while_its_person_is_merged_away_is_refused(world: Any) -> None:
    ann, other = await world.person("ann"), await world.person(identity=on_discord(world))
    home = await world.conversation()
    async with world.storage.unit_of_work() as work:
        await work.persons.merge(other.id, ann.id)
        accepting = asyncio.create_task(world.accept(world.turn(other, home)))
        await must_wait(accepting)
        await work.commit()
    with pytest.raises(StorageError):
        await accepting
    assert await world.texts(Scope.in_private(ann.id)) == []


async def test_a_reply_that_is_saved_while_people_are_merged_is_kept(world: Any) -> None:
    ann, other = await world.person("ann"), await world.person(identity=on_discord(world))
    home = await world.conversation()
    before, after = [(await world.accept(world.turn(other, home)))[0] for _ in range(2)]
    async with world.storage.unit_of_work() as work:
        assert await work.turns.finish(before.id, world.answer(), worker="worker-1")
        merging = asyncio.create_task(merge(world, other.id, ann.id))
        await must_wait(merging)
        await work.traces.save(trace_of(before))
        await work.commit()
    await merging
    async with world.storage.unit_of_work() as work:
        assert await work.turns.finish(after.id, world.answer(), worker="worker-1")
        await work.traces.save(trace_of(after))
        await work.commit()
    async with world.storage.unit_of_work() as work:
        traces = await work.traces.of(Scope.in_private(ann.id))
    assert [trace.turn_id for trace in traces] == [before.id, after.id]
    assert {trace.person_id for trace in traces} == {ann.id}


@pytest.mark.parametrize(
    ("one", "other", "merged"), [(0, 5, 5), (5, 0, 5), (0, None, None), (None, 0, None)]
)
async def test_a_merged_person_has_agreed_only_if_both_had(
    world: Any, one: int | None, other: int | None, merged: int | None
) -> None:
    def at(day: int | None) -> datetime | None:
        return None if day is None else world.now + timedelta(days=day)

    ann, stranger = await world.person("ann"), await world.person(identity=on_discord(world))
    async with world.storage.unit_of_work() as work:
        await work.persons.set_consent(ann.id, at=at(one))
        await work.persons.set_consent(stranger.id, at=at(other))
        await work.commit()

    await merge(world, stranger.id, ann.id)

    assert (await world.person("ann")).consented_at == at(merged)
