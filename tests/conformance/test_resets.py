"""What a reset concerns is set aside while it can be undone, and erased piece by piece."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.conversation import Scope, Visibility
from bot.domain.delivery import Delivery
from bot.domain.fact import Evidence, FactStatus
from bot.domain.feedback import Verdict
from bot.domain.identity import PersonId, TenantId
from bot.domain.reset import Reset, ResetCounts, ResetId, ResetStatus
from bot.domain.turn import TurnTrace
from bot.ports.compaction_storage import Expired

SOON = timedelta(minutes=2)
GRACE = timedelta(hours=72)


def reset_of(world: Any, reset_id: str = "r1", **changes: Any) -> Reset:
    reset = Reset(
        id=ResetId(reset_id),
        tenant_id=world.workspace.id,
        requested_by="slack:T1/boss",
        requested_at=world.now,
        erase_at=world.now + GRACE,
    )
    return replace(reset, **changes)


async def store(world: Any, *resets: Reset) -> None:
    async with world.storage.unit_of_work() as work:
        for reset in resets:
            await work.resets.add(reset)
        await work.commit()


async def known(world: Any) -> tuple[Reset, ...]:
    async with world.storage.unit_of_work() as work:
        found: tuple[Reset, ...] = await work.resets.of_tenant(world.workspace.id, limit=9)
    return found


async def claim(world: Any, *, after: timedelta = timedelta(0), worker: str = "w") -> Reset | None:
    now = world.now + after
    async with world.storage.unit_of_work() as work:
        claimed: Reset | None = await work.resets.claim(
            worker=worker, now=now, lease_until=now + SOON
        )
        await work.commit()
    return claimed


async def erase(world: Any, reset: Reset, person_id: PersonId, limit: int = 99) -> Expired:
    async with world.storage.unit_of_work() as work:
        erased: Expired = await work.resets.erase(reset, person_id, limit=limit)
        await work.commit()
    return erased


async def places_of(world: Any) -> dict[str, Any]:
    refs = {
        "open": world.ref("open", Visibility.PUBLIC),
        "thread": world.ref("open", Visibility.PUBLIC, thread="1.5"),
        "closed": world.ref("closed", Visibility.PRIVATE),
        "shared": world.ref("shared", Visibility.SHARED),
        "dm": world.ref("dm"),
        "elsewhere": world.ref("open", Visibility.PUBLIC, workspace="T2"),
    }
    return {name: await world.conversation(ref) for name, ref in refs.items()}


OPEN = "slack:slack:T1:open"


@pytest.mark.parametrize(
    ("of_ann", "channel", "gone"),
    [
        (False, None, {"ann open", "ann thread", "ann closed", "ann shared",
                       "bob open", "bob thread", "bob closed", "bob shared"}),
        (True, None, {"ann open", "ann thread", "ann closed", "ann shared"}),
        (False, OPEN, {"ann open", "ann thread", "bob open", "bob thread"}),
        (True, OPEN, {"ann open", "ann thread"}),
    ],
)  # fmt: skip
async def test_it_concerns_channels_of_one_tenant_and_never_direct_messages(
    world: Any, of_ann: bool, channel: str | None, gone: set[str]
) -> None:
    people = {name: await world.person(name) for name in ("ann", "bob")}
    said = set()
    for place, conversation in (await places_of(world)).items():
        for name, person in people.items():
            await world.say(person, conversation, f"{name} {place}")
            await world.say(
                person, conversation, f"{name} {place} later", at=world.now + timedelta(seconds=1)
            )
            said |= {f"{name} {place}", f"{name} {place} later"}
    reset = reset_of(world, person_id=people["ann"].id if of_ann else None, channel=channel)

    async with world.storage.unit_of_work() as work:
        measured = await work.resets.measure(reset)
    await store(world, reset)

    assert measured == ResetCounts(people=1 if of_ann else 2, turns=len(gone))
    shown, stored = set(), set()
    for person in people.values():
        shown |= set(await world.texts(Scope.in_private(person.id)))
        stored |= set(await world.texts(Scope.in_private(person.id, set_aside=True)))
    assert shown == said - gone
    assert stored == said
    erased = [await erase(world, reset, person.id) for person in people.values()]
    assert sum(expired.turns for expired in erased) == len(gone)
    left = set()
    for person in people.values():
        left |= set(await world.texts(Scope.in_private(person.id, set_aside=True)))
    assert left == said - gone


@pytest.mark.parametrize("status", ResetStatus)
async def test_every_read_leaves_out_what_is_set_aside(world: Any, status: ResetStatus) -> None:
    ann = await world.person()
    place = await world.conversation(world.ref("open", Visibility.PUBLIC))
    turn = await world.say(ann, place, "a secret")
    interrupted = await world.interrupted(ann, place)
    await world.learn(world.fact(turn))
    await world.summarise(world.episode(turn, id="e"))
    async with world.storage.unit_of_work() as work:
        await work.traces.save(
            TurnTrace(
                turn_id=turn.id, person_id=ann.id, model="m", prompt_tokens=1,
                reply_tokens=1, finish_reason="stop",
            )
        )  # fmt: skip
        await work.deliveries.save(Delivery(turn_id=turn.id, channel_id="c"))
        await work.feedback.set(turn.id, Verdict.GOOD, at=world.now)
        await work.commit()
    await store(world, reset_of(world, status=status))

    hides = status in {ResetStatus.PENDING, ResetStatus.ERASING}
    for scope in (Scope.in_private(ann.id), Scope(ann.id, place.audience)):
        for one, is_shown in ((scope, not hides), (replace(scope, set_aside=True), True)):
            async with world.storage.unit_of_work() as work:
                read = work.turns
                reads = [
                    await read.after(one, 0),
                    await read.latest(one, limit=9),
                    await read.by_ids(one, [turn.id]),
                    await read.count(one),
                    await read.recent(one, place.id, before_number=9, limit=9),
                    await read.take_unreported_failures(one, place.id),
                    await work.facts.of(one, list(FactStatus)),
                    await work.episodes.of(one),
                    await work.episodes.by_ids(one, ["e"]),
                    await work.traces.of(one),
                    await work.traces.get(one, turn.id),
                    await work.deliveries.of(one),
                    await work.feedback.of(one),
                    await work.feedback.get(one, turn.id),
                ]
            assert [bool(found) for found in reads] == [is_shown] * len(reads)
    assert interrupted.number == 2


async def test_a_fact_stands_on_what_is_not_set_aside(world: Any) -> None:
    ann, places = await world.person(), await places_of(world)
    here, there = await world.say(ann, places["open"]), await world.say(ann, places["dm"])
    gone, both, kept = world.fact(here, "gone"), world.fact(here, "both"), world.fact(there, "kept")
    typed = Evidence(quote="typed", turn_id=None, said_at=world.now)
    typed_here = world.fact(here, "typed here", evidence=(typed,))
    typed_there = world.fact(there, "typed there", evidence=(typed,))
    typed_later = world.fact(
        here, "later", evidence=(replace(typed, said_at=world.now + timedelta(seconds=1)),)
    )
    everything = (gone, both, kept, typed_here, typed_there, typed_later)
    await world.learn(*everything)
    async with world.storage.unit_of_work() as work:
        await work.facts.add_evidence(both.id, kept.evidence[0])
        await work.commit()
    full = await world.known(ann.id)
    reset = reset_of(world)
    async with world.storage.unit_of_work() as work:
        assert await work.resets.measure(reset) == ResetCounts(people=1, turns=1, facts=2)
    await store(world, reset)

    left = (replace(both, evidence=kept.evidence), kept, typed_there, typed_later)
    assert await world.known(ann.id) == left
    async with world.storage.unit_of_work() as work:
        scope = Scope.in_private(ann.id, set_aside=True)
        assert await work.facts.of(scope, list(FactStatus)) == full
        assert await work.resets.undo(reset.id)
        await work.commit()
    assert await world.known(ann.id) == full
    # "both" only loses words that were said; it is the typed and the lost ones that count.
    assert await erase(world, reset, ann.id) == Expired(turns=1, facts=2)
    assert await world.known(ann.id) == left


async def test_it_goes_piece_by_piece_with_all_that_hangs_on_it(world: Any) -> None:
    ann = await world.person()
    place = await world.conversation(world.ref("open", Visibility.PUBLIC))
    turns = [await world.say(ann, place, f"{number}") for number in range(5)]
    waiting, _ = await world.accept(world.turn(ann, place, "5"))
    await world.learn(*(world.fact(turn, turn.text) for turn in turns))
    await world.summarise(world.episode(turns[0], turns[1]), world.episode(turns[4]))
    reset = reset_of(world)
    await store(world, reset)
    assert waiting.number == 6

    everything = Scope.in_private(ann.id, set_aside=True)
    assert await erase(world, reset, ann.id, limit=2) == Expired(turns=2, facts=2, episodes=2)
    assert await world.texts(everything) == ["2", "3", "4", "5"]
    assert await erase(world, reset, ann.id, limit=0) == Expired()
    assert await erase(world, reset, ann.id, limit=9) == Expired(turns=4, facts=3)
    assert await world.texts(everything) == []
    assert not await erase(world, reset, ann.id)
    assert not await erase(world, reset, PersonId("nobody"))


async def test_whom_it_is_about_is_found_in_parts(world: Any) -> None:
    places = await places_of(world)
    ann, bob, cleo, dan = sorted(
        [await world.person(name) for name in ("ann", "bob", "cleo", "dan")],
        key=lambda person: person.id,
    )
    for person in (ann, bob):
        await world.say(person, places["open"])
    turn = await world.say(cleo, places["dm"])
    typed = Evidence(quote="typed", turn_id=None, said_at=world.now)
    await world.learn(
        replace(world.fact(turn), audience=places["closed"].audience, evidence=(typed,))
    )
    await world.say(dan, places["elsewhere"])
    reset = reset_of(world)

    async def people(after: PersonId | None, limit: int = 9, of: Reset = reset) -> Any:
        async with world.storage.unit_of_work() as work:
            return await work.resets.people(of, after=after, limit=limit)

    assert await people(None) == (ann.id, bob.id, cleo.id)
    assert await people(None, limit=2) == (ann.id, bob.id)
    assert await people(bob.id) == (cleo.id,)
    assert await people(None, of=replace(reset, person_id=bob.id)) == (bob.id,)
    assert await people(None, of=replace(reset, channel=places["closed"].audience.channel)) == (
        cleo.id,
    )
    assert await people(None, of=replace(reset, tenant_id=TenantId("slack:T3"))) == ()


async def test_what_is_stored_of_a_reset_comes_back_unfinished_and_newest_first(world: Any) -> None:
    ann = await world.person()
    first = reset_of(
        world,
        person_id=ann.id,
        channel="c",
        planned=ResetCounts(people=1, turns=2, facts=3, episodes=4),
    )
    second = reset_of(world, "r2", status=ResetStatus.DONE, finished_at=world.now)
    other = reset_of(world, "r3", tenant_id=TenantId("slack:T2"))
    await store(world, first, second, other)

    assert await known(world) == (first, second)  # what is not over goes first
    later = reset_of(world, "r4")
    await store(world, later)
    assert await known(world) == (later, first, second)
    async with world.storage.unit_of_work() as work:
        assert await work.resets.of_tenant(world.workspace.id, limit=1) == (later,)


async def test_it_is_due_when_the_grace_is_over_and_one_worker_has_it(world: Any) -> None:
    reset = reset_of(world)
    await store(world, reset)
    assert await claim(world, after=GRACE - timedelta(seconds=1)) is None

    claimed = await claim(world, after=GRACE)

    assert claimed == replace(reset, status=ResetStatus.ERASING)
    assert await claim(world, after=GRACE, worker="other") is None
    assert await claim(world, after=GRACE + SOON, worker="other") == claimed
    counts = ResetCounts(people=1, turns=2)
    lease_until = world.now + GRACE + 3 * SOON
    async with world.storage.unit_of_work() as work:
        assert not await work.resets.undo(reset.id)
        grown = replace(claimed, erased=counts)
        assert not await work.resets.advance(grown, worker="w", lease_until=lease_until)
        assert await work.resets.advance(grown, worker="other", lease_until=lease_until)
        assert not await work.resets.finish(reset.id, worker="w", at=world.now)
        await work.commit()
    assert await claim(world, after=GRACE + 2 * SOON) is None
    assert await known(world) == (grown,)
    async with world.storage.unit_of_work() as work:
        assert await work.resets.finish(reset.id, worker="other", at=world.now)
        await work.commit()
    assert await known(world) == (replace(grown, status=ResetStatus.DONE, finished_at=world.now),)
    assert await claim(world, after=9 * GRACE) is None


async def test_what_is_given_back_can_be_claimed_at_once(world: Any) -> None:
    await store(world, reset_of(world, status=ResetStatus.ERASING))
    assert await claim(world) is not None
    async with world.storage.unit_of_work() as work:
        await work.resets.release(ResetId("r1"), worker="other")
        await work.commit()
    assert await claim(world) is None
    async with world.storage.unit_of_work() as work:
        await work.resets.release(ResetId("r1"), worker="w")
        await work.commit()
    assert await claim(world, worker="other") is not None


async def test_what_was_undone_is_looked_through_before_anything_is_erased(world: Any) -> None:
    await store(
        world, reset_of(world, status=ResetStatus.ERASING), reset_of(world, "r2"),
    )  # fmt: skip
    async with world.storage.unit_of_work() as work:
        assert await work.resets.undo(ResetId("r2"))
        assert not await work.resets.undo(ResetId("r2"))
        assert not await work.resets.undo(ResetId("none"))
        await work.commit()

    first, second, third = [await claim(world) for _ in range(3)]

    assert first is not None
    assert second is not None
    assert (first.id, first.status) == ("r2", ResetStatus.UNDONE)
    assert (second.id, third) == ("r1", None)
    async with world.storage.unit_of_work() as work:
        assert await work.resets.finish(first.id, worker="w", at=world.now)
        await work.commit()
    undone = replace(reset_of(world, "r2"), status=ResetStatus.UNDONE, finished_at=world.now)
    assert (await known(world))[-1] == undone


async def test_what_is_over_for_long_is_dropped(world: Any) -> None:
    old = reset_of(world, status=ResetStatus.DONE, finished_at=world.now)
    new = reset_of(world, "r2", status=ResetStatus.UNDONE, finished_at=world.now + SOON)
    await store(world, old, new, reset_of(world, "r3"))
    async with world.storage.unit_of_work() as work:
        assert await work.resets.drop_finished(before=world.now) == 0
        assert await work.resets.drop_finished(before=world.now + SOON) == 1
        await work.commit()
    assert [reset.id for reset in await known(world)] == ["r3", "r2"]


async def test_it_follows_a_person_into_another_and_goes_with_them(world: Any) -> None:
    ann, bob = await world.person("ann"), await world.person("bob")
    place = await world.conversation(world.ref("open", Visibility.PUBLIC))
    await world.say(ann, place, "ann")
    await world.say(bob, place, "bob", at=world.now + timedelta(seconds=1))
    await store(world, reset_of(world, person_id=ann.id))
    async with world.storage.unit_of_work() as work:
        await work.persons.merge(ann.id, bob.id)
        await work.commit()

    assert [reset.person_id for reset in await known(world)] == [bob.id]
    assert await world.texts(Scope.in_private(bob.id)) == ["bob"]
    async with world.storage.unit_of_work() as work:
        await work.turns.erase_all(bob.id)
        await work.persons.erase(bob.id)
        await work.commit()
    assert await known(world) == ()


async def test_a_reset_is_put_as_another_database_has_it(world: Any) -> None:
    pending, other = reset_of(world), reset_of(world, "r2")
    async with world.storage.unit_of_work() as work:
        await work.resets.add(pending)
        undone = replace(pending, status=ResetStatus.UNDONE, finished_at=world.now)
        await work.resets.put(undone)
        await work.resets.put(other)
        assert await work.resets.of_instance() == (undone, other)
        assert await work.resets.of_tenant(world.workspace.id, limit=1) == (other,)
        await work.resets.put(replace(undone, status=ResetStatus.PENDING, finished_at=None))
        await work.resets.put(replace(other, status=ResetStatus.DONE, finished_at=world.now))
        assert [r.id for r in await work.resets.of_tenant(world.workspace.id, limit=1)] == ["r1"]


async def test_a_reply_that_is_set_aside_is_shown_to_nobody_late(world: Any) -> None:
    person = await world.person()
    place = await world.conversation(world.ref("hall", Visibility.PUBLIC))
    turn = await world.say(person, place)
    async with world.storage.unit_of_work() as work:
        assert await work.deliveries.save(
            Delivery(turn_id=turn.id, channel_id="hall", message_ids=("m",), is_complete=False)
        )
        await work.commit()

    async def late() -> list[str]:
        async with world.storage.unit_of_work() as work:
            found = await work.deliveries.unfinished(world.identity().platform, limit=9)
            return [one.turn.id for one in found]

    assert await late() == [turn.id]
    async with world.storage.unit_of_work() as work:
        await work.resets.add(reset_of(world))
        await work.commit()
    assert await late() == []
