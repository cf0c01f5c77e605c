"""What people say about themselves in English, found without a model."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from support.extraction import FRIDAY, found, only

from bot.domain.fact import FactKind
from bot.memory.extraction import extract


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("I'm Ana.", "name", "Ana"),
        ("Hi! My name is Joss O'Neill", "name", "Joss O'Neill"),
        ("you can call me Al", "name", "Al"),
        ("I live in New York with two friends", "city", "New York"),
        ("I'm based in Nairobi these days", "city", "Nairobi"),
        ("I've lived in Montréal since 2015", "city", "Montréal"),
        ("I live in a small flat near the river", "home", "a small flat near the river"),
        ("I'm originally from Medellín", "hometown", "Medellín"),
        ("I'm Portuguese.", "nationality", "Portuguese"),
        ("I'm an electrician by trade", "job", "electrician"),
        ("I work as a freelance illustrator", "job", "freelance illustrator"),
        ("I work for a small bakery", "employer", "a small bakery"),
        ("I study architecture", "studies", "architecture"),
        ("I go to Malmö University", "school", "Malmö University"),
        ("I am 34 years old", "age", "34"),
        ("I'm 34.", "age", "34"),
        ("My birthday is on 9 November", "birthday", "9 November"),
        ("I was born on 3 May 1990", "birthday", "3 May 1990"),
        ("I'm vegan, by the way", "diet", "vegan"),
        ("My timezone is UTC+2", "timezone", "UTC+2"),
        ("I'm on Pacific time", "timezone", "Pacific"),
        ("My mother tongue is Tamil", "mother tongue", "Tamil"),
        ("My wife Maria snores", "partner", "Maria"),
        ("my boyfriend's name is Tom", "partner", "Tom"),
        ("I'm divorced.", "marital", "divorced"),
        ("My pronouns are they/them", "pronouns", "they/them"),
        ("My favourite band is Radiohead", "favourite:band", "Radiohead"),
        ("Pizza is my favorite food", "favourite:food", "Pizza"),
        ("My locker code is 4711", "my:locker code", "4711"),
        ("My car is a 2015 Honda Civic", "my:car", "a 2015 Honda Civic"),
        ("I can't eat gluten", "allergy", "gluten"),
        ("I'm lactose intolerant", "allergy", "lactose"),
        ("I've got asthma", "health", "asthma"),
        ("I was diagnosed with epilepsy in 2020", "health", "epilepsy"),
        ("I love detective novels", "like", "detective novels"),
        ("I'm a big fan of Studio Ghibli", "like", "Studio Ghibli"),
        ("I can't stand loud chewing", "dislike", "loud chewing"),
        ("I don't like cilantro", "dislike", "cilantro"),
        ("I play the cello", "hobby", "cello"),
        ("I go climbing every week", "hobby", "climbing"),
        ("My dog is called Biscuit", "pet:dog", "Biscuit"),
        ("Our rabbit Pepper is fat", "pet:rabbit", "Pepper"),
        ("My boss is called Tom", "relation:boss", "Tom"),
        ("My mum Carol is here", "relation:mother", "Carol"),
        ("We have two kids", "child", "two kids"),
        ("I drive a red Fiat Panda", "possession", "a red Fiat Panda"),
        ("I've never tried sushi", "never", "sushi"),
        ("I'd love to visit Iceland", "wish", "Iceland"),
    ],
)
def test_a_plain_statement_gives_its_property_and_value(text: str, key: str, value: str) -> None:
    assert found(text) == [(key, value)]


def test_one_sentence_may_hold_several_facts_and_values_end_where_their_phrase_ends() -> None:
    text = "I'm Ana, I live in Porto with my wife and work as a nurse."
    assert found(text) == [("name", "Ana"), ("city", "Porto"), ("job", "nurse")]


def test_a_list_gives_one_fact_for_each_item() -> None:
    assert found("I'm allergic to peanuts, eggs and fish") == [
        ("allergy", "peanuts"),
        ("allergy", "eggs"),
        ("allergy", "fish"),
    ]
    assert found("I speak Farsi and a little Dutch") == [("speaks", "Farsi"), ("speaks", "Dutch")]
    assert found("we have two cats, Miso and Tofu") == [("pet:cat", "Miso"), ("pet:cat", "Tofu")]


def test_typing_without_capitals_and_points_is_understood() -> None:
    assert found("im ana i live in porto") == [("name", "ana"), ("city", "porto")]


def test_curly_apostrophes_emphasis_and_emoji_do_not_hinder() -> None:
    assert found("I’m allergic to **cats** 🐈") == [("allergy", "cats")]
    assert found("- I live in *Lyon* 🎉🎉") == [("city", "Lyon")]


def test_an_abbreviation_does_not_end_the_sentence() -> None:
    assert found("I live in St. Gallen") == [("city", "St. Gallen")]


def test_the_text_stands_alone_and_the_quote_is_the_persons_own_words() -> None:
    text = "Well, I'm Ana and work as a nurse!"
    name, job = extract(text, FRIDAY)
    assert (name.text, job.text) == ("My name is Ana.", "I work as a nurse.")
    assert name.quote == "I'm Ana"
    assert job.quote == "work as a nurse"
    assert text[job.start : job.end] == job.quote


def test_the_article_fits_the_value() -> None:
    assert only("I'm an electrician").text == "I am an electrician."


def test_a_pet_or_child_may_be_named_in_the_next_breath() -> None:
    assert ("pet:dog", "Rex") in found("I got a dog, his name is Rex")
    assert ("pet:cat", "Minka") in found("We have a cat. She is called Minka.")


def test_something_lasting_about_a_relative_is_kept_as_said() -> None:
    candidate = only("my sister lives in Rome")
    assert (candidate.kind, candidate.topic) == (FactKind.RELATION, "relation:sister")
    assert candidate.text == "My sister lives in Rome."


def test_a_relative_may_give_a_relation_and_a_plan() -> None:
    relation, plan = extract("My sister Clara is getting married in June!", FRIDAY)
    assert (relation.topic, relation.value) == ("relation:sister", "Clara")
    assert plan.kind is FactKind.PLAN
    assert plan.text == "My sister Clara is getting married in June (June 2027)."


def test_a_plan_has_its_absolute_date_in_text_and_fields() -> None:
    plan = only("I'm flying to Rome next Friday, can't wait")
    assert (plan.kind, plan.topic) == (FactKind.PLAN, "plan")
    assert plan.text == "I'm flying to Rome next Friday (10 July 2026)."
    assert plan.occurs_from == datetime(2026, 7, 10, tzinfo=UTC)
    assert plan.occurs_until == datetime(2026, 7, 11, tzinfo=UTC)


def test_an_event_is_dated_into_the_past() -> None:
    event = only("I got a new job last month")
    assert event.kind is FactKind.EVENT
    assert event.text == "I got a new job last month (June 2026)."
    assert event.occurs_from == datetime(2026, 6, 1, tzinfo=UTC)


def test_a_month_without_a_year_is_past_for_an_event_and_ahead_for_a_plan() -> None:
    assert only("I went to Kyoto in May").occurs_from == datetime(2026, 5, 1, tzinfo=UTC)
    assert only("I'm flying to Kyoto in May").occurs_from == datetime(2027, 5, 1, tzinfo=UTC)


def test_what_is_done_today_is_no_plan() -> None:
    assert found("I'm going to the gym today") == []
    assert found("I'm going to the gym tonight") == []


@pytest.mark.parametrize(
    ("text", "key", "value", "old"),
    [
        ("Actually my name is Ana, not Anna.", "name", "Ana", "Anna"),
        ("I moved from Porto to Berlin", "city", "Berlin", "Porto"),
        ("we've moved to Bergen", "city", "Bergen", None),
        ("I now work at Lidl", "employer", "Lidl", None),
        ("Correction: I'm 35, not 34.", "age", "35", "34"),
        ("I live in Hamburg, not Berlin", "city", "Hamburg", "Berlin"),
        ("I changed my name to Alex", "name", "Alex", None),
    ],
)
def test_a_correction_says_so_and_names_the_old_value(
    text: str, key: str, value: str, old: str | None
) -> None:
    candidate = only(text)
    assert (candidate.slot, candidate.value) == (key, value)
    assert candidate.corrects
    assert not candidate.ends
    assert candidate.replaces == old


def test_a_plain_statement_corrects_nothing() -> None:
    assert not only("I live in Porto").corrects


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("I no longer work at Shell", "employer", "Shell"),
        ("I quit my job at Siemens", "employer", "Siemens"),
        ("I don't live in Turin any more", "city", "Turin"),
        ("I'm not vegetarian any more", "diet", "vegetarian"),
        ("I'm no longer a student", "job", "student"),
        ("my dog died", "pet:dog", None),
        ("I no longer play tennis because of my knee", "hobby", "tennis"),
        ("We broke up.", "partner", None),
        ("I'm no longer allergic to milk", "allergy", "milk"),
    ],
)
def test_what_is_over_is_marked_as_ended(text: str, key: str, value: str | None) -> None:
    candidate = only(text)
    assert (candidate.slot or candidate.topic, candidate.value) == (key, value)
    assert candidate.ends


def test_no_more_meat_is_a_diet_that_begins() -> None:
    candidate = only("I no longer eat meat")
    assert (candidate.slot, candidate.value, candidate.ends) == ("diet", "no meat", False)


def test_a_negation_stays_one() -> None:
    candidate = only("I don't have a dog")
    assert (candidate.topic, candidate.value) == ("pet:dog", None)
    assert candidate.text == "I don't have a dog."
    assert found("I'm not a doctor") == []


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("please don't use emojis", "Don't use emojis."),
        ("keep it short from now on", "Keep it short from now on."),
        ("Could you keep your answers short from now on?", "Keep your answers short from now on."),
        ("Never call me buddy", "Never call me buddy."),
    ],
)
def test_a_standing_wish_is_an_instruction(text: str, kept: str) -> None:
    candidate = only(text)
    assert (candidate.kind, candidate.topic) == (FactKind.INSTRUCTION, "instruction")
    assert candidate.text == kept


def test_the_language_of_replies_is_a_slot_of_its_own() -> None:
    candidate = only("From now on, always answer in Portuguese.")
    assert (candidate.kind, candidate.slot, candidate.value) == (
        FactKind.INSTRUCTION,
        "language",
        "Portuguese",
    )


@pytest.mark.parametrize(
    "text",
    ["answer this briefly", "keep it short", "Answer in French.", "never mind", "Never give up!"],
)
def test_a_request_for_once_is_no_instruction(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("Remember that my locker code is 4711", "my:locker code", "4711"),
        ("Remember I'm vegetarian.", "diet", "vegetarian"),
        ("can you remember that I live in Ghent?", "city", "Ghent"),
        ("Remember: my gate code is 9921", "my:gate code", "9921"),
        ("Keep in mind that I take my coffee black", "note", None),
        ("Don't forget: the plumber comes on Thursday", "note", None),
        ("I take my coffee black, remember that", "note", None),
    ],
)
def test_what_somebody_asks_to_remember_becomes_a_fact(
    text: str, key: str, value: str | None
) -> None:
    candidate = only(text)
    assert (candidate.slot or candidate.topic, candidate.value) == (key, value)
    assert candidate.explicit


def test_an_unasked_statement_is_not_explicit() -> None:
    assert not only("I live in Ghent").explicit


@pytest.mark.parametrize(
    "text",
    [
        "Remember when we talked about Rome?",
        "remember to breathe",
        "Remember me?",
        "Do you remember my name?",
        "Remember, believe in yourself!",
        "Remember, I'm always here for you",
        "don't forget to send it",
    ],
)
def test_other_uses_of_remember_are_no_facts(text: str) -> None:
    assert found(text) == []


def test_the_same_statement_twice_is_one_fact() -> None:
    assert found("I live in Porto. As I said, I live in Porto.") == [("city", "Porto")]


def test_a_correction_that_is_to_be_remembered_is_known_as_one() -> None:
    [plain] = extract("Remember that the meeting is at three.", FRIDAY)
    [corrected] = extract("Actually, remember that the meeting is at four.", FRIDAY)

    assert (plain.corrects, corrected.corrects) == (False, True)


def test_a_new_home_takes_its_date_along_and_is_no_event_besides() -> None:
    [home] = extract("I moved to Berlin last week!", FRIDAY)

    assert (home.slot, home.value) == ("city", "Berlin")
    assert home.occurs_from == datetime(2026, 6, 22, tzinfo=UTC)
