"""Streams that Slack loses, refuses or ends: all of the text is there, and once."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from support.office import QUICK, Office, office
from support.piecewise import PiecewiseGenerator
from support.slack_looks import labels
from support.slack_streams import (
    PROSE,
    assert_finished,
    go_on,
    write,
    writing,
)

from adapters.answer import Pace
from adapters.slack.markdown import HIDDEN_BREAK
from adapters.slack.reply_blocks import AGAIN, STOP
from bot.domain.turn import TurnStatus

SHOWING = ("chat.startStream", "chat.appendStream", "chat.stopStream")
EDITING = ("chat.postMessage", "chat.update")

# What gets lost on the way, and what Slack is too busy for.

Trouble = Callable[[Office, str], None]


def lost_with_effect(o: Office, method: str) -> None:
    o.slack.drop(method, after_effect=True)


def lost_without_effect(o: Office, method: str) -> None:
    o.slack.drop(method, after_effect=False)


def too_many(o: Office, method: str) -> None:
    o.slack.limit(method, 0.01, times=2)


def busy(o: Office, method: str) -> None:
    o.slack.status_code(method, 503, times=2)


def broken(o: Office, method: str) -> None:
    o.slack.fail(method, "internal_error", times=2)


TROUBLES = pytest.mark.parametrize(
    "trouble", [lost_with_effect, lost_without_effect, too_many, busy, broken]
)


@TROUBLES
@pytest.mark.parametrize("method", SHOWING)
async def test_nothing_of_a_stream_is_lost_or_there_twice(method: str, trouble: Trouble) -> None:
    async with writing(["one two", " three four", " five six"]) as o:
        if method == "chat.startStream":
            trouble(o, method)
        await write(o, 1)
        if method != "chat.startStream":
            trouble(o, method)
        await write(o, 2)
        await write(o)
        assert_finished(o, "one two three four five six")
        assert len(o.hers()) <= 2


@TROUBLES
@pytest.mark.parametrize("method", EDITING)
async def test_nothing_is_lost_or_there_twice_where_slack_does_not_stream(
    method: str, trouble: Trouble
) -> None:
    async with writing(["one two", " three four", " five six"]) as o:
        o.slack.fail("chat.startStream", "unknown_method", times=99)
        trouble(o, method)
        await write(o, 1)
        await write(o, 2)
        trouble(o, method)
        await write(o)
        assert_finished(o, "one two three four five six")
        assert len(o.hers()) == 1


@TROUBLES
@pytest.mark.parametrize("method", SHOWING)
async def test_nothing_is_lost_or_there_twice_where_one_message_ends_and_the_next_begins(
    method: str, trouble: Trouble
) -> None:
    pieces = [PROSE[start : start + 4_000] for start in range(0, len(PROSE), 4_000)]
    async with writing(pieces) as o:
        await write(o, 2)
        trouble(o, method)
        await write(o, 3)
        await write(o, 5)
        trouble(o, method)
        await write(o)
        assert_finished(o, PROSE)
        assert len(o.hers()) <= 5


@pytest.mark.parametrize("method", [*SHOWING, *EDITING])
async def test_an_answer_that_is_there_at_once_is_there_once(method: str) -> None:
    async with writing([PROSE]) as o:
        lost_with_effect(o, method)
        await write(o)
        assert_finished(o, PROSE)


async def test_a_stream_that_began_unnoticed_is_not_left_behind_by_the_end() -> None:
    no_more_tries = Pace(look=0.005, edit=60, slowest=60, last_tries=QUICK.last_tries)
    async with writing(["one two", " three"], pace=no_more_tries) as o:
        lost_with_effect(o, "chat.startStream")
        go_on(o, 1)
        await o.slack.until(lambda: "chat.startStream" in {c.method for c in o.slack.calls if c.ok})
        await o.slack.settled()
        await write(o)
        assert_finished(o, "one two three")
        assert len(o.hers()) == 1


async def test_everything_may_be_lost_at_once() -> None:
    async with writing([PROSE[:9_000], PROSE[9_000:18_000], PROSE[18_000:]]) as o:
        for method in (*SHOWING, *EDITING, "conversations.replies"):
            o.slack.drop(method, after_effect=True)
            o.slack.status_code(method, 503)
        await write(o, 1)
        for method in (*SHOWING, *EDITING):
            o.slack.drop(method, after_effect=False)
        await write(o, 2)
        await write(o)
        assert_finished(o, PROSE)


# What Slack refuses.


@pytest.mark.parametrize(
    "error",
    ["unknown_method", "channel_type_not_supported", "missing_recipient_user_id", "invalid_args"],
)
async def test_what_slack_does_not_stream_can_be_stopped_all_the_same(error: str) -> None:
    async with writing(["one two", " three"]) as o:
        o.slack.fail("chat.startStream", error, times=99)
        await write(o, 1)
        [message] = o.hers()
        assert labels(message) == ["Stop"]
        await o.team.press(o.ana, message, action_id=STOP)
        await o.slack.until(lambda: o.is_finished(1))
        assert o.said() == ["one two\n(stopped)"]


async def test_a_stream_that_is_refused_in_the_middle_goes_on_by_edits() -> None:
    async with writing(["one two", " three", " four"]) as o:
        await write(o, 1)
        o.slack.fail("chat.appendStream", "streaming_mode_mismatch", times=99)
        await write(o, 2)
        [message] = o.hers()
        assert labels(message) == ["Stop"]
        await write(o)
        assert o.said() == ["one two three four"]
        assert o.hers() == [message]


async def test_a_message_that_somebody_deletes_in_the_middle_ends_the_answer() -> None:
    async with writing(["one two", " three", " four"]) as o:
        await write(o, 1)
        await o.team.delete(None, o.hers()[0])
        go_on(o, 2)
        await o.slack.until(lambda: o.ellie.adapter.is_idle)
        assert o.hers() == []
        [turn] = o.ellie.turns()
        assert turn.status is TurnStatus.CANCELLED


async def test_a_message_that_somebody_deletes_at_the_end_is_not_sent_again() -> None:
    async with writing(["one two", " three"]) as o:
        await write(o, 1)
        o.slack.hold("chat.stopStream")
        go_on(o)
        await o.slack.until(lambda: o.slack.calls_of("chat.stopStream"))
        await o.team.delete(None, o.hers()[0])
        o.slack.release("chat.stopStream")
        await o.slack.until(lambda: o.ellie.adapter.is_idle)
        assert o.hers() == []


@pytest.mark.parametrize("error", ["thread_not_found", "cannot_reply_to_message"])
async def test_where_the_thread_is_gone_nothing_is_said(error: str) -> None:
    async with office("one two") as o:
        for method in ("chat.startStream", "chat.postMessage"):
            o.slack.fail(method, error, times=99)
        await o.call(o.ana, "count")
        await o.slack.until(lambda: o.ellie.turns() and o.ellie.adapter.is_idle)
        assert o.hers() == []
        [delivery] = o.ellie.state.deliveries.values()
        assert delivery.is_complete


async def test_where_the_first_message_of_a_thread_goes_the_answer_in_it_stays() -> None:
    async with office(generator=PiecewiseGenerator(["one two", " three"])) as o:
        root = await o.team.say(o.bo, o.hall, "who can count?")
        await o.call(o.ana, "count", thread_ts=root.ts)
        await write(o, 1)
        await o.team.delete(o.bo, root)
        await write(o)
        assert o.said() == ["one two three"]


async def test_where_nothing_was_written_she_says_so() -> None:
    async with office("") as o:
        await o.call(o.ana, "say nothing")
        [told] = await o.answered()
        assert "did not come to an answer" in told
        assert labels(o.hers()[0]) == ["Try again"]


async def test_an_answer_of_white_space_is_nothing_too() -> None:
    async with writing(["\n ", " \n\n"]) as o:
        await write(o)
        [told] = o.said()
        assert "did not come to an answer" in told


# Whom a model may call: nobody.

CALLS = re.compile(r"<[@!#]|@(?:channel|everyone|here|group)\b", re.IGNORECASE)
HOSTILE = "Hi <!channel>, <@U2>, <#C1>, @here and @Everyone: `<!here>` <!subteam^S1> a<@ @channel"


@pytest.mark.parametrize("is_streamed", [True, False])
@pytest.mark.parametrize("size", [1, 2, 3, 100])
async def test_nobody_is_called_wherever_the_words_are_cut(size: int, *, is_streamed: bool) -> None:
    pieces = [HOSTILE[start : start + size] for start in range(0, len(HOSTILE), size)]
    async with writing(pieces) as o:
        if not is_streamed:
            o.slack.fail("chat.startStream", "unknown_method", times=99)
        for count in range(1, len(pieces), 4):
            await write(o, count, unseen=12)
        await write(o)
        [message] = o.hers()
        sent = [str(call.arguments) for call in o.slack.calls if call.method.startswith("chat.")]
        assert not any(CALLS.search(arguments) for arguments in sent)
        assert not CALLS.search(message.shown_text)
        assert message.shown_text.replace(HIDDEN_BREAK, "").startswith(HOSTILE)


async def test_what_is_shown_again_by_other_means_calls_nobody_either() -> None:
    async with office(HOSTILE, HOSTILE) as o:
        await o.call(o.ana, "hello")
        await o.answered()
        [message] = o.hers()
        await o.team.press(o.ana, message, action_id=AGAIN)
        await o.slack.until(lambda: len(o.ellie.generator.requests) == 2 and o.is_finished(1))
        sent = [str(call.arguments) for call in o.slack.calls_of("chat.update")]
        assert sent
        assert not any(CALLS.search(arguments) for arguments in sent)
