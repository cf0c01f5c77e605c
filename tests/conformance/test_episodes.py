"""Episodes are stored, found, rewritten and removed; and what finds turns for them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.compaction import JobId
from bot.domain.conversation import ConversationId, Scope
from bot.domain.episode import EpisodeId, EpisodeSentence
from bot.domain.identity import PersonId, Platform
from bot.domain.operation import Actor, MemoryOperation, OperationId, OperationKind
from bot.domain.turn import TurnId
from bot.errors import StorageError


async def test_episodes_come_by_their_last_turn(world: Any) -> None:
    ann, bob = await world.person("ann"), await world.person("bob")
    home, away = await world.conversation(), await world.conversation(world.ref("away"))
    turns = [await world.say(ann, place, "I said 好") for place in (home, away, home, away)]
    late = world.episode(turns[1], turns[3], model="m")
    early = world.episode(turns[0], turns[2])
    await world.summarise(late, early, world.episode(await world.say(bob, home)))
    scope = Scope.in_private(ann.id)
    async with world.storage.unit_of_work() as work:
        of = work.episodes.of
        assert await of(scope) == (early, late)
        assert await of(scope, until_number=3) == (early,)
        assert await of(scope, until_number=2) == ()
        assert await of(scope, latest=1) == (late,)
        assert await of(scope, until_number=3, latest=1) == (early,)
        assert await of(scope, latest=0) == ()
        ids = [late.id, EpisodeId("none"), early.id, late.id]
        assert await work.episodes.by_ids(scope, ids) == (late, early)
        assert await work.episodes.by_ids(Scope.in_private(bob.id), ids) == ()
        assert await work.episodes.ends(ann.id) == {home.id: 3, away.id: 4}
        assert await work.episodes.ends(PersonId("nobody")) == {}


async def test_an_episode_is_rewritten_by_its_owner_alone(world: Any) -> None:
    ann, bob = await world.person("ann"), await world.person("bob")
    turn = await world.say(ann, await world.conversation())
    episode = world.episode(turn)
    await world.summarise(episode)
    scope, left = Scope.in_private(ann.id), (EpisodeSentence(text="less", turn_ids=(turn.id,)),)
    async with world.storage.unit_of_work() as work:
        await work.episodes.rewrite(bob.id, episode.id, ())
        assert await work.episodes.of(scope) == (episode,)
        await work.episodes.rewrite(ann.id, episode.id, left)
        assert await work.episodes.of(scope) == (replace(episode, sentences=left),)
        await work.episodes.rewrite(ann.id, episode.id, ())
        assert await work.episodes.of(scope) == ()
        await work.episodes.rewrite(ann.id, episode.id, left)
        assert await work.episodes.of(scope) == ()


async def test_the_episodes_of_one_job_are_removed(world: Any) -> None:
    ann, bob = await world.person("ann"), await world.person("bob")
    home = await world.conversation()
    turns = [await world.say(ann, home) for _ in range(3)]
    kept = world.episode(turns[0], job_id=JobId("other"))
    await world.summarise(kept, world.episode(turns[1]), world.episode(turns[2]))
    async with world.storage.unit_of_work() as work:
        assert await work.episodes.erase_job(bob.id, JobId("job")) == 0
        assert await work.episodes.erase_job(ann.id, JobId("job")) == 2
        assert await work.episodes.of(Scope.in_private(ann.id)) == (kept,)
        assert await work.turns.erase_all(ann.id) == 3
        assert await work.episodes.of(Scope.in_private(ann.id)) == ()


async def test_an_episode_needs_a_person_a_place_and_an_id_of_its_own(world: Any) -> None:
    episode = world.episode(await world.say(await world.person(), await world.conversation()))
    await world.summarise(episode)
    for wrong in (
        episode,
        replace(episode, id=EpisodeId("new"), person_id=PersonId("nobody")),
        replace(episode, id=EpisodeId("new"), conversation_id=ConversationId("nowhere")),
    ):
        with pytest.raises(StorageError):
            await world.summarise(wrong)


async def test_turns_can_be_read_some_at_a_time(world: Any) -> None:
    person, home = await world.person(), await world.conversation()
    for number in range(1, 5):
        await world.say(person, home, f"turn {number}")
    async with world.storage.unit_of_work() as work:
        for after, limit, found in ((1, 2, [2, 3]), (3, 9, [4]), (1, 0, []), (2, None, [3, 4])):
            turns = await work.turns.after(Scope.in_private(person.id), after, limit=limit)
            assert [turn.number for turn in turns] == found


async def test_an_event_leads_to_its_turn_and_person(world: Any) -> None:
    person, home = await world.person(), await world.conversation()
    turn, _ = await world.accept(world.turn(person, home, event_key="e1"))
    async with world.storage.unit_of_work() as work:
        assert await work.turns.owner_of(Platform.SLACK, "e1") == (person.id, turn.id)
        assert await work.turns.owner_of(Platform.DISCORD, "e1") is None
        assert await work.turns.owner_of(Platform.SLACK, "e2") is None


async def test_what_a_job_did_is_found_in_the_journal(world: Any) -> None:
    entries = [
        MemoryOperation(
            id=OperationId(f"o{number}"),
            person_id=PersonId("p"),
            kind=OperationKind.MERGE,
            actor=Actor.COMPACTION,
            reason="said twice",
            happened_at=world.now,
            turn_id=TurnId("t"),
            job_id=job_id,
        )
        for number, job_id in enumerate((JobId("a"), None, JobId("b"), JobId("a")))
    ]
    async with world.storage.unit_of_work() as work:
        for entry in entries:
            await work.operations.append(entry)
        assert await work.operations.of_job(JobId("a")) == (entries[0], entries[3])
        assert await work.operations.of_job(JobId("c")) == ()
        assert await work.operations.of_person(PersonId("p")) == tuple(entries)
