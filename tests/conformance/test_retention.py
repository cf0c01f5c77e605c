"""How long things are kept, and that nothing is kept longer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.conversation import Scope, Visibility
from bot.domain.delivery import Delivery
from bot.domain.fact import Evidence, FactStatus
from bot.domain.feedback import Verdict
from bot.domain.identity import Person, PersonId, Platform, TenantRef
from bot.domain.turn import TurnTrace
from bot.ports.compaction_storage import Expired
from bot.ports.memory_storage import TurnVector

OTHER = TenantRef(platform=Platform.SLACK, external_id="T2")


async def _due(world: Any, days: int | None, limit: int = 9) -> tuple[PersonId, ...]:
    async with world.storage.unit_of_work() as work:
        people: tuple[PersonId, ...] = await work.retention.due(
            now=world.now, default_days=days, limit=limit
        )
    return people


async def _erase(world: Any, person: Person, days: int | None) -> Expired:
    async with world.storage.unit_of_work() as work:
        expired: Expired = await work.retention.erase_expired(
            person.id, now=world.now, default_days=days
        )
        await work.commit()
    return expired


async def _settle(
    world: Any, *, tenant: int | None = None, person: tuple[Person, int | None] | None = None
) -> None:
    async with world.storage.unit_of_work() as work:
        await work.retention.set_tenant(world.workspace, tenant)
        if person is not None:
            await work.retention.set_person(person[0].id, person[1])
        await work.commit()


def _ago(world: Any, days: float) -> Any:
    return world.now - timedelta(days=days)


@pytest.mark.parametrize(
    ("default", "tenant", "own", "kept"),
    [
        (None, None, None, None),
        (0, None, None, None),
        (5, None, None, 5),
        (5, 8, None, 8),
        (8, 5, None, 5),
        (None, 5, None, 5),
        (5, 0, None, None),
        (None, None, 5, 5),
        (5, 8, 6, 6),
        (5, None, 8, 5),
        (None, 0, 5, 5),
        (5, None, 0, 5),
    ],
)
async def test_a_tenant_decides_and_a_person_may_shorten(
    world: Any, default: int | None, tenant: int | None, own: int | None, kept: int | None
) -> None:
    ann, home = await world.person(), await world.conversation()
    for days in range(12):
        await world.say(ann, home, f"{days}", at=_ago(world, days))
    await _settle(world, tenant=tenant, person=(ann, own))
    gone = 0 if kept is None else 11 - kept
    assert await _due(world, default) == ((ann.id,) if gone else ())
    assert await _erase(world, ann, default) == Expired(turns=gone)
    # What is just as old as it may become is still there.
    left = [f"{days}" for days in range(12 - gone)]
    assert await world.texts(Scope.in_private(ann.id)) == left
    assert await _due(world, default) == ()
    assert not await _erase(world, ann, default)


async def test_every_tenant_has_its_own_number_and_direct_messages_the_default(world: Any) -> None:
    ann = await world.person()
    here = await world.conversation(world.ref("open", Visibility.PUBLIC))
    there = await world.conversation(world.ref("open", Visibility.PUBLIC, workspace="T2"))
    alone = await world.conversation(
        replace(world.ref(), tenant=None, platform=Platform.DISCORD, channel_id="dm")
    )
    for place, name in ((here, "here"), (there, "there"), (alone, "alone")):
        for days in (2, 4, 6):
            await world.say(ann, place, f"{name} {days}", at=_ago(world, days))
    await _settle(world, tenant=5)
    async with world.storage.unit_of_work() as work:
        await work.retention.set_tenant(OTHER, 1)
        assert await work.retention.of_tenants() == {world.workspace.id: 5, OTHER.id: 1}
        await work.retention.set_tenant(OTHER, None)
        assert await work.retention.of_tenants() == {world.workspace.id: 5}
        await work.commit()
    assert await _erase(world, ann, 3) == Expired(turns=5)
    assert await world.texts(Scope.in_private(ann.id)) == ["here 2", "here 4", "there 2", "alone 2"]


async def test_who_has_something_too_old_is_found(world: Any) -> None:
    home = await world.conversation()
    alone = await world.conversation(
        replace(world.ref(), tenant=None, platform=Platform.DISCORD, channel_id="dm")
    )
    people = [await world.person(name) for name in ("ann", "bob", "cleo", "dan")]
    for person, place, days in zip(people, (home, alone, home, home), (9, 9, 4, 1), strict=True):
        await world.say(person, place, at=_ago(world, days))
    ann, bob, cleo, _ = people
    assert await _due(world, None) == ()
    assert await _due(world, 5) == (ann.id, bob.id)
    assert await _due(world, 5, limit=1) == (ann.id,)
    assert await _due(world, 5, limit=0) == ()
    await _settle(world, tenant=20, person=(cleo, 3))
    assert await _due(world, 5) == (bob.id, cleo.id)


async def test_a_person_decides_for_themselves_alone(world: Any) -> None:
    ann, bob, home = (
        await world.person("ann"),
        await world.person("bob"),
        await world.conversation(),
    )
    for person in (ann, bob):
        await world.say(person, home, at=_ago(world, 9))
    await _settle(world, person=(ann, 5))
    async with world.storage.unit_of_work() as work:
        assert await work.retention.of_person(ann.id) == 5
        assert await work.retention.of_person(bob.id) is None
        assert await work.retention.of_person(PersonId("nobody")) is None
        await work.retention.set_person(PersonId("nobody"), 5)
    assert await _due(world, None) == (ann.id,)
    assert not await _erase(world, bob, None)
    assert await _erase(world, ann, None) == Expired(turns=1)
    assert len(await world.texts(Scope.in_private(bob.id))) == 1
    async with world.storage.unit_of_work() as work:
        nobody = PersonId("nobody")
        assert not await work.retention.erase_expired(nobody, now=world.now, default_days=1)


async def test_a_turn_that_waits_for_its_reply_is_kept(world: Any) -> None:
    ann, home = await world.person(), await world.conversation()
    new = replace(world.turn(ann, home), received_at=_ago(world, 99))
    turn, _ = await world.accept(new)
    said = Evidence(quote="hello", turn_id=turn.id, said_at=turn.received_at)
    await world.learn(world.fact(turn, evidence=(said,)))
    await _settle(world, person=(ann, 1))
    assert await _due(world, 1) == ()
    assert not await _erase(world, ann, 1)
    await world.finish(turn, world.answer())
    assert await _due(world, 1) == (ann.id,)
    assert await _erase(world, ann, 1) == Expired(turns=1, facts=1)


async def test_days_have_24_hours_to_the_microsecond(world: Any) -> None:
    ann, home = await world.person(), await world.conversation()
    await world.say(ann, home, "kept", at=_ago(world, 200))
    assert await _due(world, 200) == ()
    await world.say(ann, home, at=_ago(world, 200) - timedelta(microseconds=1))
    assert await _due(world, 200) == (ann.id,)
    assert await _erase(world, ann, 200) == Expired(turns=1)
    assert await world.texts(Scope.in_private(ann.id)) == ["kept"]


async def test_what_is_derived_from_a_turn_goes_with_it(world: Any) -> None:
    ann, home = await world.person(), await world.conversation()
    old, new = await world.say(ann, home, at=_ago(world, 9)), await world.say(ann, home)
    gone = [
        replace(world.fact(old, status), state=replace(world.fact(old).state, status=status))
        for status in FactStatus
    ]
    kept, both = world.fact(new, "kept"), world.fact(old, "both")
    await world.learn(*gone, kept, both)
    await world.summarise(
        world.episode(old), world.episode(old, new), world.episode(new, id="stays")
    )
    async with world.storage.unit_of_work() as work:
        await work.facts.add_evidence(both.id, kept.evidence[0])
        for turn in (old, new):
            await work.vectors.put(
                [TurnVector(turn_id=turn.id, person_id=ann.id, model="m", data=b"1")]
            )
            await work.traces.save(
                TurnTrace(
                    turn_id=turn.id, person_id=ann.id, model="m", prompt_tokens=1,
                    reply_tokens=1, finish_reason="stop",
                )
            )  # fmt: skip
            assert await work.deliveries.save(Delivery(turn_id=turn.id, channel_id="c"))
            assert await work.feedback.set(turn.id, Verdict.BAD, at=world.now)
        await work.commit()
    expired = await _erase(world, ann, 5)
    assert expired == Expired(turns=1, facts=len(FactStatus), episodes=2)
    assert await world.known(ann.id) == (kept, replace(both, evidence=kept.evidence))
    scope = Scope.in_private(ann.id)
    async with world.storage.unit_of_work() as work:
        assert [turn.id for turn in await work.turns.after(scope, 0)] == [new.id]
        assert [trace.turn_id for trace in await work.traces.of(scope)] == [new.id]
        vectors = await work.vectors.of_person(ann.id, "m", after_number=0)
        assert [vector.turn_id for vector in vectors] == [new.id]
        assert [shown.turn_id for shown in await work.deliveries.of(scope)] == [new.id]
        assert [given.turn_id for given in await work.feedback.of(scope)] == [new.id]
        assert [episode.id for episode in await work.episodes.of(scope)] == ["stays"]


async def test_an_episode_of_another_conversation_stays(world: Any) -> None:
    ann, home = await world.person(), await world.conversation()
    away = await world.conversation(world.ref("away"))
    first = await world.say(ann, away)
    await world.say(ann, home, at=_ago(world, 9))
    episode = world.episode(first, await world.say(ann, away))
    await world.summarise(episode)
    assert await _erase(world, ann, 5) == Expired(turns=1)
    async with world.storage.unit_of_work() as work:
        assert await work.episodes.of(Scope.in_private(ann.id)) == (episode,)


async def test_words_that_were_typed_go_when_they_are_too_old(world: Any) -> None:
    ann, home = await world.person(), await world.conversation()
    turn = await world.say(ann, home)
    typed = Evidence(quote="typed", turn_id=None, said_at=_ago(world, 9))
    gone = world.fact(turn, "gone", evidence=(typed,))
    recent = world.fact(turn, "new", evidence=(replace(typed, said_at=_ago(world, 4)),))
    both = world.fact(turn, "both")
    await world.learn(gone, recent, both)
    async with world.storage.unit_of_work() as work:
        await work.facts.add_evidence(both.id, typed)
        await work.commit()
    await _settle(world, tenant=20)
    assert await _due(world, 5) == ()
    await _settle(world, person=(ann, 5))
    assert await _due(world, None) == (ann.id,)
    await _settle(world, tenant=5, person=(ann, None))
    assert await _due(world, None) == (ann.id,)
    assert await _erase(world, ann, None) == Expired(facts=2)
    assert await world.known(ann.id) == (recent, both)
    assert await _due(world, None) == ()


async def _erase_said_in(world: Any, person: Person, tenant: TenantRef) -> Expired:
    async with world.storage.unit_of_work() as work:
        erased: Expired = await work.retention.erase_said_in(person.id, tenant)
        await work.commit()
    return erased


async def _people_in(
    world: Any, tenant: TenantRef, *, after: PersonId | None = None, limit: int = 9
) -> tuple[PersonId, ...]:
    async with world.storage.unit_of_work() as work:
        people: tuple[PersonId, ...] = await work.retention.people_in(
            tenant, after=after, limit=limit
        )
    return people


async def test_all_that_was_said_in_a_tenant_goes_and_nothing_of_others(world: Any) -> None:
    ann, home = await world.person(), await world.conversation()
    away = await world.conversation(world.ref("away", workspace="T2"))
    here, there = await world.say(ann, home, "here"), await world.say(ann, away, "there")
    open_turn, _ = await world.accept(world.turn(ann, home))
    gone, kept, both = world.fact(here, "gone"), world.fact(there, "kept"), world.fact(here, "both")
    typed = world.fact(
        here, "typed", evidence=(Evidence(quote="typed", turn_id=None, said_at=world.now),)
    )
    await world.learn(gone, kept, both, typed)
    await world.summarise(world.episode(here), world.episode(there, id="stays"))
    async with world.storage.unit_of_work() as work:
        await work.facts.add_evidence(both.id, kept.evidence[0])
        await work.commit()

    assert await _erase_said_in(world, ann, world.workspace) == Expired(
        turns=2, facts=2, episodes=1
    )

    assert await world.texts(Scope.in_private(ann.id)) == ["there"]
    assert await world.known(ann.id) == (kept, replace(both, evidence=kept.evidence))
    async with world.storage.unit_of_work() as work:
        episodes = await work.episodes.of(Scope.in_private(ann.id))
        assert [episode.id for episode in episodes] == ["stays"]
        assert [turn.id for turn in await work.turns.open_turns()] == []
    assert not await _erase_said_in(world, ann, world.workspace)
    assert open_turn.id != here.id


async def test_who_said_something_in_a_tenant_is_found_in_parts(world: Any) -> None:
    home = await world.conversation()
    away = await world.conversation(world.ref("away", workspace="T2"))
    people = [await world.person(name) for name in ("ann", "bob", "cleo", "dan")]
    ann, bob, cleo, dan = sorted(people, key=lambda person: person.id)
    for person in (ann, bob):
        await world.say(person, home)
    turn = await world.say(dan, away)
    await world.say(cleo, away)
    said = Evidence(quote="typed", turn_id=None, said_at=world.now)
    elsewhere = replace(world.fact(turn), person_id=cleo.id, audience=home.audience)
    await world.learn(replace(elsewhere, evidence=(said,)))

    assert await _people_in(world, world.workspace) == (ann.id, bob.id, cleo.id)
    assert await _people_in(world, world.workspace, limit=2) == (ann.id, bob.id)
    assert await _people_in(world, world.workspace, after=bob.id) == (cleo.id,)
    assert await _people_in(world, world.workspace, after=cleo.id) == ()
    assert await _people_in(world, OTHER) == tuple(sorted((cleo.id, dan.id)))
