"""Setting aside and undoing leaves no trace, and what a reset is not about is always there."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.conversation import Scope, Visibility
from bot.domain.fact import Evidence, Fact, FactStatus
from bot.domain.identity import Person
from bot.domain.reset import Reset, ResetId
from bot.domain.turn import Turn

PLACES = (
    ("dm", Visibility.DIRECT, 0),
    ("open", Visibility.PUBLIC, 0),
    ("closed", Visibility.PRIVATE, 0),
    ("shared", Visibility.SHARED, 0),
    ("open", Visibility.PUBLIC, 1),
)
_examples = itertools.count()
_place = st.integers(0, len(PLACES) - 1)
_who = st.integers(0, 1)
_when = st.integers(0, 3)


@dataclass(frozen=True)
class Plan:
    """Who says something where and when; which words facts stand on; what is reset."""

    said: Sequence[tuple[int, int, int]]
    facts: Sequence[tuple[int, Sequence[int], bool]]
    resets: Sequence[tuple[int, int | None, int | None, int]]


_plans = st.builds(
    Plan,
    said=st.lists(st.tuples(_who, _place, _when), min_size=1, max_size=10),
    facts=st.lists(
        st.tuples(st.integers(0, 9), st.lists(st.integers(0, 9), max_size=2), st.booleans()),
        max_size=5,
    ),
    resets=st.lists(
        st.tuples(st.integers(0, 1), st.none() | _who, st.none() | _place, _when),
        min_size=1,
        max_size=3,
    ),
)


class Example:
    """A plan carried out among people and workspaces of its own."""

    def __init__(self, world: Any) -> None:
        self.world = world
        self.number = next(_examples)
        self.people: list[Person] = []
        self.turns: list[Turn] = []
        self.facts: list[Fact] = []
        self.places: list[Any] = []

    async def carry_out(self, plan: Plan) -> None:
        world = self.world
        self.people = [await world.person(f"{name}{self.number}") for name in ("ann", "bob")]
        for name, visibility, workspace in PLACES:
            ref = world.ref(name, visibility, workspace=f"{self.number}x{workspace}")
            self.places.append(await world.conversation(ref))
        for who, where, when in plan.said:
            at = world.now + timedelta(hours=when)
            self.turns.append(await world.say(self.people[who], self.places[where], at=at))
        for main, others, is_typed in plan.facts:
            turn = self.turns[main % len(self.turns)]
            theirs = {other.id: other for other in (turn, *self._also(turn, others))}
            evidence = [
                Evidence(quote="q", turn_id=said.id, said_at=said.received_at)
                for said in theirs.values()
            ]
            if is_typed:
                evidence.append(Evidence(quote="t", turn_id=None, said_at=turn.received_at))
            evidence.sort(key=lambda said: said.said_at)
            self.facts.append(world.fact(turn, evidence=tuple(evidence)))
        await world.learn(*self.facts)
        await world.summarise(*(world.episode(turn) for turn in self.turns))

    def resets(self, plan: Plan) -> list[Reset]:
        return [
            Reset(
                id=ResetId(f"{self.number}-{count}"),
                tenant_id=self.places[-1 if workspace else 0].tenant_id,
                person_id=None if who is None else self.people[who].id,
                channel=None if where is None else self.places[where].audience.channel,
                requested_by="boss",
                requested_at=self.world.now + timedelta(hours=when),
                erase_at=self.world.now + timedelta(days=9),
            )
            for count, (workspace, who, where, when) in enumerate(plan.resets)
        ]

    async def shown(self) -> list[Any]:
        """What every scope shows of everybody."""
        shown: list[Any] = []
        async with self.world.storage.unit_of_work() as work:
            for person in self.people:
                here = [Scope(person.id, place.audience) for place in self.places]
                for scope in (Scope.in_private(person.id), *here):
                    shown.append(await work.turns.after(scope, 0))
                    shown.append(await work.facts.of(scope, list(FactStatus)))
                    shown.append(await work.episodes.of(scope))
        return shown

    def left(self, resets: Sequence[Reset]) -> tuple[set[str], dict[str, Any], set[str]]:
        """The ids of turns, facts with their words, and turns with an episode that stay."""
        turns = {
            turn.id: turn
            for turn in self.turns
            if not any(r.concerns(turn.person_id, turn.audience, turn.received_at) for r in resets)
        }

        def stays(fact: Fact, said: Evidence) -> bool:
            if said.turn_id is not None:
                return said.turn_id in turns
            return not any(r.concerns(fact.person_id, fact.audience, said.said_at) for r in resets)

        facts = {
            fact.id: words
            for fact in self.facts
            if (words := tuple(said for said in fact.evidence if stays(fact, said)))
        }
        return set(turns), facts, {f"{t.conversation_id} {t.number}" for t in turns.values()}

    async def stored(self, *, set_aside: bool) -> tuple[set[str], dict[str, Any], set[str]]:
        turns: set[str] = set()
        facts: dict[str, Any] = {}
        episodes: set[str] = set()
        async with self.world.storage.unit_of_work() as work:
            for person in self.people:
                scope = Scope.in_private(person.id, set_aside=set_aside)
                turns |= {turn.id for turn in await work.turns.after(scope, 0)}
                found = await work.facts.of(scope, list(FactStatus))
                facts |= {fact.id: fact.evidence for fact in found}
                episodes |= {
                    f"{e.conversation_id} {e.first_number}" for e in await work.episodes.of(scope)
                }
        return turns, facts, episodes

    def _also(self, turn: Turn, others: Sequence[int]) -> list[Turn]:
        chosen = [self.turns[other % len(self.turns)] for other in others]
        return [other for other in chosen if other.person_id == turn.person_id]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(plan=_plans)
async def test_resets_hide_just_what_they_are_about_until_they_are_undone(
    world: Any, plan: Plan
) -> None:
    example = Example(world)
    await example.carry_out(plan)
    resets = example.resets(plan)
    before, everything = await example.shown(), await example.stored(set_aside=True)

    async with world.storage.unit_of_work() as work:
        for reset in resets:
            await work.resets.add(reset)
        await work.commit()
    assert await example.stored(set_aside=False) == example.left(resets)
    assert await example.stored(set_aside=True) == everything

    async with world.storage.unit_of_work() as work:
        for reset in resets:
            assert await work.resets.undo(reset.id)
        await work.commit()
    assert await example.shown() == before


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(plan=_plans, limit=st.integers(1, 3))
async def test_what_is_erased_is_what_was_set_aside(world: Any, plan: Plan, limit: int) -> None:
    example = Example(world)
    await example.carry_out(plan)
    resets = [replace(reset, erase_at=world.now) for reset in example.resets(plan)]

    for reset in resets:
        async with world.storage.unit_of_work() as work:
            for person_id in await work.resets.people(reset, after=None, limit=9):
                while await work.resets.erase(reset, person_id, limit=limit):
                    pass
            assert not await work.resets.measure(reset)
            await work.commit()

    assert await example.stored(set_aside=True) == example.left(resets)
