"""A summary's sentence counts only when every word of content in it was said."""

from __future__ import annotations

import pytest
from support.memory import turn

from bot.domain.episode import EpisodeSentence
from bot.domain.turn import TurnId
from bot.memory.support import MOST_CITED, cited, is_supported


def cites(sentence: str, *said: str, name: str = "") -> list[str]:
    turns = [turn(number, text) for number, text in enumerate(said, start=1)]
    return list(cited(sentence, turns, name=name))


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("The user likes dogs.", "I like dogs"),
        ("The user moved to Porto in May.", "I moved to Porto in May!"),
        ("They mentioned that their sister Clara is a nurse.", "My sister Clara is a nurse."),
        ("Ana's dog is called Rex.", "My dog is called Rex."),
        ("The user bought two bikes.", "We bought 2 bikes"),
        ("The user goes running.", "I go running every day."),
        ("The user doesn't eat meat.", "I never eat meat."),
        ("The user likes dogs but doesn't like cats.", "I like dogs, but I don't like cats."),
        ("The user can't wait to visit Rome.", "I can't wait to visit Rome"),
        ("The user wants to buy a boat.", "I want to buy a boat."),
        ("The user visited Rome with Tom.", "I visited not only Rome with Tom."),
        ("用户喜欢公园。", "我特别喜欢公园。"),
        ("他们有两只猫。", "咱们有两只猫"),
        ("用户提到喜欢喝茶。", "我喜欢喝茶。"),
        ("用户昨天去北京出差。", "我昨天去了北京出差。"),
        ("他不吃花生。", "我不吃花生"),
    ],
)
def test_a_sentence_cites_the_turn_that_says_it(sentence: str, said: str) -> None:
    assert cites(sentence, "Hello there!", said, name="Ana") == ["t2"]


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("The user doesn't like dogs.", "I like dogs"),
        ("The user likes dogs.", "I don't like dogs"),
        ("The user has a cat.", "I love dogs. I don't have a cat."),
        ("The user has a cat.", "I don't have a cat and I love dogs."),
        ("The user likes cats but doesn't like dogs.", "I like dogs, but I don't like cats."),
        ("The user moved to Porto in June.", "I moved to Porto in May."),
        ("The user has 3 dogs.", "I have 2 dogs."),
        ("The user's brother Tom is a nurse.", "My sister Clara is a nurse."),
        ("The user will buy a boat.", "Should I buy a boat?"),
        ("The user bought a boat.", "I want to buy a boat."),
        ("The user lives in Porto.", "I used to live in Porto."),
        ("用户不喜欢喝茶。", "我喜欢喝茶。"),
        ("用户喜欢喝茶。", "我不喜欢喝茶。"),
        ("用户住在上海。", "我住在北京。"),
        ("用户去了北京。", "我想去北京。"),
    ],
)
def test_a_sentence_that_was_not_said_cites_nothing(sentence: str, said: str) -> None:
    assert cites(sentence, said) == []


def test_a_name_is_free_only_for_whom_it_belongs_to() -> None:
    assert cites("Zoe swims.", "I swim", name="Zoe") == ["t1"]
    assert cites("Zoe swims.", "I swim", name="Ana") == []
    assert cites("小明喜欢喝茶。", "我喜欢喝茶。", name="小明") == ["t1"]


def test_the_fewest_turns_are_cited_and_the_earliest() -> None:
    said = ("I have a boat.", "A red one.", "I have a red boat.", "I have a red boat.")

    assert cites("The user has a red boat.", *said) == ["t3"]
    assert cites("The user has a red boat.", *said[:2]) == ["t1", "t2"]


def test_citations_stand_in_the_order_of_the_turns() -> None:
    assert cites("The user has a tall red boat.", "tall", "a red boat") == ["t1", "t2"]


def test_words_picked_from_too_many_turns_are_not_what_anybody_said() -> None:
    said = ["apples", "bananas", "cherries", "dates"]

    assert len(cites("The user has apples, bananas, cherries.", *said)) == MOST_CITED
    assert cites("The user has apples, bananas, cherries, dates.", *said) == []


def test_a_sentence_that_says_nothing_cites_nothing() -> None:
    assert cites("The user said so.", "I said so.") == []


def test_a_stored_sentence_holds_as_long_as_its_turns_say_it() -> None:
    kept = EpisodeSentence(
        text="The user has a dog and a boat.", turn_ids=(TurnId("t1"), TurnId("t2"))
    )
    dog, boat = turn(1, "I have a dog."), turn(2, "And a boat.")

    assert is_supported(kept, {dog.id: dog, boat.id: boat})
    assert not is_supported(kept, {dog.id: dog})
    assert not is_supported(kept, {dog.id: dog, boat.id: turn(2, "And a house.")})


def test_the_persons_own_words_need_only_stand_there() -> None:
    own = EpisodeSentence(text="Would I ever sell it?", turn_ids=(TurnId("t1"),))
    said, edited = turn(1, "My boat! Would I ever sell it?"), turn(1, "My boat!")

    assert is_supported(own, {said.id: said})
    assert not is_supported(own, {edited.id: edited})


def test_a_stored_sentence_with_the_persons_name_holds() -> None:
    kept = EpisodeSentence(text="Zoe swims.", turn_ids=(TurnId("t1"),))
    said = turn(1, "I swim.")

    assert is_supported(kept, {said.id: said}, name="Zoe")
    assert not is_supported(kept, {said.id: said})
