"""Facts that say the same become one; facts that nearly say the same but do not never do."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from support.memory import DM, ELSEWHERE, HALL, NOON, Journal, fact

from bot.domain.fact import Evidence, Fact, FactId, FactKind, FactSource, FactState, FactStatus
from bot.domain.operation import OperationKind
from bot.domain.turn import TurnId
from bot.memory.duplicates import merged


def holding(*facts: Fact) -> Journal:
    journal = Journal()
    journal.facts = {known.id: known for known in facts}
    return journal


def known(number: int, text: str, **rest: object) -> Fact:
    return fact(number, text, **{"source": f"t{number}", "topic": "note", **rest})


def are_merged(one: Fact, other: Fact) -> bool:
    return bool(holding(one, other).change(merged))


SAME = [
    ("I like mango ice cream.", "I really like mango ice cream"),
    ("I'm so tired on Mondays.", "I am tired on Mondays!"),
    ("I’m a nurse.", "I'm a nurse."),
    ("Ana and I plan a long trip to Patagonia.", "Ana and I are planning a long trip to Patagonia"),
    ("I keep the spare key under the blue pot at the garden gate.",
     "I always keep the spare key under the blue pot at the garden gate."),
    ("我喜欢芒果冰淇淋", "我非常喜欢芒果冰淇淋。"),
    ("我每周日和爸爸下棋。", "我每周日和爸爸下棋呢"),
    ("I know it.", "I know it."),
    ("我会。", "我会"),
]  # fmt: skip

DIFFERENT = [
    ("I like tea", "I don't like tea"),
    ("I can eat nuts", "I can't eat nuts"),
    ("I can eat nuts", "I can’t eat nuts"),
    ("I keep the key under the pot", "I always keep the key under the pot"),
    ("I have 2 cats", "I have 3 cats"),
    ("I have two cats", "I have three cats"),
    ("My sister Ana lives in Rome", "My sister Eva lives in Rome"),
    ("My sister Ana lives in Rome", "My sister Ana lives in Oslo"),
    ("Ana likes Ben", "Ben likes Ana"),
    ("My mother taught my father to cook", "My father taught my mother to cook"),
    ("I take the pill before breakfast", "I take the pill after breakfast"),
    ("I leave the heater on at night", "I leave the heater off at night"),
    ("I was a nurse", "I am a nurse"),
    ("He gave her the ring", "She gave him the ring"),
    ("I met Tom in Rome", "I met Tom and Eva in Rome"),
    ("I keep the spare key of the lake house under the blue pot near the old wooden garden gate",
     "I keep the spare key of the lake house under the red pot near the old wooden garden gate"),
    ("I swim in the lake near the old mill every morning with friends",
     "Maybe I swim in the lake near the old mill every morning with friends"),
    ("I swim in the lake near the old mill every morning with friends",
     "I swim in the lake near the old mill every second morning with friends"),
    ("Eva and the boys bake bread every single Sunday morning at the farm near the lake",
     "Tim and the boys bake bread every single Sunday morning at the farm near the lake"),
    ("我喜欢茶", "我不喜欢茶"),
    ("我有两只猫", "我有三只猫"),
    ("我有2只猫", "我有3只猫"),
    ("我姐姐小美住在罗马", "我姐姐小丽住在罗马"),
    ("小王喜欢小李", "小李喜欢小王"),
    ("我和老王每年五月都去杭州的西湖边上喝龙井茶", "我和老王每年五月都去苏州的西湖边上喝龙井茶"),
    ("我会说中文", "他会说中文"),
    ("我要去杭州看姐姐和她的三个可爱的孩子们", "也许我要去杭州看姐姐和她的三个可爱的孩子们"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_in_nearly_the_same_words_becomes_one(one: str, other: str) -> None:
    assert are_merged(known(1, one), known(2, other))
    assert are_merged(known(1, other), known(2, one))


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_what_differs_in_a_word_that_matters_is_never_merged(one: str, other: str) -> None:
    assert not are_merged(known(1, one), known(2, other))
    assert not are_merged(known(1, other), known(2, one))


DAY = timedelta(days=1)


@pytest.mark.parametrize(
    "difference",
    [
        {"occurs_from": NOON},
        {"occurs_until": NOON + DAY},
        {"occurs_from": NOON + DAY, "occurs_until": NOON + 2 * DAY},
        {"topic": "plan"},
        {"topic": None, "slot": "drink"},
        {"kind": FactKind.PREFERENCE},
        {"value": "tea"},
        {"audience": HALL},
        {"source": "t1"},
        {"conflicts_with": FactId("f1")},
        {"state": FactState(status=FactStatus.RETRACTED)},
    ],
)
def test_the_same_words_about_something_else_are_not_merged(difference: dict[str, object]) -> None:
    text = "I drink tea at noon."

    assert are_merged(known(1, text), known(2, text))
    assert not are_merged(known(1, text), known(2, text, **difference))
    if "conflicts_with" not in difference and "source" not in difference:
        assert not are_merged(known(1, text, **difference), known(2, text))


def test_what_was_told_to_different_people_stays_apart() -> None:
    text = "I drink tea at noon."
    one = known(1, text, audience=HALL)

    assert are_merged(one, known(2, text, audience=HALL))
    assert not are_merged(one, known(2, text, audience=ELSEWHERE))
    assert not are_merged(one, known(2, text, audience=DM))


def test_two_facts_of_one_slot_with_one_value_become_one_however_they_say_it() -> None:
    def city(number: int, text: str, value: str | None) -> Fact:
        return known(number, text, topic=None, slot="city", value=value)

    assert are_merged(city(1, "I live in Porto.", "Porto"), city(2, "I moved to porto.", "porto"))
    assert are_merged(city(1, "I live in Porto.", "Porto"), city(2, "Porto is my home", "Porto"))
    assert are_merged(city(1, "我住在波尔图。", "波尔图"), city(2, "我搬到波尔图了。", "波尔图"))
    assert not are_merged(city(1, "I live in Porto.", "Porto"), city(2, "I live in Faro", "Faro"))
    assert not are_merged(city(1, "I live in Porto.", "Porto"), city(2, "I live in Porto.", None))
    assert not are_merged(
        city(1, "I live in Porto.", "Porto"), city(2, "I don't live in Porto.", "Porto")
    )
    assert not are_merged(
        city(1, "I live in Porto with Ana.", "Porto"),
        city(2, "I live in Porto with Eva.", "Porto"),
    )


def test_values_of_a_topic_become_one_only_in_the_same_words() -> None:
    def sister(number: int, text: str, value: str) -> Fact:
        return known(number, text, topic="relation:sister", value=value)

    nurse = sister(1, "My sister Ana is a nurse.", "Ana")
    assert are_merged(nurse, sister(2, "My sister Ana is really a nurse!", "ana"))
    assert not are_merged(nurse, sister(2, "My sister Ana lives in Rome.", "Ana"))
    assert not are_merged(nurse, sister(2, "My sister Ana is a nurse.", "Eva"))


def quotes(known: Fact) -> list[str]:
    return [evidence.quote for evidence in known.evidence]


def test_the_one_that_stays_has_the_words_of_all() -> None:
    texts = ["I like mango ice.", "I really like mango ice.", "I like mango ice!"]
    journal = holding(*(known(n, text) for n, text in enumerate(texts, 1)))

    [operation] = journal.change(merged).operations

    one, *others = journal.facts.values()
    assert quotes(one) == texts
    assert one.state == FactState()
    assert {other.state for other in others} == {
        FactState(status=FactStatus.MERGED, superseded_by=one.id)
    }
    assert [quotes(other) for other in others] == [[text] for text in texts[1:]]
    assert (operation.kind, len(operation.changes)) == (OperationKind.MERGE, 3)
    assert not journal.change(merged)


def test_what_several_have_alike_is_taken_over_once() -> None:
    typed = known(0, "I do row.", source=None).evidence[0]
    two, three = (
        dataclasses.replace(row, evidence=(*row.evidence, typed))
        for row in (known(2, "I row."), known(3, "I row."))
    )
    journal = holding(known(1, "I row."), two, three)

    journal.change(merged)

    assert quotes(journal.facts[FactId("f1")]).count("I do row.") == 1


def test_each_group_is_an_operation_of_its_own() -> None:
    texts = ["I row.", "I sing.", "I really row.", "I really sing."]
    journal = holding(*(known(n, text) for n, text in enumerate(texts, 1)))

    operations = journal.change(merged).operations

    assert [[change.fact_id for change in o.changes] for o in operations] == [
        ["f3", "f1"],
        ["f4", "f2"],
    ]
    assert journal.active == ["I row.", "I sing."]


def test_two_that_one_turn_taught_do_not_both_join_a_third() -> None:
    third = known(3, "I row!", source="t2")
    journal = holding(known(1, "I row."), known(2, "I really row."), third)

    journal.change(merged)

    assert journal.active == ["I row.", "I row!"]


PINNED = FactState(pinned=True)


@pytest.mark.parametrize(
    ("one", "other", "stays"),
    [
        ({}, {}, "f1"),
        ({}, {"state": PINNED}, "f2"),
        ({}, {"source": FactSource.COMMAND}, "f2"),
        ({"source": FactSource.COMMAND}, {"source": FactSource.COMMAND}, "f1"),
        ({"source": FactSource.COMMAND}, {"state": PINNED}, "f2"),
        ({"state": PINNED}, {"state": PINNED, "source": FactSource.COMMAND}, "f2"),
    ],
)
def test_what_is_pinned_or_typed_stays_and_else_the_older_one(
    one: dict[str, object], other: dict[str, object], stays: str
) -> None:
    def made(number: int, source: FactSource = FactSource.RULE, **rest: object) -> Fact:
        told = Evidence(quote="I row.", turn_id=TurnId(f"t{number}"), said_at=NOON)
        base = fact(number, "I row.", evidence=(told,), **rest)
        return dataclasses.replace(base, source=source)

    journal = holding(made(1, **one), made(2, **other))

    journal.change(merged)

    [active] = [f for f in journal.facts.values() if f.status is FactStatus.ACTIVE]
    assert active.id == stays
