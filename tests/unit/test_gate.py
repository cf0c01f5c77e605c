"""The safety gate: what counts as an answer, and how much may be lost."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from support.memory import ANA, DM, NOON, fact, turn

from bot.domain.compaction import JobId
from bot.domain.conversation import ConversationId
from bot.domain.episode import Episode, EpisodeId, EpisodeSentence
from bot.domain.fact import FactId
from bot.domain.memory import RecalledTurn
from bot.domain.shown import Shown
from bot.domain.turn import TurnId
from bot.memory.executive import Selection
from bot.memory.gate import answers, estimated_costs, verdict
from bot.memory.probes import Probe
from bot.memory.terms import terms

WORDS = "My cello teacher moved to Lisbon."


def probe(answer: str = WORDS, *, vital: bool = False) -> Probe:
    return Probe(
        fact_id=FactId("f1"), question="Where?", answer=frozenset(terms(answer)), vital=vital
    )


def episode(*sentences: str) -> Episode:
    return Episode(
        id=EpisodeId("e1"),
        person_id=ANA.id,
        conversation_id=ConversationId("c"),
        audience=DM,
        first_number=1,
        last_number=9,
        began_at=NOON,
        ended_at=NOON,
        sentences=tuple(EpisodeSentence(text=s, turn_ids=(TurnId("t1"),)) for s in sentences),
        job_id=JobId("j"),
    )


@pytest.mark.parametrize(
    "selection",
    [
        Selection(facts=(fact(1, WORDS),)),
        Selection(beside=(fact(1, WORDS),)),
        Selection(recalled=(RecalledTurn(turn=turn(1, f"Hello! {WORDS}"), score=1.0),)),
        Selection(loop=(turn(1, f"Hello! {WORDS}"),)),
        Selection(episodes=(episode("Hello.", WORDS),)),
        Selection(loop=(turn(1, "", shown=(Shown(name="a", caption=WORDS),)),)),
    ],
    ids=["block", "beside", "recalled", "loop", "episode", "picture"],
)
def test_an_answer_may_stand_anywhere_in_the_prompt(selection: Selection) -> None:
    assert answers(probe(), selection)
    assert not answers(probe("My dog is called Biscuit."), selection)


@pytest.mark.parametrize(
    "selection",
    [
        Selection(),
        Selection(loop=(turn(1, "Hi.", reply=WORDS),)),
        Selection(loop=(turn(1, "Has my cello teacher moved to Lisbon?"),)),
        Selection(loop=(turn(1, "我的大提琴老师搬到里斯本了吗？"),)),
        Selection(loop=(turn(1, "My cello is old."), turn(2, "My teacher moved to Lisbon."))),
        Selection(episodes=(episode("My cello is old.", "My teacher moved to Lisbon."),)),
    ],
    ids=["nothing", "Ellie's words", "a question", "问题", "two turns", "two sentences"],
)
def test_what_is_no_answer(selection: Selection) -> None:
    assert not answers(probe(), selection)
    assert not answers(probe("我的大提琴老师搬到里斯本"), selection)


def test_an_answer_may_have_a_word_more_or_less() -> None:
    said = Selection(facts=(fact(1, "My old cello teacher has moved back to Lisbon for good."),))

    assert answers(probe("My old cello teacher moved home to Lisbon."), said)
    assert not answers(probe("My old flute teacher moved home to Lisbon."), said)
    assert not answers(probe("cello flute"), said)


def lost(count: int, of: int, *, vital: bool = False) -> tuple[list[Probe], list[bool]]:
    return [probe(vital=vital)] * of, [n >= count for n in range(of)]


@pytest.mark.parametrize(
    ("count", "of", "passes"),
    [(0, 3, True), (1, 3, False), (1, 19, False), (1, 20, True), (2, 39, False), (2, 40, True)],
)
def test_one_answer_in_twenty_may_be_lost(count: int, of: int, *, passes: bool) -> None:
    asked, after = lost(count, of)

    judged = verdict(asked, [True] * of, after)

    assert judged.passes is passes
    assert (judged.asked, judged.before, judged.after) == (of, of, of - count)
    assert judged.lost == count


def test_nothing_vital_may_be_lost() -> None:
    asked, after = lost(1, 40, vital=True)

    assert not verdict(asked, [True] * 40, after).passes


def test_what_was_never_answered_is_not_lost_and_counts_for_nothing() -> None:
    asked, after = lost(21, 40, vital=True)
    before = [n >= 21 for n in range(40)]

    assert verdict(asked, before, after).passes
    assert not verdict([probe()] * 40, before, [n >= 22 for n in range(40)]).passes


def test_what_is_gained_does_not_make_up_for_what_is_lost() -> None:
    asked: Sequence[Probe] = [probe()] * 10

    judged = verdict(asked, [True] + [False] * 9, [False] + [True] * 9)

    assert not judged.passes
    assert (judged.before, judged.after, judged.lost) == (1, 9, 1)


def test_no_questions_no_objections() -> None:
    assert verdict((), (), ()).passes


def test_costs_are_guessed_from_the_number_of_characters() -> None:
    costs = estimated_costs()
    english, chinese = fact(1, "word " * 80), fact(2, "我住在柏林" * 60)

    # 80 words and their spaces; three hundred characters.
    assert 90 <= costs.fact(english) <= 110
    assert 190 <= costs.fact(chinese) <= 215
    assert costs.turn(turn(1, "a" * 400, reply="b" * 400)) >= 200
    assert costs.recalled(turn(1, "a" * 400, reply="b" * 400)) < 125
    shown = (Shown(name="a", caption="c" * 100),)
    assert costs.recalled(turn(1, "", shown=shown)) > costs.recalled(turn(1, "")) + 20
    assert costs.episode(episode("a" * 200, "b" * 200)) >= 100
