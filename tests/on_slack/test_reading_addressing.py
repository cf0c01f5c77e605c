"""When Ellie answers a message on Slack, and when she keeps silent."""

from __future__ import annotations

from typing import Any

import pytest
from support.slack_reading import DIRECT, HER, ME, OPEN, said, share, stamp

from adapters.slack.addressing import decide, is_withdrawn, never
from adapters.slack.events import SlackMessage
from adapters.slack.places import Place, PlaceKind
from bot.domain.policy import AnswerPolicy

EVERY_POLICY = pytest.mark.parametrize("policy", list(AnswerPolicy))
LOUD = [AnswerPolicy.ALWAYS, AnswerPolicy.USUAL, AnswerPolicy.THREADS]
IN_THREAD: dict[str, Any] = {"thread_ts": stamp(-60), "parent_user_id": "U2"}


def reason(
    message: SlackMessage,
    policy: AnswerPolicy = AnswerPolicy.USUAL,
    *,
    place: Place = OPEN,
    takes_part: bool = False,
    is_by_bot: bool = False,
) -> str:
    decision = decide(
        message, place=place, policy=policy, me=ME, takes_part=takes_part, is_by_bot=is_by_bot
    )
    return decision.reason if decision.answers else f"silent: {decision.reason}"


@EVERY_POLICY
def test_a_direct_message_is_answered_whatever_the_policy(policy: AnswerPolicy) -> None:
    assert reason(said("hello <@U2>"), policy, place=DIRECT) == "direct"
    assert reason(said("hello", **IN_THREAD), policy, place=DIRECT) == "direct"


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (AnswerPolicy.USUAL, "silent: unaddressed"),
        (AnswerPolicy.MENTIONS, "silent: unaddressed"),
        (AnswerPolicy.THREADS, "silent: unaddressed"),
        (AnswerPolicy.ALWAYS, "always"),
        (AnswerPolicy.OFF, "silent: off"),
    ],
)
@pytest.mark.parametrize("kind", [PlaceKind.OPEN, PlaceKind.CLOSED, PlaceKind.GROUP])
def test_what_is_said_to_nobody_is_answered_only_where_she_always_answers(
    policy: AnswerPolicy, expected: str, kind: PlaceKind
) -> None:
    assert reason(said("nice weather"), policy, place=Place(channel_id="C1", kind=kind)) == expected


@EVERY_POLICY
def test_a_mention_is_answered_unless_she_is_switched_off(policy: AnswerPolicy) -> None:
    expected = "silent: off" if policy is AnswerPolicy.OFF else "mention"
    for words in (
        f"what do you think, {HER}?",
        f"<@U2> and {HER}, look",
        f"<!here> {HER}",
        "<@U0ELLIE|ellie> hi",
    ):
        assert reason(said(words), policy) == expected
        assert reason(said(words, **IN_THREAD), policy) == expected


def test_both_events_of_a_mention_are_judged_alike() -> None:
    mention = said(f"{HER} hello", type="app_mention", channel_type=None)
    assert reason(mention) == reason(said(f"{HER} hello")) == "mention"


def test_a_mention_in_code_is_none() -> None:
    assert reason(said(f"write `{HER}` to call her")) == "silent: unaddressed"
    assert reason(said(f"```{HER}```")) == "silent: unaddressed"


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (AnswerPolicy.USUAL, "thread"),
        (AnswerPolicy.THREADS, "thread"),
        (AnswerPolicy.ALWAYS, "thread"),
        (AnswerPolicy.MENTIONS, "silent: unaddressed"),
        (AnswerPolicy.OFF, "silent: off"),
    ],
)
def test_in_threads_that_she_is_in_no_mention_is_needed(
    policy: AnswerPolicy, expected: str
) -> None:
    assert reason(said("and now?", **IN_THREAD), policy, takes_part=True) == expected
    under_hers = said("and now?", thread_ts=stamp(-60), parent_user_id=ME)
    assert reason(under_hers, policy) == expected


def test_to_take_part_is_about_threads() -> None:
    assert reason(said("nice weather"), takes_part=True) == "silent: unaddressed"


@EVERY_POLICY
def test_other_peoples_threads_are_theirs(policy: AnswerPolicy) -> None:
    expected = "silent: off" if policy is AnswerPolicy.OFF else "silent: others"
    assert reason(said("and now?", **IN_THREAD), policy) == expected


def test_under_own_words_people_talk_to_nobody_else() -> None:
    own = said("I mean tea", thread_ts=stamp(-60), parent_user_id="U1")
    assert reason(own, AnswerPolicy.ALWAYS) == "always"
    assert reason(own) == "silent: unaddressed"


@pytest.mark.parametrize("policy", LOUD)
@pytest.mark.parametrize(
    "words", ["<@U2> me too", "<!here> me too", "<!channel>", "<!subteam^S1|@cooks> me too"]
)
def test_what_is_for_somebody_else_is_left_to_them(policy: AnswerPolicy, words: str) -> None:
    assert reason(said(words, **IN_THREAD), policy, takes_part=True) == "silent: others"
    assert reason(said(words), policy) == "silent: others"


def test_naming_oneself_calls_nobody_else() -> None:
    assert reason(said("<@U1> means me"), AnswerPolicy.ALWAYS) == "always"


@EVERY_POLICY
@pytest.mark.parametrize("place", [OPEN, DIRECT])
def test_programs_are_never_answered(policy: AnswerPolicy, place: Place) -> None:
    words = f"{HER} hello"
    assert reason(said(words, bot_id="B2"), policy, place=place) == "silent: bot"
    assert reason(said(words, bot_id="B2", user="U2"), policy, place=place) == "silent: bot"
    assert reason(said(words), policy, place=place, is_by_bot=True) == "silent: bot"
    assert reason(said(words, user=ME), policy, place=place) == "silent: own"
    assert reason(said(words, user="USLACKBOT"), policy, place=place) == "silent: notice"
    assert reason(said(words, user=None), policy, place=place) == "silent: notice"
    assert reason(said(words, hidden=True), policy, place=place) == "silent: notice"


def test_things_without_words_count_as_said() -> None:
    files = [{"id": "F1", "name": "a.txt", "mode": "hosted"}]
    for place, expected in ((DIRECT, "direct"), (OPEN, "always")):
        policy = AnswerPolicy.ALWAYS
        assert reason(said("", subtype="file_share", files=files), policy, place=place) == expected
        assert reason(said("", attachments=[share("tea")]), policy, place=place) == expected
        assert reason(said(" "), policy, place=place) == "silent: empty"
    assert never(said("hello"), ME) == ""


@pytest.mark.parametrize(
    ("words", "more", "place", "policy", "expected"),
    [
        (f"{HER} tea?", {}, OPEN, AnswerPolicy.USUAL, False),
        ("tea?", {}, OPEN, AnswerPolicy.USUAL, True),
        ("tea?", {}, OPEN, AnswerPolicy.MENTIONS, True),
        ("tea?", {}, OPEN, AnswerPolicy.ALWAYS, False),
        ("<@U2> tea?", {}, OPEN, AnswerPolicy.ALWAYS, True),
        ("<!here> tea?", {}, OPEN, AnswerPolicy.ALWAYS, True),
        ("tea?", IN_THREAD, OPEN, AnswerPolicy.USUAL, False),
        ("<@U2> tea?", IN_THREAD, OPEN, AnswerPolicy.USUAL, True),
        ("<@U2> tea?", {}, DIRECT, AnswerPolicy.USUAL, False),
        (" ", {}, DIRECT, AnswerPolicy.USUAL, True),
    ],
)
def test_an_edit_may_take_a_message_away_from_her(
    words: str, more: dict[str, Any], place: Place, policy: AnswerPolicy, expected: bool
) -> None:
    assert is_withdrawn(said(words, **more), place=place, policy=policy, me=ME) is expected


def test_only_who_speaks_to_her_waits_for_her() -> None:
    def is_called(message: SlackMessage, place: Place = OPEN, *, takes_part: bool = False) -> bool:
        policy = AnswerPolicy.ALWAYS
        return decide(message, place=place, policy=policy, me=ME, takes_part=takes_part).is_called

    assert is_called(said(f"{HER} hi"))
    assert is_called(said("hi"), DIRECT)
    assert not is_called(said("hi"))
    assert not is_called(said("hi", **IN_THREAD), takes_part=True)
