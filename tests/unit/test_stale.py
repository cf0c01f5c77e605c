"""Words that taught what is no longer true stay out of prompts."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from support.memory import NOON, fact, turn

from bot.domain.fact import Evidence, Fact, FactId, FactState, FactStatus
from bot.domain.shown import Shown
from bot.domain.turn import TurnId
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
