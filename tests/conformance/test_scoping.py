"""Nothing leaves storage that the scope does not admit."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, Table, Text, insert, select
from sqlalchemy.schema import CreateTable

from bot.domain.conversation import Audience, Scope, Visibility
from bot.domain.delivery import Delivery
from bot.domain.fact import FactStatus
from bot.domain.feedback import Verdict
from bot.domain.identity import PersonId, TenantId
from bot.domain.turn import TurnTrace
from storage.database import SqlStorage
from storage.scoping import admitted

CIRCLES = [
    ("dm", Visibility.DIRECT, "T1"),
    ("closed", Visibility.PRIVATE, "T1"),
    ("other-closed", Visibility.PRIVATE, "T1"),
    ("open", Visibility.PUBLIC, "T1"),
    ("other-open", Visibility.PUBLIC, "T1"),
    ("shared", Visibility.SHARED, "T1"),
    ("elsewhere", Visibility.PUBLIC, "T2"),
]
HEARD = {
    "dm": {"dm", "closed", "other-closed", "open", "other-open", "shared", "elsewhere"},
    "closed": {"closed", "open", "other-open"},
    "other-closed": {"other-closed", "open", "other-open"},
    "open": {"open", "other-open"},
    "other-open": {"open", "other-open"},
    "shared": {"shared"},
    "elsewhere": {"elsewhere"},
}


@pytest.mark.parametrize("here", HEARD)
async def test_every_read_obeys_the_audience(world: Any, here: str) -> None:
    ann, bob = await world.person("ann"), await world.person("bob")
    places, said = {}, {}
    for name, visibility, workspace in CIRCLES:
        place = await world.conversation(world.ref(name, visibility, workspace=workspace))
        places[name] = place
        said[name] = await world.say(ann, place, name)
        await world.say(bob, place, f"bob in {name}")
    interrupted = {name: await world.interrupted(ann, place) for name, place in places.items()}
    async with world.storage.unit_of_work() as work:
        for name, turn in said.items():
            await work.facts.add(world.fact(turn, name))
            await work.traces.save(_trace(turn))
            await work.episodes.add(world.episode(turn, id=name))
            await work.deliveries.save(Delivery(turn_id=turn.id, channel_id=name))
            await work.feedback.set(turn.id, Verdict.GOOD, at=world.now)
        await work.commit()

    scope = Scope(ann.id, places[here].audience)
    everything = [turn.id for turn in (*said.values(), *interrupted.values())]
    heard = [turn.id for name, turn in said.items() if name in HEARD[here]]
    heard += [turn.id for name, turn in interrupted.items() if name in HEARD[here]]
    async with world.storage.unit_of_work() as work:
        summed_up = [name for name in said if name in HEARD[here]]
        episodes = await work.episodes.of(scope)
        assert [episode.id for episode in episodes] == summed_up
        assert await work.episodes.by_ids(scope, list(said)) == episodes
        read = work.turns
        assert [turn.id for turn in await read.after(scope, 0)] == heard
        assert [turn.id for turn in await read.latest(scope, limit=99)] == heard
        assert [turn.id for turn in await read.by_ids(scope, everything)] == heard
        assert await read.count(scope) == len(heard)
        facts = await work.facts.of(scope, [FactStatus.ACTIVE])
        assert {fact.text for fact in facts} == HEARD[here]
        assert [t.turn_id for t in await work.traces.of(scope)] == heard[: len(HEARD[here])]
        for turn in said.values():
            assert bool(await work.traces.get(scope, turn.id)) is (turn.id in heard)
            assert bool(await work.feedback.get(scope, turn.id)) is (turn.id in heard)
        for rows in (await work.deliveries.of(scope), await work.feedback.of(scope)):
            assert [row.turn_id for row in rows] == heard[: len(HEARD[here])]
        for name, place in places.items():
            recent = await read.recent(scope, place.id, before_number=99, limit=99)
            taken = await read.take_unreported_failures(scope, place.id)
            assert bool(recent) is bool(taken) is (name in HEARD[here])


async def test_within_a_tenant_its_channels_are_read_and_no_direct_messages(world: Any) -> None:
    ann = await world.person("ann")
    for name, visibility, workspace in CIRCLES:
        place = await world.conversation(world.ref(name, visibility, workspace=workspace))
        turn = await world.say(ann, place, name)
        await world.learn(world.fact(turn, name))

    scope = Scope.in_tenant(ann.id, TenantId("slack:T1"))
    here = ["closed", "other-closed", "open", "other-open", "shared"]
    assert await world.texts(scope) == here
    async with world.storage.unit_of_work() as work:
        assert [fact.text for fact in await work.facts.of(scope, [FactStatus.ACTIVE])] == here
        assert await work.turns.count(scope) == len(here)


async def test_nobody_reads_another_persons_turns(world: Any) -> None:
    ann, bob = await world.person("ann"), await world.person("bob")
    home = await world.conversation()
    turn = await world.say(ann, home, "a secret")
    async with world.storage.unit_of_work() as work:
        await work.facts.add(world.fact(turn))
        await work.traces.save(_trace(turn))
        await work.commit()
    scope = Scope.in_private(bob.id)
    async with world.storage.unit_of_work() as work:
        assert await work.turns.after(scope, 0) == ()
        assert await work.turns.latest(scope, limit=9) == ()
        assert await work.turns.by_ids(scope, [turn.id]) == ()
        assert await work.turns.recent(scope, home.id, before_number=9, limit=9) == ()
        assert await work.turns.count(scope) == 0
        assert await work.facts.of(scope, list(FactStatus)) == ()
        assert await work.traces.of(scope) == ()


def _trace(turn: Any) -> TurnTrace:
    return TurnTrace(
        turn_id=turn.id,
        person_id=turn.person_id,
        model="m",
        prompt_tokens=1,
        reply_tokens=1,
        finish_reason="stop",
    )


# Few names, so that they meet often; some that a careless comparison would confuse.
_NAMES = ("", "a", "A", "e\u0301", "\u00e9")
_audiences = st.builds(
    Audience,
    visibility=st.sampled_from(Visibility),
    channel=st.sampled_from(_NAMES),
    tenant_id=st.sampled_from((None, *map(TenantId, _NAMES))),
)
# Only the columns that matter, so that no key gets in the way.
said = Table(
    "said",
    MetaData(),
    Column("number", Integer),
    *(Column(name, Text) for name in ("person_id", "visibility", "channel", "tenant_id")),
    prefixes=["TEMPORARY"],
)
_people = st.sampled_from(["ann", "bob"]).map(PersonId)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.lists(st.tuples(_people, _audiences), min_size=10, max_size=40),
    scope=st.builds(Scope, _people, _audiences, st.sampled_from((None, *map(TenantId, _NAMES)))),
)
async def test_sql_admits_what_the_domain_admits(
    sql_storage: SqlStorage, rows: list[tuple[PersonId, Audience]], scope: Scope
) -> None:
    async with sql_storage.engine.connect() as connection:
        await connection.execute(CreateTable(said))
        await connection.execute(
            insert(said),
            [
                {
                    "number": number,
                    "person_id": person,
                    "visibility": audience.visibility.value,
                    "channel": audience.channel,
                    "tenant_id": audience.tenant_id,
                }
                for number, (person, audience) in enumerate(rows)
            ],
        )
        query = select(said.c.number).where(admitted(said, scope))
        found = set((await connection.execute(query)).scalars())
        await connection.rollback()
    assert found == {
        number
        for number, (person, audience) in enumerate(rows)
        if person == scope.person_id and scope.admits(audience)
    }
