"""Changes that are taken back, and facts that are pinned and edited by hand."""

from __future__ import annotations

import dataclasses

from hypothesis import given
from hypothesis import strategies as st
from support.memory import DM, ELSEWHERE, HALL, NOON, Journal, said
from support.telling import city, note, pet, tell

from bot.domain.conversation import Audience
from bot.domain.fact import FactStatus
from bot.domain.operation import OperationKind
from bot.memory.extraction.candidate import Candidate
from bot.memory.operations import MemoryChange, edited, pinned, undone

STATEMENTS = st.one_of(
    st.builds(city, st.sampled_from(["Porto", "Berlin", "Rome"]), ends=st.booleans()),
    st.builds(pet, st.sampled_from(["Biscuit", "Max"]), corrects=st.booleans()),
    st.builds(note, st.sampled_from(["The code is 1.", "The code is 2."]), corrects=st.booleans()),
)


@given(st.lists(st.tuples(STATEMENTS, st.sampled_from([DM, HALL, ELSEWHERE])), max_size=12))
def test_a_slot_has_at_most_one_value_and_undoing_everything_leaves_nothing(
    told: list[tuple[Candidate, Audience]],
) -> None:
    journal = Journal()
    history = [journal.active]
    for candidate, audience in told:
        tell(journal, candidate, audience=audience)
        values = {
            fact.value.casefold()
            for fact in journal.facts.values()
            if fact.slot == "city" and fact.status is FactStatus.ACTIVE and fact.value
        }
        assert len(values) <= 1
        history.append(journal.active)

    operations = [operation for patch in journal.patches for operation in patch.operations]
    for operation in reversed(operations):
        assert sorted(journal.active) == sorted(history.pop())
        patch = undone(operation, tuple(journal.facts.values()), journal.context())
        assert [entry.undoes for entry in patch.operations] == [operation.id]
        journal.apply(patch)

    assert journal.active == []


def test_an_undo_can_be_undone() -> None:
    journal = Journal()
    tell(journal, city("Porto"))
    tell(journal, city("Berlin"))
    before = journal.states
    [overwrite] = journal.patches[-1].operations

    journal.apply(undone(overwrite, tuple(journal.facts.values()), journal.context()))
    assert journal.active == ["I live in Porto."]
    [undo] = journal.patches[-1].operations
    journal.apply(undone(undo, tuple(journal.facts.values()), journal.context()))

    assert journal.states == before


def test_undoing_never_leaves_a_slot_with_two_values() -> None:
    journal = Journal()
    tell(journal, city("Porto"))
    [porto] = journal.facts.values()
    tell(journal, said("Faro", slot="town", value="Faro"))
    # As if it had been learned by an account that is linked now.
    faro = dataclasses.replace(list(journal.facts.values())[-1], slot="city")
    journal.facts[faro.id] = faro
    change = MemoryChange([porto, faro], journal.context())
    way = dataclasses.replace(
        porto.state, status=FactStatus.SUPERSEDED, superseded_by=faro.id, valid_to=NOON
    )
    change.restate(OperationKind.OVERWRITE, porto, way, "accounts linked")
    [linked] = journal.apply(change.patch()).operations

    journal.apply(undone(linked, tuple(journal.facts.values()), journal.context()))

    assert journal.active == ["I live in Porto."]
    [undo] = journal.patches[-1].operations
    journal.apply(undone(undo, tuple(journal.facts.values()), journal.context()))
    assert journal.active == ["Faro"]


def test_a_pin_survives_being_told_to_more_people() -> None:
    journal = Journal()
    tell(journal, city("Porto"), audience=DM)
    [fact] = journal.facts.values()
    journal.apply(pinned(fact, journal.context(), pin=True))

    tell(journal, city("Porto"), audience=HALL)

    [wider] = [f for f in journal.facts.values() if f.status is FactStatus.ACTIVE]
    assert wider.state.pinned


def test_an_edit_keeps_its_value_where_rules_find_it() -> None:
    journal = Journal()
    tell(journal, said("My name is Anna.", slot="name", value="Anna"))
    [fact] = journal.facts.values()

    journal.apply(edited(fact, "My name is Anne.", journal.context()))
    assert list(journal.facts.values())[-1].value == "Anne"


def test_what_changed_again_since_is_left_alone() -> None:
    journal = Journal()
    tell(journal, city("Porto"))
    [first] = journal.patches[-1].operations
    tell(journal, city("Berlin"))

    assert not undone(first, tuple(journal.facts.values()), journal.context())
    assert not undone(first, (), journal.context())


def test_an_edit_stands_on_what_was_typed_and_keeps_place_and_pin() -> None:
    journal = Journal()
    tell(journal, city("Porto"))
    [fact] = journal.facts.values()
    journal.apply(pinned(fact, journal.context(), pin=True))
    [fact] = journal.facts.values()

    journal.apply(edited(fact, "I live in Gaia.", journal.context()))

    assert journal.active == ["I live in Gaia."]
    new = list(journal.facts.values())[-1]
    assert (new.slot, new.state.pinned, new.evidence[0].quote) == ("city", True, new.text)
    assert new.evidence[0].turn_id is None
