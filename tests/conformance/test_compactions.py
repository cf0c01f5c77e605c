"""Compaction jobs: who is due, who works on whom, and that nobody works on what is not theirs."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.compaction import CompactionJob, DueRule, JobId, JobStatus, Step
from bot.domain.identity import Person, PersonId

RULE = DueRule(enough_turns=3, idle=timedelta(minutes=10))
LATER = timedelta(hours=1)


async def _claim(world: Any, *, minutes: float = 0, **given: Any) -> CompactionJob | None:
    now = world.now + timedelta(minutes=minutes)
    async with world.storage.unit_of_work() as work:
        job: CompactionJob | None = await work.compactions.claim(
            JobId(world.new_id()),
            **{"worker": "w1", "now": now, "lease_until": now + LATER, "rule": RULE} | given,
        )
        await work.commit()
    return job


async def _claimed(world: Any, **given: Any) -> CompactionJob:
    job = await _claim(world, **given)
    assert job is not None
    return job


async def _finish(world: Any, job: CompactionJob, status: JobStatus, **given: Any) -> bool:
    async with world.storage.unit_of_work() as work:
        ended: bool = await work.compactions.finish(job, status, at=world.now, **given)
        await work.commit()
    return ended


async def _due(world: Any, *, minutes: float = 0) -> tuple[PersonId, ...]:
    now = world.now + timedelta(minutes=minutes)
    async with world.storage.unit_of_work() as work:
        people: tuple[PersonId, ...] = await work.compactions.due(now=now, rule=RULE)
    return people


async def _person(world: Any, person: Person) -> Person:
    async with world.storage.unit_of_work() as work:
        found: Person = await work.persons.get(person.id)
    return found


async def test_enough_turns_make_somebody_due(world: Any) -> None:
    ann, home = await world.person(), await world.conversation()
    for _ in range(2):
        await world.say(ann, home)
    assert await _claim(world) is None
    await world.say(ann, home)
    assert await _due(world) == (ann.id,)
    job = await _claimed(world, worker="w7")
    assert job == CompactionJob(
        id=job.id,
        person_id=ann.id,
        after_number=0,
        until_number=3,
        step=Step.EXTRACT,
        read_until=0,
        worker="w7",
        lease_until=world.now + LATER,
        started_at=world.now,
    )
    async with world.storage.unit_of_work() as work:
        assert await work.compactions.get(job.id) == job


async def test_silence_makes_somebody_due(world: Any) -> None:
    ann, home = await world.person(), await world.conversation()
    await world.say(ann, home)
    await world.say(ann, home, at=world.now + timedelta(minutes=1))
    assert await _due(world, minutes=10.9) == ()
    assert await _claim(world, minutes=10.9) is None
    assert await _due(world, minutes=11) == (ann.id,)
    assert (await _claimed(world, minutes=11)).until_number == 2


async def test_nobody_without_new_turns_is_due(world: Any) -> None:
    ann, home = await world.person(), await world.conversation()
    await world.accept(world.turn(ann, home))
    assert await _due(world, minutes=99) == ()
    await world.say(await world.person("bob"), home)
    assert await _finish(world, await _claimed(world, minutes=99), JobStatus.DONE)
    assert await _due(world, minutes=999) == ()


async def test_a_job_ends_before_the_first_turn_that_waits_for_its_reply(world: Any) -> None:
    ann, home = await world.person(), await world.conversation()
    for _ in range(3):
        await world.say(ann, home)
    waiting, _ = await world.accept(world.turn(ann, home))
    for _ in range(3):
        await world.say(ann, home)
    job = await _claimed(world)
    assert (job.after_number, job.until_number) == (0, 3)
    assert await _finish(world, job, JobStatus.DONE)
    assert (await _person(world, ann)).compacted_until == 3
    # What comes after it has gathered, but cannot be read before it.
    assert await _claim(world, minutes=99) is None
    await world.finish(waiting, world.answer())
    job = await _claimed(world)
    assert (job.after_number, job.read_until, job.until_number) == (3, 3, 7)


async def test_turns_that_are_gone_do_not_count(world: Any) -> None:
    ann, home = await world.person(), await world.conversation()
    for _ in range(3):
        await world.say(ann, home, at=world.now - timedelta(days=9))
    async with world.storage.unit_of_work() as work:
        await work.retention.erase_expired(ann.id, now=world.now, default_days=5)
        await work.commit()
    assert await _due(world) == ()
    await world.say(ann, home)
    assert await _due(world) == ()
    assert (await _claimed(world, minutes=10)).until_number == 4


async def test_who_is_to_be_left_alone_is_left_alone(world: Any) -> None:
    ann, home = await world.person(), await world.conversation()
    for _ in range(3):
        await world.say(ann, home)
    job = await _claimed(world)
    until = world.now + timedelta(minutes=30)
    job = replace(job, problem="lost too much")
    assert await _finish(world, job, JobStatus.REFUSED, not_before=until)
    assert (await _person(world, ann)).compacted_until == 0
    assert await _due(world, minutes=29) == ()
    assert await _claim(world, minutes=29) is None
    assert await _due(world, minutes=30) == (ann.id,)
    assert await _claim(world, minutes=29, person_id=ann.id) is not None
    async with world.storage.unit_of_work() as work:
        ended = await work.compactions.get(job.id)
    assert (ended.status, ended.problem) == (JobStatus.REFUSED, "lost too much")
    assert ended.finished_at == world.now


async def test_a_moment_that_was_named_makes_somebody_due_without_a_word(world: Any) -> None:
    ann, home = await world.person(), await world.conversation()
    await world.say(ann, home)
    job = await _claimed(world, minutes=10)
    refresh_at = world.now + timedelta(minutes=60)
    assert await _finish(world, job, JobStatus.DONE, refresh_at=refresh_at)
    assert await _claim(world, minutes=59) is None
    assert await _due(world, minutes=60) == (ann.id,)
    job = await _claimed(world, minutes=60)
    assert (job.after_number, job.until_number) == (1, 1)
    assert await _finish(world, job, JobStatus.DONE)
    assert await _due(world, minutes=999) == ()


async def test_a_refused_refresh_comes_again(world: Any) -> None:
    ann = await world.person()
    job = await _claimed(world, person_id=ann.id)
    assert await _finish(world, job, JobStatus.DONE, refresh_at=world.now)
    job = await _claimed(world)
    not_before = world.now + timedelta(minutes=30)
    assert await _finish(world, job, JobStatus.REFUSED, not_before=not_before)
    assert await _due(world, minutes=29) == ()
    assert await _due(world, minutes=30) == (ann.id,)


async def test_the_longest_waiting_come_first(world: Any) -> None:
    home = await world.conversation()
    people = {}
    for name, ago in (("ann", 2), ("bob", 3), ("cleo", 1)):
        people[name] = await world.person(name)
        await world.say(people[name], home, at=world.now - timedelta(hours=ago))
    bob, ann, cleo = (people[name].id for name in ("bob", "ann", "cleo"))
    assert await _due(world) == (bob, ann, cleo)
    given_up = await _claimed(world, person_id=cleo, lease_until=world.now)
    assert await _due(world) == (cleo, bob, ann)
    claimed = [(await _claimed(world)).person_id for _ in range(3)]
    assert claimed == [cleo, bob, ann]
    assert await _claim(world) is None
    assert await _due(world) == ()
    async with world.storage.unit_of_work() as work:
        newest = await work.compactions.latest(limit=2)
        assert [job.person_id for job in newest] == [ann, bob]
        assert [j.id for j in await work.compactions.latest(limit=9, person_id=cleo)] == [
            given_up.id
        ]
        assert await work.compactions.latest(limit=0) == ()


async def test_somebody_named_is_looked_at_due_or_not(world: Any) -> None:
    ann = await world.person()
    assert await _claim(world, person_id=PersonId("nobody")) is None
    job = await _claimed(world, person_id=ann.id)
    assert (job.after_number, job.until_number) == (0, 0)
    assert await _claim(world, person_id=ann.id) is None
    assert await _finish(world, job, JobStatus.DONE)
    assert await _claim(world, person_id=ann.id) is not None


async def test_an_unfinished_job_is_gone_on_with(world: Any) -> None:
    ann, home = await world.person(), await world.conversation()
    for _ in range(3):
        await world.say(ann, home)
    first = await _claimed(world)
    first = replace(first, step=Step.MERGE, read_until=2, counts={"facts": 4})
    async with world.storage.unit_of_work() as work:
        assert await work.compactions.advance(first)
        await work.commit()
    await world.say(ann, home)
    assert await _claim(world, minutes=59, worker="w2") is None
    second = await _claimed(world, minutes=60, worker="w2")
    lease = world.now + 2 * LATER
    assert second == replace(first, worker="w2", lease_until=lease, attempts=2)

    async with world.storage.unit_of_work() as work:
        assert not await work.compactions.advance(replace(first, step=Step.PUBLISH))
        assert not await work.compactions.renew(first.id, worker="w1", lease_until=lease)
        assert not await work.compactions.finish(first, JobStatus.DONE, at=world.now)
        await work.compactions.release(first.id, worker="w1", at=world.now)
        assert await work.compactions.get(first.id) == second
        await work.commit()
    assert (await _person(world, ann)).compacted_until == 0
    assert await _finish(world, second, JobStatus.DONE)
    assert (await _person(world, ann)).compacted_until == 3
    assert not await _finish(world, second, JobStatus.FAILED)


async def test_a_process_that_takes_its_own_job_again_works_once(world: Any) -> None:
    ann = await world.person()
    first = await _claimed(world, person_id=ann.id)
    second = await _claimed(world, minutes=60, person_id=ann.id)
    assert (second.worker, second.attempts) == (first.worker, 2)
    async with world.storage.unit_of_work() as work:
        assert not await work.compactions.advance(first)
        assert await work.compactions.advance(second)


async def test_a_job_that_is_renewed_is_not_taken_over(world: Any) -> None:
    ann = await world.person()
    job = await _claimed(world, person_id=ann.id)
    async with world.storage.unit_of_work() as work:
        lease = world.now + 3 * LATER
        assert await work.compactions.renew(job.id, worker="w1", lease_until=lease)
        assert not await work.compactions.renew(JobId("none"), worker="w1", lease_until=lease)
        await work.commit()
    assert await _claim(world, minutes=179, worker="w2") is None
    assert await _claim(world, minutes=180, worker="w2") is not None


async def test_a_job_that_was_given_back_is_free_from_then_on(world: Any) -> None:
    ann = await world.person()
    job = await _claimed(world, person_id=ann.id)
    async with world.storage.unit_of_work() as work:
        at = world.now + timedelta(minutes=5)
        await work.compactions.release(job.id, worker="w1", at=at, problem="no model")
        assert (await work.compactions.get(job.id)).problem == "no model"
        assert not await work.compactions.advance(job)
        await work.commit()
    assert await _claim(world, minutes=4, worker="w2") is None
    assert await _due(world, minutes=5) == (ann.id,)
    # Somebody who asks for it by name does not wait: nobody works on it.
    assert (await _claimed(world, minutes=4, worker="w2", person_id=ann.id)).attempts == 2


async def test_only_the_last_job_that_was_done_can_be_undone(world: Any) -> None:
    ann, home = await world.person(), await world.conversation()
    jobs = []
    for _ in range(3):
        await world.say(ann, home)
        jobs.append(await _claimed(world, person_id=ann.id))
        assert not await _undo(world, jobs[-1])
        assert await _finish(world, jobs[-1], JobStatus.DONE)
    jobs.append(await _claimed(world, person_id=ann.id))
    assert not await _undo(world, jobs[2])  # somebody builds on it just now
    assert await _finish(world, jobs[3], JobStatus.REFUSED)
    assert not await _undo(world, jobs[1])
    assert (await _person(world, ann)).compacted_until == 3
    for job, left in ((jobs[2], 2), (jobs[1], 1)):
        assert await _undo(world, job)
        assert not await _undo(world, job)
        assert (await _person(world, ann)).compacted_until == left
    assert not await _undo(world, jobs[3])
    async with world.storage.unit_of_work() as work:
        assert (await work.compactions.get(jobs[2].id)).status is JobStatus.UNDONE
    assert await _due(world, minutes=29) == ()
    assert await _due(world, minutes=30) == (ann.id,)


async def _undo(world: Any, job: CompactionJob) -> bool:
    async with world.storage.unit_of_work() as work:
        undone: bool = await work.compactions.set_undone(
            job.id, at=world.now, not_before=world.now + timedelta(minutes=30)
        )
        await work.commit()
    return undone


async def test_a_job_is_found_by_the_beginning_of_its_id(world: Any) -> None:
    for name in ("ann", "bob"):
        job_id, person = JobId(f"Job-{name}%"), await world.person(name)
        async with world.storage.unit_of_work() as work:
            await work.compactions.claim(
                job_id, worker="w", now=world.now, lease_until=world.lease, rule=RULE,
                person_id=person.id,
            )  # fmt: skip
            await work.commit()
    async with world.storage.unit_of_work() as work:
        for sought, found in (
            ("Job-ann%", "Job-ann%"),
            ("Job-b", "Job-bob%"),
            ("Job-", None),
            ("job-b", None),
            ("%bob", None),
            ("", None),
        ):
            job = await work.compactions.get(JobId(sought))
            assert (None if job is None else job.id) == found


@pytest.mark.postgres
@pytest.mark.parametrize("sql_storage", ["postgres"], indirect=True)
async def test_of_two_that_claim_at_once_neither_waits(sql_world: Any) -> None:
    world = sql_world
    home = await world.conversation()
    people = [await world.person(name) for name in ("ann", "bob")]
    for person in people:
        await world.say(person, home, at=world.now - LATER)
    async with world.storage.unit_of_work() as work, asyncio.timeout(5):
        first = await work.compactions.claim(
            JobId("first"), worker="w1", now=world.now, lease_until=world.lease, rule=RULE
        )
        second = await _claimed(world, worker="w2")
        assert await _claim(world, worker="w3") is None
        await work.commit()
    assert first is not None
    assert {first.person_id, second.person_id} == {person.id for person in people}


async def test_many_that_claim_at_once_never_get_the_same_person(world: Any) -> None:
    home = await world.conversation()
    for number in range(6):
        await world.say(await world.person(f"p{number}"), home, at=world.now - LATER)

    async def work_off(worker: str) -> list[PersonId]:
        done = []
        while job := await _claim(world, worker=worker):
            done.append(job.person_id)
        return done

    done = await asyncio.gather(*(work_off(f"w{number}") for number in range(3)))
    # Who was just locked is passed over, and found the next time.
    late = await work_off("w9")
    claimed = [person_id for some in (*done, late) for person_id in some]
    assert len(claimed) == len(set(claimed)) == 6


async def test_of_two_that_name_the_same_person_one_gets_them(world: Any) -> None:
    ann = await world.person()
    jobs = await asyncio.gather(*(_claim(world, worker=f"w{n}", person_id=ann.id) for n in "123"))
    assert len([job for job in jobs if job is not None]) == 1
