"""Finding the older turns that bear on a question."""

from __future__ import annotations

from datetime import timedelta

import pytest
from support.recall import ANA, DIARY, DM, FILLER, LATER, LOBBY, NOON, found, index_of, ranked, said

from bot.domain.conversation import Scope
from bot.domain.shown import Shown
from bot.domain.turn import Turn, TurnId
from bot.memory.fusion import Weights
from bot.memory.recall import RecallIndex


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What is my dog's name?", "t1"),
        ("do you remember my dogs?", "t1"),
        ("Which trains are late?", "t3"),
        ("我的猫叫什么名字？", "t4"),
        ("what did I buy?  bicycles??", "t5"),
        ("What did I say on Tuesday?", "t2"),
    ],
)
def test_the_turn_with_the_answer_comes_first(question: str, answer: str) -> None:
    assert found(index_of(*DIARY), question)[0] == answer


@pytest.mark.parametrize("question", ["What do you think?", "zebra", "", "？？", "什么"])
def test_a_question_that_shares_no_topic_finds_nothing(question: str) -> None:
    assert found(index_of(*DIARY), question) == []


def test_a_rare_word_weighs_more_than_a_frequent_one() -> None:
    coffee = [said(n, "Coffee in the morning.") for n in range(2, 10)]
    index = index_of(said(1, "Clara in the morning."), *coffee)

    assert found(index, "coffee Clara")[0] == "t1"


def test_the_turn_after_the_matching_one_is_lifted() -> None:
    index = index_of(
        said(1, "Rain is fine."),
        said(2, "Where should we go for the anniversary?", at=NOON + timedelta(minutes=1)),
        said(3, "Maybe Lisbon.", at=NOON + timedelta(minutes=2)),
        said(4, "Snow is fine too.", at=NOON + timedelta(days=1)),
    )

    hits = {hit.turn_id: hit for hit in ranked(index, "the anniversary", limit=9)}

    assert hits.keys() == {"t1", "t2", "t3"}
    assert hits["t3"].score > hits["t1"].score
    assert hits["t3"].parts["neighbours"] > hits["t1"].parts.get("neighbours", 0.0)


@pytest.mark.parametrize(
    "stranger",
    [
        said(2, "Maybe Lisbon.", at=NOON + timedelta(hours=5)),
        said(2, "Maybe Lisbon.", at=NOON + timedelta(minutes=1), conversation="other"),
    ],
)
def test_turns_of_another_session_are_no_neighbours(stranger: Turn) -> None:
    index = index_of(said(1, "Where should we go for the anniversary?"), stranger)

    assert found(index, "the anniversary") == ["t1"]


def test_a_scope_hides_what_it_does_not_admit_and_its_neighbours_gain_nothing() -> None:
    index = index_of(
        said(1, "My secret is chocolate.", audience=DM),
        said(2, "Hello lobby.", at=NOON + timedelta(minutes=1), audience=LOBBY),
        said(3, "Chocolate for everybody!", at=NOON + timedelta(minutes=2), audience=LOBBY),
    )

    assert found(index, "chocolate", Scope(ANA, LOBBY)) == ["t3", "t2"]
    assert found(index, "secret", Scope(ANA, LOBBY)) == []


def test_the_current_turn_is_left_out() -> None:
    index = index_of(*DIARY)

    assert "t1" not in found(index, "my dog", leave_out={TurnId("t1"), TurnId("unknown")})


def test_equal_scores_go_to_the_later_turn() -> None:
    index = index_of(said(1, "pizza", at=NOON), said(2, "pizza", at=NOON + timedelta(weeks=1)))

    assert found(index, "pizza") == ["t2", "t1"]


def test_an_index_holds_no_text() -> None:
    index = index_of(said(1, "Confidential9 words"))

    assert "Confidential9 words" not in repr(vars(index))
    assert index.size_bytes > 0


@pytest.mark.parametrize(
    "question", ["What is my dog called?", "When was the train late?", "我的猫"]
)
def test_the_parts_of_a_score_sum_to_it(question: str) -> None:
    hits = ranked(index_of(*DIARY, *FILLER), question, limit=5)

    assert hits
    for hit in hits:
        assert sum(hit.parts.values()) == pytest.approx(hit.score)
        assert hit.parts["bm25"] >= 0


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Which pets did I have as a child?", "Our hamster escaped under the sofa."),
        ("我有什么宠物？", "仓鼠又跑出来了。"),
    ],
)
def test_a_member_of_the_asked_kind_is_found_without_the_word(question: str, text: str) -> None:
    hits = ranked(index_of(said(1, text), *FILLER), question)

    assert hits[0].turn_id == "t1"
    assert hits[0].parts["related"] > 0


@pytest.mark.parametrize("question", ["What did I do on 6 May 2026?", "我2026年5月6日做了什么？"])
def test_a_named_day_lifts_what_was_said_on_it_and_soon_after(question: str) -> None:
    days = [said(n, "I went out and had a walk.", at=NOON + timedelta(days=n)) for n in range(9)]

    hits = ranked(index_of(*days), question, limit=9)

    assert hits[0].turn_id == "t2"
    window = {hit.turn_id: hit.parts.get("time_window", 0.0) for hit in hits}
    assert window["t2"] > window["t3"] > window["t5"] > window.get("t1", 0.0)


def test_a_named_day_hides_nothing() -> None:
    index = index_of(said(1, "I planted a cherry tree.", at=NOON), *FILLER)

    assert found(index, "Where did I plant the cherry tree on 20 June 2026?")[0] == "t1"


def test_of_two_alike_the_newer_comes_first_but_not_by_much() -> None:
    index = index_of(said(1, "pizza", at=NOON), said(2, "pizza", at=NOON + timedelta(weeks=1)))

    newer, older = ranked(index, "pizza")

    assert newer.turn_id == "t2"
    assert 0 < newer.parts["recency"] - older.parts["recency"] < 0.1


@pytest.mark.parametrize(
    ("question", "right", "wrong"),
    [
        ('Who said "blue lemon tree"?', "A blue tree with lemon.", "A blue tree, a blue one."),
        ("谁说过“蓝色柠檬”？", "蓝色柠檬真好。", "蓝色的柠。"),
    ],
)
def test_a_quoted_phrase_is_wanted_whole(question: str, right: str, wrong: str) -> None:
    index = index_of(said(1, right), said(2, wrong, at=NOON + timedelta(days=1)), *FILLER)

    first, *others = ranked(index, question)

    assert first.turn_id == "t1"
    assert first.parts["phrase"] > 0
    assert all("phrase" not in hit.parts for hit in others)


def test_the_speaker_who_is_asked_about_comes_first() -> None:
    index = RecallIndex()
    index.add(said(1, "I have a new bicycle."), speaker="Ana")
    index.add(said(2, "I have a new bicycle.", at=NOON + timedelta(days=1)), speaker="Ben")

    assert found(index, "Does Ana have a bicycle?")[0] == "t1"
    assert found(index, "Does Ben have a bicycle?")[0] == "t2"


def test_what_was_shown_is_found() -> None:
    picture = Shown(name="p.jpg", description="a photo of a lighthouse in a storm")
    index = index_of(said(1, "Look!", shown=(picture,)), *FILLER)

    assert found(index, "Where is the lighthouse?")[0] == "t1"


@pytest.mark.parametrize(
    ("question", "tells", "asks"),
    [
        (
            "Which violin did I buy?",
            "Yesterday I bought an old violin from Italy.",
            "What about a violin, do you think a violin is good?",
        ),
        ("我买了哪把小提琴？", "昨天我买了一把意大利的小提琴。", "小提琴怎么样？小提琴好吗？"),
    ],
)
def test_who_tells_beats_who_asks(question: str, tells: str, asks: str) -> None:
    index = index_of(said(1, tells), said(2, asks, at=NOON + timedelta(days=1)), *FILLER)

    assert found(index, question)[0] == "t1"


def test_a_second_pass_finds_what_shares_a_subject_with_the_first() -> None:
    turns = (
        said(1, "My marathon training with Priya is hard."),
        said(2, "Priya twisted an ankle.", at=NOON + timedelta(days=1)),
        said(3, "Priya is in the hospital now.", at=NOON + timedelta(days=2)),
        *FILLER,
    )

    parts = {hit.turn_id: hit.parts for hit in ranked(index_of(*turns), "ankle hospital", limit=9)}
    first = {
        hit.turn_id: hit.parts for hit in ranked(index_of(turns[1], *FILLER), "ankle", limit=9)
    }

    assert parts["t2"]["second_pass"] > 0
    assert parts["t3"]["second_pass"] > 0
    assert first["t2"].get("second_pass", 0.0) == pytest.approx(0.0)


def test_what_was_said_at_the_same_moment_goes_to_the_later_turn() -> None:
    index = index_of(said(1, "pizza", conversation="a"), said(2, "pizza", conversation="b"))

    assert found(index, "pizza") == ["t2", "t1"]


def test_what_is_far_behind_the_best_is_left_out() -> None:
    weights = Weights(by_words={"bm25": 100.0}, with_vectors={})
    index = RecallIndex(weights)
    for turn in (said(1, "pizza and violins"), said(2, "pizza", conversation="b"), *FILLER):
        index.add(turn)

    assert found(index, "pizza violin") == ["t1"]


def test_a_named_day_opens_no_other_audience() -> None:
    index = index_of(said(1, "My secret.", audience=DM), said(2, "Hello.", audience=LOBBY))

    assert found(index, "What was on 4 May 2026?", Scope(ANA, LOBBY)) == ["t2"]


def test_an_invisible_turn_changes_nothing_of_what_is_found() -> None:
    lobby = [
        said(n, text, at=NOON + timedelta(minutes=n), audience=LOBBY)
        for n, text in enumerate(("The chocolate fair was fun.", "Clara came too.", "It rained."))
    ]
    secret = [
        said(10 + n, "My chocolate secret about Clara: it rained, rained.", at=turn.received_at)
        for n, turn in enumerate(lobby)
    ]
    mixed = [turn for pair in zip(secret, lobby, strict=True) for turn in pair]
    here = Scope(ANA, LOBBY)

    assert ranked(index_of(*mixed), "chocolate with Clara", here) == ranked(
        index_of(*lobby), "chocolate with Clara", here
    )


def test_the_turn_that_asks_lends_nothing_to_its_neighbours() -> None:
    asked = said(2, "Where is my umbrella, my umbrella?", at=NOON + timedelta(minutes=1))
    index = index_of(said(1, "Good evening."), asked, *FILLER)

    assert found(index, asked.text, leave_out={asked.id}) == []


def test_of_a_long_message_the_rarest_words_are_looked_up() -> None:
    often = " ".join(f"word{n}" for n in range(60))
    index = index_of(said(1, "The xylophone is in the attic."), said(2, often), said(3, often))

    evidence = index.evidence(f"{often} xylophone", Scope.in_private(ANA), now=LATER)

    assert evidence.features["bm25"][0] > 0


def test_the_middle_of_a_very_long_message_is_not_read() -> None:
    index = index_of(said(1, "The xylophone is in the attic."), *FILLER)
    words = " ".join(["more"] * 300)

    assert found(index, f"{words} xylophone") == found(index, f"xylophone {words}") == ["t1"]
    assert found(index, f"{words} xylophone {words}") == []


def test_an_empty_index_finds_nothing() -> None:
    assert found(RecallIndex(), "anything") == []


@pytest.mark.parametrize("question", ["What did I do yesterday?", "我昨天做了什么？"])
def test_a_day_alone_is_enough_to_recall(question: str) -> None:
    index = index_of(said(1, "Biscuit chewed my slippers."), *FILLER)

    assert found(index, question, now=NOON + timedelta(days=1)) == ["t1"]


@pytest.mark.parametrize(
    ("question", "text", "part"),
    [
        ("When was the boat sold?", "The boat was sold last week.", "kind"),
        ("船是什么时候卖的？", "那条船是上周卖的。", "kind"),
        ("Has the boat been seen by Clara?", "Clara saw the boat.", "name"),
    ],
)
def test_an_answer_of_the_asked_kind_is_lifted(question: str, text: str, part: str) -> None:
    hits = ranked(index_of(said(1, text), *FILLER), question)

    assert hits[0].turn_id == "t1"
    assert hits[0].parts[part] > 0
