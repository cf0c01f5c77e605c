"""Which properties a question is about, and whether something bears on it."""

from __future__ import annotations

import pytest
from support.memory import fact

from bot.memory.asked import asked_properties, bears_on, topic_words, touches


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("Where do I live?", "city"),
        ("which city am i in", "city"),
        ("What is my name?", "name"),
        ("What do I do for work?", "job"),
        ("how old am I", "age"),
        ("When is my birthday?", "birthday"),
        ("Am I allergic to anything?", "allergy"),
        ("What can't I eat?", "allergy"),
        ("What's my dog called?", "pet:dog"),
        ("What are my plans?", "plan"),
        ("Who is my wife?", "partner"),
        ("Do you know my sister?", "relation:"),
        ("what is my favourite band", "favourite:"),
        ("我住在哪里？", "city"),
        ("我叫什么名字？", "name"),
        ("我做什么工作？", "job"),
        ("我多大了？", "age"),
        ("我对什么过敏？", "allergy"),
        ("我的狗叫什么？", "pet:dog"),
        ("我有什么计划？", "plan"),
        ("我最喜欢的乐队是什么？", "favourite:"),
    ],
)
def test_questions_are_known_by_their_form(question: str, name: str) -> None:
    assert name in asked_properties(question)


@pytest.mark.parametrize("text", ["What is photosynthesis?", "Tell me a joke", "光合作用是什么"])
def test_other_questions_ask_about_nothing(text: str) -> None:
    assert asked_properties(text) == ()


def test_a_fact_bears_on_a_question_by_form_or_by_words() -> None:
    where = "Where do I live?"
    city = fact(1, "I moved to Berlin.", slot="city", value="Berlin")
    tea = fact(2, "I like green tea.", topic="like", value="green tea")

    assert bears_on(city, where, asked_properties(where)) >= 1
    assert bears_on(tea, where, asked_properties(where)) == 0
    assert 0 < bears_on(tea, "Which tea?", ()) <= 1


def test_topic_words_leave_out_what_every_question_has() -> None:
    assert topic_words("What is my dog called?") == {"dog"}
    assert "狗" in topic_words("我的狗叫什么名字？")
    assert "叫" not in topic_words("我的狗叫什么名字？")
    assert touches("Biscuit is a good dog", topic_words("What is my dog called?"))
    assert not touches("I'm called Ana", topic_words("What is my dog called?"))
    assert touches("我养了一只狗", topic_words("我的狗叫什么名字？"))
