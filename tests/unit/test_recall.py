"""Finding the older turns that bear on a question."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.conversation import Audience, ConversationId, Scope, Visibility
from bot.domain.identity import PersonId, TenantId
from bot.domain.turn import Turn, TurnId, TurnStatus
from bot.memory.recall import RecallIndex
from bot.memory.terms import terms

ANA = PersonId("ana")
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
DM = Audience(visibility=Visibility.DIRECT, channel="dm")
LOBBY = Audience(visibility=Visibility.PUBLIC, channel="lobby", tenant_id=TenantId("t"))


def said(
    number: int,
    text: str,
    *,
    at: datetime = NOON,
    conversation: str = "c",
    audience: Audience = DM,
) -> Turn:
    return Turn(
        id=TurnId(f"t{number}"),
        person_id=ANA,
        conversation_id=ConversationId(conversation),
        audience=audience,
        event_key=f"e{number}",
        number=number,
        text=text,
        received_at=at,
        status=TurnStatus.ANSWERED,
        reply="ok",
    )


def index_of(*turns: Turn) -> RecallIndex:
    index = RecallIndex()
    for turn in turns:
        index.add(turn)
    return index


def found(index: RecallIndex, query: str, scope: Scope | None = None, limit: int = 3) -> list[str]:
    return [hit.turn_id for hit in index.rank(query, scope or Scope.in_private(ANA), limit=limit)]


DIARY = (
    said(1, "My dog is called Biscuit and loves the beach."),
    said(2, "I work nights as a nurse.", at=NOON + timedelta(days=1)),
    said(3, "The train to Porto was late again.", at=NOON + timedelta(days=2)),
    said(4, "我的猫叫豆豆，它很胖。", at=NOON + timedelta(days=3)),
    said(5, "I bought a new bicycle on Saturday.", at=NOON + timedelta(days=4)),
)


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
    turns = [said(n, "coffee in the morning") for n in range(1, 9)]
    index = index_of(*turns, said(9, "coffee with Clara"))

    assert found(index, "coffee Clara")[0] == "t9"


def test_the_turn_after_the_matching_one_is_lifted() -> None:
    index = index_of(
        said(1, "I like rain."),
        said(2, "Where should we go for the anniversary?", at=NOON + timedelta(minutes=1)),
        said(3, "Maybe Lisbon.", at=NOON + timedelta(minutes=2)),
        said(4, "Snow is fine too.", at=NOON + timedelta(days=1)),
    )

    assert found(index, "the anniversary", limit=2) == ["t2", "t3"]


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

    assert found(index, "chocolate", Scope(ANA, LOBBY)) == ["t3"]
    assert found(index, "secret", Scope(ANA, LOBBY)) == []


def test_the_current_turn_is_left_out() -> None:
    index = index_of(*DIARY)

    hits = index.rank("my dog", Scope.in_private(ANA), limit=3, leave_out={TurnId("t1")})

    assert "t1" not in [hit.turn_id for hit in hits]


def test_equal_scores_go_to_the_later_turn() -> None:
    index = index_of(said(1, "pizza", at=NOON), said(2, "pizza", at=NOON + timedelta(weeks=1)))

    assert found(index, "pizza") == ["t2", "t1"]


def test_an_index_holds_no_text() -> None:
    index = index_of(said(1, "Confidential9 words"))

    assert "Confidential9 words" not in repr(vars(index))
    assert index.size_bytes > 0


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
