"""Words that taught what is no longer true stay out of prompts."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from support.memory import NOON, Journal, fact, said, turn

from bot.domain.fact import Evidence, Fact, FactId, FactKind, FactState, FactStatus
from bot.domain.shown import Shown
from bot.domain.turn import TurnId
from bot.memory.ageing import expired
from bot.memory.consolidation import consolidate
from bot.memory.duplicates import merged
from bot.memory.stale import StaleWords

LATER = NOON + timedelta(days=40)


def replaced(text: str, value: str | None, quote: str = "", source: str = "t1") -> list[Fact]:
    """A fact said in ``source`` and one that took its place in turn t9, 40 days later."""
    old = fact(
        1,
        text,
        value=value,
        evidence=(Evidence(quote=quote or text, turn_id=TurnId(source), said_at=NOON),),
        state=FactState(status=FactStatus.SUPERSEDED, valid_to=LATER, superseded_by=FactId("f2")),
    )
    return [old, fact(2, "I live in Berlin.", value="Berlin", source="t9", at=LATER)]


@pytest.mark.parametrize(
    ("said", "quote", "value", "left"),
    [
        ("I live in Porto. I like it.", "I live in Porto", "Porto", "…. I like it."),
        ("I'm a nurse in Porto and my dog is Biscuit.", "in Porto", "Porto",
         "I'm a nurse … and my dog is Biscuit."),
        ("I live in Porto, yes Porto! And you?", "I live in Porto", "Porto", "… And you?"),
        ("我叫小明。我住在北京。", "我住在北京", "北京", "我叫小明。…。"),
    ],
)  # fmt: skip
def test_the_quote_is_cut_and_the_rest_stays(said: str, quote: str, value: str, left: str) -> None:
    stale = StaleWords(replaced(quote, value, quote))

    kept = stale.cut_from(turn(1, said))

    assert kept is not None
    assert value not in kept.text
    assert kept.text == left


def test_nothing_is_left_of_a_turn_that_said_only_that() -> None:
    stale = StaleWords(replaced("I live in Porto.", "Porto"))

    assert stale.cut_from(turn(1, "I live in Porto.")) is None


def test_replies_from_before_lose_the_sentences_with_the_old_value() -> None:
    stale = StaleWords(replaced("I live in Porto.", "Porto"))

    kept = stale.cut_from(turn(3, "Hello!", "Hi! PORTO is windy. Portos are shops."))

    assert kept is not None
    assert kept.reply == "Hi! Portos are shops."


def test_later_words_and_other_turns_stay_as_they_are() -> None:
    stale = StaleWords(replaced("I live in Porto.", "Porto"))
    moved = turn(9, "I moved from Porto to Berlin.", "Porto will miss you.", received_at=LATER)
    other = turn(2, "The port wine of Porto is good.", "It is.")

    assert stale.cut_from(moved) is moved
    assert stale.cut_from(other) is other


def test_what_is_over_without_a_successor_counts_from_its_end() -> None:
    over = fact(
        1,
        "My dog is called Rex.",
        value="Rex",
        state=FactState(status=FactStatus.SUPERSEDED, valid_to=LATER),
    )
    stale = StaleWords([over])

    assert stale.cut_from(turn(1, "My dog is called Rex.")) is None
    after = turn(8, "x", "Rex was a good dog.", received_at=LATER)
    assert stale.cut_from(after) is after


def test_what_took_its_place_may_be_unknown_here_or_forgotten() -> None:
    old, _ = replaced("I live in Porto.", "Porto")
    backdated = old.in_state(
        FactState(status=FactStatus.SUPERSEDED, valid_to=NOON, superseded_by=FactId("gone"))
    )
    stale = StaleWords([backdated])

    assert stale.cut_from(turn(1, "I live in Porto.")) is None
    kept = stale.cut_from(turn(2, "Hello!", "Porto is nice! Hi."))
    assert kept is not None
    assert kept.reply == "Hi."


def test_what_was_only_said_again_to_more_people_is_still_true() -> None:
    old, new = replaced("I live in Porto.", "Porto")
    again = dataclasses.replace(new, text="I live in porto.", value="porto")

    said = turn(1, "I live in Porto with my sister.", "Porto!")
    assert StaleWords([old, again]).cut_from(said) is said


def test_a_picture_without_words_stays() -> None:
    stale = StaleWords(replaced("I live in Porto.", "Porto"))

    kept = stale.cut_from(turn(2, "", "Is that Porto? Lovely.", shown=(Shown(name="a.png"),)))
    assert kept is not None
    assert (kept.reply, len(kept.shown)) == ("Lovely.", 1)


def test_active_facts_cut_nothing() -> None:
    stale = StaleWords([fact(1, "I live in Porto.", value="Porto")])

    said = turn(1, "I live in Porto.", "Porto!")
    assert stale.cut_from(said) is said


@pytest.mark.parametrize(
    "status", [s for s in FactStatus if s is not FactStatus.SUPERSEDED], ids=lambda s: s.value
)
def test_only_what_is_not_true_any_more_is_cut(status: FactStatus) -> None:
    old, new = replaced("I live in Porto.", "Porto")
    stale = StaleWords([old.in_state(dataclasses.replace(old.state, status=status)), new])

    said = turn(1, "I live in Porto.", "Porto!")
    assert stale.cut_from(said) is said
    assert stale.keeps("I live in Porto.", [TurnId("t1")], NOON)


def remembering(*texts: str, **rest: object) -> Journal:
    """Facts that say the same, each said in a turn of its own, made one."""
    journal = Journal()
    for number, text in enumerate(texts, 1):
        known = fact(number, text, source=f"t{number}", **rest)
        journal.facts[known.id] = known
    assert len(journal.change(merged).operations) == 1
    return journal


def test_words_of_merged_facts_stay_while_they_are_true() -> None:
    journal = remembering("I live in Porto.", "I moved to Porto.", slot="city", value="Porto")
    stale = StaleWords(journal.facts.values())

    second = turn(2, "I moved to Porto.", "Porto is windy.")
    assert stale.cut_from(second) is second


@pytest.mark.parametrize("known", [{FactStatus.ACTIVE, FactStatus.SUPERSEDED}, set(FactStatus)])
def test_words_of_merged_facts_go_when_what_they_were_merged_into_is_over(
    known: set[FactStatus],
) -> None:
    journal = remembering("I live in Porto.", "I moved to Porto.", slot="city", value="Porto")
    journal.now = LATER
    journal.change(consolidate, [said("I live in Berlin.", slot="city", value="Berlin")])

    stale = StaleWords([fact for fact in journal.facts.values() if fact.status in known])

    assert stale.cut_from(turn(1, "I live in Porto.")) is None
    assert stale.cut_from(turn(2, "I moved to Porto.")) is None
    assert not stale.keeps("I moved to Porto.", [TurnId("t2")], NOON)


def test_words_of_merged_free_text_go_as_well() -> None:
    journal = remembering("I row at dawn.", "I really row at dawn!", topic="note")
    journal.now = LATER
    journal.change(consolidate, [said("I row at dusk.", topic="note", corrects=True)])

    stale = StaleWords(journal.facts.values())

    assert stale.cut_from(turn(1, "I row at dawn.")) is None
    assert stale.cut_from(turn(2, "I really row at dawn!")) is None


def test_words_of_a_plan_of_the_past_stay() -> None:
    journal = Journal()
    plan = fact(
        1,
        "I fly to Porto.",
        kind=FactKind.PLAN,
        value="Porto",
        state=FactState(valid_to=NOON),
    )
    journal.facts[plan.id] = plan
    assert journal.change(expired)
    stale = StaleWords(journal.facts.values())

    told = turn(1, "I fly to Porto.", "Porto is windy.")
    assert stale.cut_from(told) is told
    assert stale.keeps("I fly to Porto.", [TurnId("t1")], NOON)


EARLIER = LATER - timedelta(seconds=1)


@pytest.mark.parametrize(
    ("sentence", "cited", "kept"),
    [
        ("I live in Porto.", "t1", False),
        ("Porto is windy.", "t5", False),
        ("The portos here are shops.", "t5", True),
        ("I am happy by the sea.", "t1", False),
        ("happy by", "t1", False),
        ("As I said, I am happy by the sea, all year.", "t1", False),
        ("I am happy by the sea.", "t5", True),
        ("I row.", "t1", True),
    ],
)
def test_a_sentence_of_a_summary_goes_with_what_it_names_or_quotes(
    sentence: str, cited: str, kept: bool
) -> None:
    stale = StaleWords(replaced("I live in Porto.", "Porto", "I am happy by the sea"))

    assert stale.keeps(sentence, [TurnId("t0"), TurnId(cited)], EARLIER) is kept


@pytest.mark.parametrize(
    ("sentence", "cited", "kept"),
    [
        ("I moved away from Porto.", "t1", True),
        ("I am happy by the sea.", "t1", False),
        ("I am happy by the sea.", "t9", True),
    ],
)
def test_what_was_overwritten_while_it_was_talked_of_may_be_named_and_not_quoted(
    sentence: str, cited: str, kept: bool
) -> None:
    stale = StaleWords(replaced("I live in Porto.", "Porto", "I am happy by the sea"))

    assert stale.keeps(sentence, [TurnId(cited)], LATER + timedelta(minutes=5)) is kept
