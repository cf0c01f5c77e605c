"""What has to go from summaries when something is forgotten."""

from __future__ import annotations

from support.episodes import summary_of
from support.memory import fact, turn

from bot.domain.episode import Episode
from bot.domain.turn import Turn
from bot.memory.forgetting import EpisodeCut, ForgetPlan, Sweep, rewritten, without_support


def episode(*sentences: tuple[str, Turn]) -> Episode:
    """A summary of sentences and the turn that each is about."""
    turns = [cited for _, cited in sentences]
    return summary_of(turns, *((text, [cited]) for text, cited in sentences))


def left_of(summary: Episode, sweep: Sweep, *turns: Turn) -> list[str]:
    """What a sweep through the turns and the summary leaves of the latter."""
    cuts = [cut for turn in turns if (cut := sweep.cut(turn))]
    left = {turn.id: turn for turn in turns} | {cut.turn_id: rewritten(cut) for cut in cuts}
    cut = sweep.cut_episode(summary, left, {cut.turn_id for cut in cuts})
    return [sentence.text for sentence in (cut.left if cut else summary.sentences)]


def test_a_summary_loses_the_sentences_that_tell_it_in_whatever_words() -> None:
    told = turn(1, "My locker code is 4711. It rains.")
    other = turn(2, "The door of the gym opened at last.")
    code = fact(1, "My locker code is 4711", value="4711")
    summary = episode(
        ("My locker code is 4711.", told),
        ("It rains.", told),
        ("The user opened the door with 4711.", other),
        ("The door of the gym opened at last.", other),
    )

    left = left_of(summary, Sweep([code], [code]), told, other)

    assert left == ["It rains.", "The door of the gym opened at last."]


def test_a_summary_loses_what_its_turns_say_no_more() -> None:
    told = turn(1, "I met Tom, the one with the boat. It rains.")
    tom = fact(1, "I met Tom", value="Tom")
    summary = episode(("He has a boat.", told), ("It rains.", told))

    assert left_of(summary, Sweep([tom], [tom]), told) == ["It rains."]


def test_a_summary_of_other_things_is_left_alone() -> None:
    told = turn(1, "My locker code is 4711.")
    summary = episode(("It rains.", turn(2, "It rains.")))
    code = fact(1, "My locker code is 4711", value="4711")

    assert Sweep([code], [code]).cut_episode(summary, {}, ()) is None
    assert Sweep([], []).cut_episode(summary, {}, {told.id}) is None


def test_only_sentences_that_cite_a_touched_turn_need_support_anew() -> None:
    told, other = turn(1, "I like tea."), turn(2, "I like rye bread.")
    summary = episode(("I like tea.", told), ("I like rye bread.", other))

    lost = without_support(summary, {}, {told.id})

    assert [sentence.text for sentence in lost] == ["I like tea."]


def test_a_plan_counts_the_sentences_of_summaries_and_compares_them() -> None:
    told = turn(1, "I like tea.")
    summary = episode(("I like tea.", told), ("It rains.", told))
    one = ForgetPlan(episodes=(EpisodeCut(episode=summary, gone=summary.sentences[:1]),))
    both = ForgetPlan(episodes=(EpisodeCut(episode=summary, gone=summary.sentences),))

    assert (one.sentence_count, both.sentence_count) == (1, 2)
    assert one
    assert one.is_within(both)
    assert not both.is_within(one)
    assert not one.is_within(ForgetPlan())
