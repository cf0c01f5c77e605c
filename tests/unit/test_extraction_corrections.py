"""What corrects, denies or ends something, and what then becomes of what was known."""

from __future__ import annotations

import pytest
from support.extraction import FRIDAY, only
from support.memory import Journal

from bot.memory.consolidation import consolidate
from bot.memory.extraction import extract


def told(*messages: str) -> Journal:
    """The memory of somebody who said ``messages`` one after the other."""
    journal = Journal()
    for message in messages:
        journal.change(consolidate, extract(message, FRIDAY))
    return journal


def doubted(journal: Journal) -> list[str]:
    """The texts of active facts that say that they may contradict another."""
    return [fact.text for fact in journal.facts.values() if fact.conflicts_with is not None]


@pytest.mark.parametrize(
    ("text", "key", "value", "old"),
    [
        ("My dog is called Bruno, not Biscuit", "pet:dog", "Bruno", "Biscuit"),
        ("I have a dog named Bruno, not Biscuit.", "pet:dog", "Bruno", "Biscuit"),
        ("Actually, my dog is called Bruno", "pet:dog", "Bruno", None),
        ("Actually, my sister's name is Clara", "relation:sister", "Clara", None),
        ("Correction: my son is called Tim, not Tom", "child", "Tim", "Tom"),
        ("No, my cat is called Mimi", "pet:cat", "Mimi", None),
        ("No my cat is called Mimi, not Momo", "pet:cat", "Mimi", "Momo"),
        ("Oh sorry, I meant my dog is called Bruno", "pet:dog", "Bruno", None),
        ("I misspoke. My dog is called Bruno.", "pet:dog", "Bruno", None),
        ("I'm allergic to eggs, not to milk.", "allergy", "eggs", "milk"),
        ("I like tea, not coffee", "like", "tea", "coffee"),
        ("其实我的狗叫布鲁诺", "pet:dog", "布鲁诺", None),
        ("我的狗叫布鲁诺，不叫饼干", "pet:dog", "布鲁诺", "饼干"),
        ("我的狗叫布鲁诺，不是饼干", "pet:dog", "布鲁诺", "饼干"),
        ("不是饼干，我的狗叫布鲁诺", "pet:dog", "布鲁诺", "饼干"),
        ("不对，我的猫叫咪咪", "pet:cat", "咪咪", None),
        ("更正：我姐姐叫小红", "relation:sister", "小红", None),
        ("说错了，我的猫叫咪咪", "pet:cat", "咪咪", None),
        ("我说错了。我的猫叫咪咪", "pet:cat", "咪咪", None),
        ("我对虾过敏，不是花生", "allergy", "虾", "花生"),
    ],
)
def test_a_correction_of_any_property_says_so_and_names_the_old_value(
    text: str, key: str, value: str, old: str | None
) -> None:
    candidate = only(text)
    assert (candidate.slot or candidate.topic, candidate.value) == (key, value)
    assert (candidate.corrects, candidate.replaces, candidate.ends) == (True, old, False)


def test_a_cue_in_the_middle_corrects_what_follows_it() -> None:
    for text in ("I live in Porto; actually, my dog is called Bruno", "我养狗，其实我的狗叫旺财"):
        first, name = extract(text, FRIDAY)
        assert (first.corrects, name.corrects) == (False, True)


@pytest.mark.parametrize(
    "text",
    [
        "No thanks, I like tea",
        "My dog is called Bruno",
        "I recently adopted a dog called Rex",
        "I love hiking, not every day",
        "我现在养了一只狗，叫旺财",
        "我喜欢喝茶，不是每天",
    ],
)
def test_what_only_looks_like_a_correction_corrects_nothing(text: str) -> None:
    candidate = only(text)
    assert (candidate.corrects, candidate.replaces) == (False, None)


@pytest.mark.parametrize(
    ("before", "after", "left"),
    [
        ("My dog is called Biscuit.", "My dog is called Bruno, not Biscuit",
         ["My dog is called Bruno."]),
        ("My sister Claire", "Actually, my sister's name is Clara", ["My sister is called Clara."]),
        ("My son Tom", "Sorry, my son is called Tim", ["My son is called Tim."]),
        ("我的狗叫饼干", "我的狗叫布鲁诺，不叫饼干", ["我的狗叫布鲁诺。"]),
        ("I have two sisters.", "Actually, my sister's name is Clara",
         ["I have two sisters.", "My sister is called Clara."]),
        ("My sister is called Clara.", "Actually, my sister lives in Rome",
         ["My sister is called Clara.", "My sister lives in Rome."]),
        ("My son Tom", "Sorry, my daughter is called Mia",
         ["My son is called Tom.", "My daughter is called Mia."]),
    ],
)  # fmt: skip
def test_a_correction_replaces_the_name_it_corrects_and_nothing_else(
    before: str, after: str, left: list[str]
) -> None:
    assert told(before, after).active == left


def test_a_corrected_plan_is_marked_and_stays_beside_another_on_the_same_day() -> None:
    rome, dentist = "I'm flying to Rome next Friday", "I'm going to the dentist next Friday"
    journal = told(rome, f"Actually, {dentist}")
    assert journal.active == [f"{rome} (10 July 2026).", f"{dentist} (10 July 2026)."]
    assert doubted(journal) == [f"{dentist} (10 July 2026)."]


def test_a_correction_that_names_no_allergy_loses_none_and_is_marked() -> None:
    journal = told("I'm allergic to milk.", "Actually, I'm allergic to eggs.")
    assert journal.active == ["I am allergic to milk.", "I am allergic to eggs."]
    assert doubted(journal) == ["I am allergic to eggs."]


@pytest.mark.parametrize(
    "text",
    [
        "I'm not allergic to peanuts any more",
        "I'm not allergic to peanuts anymore",
        "I'm no longer allergic to peanuts.",
        "I don't have a peanuts allergy any more",
        "我对peanuts不过敏了",
        "我不再对peanuts过敏",
        "我对peanuts不再过敏了",
        "我已经不对peanuts过敏了",
    ],
)
def test_an_allergy_that_is_over_ends_and_leaves_the_others(text: str) -> None:
    candidate = only(text)
    assert (candidate.topic, candidate.value, candidate.ends) == ("allergy", "peanuts", True)
    journal = told("I'm allergic to peanuts and eggs", "I'm not allergic to cats", text)
    assert journal.active == ["I am allergic to eggs.", "I'm not allergic to cats."]


def test_an_allergy_that_is_over_is_told_by_its_chinese_name() -> None:
    assert only("我对花生不过敏了").value == "花生"
    assert told("我对花生过敏，对虾过敏", "我对花生不过敏了").active == ["我对虾过敏。"]


@pytest.mark.parametrize(
    "text",
    [
        "I'm not allergic to peanuts",
        "I am not allergic to peanuts or eggs.",
        "I don't have a peanut allergy",
        "I don't have any allergies",
        "我不对花生过敏",
        "我对花生不过敏",
        "我对花生没有过敏",
        "我没有过敏",
    ],
)
def test_to_have_no_allergy_is_a_fact_of_its_own_without_a_value(text: str) -> None:
    candidate = only(text)
    assert (candidate.topic, candidate.value, candidate.ends) == ("allergy", None, False)
    assert candidate.text.rstrip(".。") == text.rstrip(".")


@pytest.mark.parametrize(
    ("allergic", "denial", "cue"),
    [
        ("I am allergic to peanuts.", "I'm not allergic to peanuts.", "Actually, "),
        ("我对花生过敏。", "我对花生不过敏。", "其实"),
    ],
)
def test_a_denied_allergy_is_marked_and_with_a_cue_gives_way(
    allergic: str, denial: str, cue: str
) -> None:
    for first, then in ((allergic, denial), (denial, allergic)):
        journal = told(first, then)
        assert (journal.active, doubted(journal)) == ([first, then], [then])
        assert told(first, f"{cue}{then}").active == [then]


def test_to_have_no_allergy_to_one_thing_is_no_doubt_about_another() -> None:
    assert doubted(told("I'm allergic to eggs", "I'm not allergic to peanuts")) == []


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("我养了一只狗，叫饼干", "我的狗叫饼干。"),
        ("我有一只猫叫豆豆", "我的猫叫豆豆。"),
        ("我养了一只柯基，名字叫年糕", "我的柯基叫年糕。"),
        ("我家狗狗叫旺财", "我的狗狗叫旺财。"),
        ("我最喜欢的乐队是五月天", "我最喜欢的乐队是五月天。"),
        ("我的老板叫刘强", "我老板叫刘强。"),
        ("我有个儿子，叫乐乐", "我儿子叫乐乐。"),
        ("我有两个姐姐", "我有两个姐姐。"),
        ("我的柜子密码是四七一一", "我的柜子密码是四七一一。"),
    ],
)
def test_a_chinese_text_is_chinese_throughout(said: str, text: str) -> None:
    assert only(said).text == text


LONG = "the key to the blue shed is under the third pot, " * 5
TOO_LONG = "the key to the blue shed is under the third pot and " * 14


def test_a_long_memory_is_a_note_with_its_exact_words() -> None:
    message = f"Remember that {LONG}so never look under the first one."
    note = only(message)
    assert (note.topic, note.explicit) == ("note", True)
    assert note.quote == message.removeprefix("Remember that ").removesuffix(".")
    assert 240 < len(note.quote) < 600
    assert message[note.start : note.end] == note.quote


def test_a_date_inside_a_long_memory_does_not_end_it() -> None:
    note = only(f"Remember that {LONG}as the plumber comes tomorrow to see the shed.")
    assert (note.occurs_until, note.text.endswith("see the shed.")) == (None, True)


def test_a_long_memory_gives_its_properties_too() -> None:
    found = extract(f"Remember that I'm allergic to eggs, and {LONG}it is raining", FRIDAY)
    assert [(c.topic, c.value) for c in found] == [("note", None), ("allergy", "eggs")]


@pytest.mark.parametrize(
    ("words", "ends"),
    [(TOO_LONG, tuple(TOO_LONG.split())), (LONG * 3, ("pot",))],
)
def test_a_memory_that_is_too_long_is_cut_where_words_or_clauses_end(
    words: str, ends: tuple[str, ...]
) -> None:
    note = only(f"Remember that {words}")
    assert 500 < len(note.quote) <= 600
    assert words.startswith(note.quote)
    assert note.quote.split()[-1] in ends


def test_a_chinese_memory_that_is_too_long_is_cut_where_a_clause_ends() -> None:
    words = "车库的钥匙在第三个花盆下面，" * 50
    note = only(f"记住{words}")
    assert 500 < len(note.quote) <= 600
    assert note.quote.endswith("下面")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Remember that I lent Tom the book Roots of Tomorrow",
         "I lent Tom the book Roots of Tomorrow."),
        ("Remember that the plumber comes on 3 May 2027.", "The plumber comes on 3 May 2027."),
        ("Remember that the plumber comes tomorrow.",
         "The plumber comes tomorrow (4 July 2026)."),
    ],
)  # fmt: skip
def test_only_a_relative_date_is_spelt_out_in_a_note(text: str, kept: str) -> None:
    note = only(text)
    assert (note.topic, note.text) == ("note", kept)


def test_a_job_and_an_origin_may_share_a_phrase_and_a_place_of_work_is_no_home() -> None:
    def found(text: str) -> set[tuple[str | None, str | None]]:
        return {(c.slot, c.value) for c in extract(text, FRIDAY)}

    assert found("I'm a nurse from Porto") == {("job", "nurse"), ("hometown", "Porto")}
    assert found("I'm a nurse in Porto") == {("job", "nurse")}
