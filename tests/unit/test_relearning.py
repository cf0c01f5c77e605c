"""Reading older turns again brings back nothing that is over, and learns nothing twice."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.memory import DM, HALL, NOON, Journal, fact, said, turn

from bot.domain.conversation import Audience
from bot.domain.fact import Evidence, Fact, FactKind, FactState, FactStatus
from bot.domain.turn import Turn, TurnId
from bot.memory.consolidation import consolidate
from bot.memory.duplicates import merged
from bot.memory.extraction.candidate import Candidate
from bot.memory.operations import undone
from bot.memory.relearning import news

DAY = timedelta(days=1)
OLD = turn(1, "I row. I live in Porto.", received_at=NOON)


def city(name: str, **rest: object) -> Candidate:
    return said(f"I live in {name}.", slot="city", value=name, kind=FactKind.IDENTITY, **rest)


def taste(topic: str, value: str, **rest: object) -> Candidate:
    return said(f"I {topic} {value}.", topic=topic, value=value, **rest)


def known(text: str, days: int = 1, **rest: object) -> Fact:
    """A fact that another turn taught, some days after the one that is read again."""
    return fact(1, text, **{"source": "t9", "at": NOON + days * DAY, **rest})


@pytest.mark.parametrize("status", FactStatus)
@pytest.mark.parametrize("quote", ["I row.", "I row", "I row. I live", "row"])
def test_words_of_a_fact_of_any_status_are_not_learned_again(
    status: FactStatus, quote: str
) -> None:
    row = fact(1, "I row.", state=FactState(status=status))

    assert news([said("I row.", quote=quote), said("I sing.")], [row], OLD) == (said("I sing."),)


def test_any_evidence_of_this_turn_counts_and_none_of_others() -> None:
    words = tuple(
        Evidence(quote=quote, turn_id=TurnId(source), said_at=NOON)
        for quote, source in (("I really row.", "t2"), ("I row.", "t1"))
    )

    assert not news([said("I row.")], [fact(1, evidence=words)], OLD)
    assert news([said("I row.")], [fact(1, evidence=words[:1])], OLD)
    typed = fact(1, "I row.", source=None)
    assert news([said("I row.")], [typed], OLD)


PORTO = known("I live in Faro.", slot="city", value="Faro")
TEA = known("I like tea.", topic="like", value="tea")
ROME = known("The meeting is in Rome.", topic="note")


@pytest.mark.parametrize(
    ("candidate", "later"),
    [
        (city("Porto"), PORTO),
        (city("Porto"), dataclasses.replace(PORTO, topic="home")),
        (city("Porto", ends=True), PORTO),
        (taste("like", "tea", ends=True), TEA),
        (taste("dislike", "Tea"), TEA),
        (taste("like", "tea"), dataclasses.replace(TEA, topic="dislike")),
        (taste("like", "jazz", corrects=True, replaces="tea"), TEA),
        (said("The meeting is in Oslo.", topic="note", corrects=True), ROME),
    ],
)
def test_nothing_that_was_said_later_is_changed(candidate: Candidate, later: Fact) -> None:
    assert not news([candidate], [later], OLD)
    ended = later.in_state(FactState(status=FactStatus.SUPERSEDED, valid_to=NOON + 2 * DAY))
    assert not news([candidate], [ended], OLD)
    for status in (FactStatus.RETRACTED, FactStatus.QUARANTINED):
        assert news([candidate], [later.in_state(FactState(status=status))], OLD)
    earlier = dataclasses.replace(
        later, evidence=(Evidence(quote="x", turn_id=TurnId("t0"), said_at=NOON - DAY),)
    )
    assert news([candidate], [earlier], OLD)
    again = Evidence(quote="x", turn_id=TurnId("t9"), said_at=NOON + DAY)
    assert not news(
        [candidate], [dataclasses.replace(earlier, evidence=(again, *earlier.evidence))], OLD
    )


@pytest.mark.parametrize(
    ("candidate", "later"),
    [
        (taste("like", "jazz"), TEA),
        (taste("like", "tea"), TEA),
        (taste("dislike", "jazz"), TEA),
        (said("I hate it all.", topic="dislike"), TEA),
        (taste("allergy", "tea"), TEA),
        (city("Porto"), known("I work in Faro.", slot="job city", value="Faro")),
        (taste("like", "jazz", ends=True), known("I row.", slot="hobby", topic="like")),
        (said("The meeting is in Oslo.", topic="note"), ROME),
    ],
)
def test_what_only_stands_beside_something_later_is_news(candidate: Candidate, later: Fact) -> None:
    assert news([candidate], [later], OLD) == (candidate,)


def test_what_this_turn_ended_is_not_ended_again() -> None:
    over = dataclasses.replace(TEA, evidence=fact(1, source="t0", at=NOON - DAY).evidence)
    candidate = taste("like", "tea", ends=True)

    def superseded(**rest: object) -> Fact:
        return over.in_state(FactState(status=FactStatus.SUPERSEDED, **rest))  # type: ignore[arg-type]

    assert not news([candidate], [superseded(valid_to=NOON)], OLD)
    assert news([candidate], [superseded(valid_to=NOON - DAY)], OLD)
    assert not news([candidate], [superseded(valid_to=NOON + DAY)], OLD)
    assert news([candidate], [superseded(valid_to=NOON, superseded_by=over.id)], OLD)


NUTS = fact(1, "I'm allergic to nuts.", topic="allergy", value="nuts", source="t0", at=NOON - DAY)
NURSE = fact(1, "I work as a nurse.", slot="job", value="nurse", source="t0", at=NOON - DAY)
GATE = fact(1, "我每天走后门", topic="note", source="t0", at=NOON - DAY)


@pytest.mark.parametrize(
    ("candidate", "ended"),
    [
        (said("Nuts make me ill.", topic="allergy", value="Nuts"), NUTS),
        (said("I'm a nurse.", slot="job", value="nurse"), NURSE),
        (said("I'm a cook.", slot="job", value="cook"), NURSE),
        (said("我每天走后门。", topic="note"), GATE),
    ],
)
def test_what_came_to_its_end_after_the_turn_does_not_come_back(
    candidate: Candidate, ended: Fact
) -> None:
    def over(days: int) -> Fact:
        state = FactState(status=FactStatus.SUPERSEDED, valid_to=NOON + days * DAY)
        return ended.in_state(state)

    assert not news([candidate], [over(5)], OLD)
    assert news([candidate], [over(0)], OLD)
    again = dataclasses.replace(ended, evidence=fact(2, source="t8", at=NOON).evidence)
    assert news([candidate], [over(5), again], OLD)
    other = dataclasses.replace(over(5), slot=None, topic="other")
    assert news([candidate], [other], OLD)


def test_the_end_of_one_value_says_nothing_of_another() -> None:
    ended = NUTS.in_state(FactState(status=FactStatus.SUPERSEDED, valid_to=NOON + DAY))

    assert news([said("Eggs make me ill.", topic="allergy", value="eggs")], [ended], OLD)


STATEMENTS = st.one_of(
    st.builds(city, st.sampled_from(["Porto", "Berlin"])),
    st.builds(
        taste,
        st.sampled_from(["like", "dislike"]),
        st.sampled_from(["tea", "jazz"]),
        corrects=st.booleans(),
    ),
    st.builds(
        lambda n, corrects: said(f"The code of the door is {n}.", topic="note", corrects=corrects),
        st.integers(1, 3),
        st.booleans(),
    ),
)


class Reader(Journal):
    """Learns from turns as they come, or reads them again."""

    def read(self, told: Turn, candidates: list[Candidate]) -> bool:
        facts = tuple(self.facts.values())
        context = dataclasses.replace(
            self.context(told.audience), turn_id=told.id, now=told.received_at
        )
        new = news(candidates, facts, told)
        active = [known for known in facts if known.status is FactStatus.ACTIVE]
        return bool(self.apply(consolidate(new, active, context)))


DIALOGS = st.lists(
    st.tuples(st.lists(STATEMENTS, max_size=3), st.sampled_from([DM, HALL])), max_size=10
)


def turns_of(dialog: list[tuple[list[Candidate], Audience]]) -> list[tuple[Turn, list[Candidate]]]:
    return [
        (turn(n, received_at=NOON + n * DAY, audience=audience), candidates)
        for n, (candidates, audience) in enumerate(dialog)
    ]


@given(DIALOGS, st.data())
def test_to_read_everything_again_changes_nothing(
    dialog: list[tuple[list[Candidate], Audience]], data: st.DataObject
) -> None:
    reader = Reader()
    turns = turns_of(dialog)
    for told, candidates in turns:
        reader.read(told, candidates)
    operations = [entry for patch in reader.patches for entry in patch.operations]
    adding = [entry for entry in operations if any(c.before is None for c in entry.changes)]
    for entry in data.draw(st.lists(st.sampled_from(adding or [None]), max_size=2)):
        if entry is not None:
            reader.apply(undone(entry, tuple(reader.facts.values()), reader.context()))
    reader.change(merged)
    before = dict(reader.facts)

    for told, candidates in turns:
        reader.read(told, candidates)

    assert reader.facts == before


@given(DIALOGS)
def test_turns_that_are_read_late_end_in_the_same_values(
    dialog: list[tuple[list[Candidate], Audience]],
) -> None:
    """The newest city is the current one, whenever the turns were read."""
    reader = Reader()
    turns = turns_of(dialog)
    for told, candidates in (*turns[1::2], *turns[::2]):
        reader.read(told, candidates[:1])
    newest = [c[0].value for _, c in turns if c and c[0].slot]

    cities = {
        known.value
        for known in reader.facts.values()
        if known.slot and known.is_current(NOON + 99 * DAY)
    }
    assert cities == set(newest[-1:])
