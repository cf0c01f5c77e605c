"""Whoever brings a memory in finds everything in its place, and nobody else notices."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from support.engine import FakeClock
from support.moving import exported, imported

from bot.domain.compaction import CompactionJob, JobId, JobStatus, Step
from bot.domain.conversation import Conversation, ConversationId, Scope, Visibility
from bot.domain.fact import Evidence, FactState, FactStatus
from bot.domain.identity import IdentityRef, Person, PersonId, Platform
from bot.domain.operation import (
    Actor,
    FactChange,
    MemoryOperation,
    OperationId,
    OperationKind,
)
from bot.domain.turn import FailureReason, Turn, TurnId, TurnStatus
from bot.engine.memory_changes import MemoryChanges, Undone
from bot.errors import ImportRefusedError
from bot.ports.export_storage import Account, Bookkeeping, Numbers
from bot.ports.import_storage import Kind, Taken, WholeMemory
from bot.system import RandomIds
from storage.inmemory import InMemoryStorage

CAROL = PersonId("carol")


def carols(world: Any, **changes: Any) -> WholeMemory:
    """The memory of somebody who is not here yet: two turns, the first of them interrupted."""
    place = replace(world_place(world), id="there-1")
    turns = tuple(
        Turn(
            id=TurnId(f"carol-{number}"),
            person_id=CAROL,
            conversation_id=place.id,
            audience=place.audience,
            event_key=f"carol-event-{number}",
            number=number,
            text="I like tea.",
            received_at=world.now,
            finished_at=world.now,
            status=TurnStatus.FAILED if number == 3 else TurnStatus.ANSWERED,
            failure=FailureReason.INTERRUPTED if number == 3 else None,
        )
        for number in (3, 5)
    )
    fact = replace(world.fact(turns[1]), number=4, id="carol-fact")
    added = MemoryOperation(
        id=OperationId("carol-op"),
        person_id=CAROL,
        kind=OperationKind.APPEND,
        actor=Actor.EXTRACTION,
        reason="said so",
        happened_at=world.now,
        changes=(FactChange(fact_id=fact.id, before=None, after=fact.state),),
    )
    memory = WholeMemory(
        person=Person(id=CAROL, display_name="Carol", first_seen_at=world.now, compacted_until=3),
        bookkeeping=Bookkeeping(last_turn_number=7, last_fact_number=6),
        accounts=(Account(identity=world.identity("carol"), first_seen_at=world.now),),
        conversations=(place,),
        turns=turns,
        facts=(fact,),
        episodes=(world.episode(turns[0], id="carol-episode"),),
        operations=(added,),
    )
    return replace(memory, **changes)


def world_place(world: Any) -> Any:
    ref = world.ref("hall", Visibility.PUBLIC)
    return Conversation(id=ConversationId("c"), ref=ref, tenant_id=ref.tenant.id)


async def bring(world: Any, memory: WholeMemory, **options: Any) -> None:
    async with world.storage.unit_of_work() as work:
        await work.imports.write(memory, **options)
        await work.commit()


async def taken(world: Any, memory: WholeMemory) -> tuple[Taken, ...]:
    async with world.storage.unit_of_work() as work:
        found: tuple[Taken, ...] = await work.imports.taken(memory)
        return found


async def test_the_next_turn_and_the_next_fact_get_the_next_numbers(world: Any) -> None:
    await bring(world, carols(world))

    carol = await world.person("carol")
    assert carol.id == CAROL
    place = await world.conversation(world.ref("hall", Visibility.PUBLIC))
    assert (await world.say(carol, place)).number == 8
    async with world.storage.unit_of_work() as work:
        assert await work.facts.begin_change(CAROL) == 7


async def test_an_imported_change_can_be_undone(world: Any) -> None:
    await bring(world, carols(world))

    changes = MemoryChanges(world.storage, clock=FakeClock(), ids=RandomIds())
    undone = await changes.undo(world.identity("carol"))

    assert isinstance(undone, Undone)
    (fact,) = await world.known(CAROL)
    assert fact.status is FactStatus.RETRACTED


async def test_nobody_is_told_of_interruptions_from_elsewhere(world: Any) -> None:
    await bring(world, carols(world))

    async with world.storage.unit_of_work() as work:
        assert await work.deliveries.unfinished(Platform.SLACK, limit=9) == ()
        assert await work.turns.open_turns() == ()


async def test_a_conversation_that_is_here_is_used_as_it_is(world: Any) -> None:
    here = await world.conversation(world.ref("hall", Visibility.PRIVATE))

    await bring(world, carols(world))

    async with world.storage.unit_of_work() as work:
        scope = Scope.in_private(CAROL)
        turns, (episode,) = await work.turns.after(scope, 0), await work.episodes.of(scope)
        (place,) = await work.exports.conversations(scope)
    assert {item.conversation_id for item in (*turns, episode)} == {here.id}
    assert place == here
    assert turns[0].audience.visibility is Visibility.PUBLIC


async def test_what_belongs_to_others_is_taken(world: Any) -> None:
    memory = carols(world)
    assert await taken(world, memory) == ()
    ann, place = await world.person("ann"), await world.conversation()
    turn = await world.say(ann, place)
    theirs = world.fact(turn)
    await world.learn(theirs)
    await world.summarise(world.episode(turn, id="ann-episode"))
    entry = replace(memory.operations[0], id=OperationId("ann-op"), person_id=ann.id)
    async with world.storage.unit_of_work() as work:
        await work.operations.append(entry)
        await work.commit()

    first, second = memory.turns
    clash = replace(
        memory,
        conversations=(replace(memory.conversations[0], id=place.id),),
        turns=(
            replace(first, id=turn.id, conversation_id=place.id),
            replace(second, event_key=turn.event_key, conversation_id=place.id),
        ),
        facts=(replace(memory.facts[0], id=theirs.id),),
        episodes=(replace(memory.episodes[0], id="ann-episode"),),
        operations=(replace(memory.operations[0], id=OperationId("ann-op")),),
    )
    assert await taken(world, clash) == tuple(
        sorted(
            [
                Taken(Kind.CONVERSATIONS, place.id),
                Taken(Kind.TURNS, turn.id),
                Taken(Kind.EVENTS, turn.event_key),
                Taken(Kind.FACTS, theirs.id),
                Taken(Kind.EPISODES, "ann-episode"),
                Taken(Kind.OPERATIONS, "ann-op"),
            ]
        )
    )


async def test_a_conversation_of_the_same_name_may_have_any_id(world: Any) -> None:
    await world.conversation(world.ref("hall", Visibility.PUBLIC))

    assert await taken(world, carols(world)) == ()


async def test_the_own_journal_and_compactions_are_not_taken_and_replaced(world: Any) -> None:
    memory = carols(world)
    past = CompactionJob(
        id=JobId("carol-job"),
        person_id=CAROL,
        after_number=0,
        until_number=3,
        step=Step.PUBLISH,
        read_until=3,
        worker="",
        lease_until=world.now,
        started_at=world.now,
        status=JobStatus.DONE,
        counts={"merged": 1},
    )
    memory = replace(memory, compactions=(past,))
    left = replace(memory.operations[0], id=OperationId("left"))
    empty = replace(memory, turns=(), facts=(), episodes=(), operations=())
    await bring(world, empty)
    async with world.storage.unit_of_work() as work:
        await work.operations.append(left)
        await work.operations.append(memory.operations[0])
        await work.commit()

    assert await taken(world, memory) == ()
    await bring(world, memory, replaced=[CAROL])

    async with world.storage.unit_of_work() as work:
        assert await work.operations.of_person(CAROL) == memory.operations
        assert await work.compactions.latest(limit=9, person_id=CAROL) == (past,)


async def test_who_has_an_account_or_the_id_is_known(world: Any) -> None:
    ann, bob = await world.person("ann"), await world.person("bob")
    await world.say(ann, await world.conversation())
    async with world.storage.unit_of_work() as work:
        holders = await work.imports.hold(ann.id, [world.identity("bob"), world.identity("nobody")])
        nobody = await work.imports.hold(CAROL, [world.identity("carol")])
    assert [(holder.person.id, holder.is_empty) for holder in holders] == sorted(
        [(ann.id, False), (bob.id, True)]
    )
    assert holders[0].bookkeeping.last_turn_number == 1
    assert nobody == ()


async def test_somebody_with_facts_alone_is_not_empty(world: Any) -> None:
    ann = await world.person("ann")
    turn = await world.say(ann, await world.conversation())
    await world.learn(world.fact(turn, evidence=tuple(typed(world))))
    async with world.storage.unit_of_work() as work:
        await work.turns.erase_all(ann.id)
        (holder,) = await work.imports.hold(ann.id, [])
    assert not holder.is_empty


def typed(world: Any) -> Any:
    yield Evidence(quote="likes tea", turn_id=None, said_at=world.now)


async def test_somebody_without_memory_becomes_the_person(world: Any) -> None:
    empty = await world.person("carol")
    discord = world.identity("c2", platform=Platform.DISCORD)
    async with world.storage.unit_of_work() as work:
        other = await work.persons.resolve(discord, new_id="other", seen_at=world.now)
        await work.persons.merge(other.id, empty.id)
        await work.commit()
    bystander = await world.person("ann")

    memory = carols(world)
    await bring(world, memory, replaced=[empty.id])

    async with world.storage.unit_of_work() as work:
        assert await work.persons.get(empty.id) is None
        assert await work.persons.find(world.identity("carol")) == memory.person
        assert await work.persons.find(discord) == memory.person
        assert await work.persons.find(world.identity("ann")) == bystander
        accounts = await work.exports.accounts(CAROL)
    assert {known.identity.external_id for known in accounts} == {"carol", "c2"}


@pytest.mark.parametrize("page", [1, 2])
async def test_pages_hold_what_has_their_numbers_and_no_more(world: Any, page: int) -> None:
    await bring(world, carols(world))
    ann = await world.person("ann")
    await world.say(ann, await world.conversation())
    numbers = Numbers(1, 3) if page == 1 else Numbers(4, 6)
    async with world.storage.unit_of_work() as work:
        for turn in await work.turns.after(Scope.in_private(CAROL), 0):
            await work.feedback.set(turn.id, "good", at=world.now)
        scope = Scope.in_private(CAROL)
        given = await work.exports.feedback(scope, numbers)
        facts = await work.exports.facts(scope, numbers)
        nobody = await work.exports.facts(Scope.in_private(PersonId("nobody")), numbers)
    assert [verdict.turn_id for verdict in given] == [("carol-3", "carol-5")[page - 1]]
    assert [fact.number for fact in facts] == ([] if page == 1 else [4])
    assert nobody == ()


async def test_a_refused_import_changes_nothing_and_a_rehearsal_neither(world: Any) -> None:
    await bring(world, carols(world))
    content = await exported(world.storage, world.identity("carol"))

    with pytest.raises(ImportRefusedError, match="is here already"):
        await imported(world.storage, content)
    with pytest.raises(ImportRefusedError, match=r"turns\[0\].id belongs to something else"):
        await imported(
            world.storage,
            content.replace(b'"carol"', b'"carol-copy"'),
            account=world.identity("dora"),
        )

    assert await exported(world.storage, world.identity("carol")) == content
    async with world.storage.unit_of_work() as work:
        assert await work.persons.find(world.identity("dora")) is None


async def test_a_rehearsal_changes_nothing(world: Any) -> None:
    there = type(world)(InMemoryStorage())
    await bring(there, carols(there))
    content = await exported(there.storage, there.identity("carol"))

    rehearsed = await imported(world.storage, content, dry_run=True)

    assert (rehearsed.turns, rehearsed.facts, rehearsed.next_number) == (2, 1, 8)
    async with world.storage.unit_of_work() as work:
        assert await work.persons.find(world.identity("carol")) is None
    assert await imported(world.storage, content) == rehearsed


async def test_another_account_gets_a_memory_whose_own_is_somebody_elses(world: Any) -> None:
    there = type(world)(InMemoryStorage())
    await bring(there, carols(there))
    content = await exported(there.storage, there.identity("carol"))
    other = await world.person("carol")
    await world.say(other, await world.conversation())

    with pytest.raises(ImportRefusedError, match=f"person {other.id}.*--as"):
        await imported(world.storage, content)
    console = IdentityRef(platform=Platform.CONSOLE, external_id="carol", display_name="")
    await imported(world.storage, content, account=console)

    async with world.storage.unit_of_work() as work:
        assert (await work.persons.find(console)).id == CAROL
        assert await work.persons.identities(CAROL) == (replace(console, display_name="Carol"),)
        assert (await work.persons.find(world.identity("carol"))).id == other.id


async def test_the_stricter_wish_holds(world: Any) -> None:
    there = type(world)(InMemoryStorage())
    memory = carols(there)
    await bring(
        there,
        replace(memory, bookkeeping=replace(memory.bookkeeping, retention_days=90)),
    )
    content = await exported(there.storage, there.identity("carol"))
    empty = await world.person("carol")
    async with world.storage.unit_of_work() as work:
        await work.persons.set_paused(empty.id, paused=True)
        await work.retention.set_person(empty.id, 30)
        await work.commit()

    await imported(world.storage, content)

    async with world.storage.unit_of_work() as work:
        person = await work.persons.find(world.identity("carol"))
        assert (person.id, person.paused, person.incognito) == (CAROL, True, False)
        assert await work.retention.of_person(CAROL) == 30


async def test_a_fact_in_its_state_is_brought_in(world: Any) -> None:
    memory = carols(world)
    state = FactState(
        status=FactStatus.SUPERSEDED,
        valid_to=world.now + timedelta(days=1),
        strength=0.25,
        pinned=True,
    )
    await bring(world, replace(memory, facts=(replace(memory.facts[0], state=state),)))

    (fact,) = await world.known(CAROL)
    assert fact.state == state
