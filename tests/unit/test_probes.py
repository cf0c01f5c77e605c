"""Questions made of facts: the right wording, the right answer, the right ones first."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from support.memory import NOON, fact

from bot.domain.fact import Evidence, Fact, FactKind, FactState, FactStatus
from bot.domain.turn import TurnId
from bot.memory.asked import asked_properties, bears_on, is_asked
from bot.memory.probes import CROWD, MAX_PROBES, Probe, probes
from bot.memory.terms import terms


def only(known: Fact) -> Probe:
    (probe,) = probes([known], NOON)
    return probe


SLOTS = {
    "name": ("My name is Ana.", "Ana"),
    "city": ("I moved to Berlin.", "Berlin"),
    "home": ("I rent a houseboat.", "houseboat"),
    "hometown": ("I grew up in Faro.", "Faro"),
    "nationality": ("I'm Portuguese.", "Portuguese"),
    "job": ("I'm a nurse.", "nurse"),
    "employer": ("I'm at the Charité.", "Charité"),
    "school": ("I'm at Humboldt.", "Humboldt"),
    "studies": ("I'm in physics.", "physics"),
    "age": ("I'm 34.", "34"),
    "birthday": ("I was born on 3 May.", "3 May"),
    "diet": ("I'm a vegetarian.", "vegetarian"),
    "timezone": ("I'm on CET.", "CET"),
    "mother tongue": ("I grew up with Mirandese.", "Mirandese"),
    "pronouns": ("I go by they/them.", "they/them"),
    "partner": ("I'm with Tom.", "Tom"),
    "marital": ("I got divorced.", "divorced"),
    "language": ("Speak Galician.", "Galician"),
    "favourite:band": ("The Smiths, always.", "The Smiths"),
    "my:locker code": ("It is 4711.", "4711"),
}
TOPICS = {
    "allergy": ("Peanuts make me swell.", "peanuts"),
    "health": ("I have asthma.", "asthma"),
    "speaks": ("I'm fluent in Galician.", "Galician"),
    "pet": ("Biscuit is seven.", "Biscuit"),
    "pet:dog": ("Biscuit is seven.", "Biscuit"),
    "pet:cat": ("Miso is seven.", "Miso"),
    "pet:parrot": ("Polly is seven.", "Polly"),
    "child": ("Tim is seven.", "Tim"),
    "relation:sister": ("Clara is older.", "Clara"),
    "like": ("Tea is great.", "tea"),
    "dislike": ("Rain is awful.", "rain"),
    "hobby": ("I climb.", "climbing"),
    "plan": ("I fly to Rome on 3 July.", None),
}
FREE = {
    "note": "The spare key is under the pot.",
    "event": "I passed the exam.",
    "wish": "I want to see Iceland.",
    "never": "I have never skied.",
    "possession": "I have a red bicycle.",
    "instruction": "Answer in short sentences.",
}
CHINESE = {
    "city": ("我搬到柏林了。", "柏林"),
    "name": ("叫我小安。", "小安"),
    "hometown": ("我来自法鲁。", "法鲁"),
    "job": ("我是护士。", "护士"),
    "employer": ("我在夏里特上班。", "夏里特"),
    "school": ("我在洪堡。", "洪堡"),
    "studies": ("我读物理。", "物理"),
    "age": ("我三十四岁。", "三十四"),
    "birthday": ("五月三号生的。", "五月三号"),
    "diet": ("我吃素。", "素食"),
    "partner": ("小明跟我在一起。", "小明"),
    "marital": ("我离了。", "离婚"),
    "nationality": ("我是葡萄牙人。", "葡萄牙"),
    "favourite:band": ("五月天最棒。", "五月天"),
    "my:车牌": ("我的车牌是京A4711。", "京A4711"),
}
CHINESE_TOPICS = {
    "allergy": ("花生让我难受。", "花生"),
    "health": ("我有哮喘。", "哮喘"),
    "speaks": ("我讲粤语。", "粤语"),
    "pet": ("旺财七岁。", "旺财"),
    "pet:dog": ("旺财七岁。", "旺财"),
    "pet:cat": ("咪咪七岁。", "咪咪"),
    "pet:parrot": ("波利七岁。", "波利"),
    "child": ("小天七岁。", "小天"),
    "relation:sister": ("丽丽是老大。", "丽丽"),
    "like": ("绿茶真好。", "绿茶"),
    "dislike": ("下雨真烦。", "下雨"),
    "hobby": ("我登山。", "登山"),
    "plan": ("我七月去罗马。", None),
    "note": ("备用钥匙压在花盆底下。", None),
}

CASES = [
    *(fact(1, text, slot=slot, value=value) for slot, (text, value) in SLOTS.items()),
    *(fact(1, text, topic=topic, value=value) for topic, (text, value) in TOPICS.items()),
    *(fact(1, text, topic=topic) for topic, text in FREE.items()),
    *(fact(1, text, slot=slot, value=value) for slot, (text, value) in CHINESE.items()),
    *(fact(1, text, topic=topic, value=value) for topic, (text, value) in CHINESE_TOPICS.items()),
]


@pytest.mark.parametrize("known", CASES, ids=lambda known: known.text)
def test_every_question_is_understood_as_one_about_its_fact(known: Fact) -> None:
    question = only(known).question

    assert bears_on(known, question, asked_properties(question)) > 0


@pytest.mark.parametrize(
    ("known", "question"),
    [
        (fact(1, "I moved to Berlin.", slot="city", value="Berlin"), "Where do I live?"),
        (fact(1, "Biscuit is seven.", topic="pet:dog"), "What is my dog called?"),
        (fact(1, "Peanuts make me swell.", topic="allergy"), "What am I allergic to?"),
        (fact(1, "Gira.", slot="favourite:band", value="Gira"), "What is my favourite band?"),
        (fact(1, "我搬到柏林了。", slot="city", value="柏林"), "我住在哪里？"),
        (fact(1, "旺财七岁。", topic="pet:dog", value="旺财"), "我的狗叫什么？"),
    ],
)
def test_properties_are_asked_for_as_people_ask(known: Fact, question: str) -> None:
    assert only(known).question == question
    assert is_asked(known, asked_properties(question))


def test_anything_else_is_asked_for_by_its_own_words() -> None:
    note = fact(1, "The spare key is under the flower pot on the left.", topic="note")
    in_chinese = fact(2, "我的备用钥匙，压在花盆底下。", topic="note")

    assert only(note).question == "What about spare key flower pot left?"
    assert only(in_chinese).question == "关于备用钥匙 压在花盆底下，我说过什么？"


def test_questions_stay_short() -> None:
    long = fact(1, " ".join(f"word{n}" for n in range(99)))
    in_chinese = fact(2, "银行卡密码写在红色本子第三页" * 20)

    assert only(long).question == f"What about {' '.join(f'word{n}' for n in range(8))}?"
    assert len(only(in_chinese).question) < 40


def test_the_answer_is_the_bare_value_or_else_the_facts_words() -> None:
    assert only(fact(1, "I moved to Berlin.", value="Berlin")).answer == {"berlin"}
    assert only(fact(1, "I moved to Berlin.")).answer == set(terms("moved to Berlin"))
    assert only(fact(1, "Call me by any pronoun.", value="any")).answer == {"call", "pronoun"}


def test_a_fact_without_a_word_of_its_own_is_not_asked_about() -> None:
    facts = [
        fact(1, "It is what it is."),
        fact(2, "是的。"),
        fact(3, "It is what it was.", value="Steeler"),
        fact(4, "我是的。", value="球迷"),
    ]

    assert probes(facts, NOON) == ()


def test_only_what_is_current_is_asked_about() -> None:
    past = NOON - timedelta(days=1)
    facts = [
        fact(1, "I like tea.", state=FactState(status=FactStatus.SUPERSEDED)),
        fact(2, "I like milk.", state=FactState(status=FactStatus.MERGED)),
        fact(3, "I fly to Rome.", topic="plan", state=FactState(valid_to=past)),
        fact(4, "I fly to Oslo.", topic="plan", state=FactState(valid_to=NOON + timedelta(1))),
    ]

    assert [probe.fact_id for probe in probes(facts, NOON)] == ["f4"]


def test_many_of_one_topic_are_asked_about_one_by_one() -> None:
    likes = [fact(n, f"I like drink{n}.", topic="like", value=f"drink{n}") for n in range(9)]

    few, many = probes(likes[:CROWD], NOON), probes(likes[: CROWD + 1], NOON)

    assert {probe.question for probe in few} == {"What do I like?"}
    assert len(few) == CROWD
    assert len({probe.question for probe in many}) == len(many) == CROWD + 1


def test_facts_that_say_the_same_are_asked_about_once() -> None:
    twice = [fact(n, "I like tea.", topic="like", value="tea") for n in (1, 2)]

    assert len(probes(twice, NOON)) == 1


@pytest.mark.parametrize(
    "vital",
    [
        fact(900, "I'm a nurse.", slot="job", value="nurse"),
        fact(900, "Peanuts make me swell.", topic="allergy"),
        fact(900, "I have asthma.", topic="health"),
        fact(900, "Answer briefly.", kind=FactKind.INSTRUCTION),
        fact(900, "The code is 4711.", state=FactState(pinned=True)),
    ],
    ids=lambda known: known.text,
)
def test_what_is_vital_comes_first_however_old(vital: Fact) -> None:
    old = replace(
        vital, evidence=(Evidence(quote="x", turn_id=None, said_at=NOON - timedelta(900)),)
    )
    newer = [fact(n, f"I saw film{n}.") for n in range(2 * MAX_PROBES)]

    asked = probes([*newer, old], NOON)

    assert len(asked) == MAX_PROBES
    assert asked[0].fact_id == vital.id
    assert [probe.vital for probe in asked] == [True] + [False] * (MAX_PROBES - 1)


def test_then_what_was_said_last_and_the_order_of_facts_does_not_matter() -> None:
    facts = [
        fact(n, f"I saw film{n}.", at=NOON + timedelta(hours=n), source=f"t{n}")
        for n in range(2 * MAX_PROBES)
    ]
    again = Evidence(
        quote="I saw film0.", turn_id=TurnId("t999"), said_at=NOON + timedelta(days=90)
    )
    facts[0] = replace(facts[0], evidence=(*facts[0].evidence, again))

    asked = probes(facts, NOON)

    assert [probe.fact_id for probe in asked[:3]] == ["f0", "f95", "f94"]
    assert probes(reversed(facts), NOON) == asked
