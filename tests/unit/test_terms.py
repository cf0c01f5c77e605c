"""The terms that recall compares."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.engine.memory_loader import MemoryLoader
from bot.engine.recall_cache import RecallCache
from bot.memory import related, related_chinese, related_english
from bot.memory.related import related_terms
from bot.memory.terms import date_terms, terms
from storage.inmemory import InMemoryStorage


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What's my dog's name?", ["dog", "name"]),
        ("Running, runs", ["run", "run"]),
        ("我的猫叫豆豆", ["的猫", "猫叫", "叫豆", "豆豆"]),
        ("café CAFÉ", ["café", "café"]),
        ("ﬁne １２", ["fine", "12"]),
    ],
)
def test_terms(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


def test_a_date_gives_year_month_and_weekday() -> None:
    assert date_terms(datetime(2026, 6, 1, tzinfo=UTC)) == ["2026", "june", "monday"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("pet", "hamster"),
        ("hamster", "pet"),
        ("mother", "mom"),
        ("mom", "mother"),
        ("instrument", "violin"),
        ("宠物", "仓鼠"),
        ("仓鼠", "宠物"),
        ("妻子", "老婆"),
        ("饮食", "清淡"),
    ],
)
def test_everyday_words_stand_for_one_another(asked: str, said: str) -> None:
    assert set(terms(said)) & related_terms(terms(asked)[0])


@pytest.mark.parametrize(
    ("asked", "said"), [("cat", "dog"), ("guitar", "violin"), ("小猫", "小狗"), ("zebra", "pet")]
)
def test_two_of_one_kind_do_not_stand_for_one_another(asked: str, said: str) -> None:
    assert not set(terms(said)) & related_terms(terms(asked)[0])


def test_no_word_stands_for_itself() -> None:
    words = terms(f"{related_english.GROUPS} {related_chinese.GROUPS}")

    assert [word for word in words if word in related_terms(word)] == []


def test_nobody_waits_for_the_related_terms_in_a_turn() -> None:
    related._table.cache_clear()
    MemoryLoader(InMemoryStorage(), RecallCache())
    assert related._table.cache_info().currsize == 1
