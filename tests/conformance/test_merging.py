"""Two accounts of one human being: made one person, and taken apart again."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.compaction import CompactionJob, DueRule, JobId, JobStatus
from bot.domain.conversation import Scope
from bot.domain.fact import FactStatus
from bot.domain.identity import IdentityRef, Person, PersonId, Platform
from bot.domain.link import LinkCode
from bot.domain.operation import Actor, MemoryOperation, OperationId, OperationKind
from bot.domain.turn import TurnTrace
from bot.errors import StorageError
from bot.ports.memory_storage import TurnVector


async def _merge(world: Any, gone: PersonId, into: PersonId) -> None:
    async with world.storage.unit_of_work() as work:
        await work.persons.merge(gone, into)
        await work.commit()


async def _detach(world: Any, identity: IdentityRef) -> Person:
    async with world.storage.unit_of_work() as work:
        person: Person = await work.persons.detach(
            identity, new_id=world.new_id(), seen_at=world.now + timedelta(days=9)
        )
        await work.commit()
    return person


async def _identities(world: Any, person_id: PersonId) -> tuple[IdentityRef, ...]:
    async with world.storage.unit_of_work() as work:
        found: tuple[IdentityRef, ...] = await work.persons.identities(person_id)
    return found


def _discord(world: Any, name: str = "ann#1") -> IdentityRef:
    identity: IdentityRef = world.identity(name, platform=Platform.DISCORD)
    return identity


async def _live(world: Any, person: Person, place: Any, name: str) -> None:
    """Leave something of a person in every table."""
    turn = await world.say(person, place, f"{name} says")
    async with world.storage.unit_of_work() as work:
        number = await work.facts.begin_change(person.id)
        await work.facts.add(world.fact(turn, f"{name} knows", number=number))
        await work.traces.save(_trace(turn))
        await work.vectors.put([_vector(turn)])
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


def _trace(turn: Any) -> TurnTrace:
    return TurnTrace(
        turn_id=turn.id,
        person_id=turn.person_id,
        model="m",
        prompt_tokens=1,
        reply_tokens=1,
        finish_reason="stop",
    )


def _vector(turn: Any) -> TurnVector:
    return TurnVector(turn_id=turn.id, person_id=turn.person_id, model="m", data=b"1")


async def test_a_merged_person_owns_everything_of_both_in_order(world: Any) -> None:
    ann, other = await world.person("ann"), await world.person(identity=_discord(world))
    stranger = await world.person("bob")
    home, away = await world.conversation(), await world.conversation(world.ref("away"))
    for name, person, place in (
        ("ann 1", ann, home),
        ("other 1", other, away),
        ("bob 1", stranger, home),
        ("other 2", other, away),
        ("ann 2", ann, home),
    ):
        await _live(world, person, place, name)
    told = await world.interrupted(other, away)
    await _merge(world, other.id, ann.id)

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
        assert await work.traces.of(scope) == tuple(map(_trace, turns[:4]))
        found = await work.vectors.of_person(ann.id, "m", after_number=0)
        assert found == tuple(map(_vector, turns[:4]))
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
    ann, other = await world.person("ann"), await world.person(identity=_discord(world))
    home = await world.conversation()
    await _live(world, ann, home, "a")
    await _live(world, other, home, "b")
    await _merge(world, other.id, ann.id)
    assert (await world.say(ann, home)).number == 3
    async with world.storage.unit_of_work() as work:
        assert await work.facts.begin_change(ann.id) == 3


async def test_both_accounts_lead_to_the_merged_person(world: Any) -> None:
    other, ann = await world.person(identity=_discord(world)), await world.person("ann")
    await _merge(world, other.id, ann.id)
    found = await world.person("ann")
    assert (found.id, found.display_name, found.memory_epoch) == (ann.id, "Ann", 1)
    assert (await world.person(identity=_discord(world))).id == ann.id


async def test_identities_come_first_seen_first(world: Any) -> None:
    late, early, same = world.identity("a"), _discord(world, "z"), world.identity("b")
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
        await _merge(world, person.id, people[0].id)
    expected = [replace(identity, display_name="A") for identity in (early, late, same)]
    assert await _identities(world, people[0].id) == tuple(expected)
    assert (await _found(world, late)).first_seen_at == world.now + timedelta(days=1)
    assert await _identities(world, PersonId("nobody")) == ()


async def _found(world: Any, identity: IdentityRef) -> Person:
    async with world.storage.unit_of_work() as work:
        person: Person | None = await work.persons.find(identity)
    assert person is not None
    return person


async def _job(world: Any, person: Person, status: JobStatus | None = None) -> CompactionJob:
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


async def test_episodes_of_a_merged_person_move_with_their_turns(world: Any) -> None:
    ann, other = await world.person("ann"), await world.person(identity=_discord(world))
    home, away = await world.conversation(), await world.conversation(world.ref("away"))
    mine = [await world.say(ann, home), await world.say(ann, home)]
    theirs = [await world.say(other, away) for _ in range(3)]
    done = await _job(world, ann, JobStatus.DONE), await _job(world, other, JobStatus.DONE)
    first = world.episode(*mine, job_id=done[0].id)
    second = world.episode(*theirs[1:], job_id=done[1].id)
    await world.summarise(first, second)
    await _merge(world, other.id, ann.id)
    async with world.storage.unit_of_work() as work:
        moved = replace(second, person_id=ann.id, first_number=4, last_number=5)
        assert await work.episodes.of(Scope.in_private(ann.id)) == (first, moved)
        assert (await work.persons.get(ann.id)).compacted_until == 2
        # The other's turns are not compacted in this order, so their jobs cannot be undone.
        assert [job.id for job in await work.compactions.latest(limit=9)] == [done[0].id]
        assert await work.compactions.set_undone(done[0].id, at=world.now, not_before=world.now)


async def test_episodes_go_where_both_talked_and_one_waits_to_be_summarised(world: Any) -> None:
    ann, other = await world.person("ann"), await world.person(identity=_discord(world))
    home = await world.conversation()
    summarised = await world.say(other, home)
    await world.summarise(world.episode(summarised))
    await world.say(ann, home)
    await _merge(world, other.id, ann.id)
    async with world.storage.unit_of_work() as work:
        assert await work.episodes.ends(ann.id) == {}


@pytest.mark.parametrize("whose", ["gone", "into"])
async def test_who_works_on_somebody_notices_that_they_are_merged(world: Any, whose: str) -> None:
    gone, into = await world.person(identity=_discord(world)), await world.person("ann")
    person = gone if whose == "gone" else into
    turn = await world.say(person, await world.conversation())
    job = await _job(world, person)
    await world.summarise(world.episode(turn, job_id=job.id))
    await _merge(world, gone.id, into.id)
    async with world.storage.unit_of_work() as work:
        assert not await work.compactions.advance(job)
        assert not await work.compactions.finish(job, JobStatus.DONE, at=world.now)
        assert await work.compactions.get(job.id) is None
        assert await work.episodes.of(Scope.in_private(into.id)) == ()
    assert (await _job(world, into)).until_number == 1


@pytest.mark.parametrize(
    ("gone", "into", "left"), [(3, 9, 3), (9, 3, 3), (None, 3, 3), (3, None, 3)]
)
async def test_of_two_wishes_the_shorter_one_counts(
    world: Any, gone: int | None, into: int | None, left: int
) -> None:
    other, ann = await world.person(identity=_discord(world)), await world.person("ann")
    async with world.storage.unit_of_work() as work:
        await work.retention.set_person(other.id, gone)
        await work.retention.set_person(ann.id, into)
        await work.persons.merge(other.id, ann.id)
        assert await work.retention.of_person(ann.id) == left
        await work.commit()
    stranger = await _detach(world, _discord(world))
    async with world.storage.unit_of_work() as work:
        assert await work.retention.of_person(stranger.id) == left


@pytest.mark.parametrize("whose", ["gone", "into"])
async def test_a_merged_person_is_due_when_either_was(world: Any, whose: str) -> None:
    gone, into = await world.person(identity=_discord(world)), await world.person("ann")
    job = await _job(world, gone if whose == "gone" else into)
    async with world.storage.unit_of_work() as work:
        await work.compactions.finish(job, JobStatus.DONE, at=world.now, refresh_at=world.now)
        await work.persons.merge(gone.id, into.id)
        assert await work.compactions.due(now=world.now, rule=DueRule()) == (into.id,)


@pytest.mark.parametrize("setting", ["paused", "incognito"])
@pytest.mark.parametrize("whose", ["gone", "into"])
async def test_a_merged_person_keeps_the_stricter_setting(
    world: Any, whose: str, setting: str
) -> None:
    gone, into = await world.person(identity=_discord(world)), await world.person("ann")
    strict = gone if whose == "gone" else into
    async with world.storage.unit_of_work() as work:
        await getattr(work.persons, f"set_{setting}")(strict.id, **{setting: True})
        await work.commit()
    await _merge(world, gone.id, into.id)
    merged = await _found(world, world.identity("ann"))
    assert (merged.paused, merged.incognito) == (setting == "paused", setting == "incognito")


@pytest.mark.parametrize("told", ["gone", "into", "neither"])
async def test_a_merged_person_is_told_once(world: Any, told: str) -> None:
    people = {
        "gone": await world.person(identity=_discord(world)),
        "into": await world.person("ann"),
    }
    async with world.storage.unit_of_work() as work:
        if told in people:
            assert await work.persons.take_notice(people[told].id)
        await work.persons.merge(people["gone"].id, people["into"].id)
        assert await work.persons.take_notice(people["into"].id) is (told == "neither")


async def test_only_two_people_who_exist_can_become_one(world: Any) -> None:
    ann, nobody = (await world.person("ann")).id, PersonId("nobody")
    for gone, into in ((ann, nobody), (nobody, ann), (ann, ann)):
        with pytest.raises(StorageError):
            await _merge(world, gone, into)
    assert (await world.person("ann")).id == ann


async def test_of_two_mergers_at_once_one_happens(world: Any) -> None:
    ann, other = await world.person("ann"), await world.person(identity=_discord(world))
    home = await world.conversation()
    await _live(world, ann, home, "a")
    await _live(world, other, home, "b")
    results = await asyncio.gather(
        _merge(world, ann.id, other.id),
        _merge(world, other.id, ann.id),
        return_exceptions=True,
    )
    assert sorted(type(result) for result in results if result is not None) == [StorageError]
    person = await _found(world, world.identity("ann"))
    assert await _found(world, _discord(world)) == person
    assert len(await world.texts(Scope.in_private(person.id))) == 2


async def _must_wait(task: asyncio.Task[Any]) -> None:
    """Let a task come as far as it can while a unit of work is open that it has to wait for."""
    await asyncio.wait({task}, timeout=0.2)
    assert not task.done()


async def test_turns_said_while_people_are_merged_are_neither_lost_nor_numbered_twice(
    world: Any,
) -> None:
    ann, other = await world.person("ann"), await world.person(identity=_discord(world))
    home = await world.conversation()
    await world.say(other, home, "other 1")
    async with world.storage.unit_of_work() as work:
        await work.turns.accept(world.turn(ann, home, "ann 1"))
        merging = asyncio.create_task(_merge(world, other.id, ann.id))
        await _must_wait(merging)
        await work.commit()
    await merging
    async with world.storage.unit_of_work() as work:
        stored = await work.turns.after(Scope.in_private(ann.id), 0)
    assert [(turn.number, turn.text) for turn in stored] == [(1, "ann 1"), (2, "other 1")]


async def test_a_turn_that_comes_while_its_person_is_merged_away_is_refused(world: Any) -> None:
    ann, other = await world.person("ann"), await world.person(identity=_discord(world))
    home = await world.conversation()
    async with world.storage.unit_of_work() as work:
        await work.persons.merge(other.id, ann.id)
        accepting = asyncio.create_task(world.accept(world.turn(other, home)))
        await _must_wait(accepting)
        await work.commit()
    with pytest.raises(StorageError):
        await accepting
    assert await world.texts(Scope.in_private(ann.id)) == []


async def test_a_reply_that_is_saved_while_people_are_merged_is_kept(world: Any) -> None:
    ann, other = await world.person("ann"), await world.person(identity=_discord(world))
    home = await world.conversation()
    before, after = [(await world.accept(world.turn(other, home)))[0] for _ in range(2)]
    async with world.storage.unit_of_work() as work:
        assert await work.turns.finish(before.id, world.answer(), worker="worker-1")
        merging = asyncio.create_task(_merge(world, other.id, ann.id))
        await _must_wait(merging)
        await work.traces.save(_trace(before))
        await work.commit()
    await merging
    async with world.storage.unit_of_work() as work:
        assert await work.turns.finish(after.id, world.answer(), worker="worker-1")
        await work.traces.save(_trace(after))
        await work.commit()
    async with world.storage.unit_of_work() as work:
        traces = await work.traces.of(Scope.in_private(ann.id))
    assert [trace.turn_id for trace in traces] == [before.id, after.id]
    assert {trace.person_id for trace in traces} == {ann.id}


async def test_a_detached_identity_is_a_new_person_without_memory(world: Any) -> None:
    ann, other = await world.person("ann"), await world.person(identity=_discord(world))
    home = await world.conversation()
    await _live(world, ann, home, "a")
    await _live(world, other, home, "b")
    await _merge(world, other.id, ann.id)
    renamed = replace(_discord(world), display_name="Anna")
    await _job(world, ann, JobStatus.DONE)
    stranger = await _detach(world, renamed)
    assert stranger == Person(
        id=stranger.id, display_name="Anna", first_seen_at=world.now + timedelta(days=9)
    )
    assert stranger.id not in {ann.id, other.id}
    assert await _found(world, _discord(world)) == stranger
    assert await world.texts(Scope.in_private(stranger.id)) == []
    assert len(await world.texts(Scope.in_private(ann.id))) == 2
    assert await _identities(world, stranger.id) == (renamed,)
    assert await _identities(world, ann.id) == (world.identity("ann"),)
    assert (await world.say(stranger, home)).number == 1


async def test_a_detached_person_stays_paused_and_is_told_anew(world: Any) -> None:
    ann, other = await world.person("ann"), await world.person(identity=_discord(world))
    async with world.storage.unit_of_work() as work:
        await work.persons.merge(other.id, ann.id)
        await work.persons.set_paused(ann.id, paused=True)
        await work.persons.set_incognito(ann.id, incognito=True)
        await work.persons.take_notice(ann.id)
        await work.commit()
    stranger = await _detach(world, _discord(world))
    assert (stranger.paused, stranger.incognito) == (True, True)
    assert await _found(world, _discord(world)) == stranger
    async with world.storage.unit_of_work() as work:
        assert await work.persons.take_notice(stranger.id)


async def test_nobody_loses_their_last_identity(world: Any) -> None:
    """Their memory would be out of everybody's reach, and could not even be erased."""
    ann, other = await world.person("ann"), await world.person(identity=_discord(world))
    for identity in (world.identity("ann"), world.identity("unknown")):
        with pytest.raises(StorageError):
            await _detach(world, identity)
    await _merge(world, other.id, ann.id)
    async with world.storage.unit_of_work() as work:
        await work.persons.detach(_discord(world), new_id=world.new_id(), seen_at=world.now)
        detaching = asyncio.create_task(_detach(world, world.identity("ann")))
        await _must_wait(detaching)
        await work.commit()
    with pytest.raises(StorageError):
        await detaching
    assert len(await _identities(world, ann.id)) == 1
