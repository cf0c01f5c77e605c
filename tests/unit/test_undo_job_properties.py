"""Whatever memory holds, a compaction and its undo leave it as it was, and no words are lost."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from support.memory import DM, HALL, NOON, fact, said
from support.undoing import Memory

from bot.domain.fact import Evidence, Fact, FactId, FactKind, FactSource, FactState, FactStatus
from bot.domain.turn import TurnId
from bot.memory.ageing import expired, faded
from bot.memory.duplicates import merged
from bot.memory.extraction.candidate import Candidate

TEXTS = ["I row.", "I really row.", "I row!", "I sing.", "I don't row.", "我唱歌", "我很唱歌"]
CITIES = ["Porto", "porto", "Berlin"]
STATES = st.builds(
    FactState,
    status=st.sampled_from([FactStatus.ACTIVE] * 4 + list(FactStatus)),
    strength=st.sampled_from([1.0, 0.9, 0.2]),
    pinned=st.booleans(),
    valid_to=st.sampled_from([None, None, NOON + timedelta(days=5), NOON + timedelta(days=500)]),
)


@st.composite
def facts(draw: st.DrawFn) -> Fact:
    """One of a few facts, so that many say the same."""
    city = draw(st.sampled_from([None, None, *CITIES]))
    turns = draw(st.lists(st.sampled_from([None, *range(12)]), min_size=1, max_size=3, unique=True))
    text = f"I live in {city}." if city else draw(st.sampled_from(TEXTS))
    return fact(
        0,
        text,
        slot="city" if city else None,
        topic=None if city else "note",
        value=city,
        kind=draw(st.sampled_from([FactKind.EVENT, FactKind.PLAN])),
        audience=draw(st.sampled_from([DM, HALL])),
        evidence=tuple(
            Evidence(
                quote=text,
                turn_id=None if turn is None else TurnId(f"s{turn}"),
                said_at=NOON - timedelta(days=50 - (turn or 0)),
            )
            for turn in turns
        ),
        state=draw(STATES),
    )


def numbered(drawn: list[Fact]) -> Memory:
    """A memory of facts in which every slot has one active value for each circle of people."""
    memory = Memory()
    values: dict[str | None, str | None] = {}
    for number, one in enumerate(drawn, 1):
        active = one.status is FactStatus.ACTIVE and one.slot is not None and one.value is not None
        if active and values.setdefault(one.slot, one.value.casefold()) != one.value.casefold():
            continue
        source = FactSource.COMMAND if one.evidence[0].turn_id is None else FactSource.RULE
        known = dataclasses.replace(one, id=FactId(f"f{number}"), number=number, source=source)
        memory.facts[known.id] = known
    return memory


READ = st.lists(
    st.one_of(
        st.sampled_from(TEXTS).map(lambda text: said(text, topic="note", kind=FactKind.EVENT)),
        st.builds(
            lambda city, ends: said(f"I live in {city}.", slot="city", value=city, ends=ends),
            st.sampled_from(CITIES),
            st.booleans(),
        ),
    ),
    max_size=4,
)


@given(st.lists(facts(), max_size=12), READ)
def test_after_a_job_and_its_undo_memory_is_as_it_was(
    drawn: list[Fact], read: list[Candidate]
) -> None:
    memory = numbered(drawn)
    memory.now += timedelta(days=20)
    before, known = memory.picture, {known.id for known in memory.all}
    taken_back = {fact.id for fact in memory.all if fact.status is FactStatus.RETRACTED}

    operations = [entry for candidate in read for entry in memory.read(candidate)]
    operations += memory.do(merged, expired, faded)
    assert not memory.do(merged, expired, faded), "a second time changes nothing"
    memory.take_back(operations)

    assert memory.picture == before
    assert {known.id for known in memory.all if known.status is FactStatus.RETRACTED} == (
        taken_back | (memory.facts.keys() - known)
    )
    assert not memory.take_back(operations)


@given(st.lists(facts(), max_size=12))
def test_no_words_are_lost_by_merging(drawn: list[Fact]) -> None:
    memory = numbered(drawn)
    before = {known.id: known for known in memory.all}

    memory.do(merged)

    for known in memory.all:
        if known.status is FactStatus.MERGED and before[known.id].status is FactStatus.ACTIVE:
            keep = memory.facts[known.state.superseded_by or FactId("")]
            assert keep.status is FactStatus.ACTIVE
            assert {(e.turn_id, e.quote) for e in known.evidence} <= {
                (e.turn_id, e.quote) for e in keep.evidence
            }
            assert keep.state.pinned or not known.state.pinned
    for known in memory.all:
        turns = [e.turn_id for e in known.evidence if e.turn_id is not None]
        assert len(turns) == len(set(turns))
