"""Long answers, slow ones, and ones that meet trouble: all of the text is there, and once."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
import regex
from support.office import QUICK, Office, office
from support.piecewise import PiecewiseGenerator
from support.slack_looks import labels

from adapters.answer import Pace
from adapters.fences import find_fences
from adapters.slack.markdown import HIDDEN_BREAK
from adapters.slack.reply_blocks import AGAIN, STOP
from bot.domain.turn import TurnStatus

LENGTH = 30_000
LIMIT = 12_000
"""Characters that Slack takes in one message."""
SHOWING = ("chat.startStream", "chat.appendStream", "chat.stopStream")
EDITING = ("chat.postMessage", "chat.update")

PROSE = " ".join(f"The number {n} is a number that comes after {n - 1}." for n in range(1, 620))
CODE = "\n".join(
    f"    if count[{n}] == {n}:\n\n        print('{n}: 数到了', sep='\t')" for n in range(600)
)
LIST = "\n".join(
    f"- The part {n} has parts of its own:\n"
    f"  1. the first, which is called {n}a\n"
    f"     - and has **one** more, {n}aa, with `code` in it\n"
    f"  2. the second, which is called {n}b"
    for n in range(220)
)
ANSWERS = {
    "prose": PROSE,
    "a nested list": LIST,
    "code": f"Here it is:\n```python\n{CODE}\n```\nThat is all.",
    "code without an end": f"Here it is:\n```python\n{CODE}",
    "code of one line": f"Here it is:\n```\n{'x' * LENGTH}\n```\nThat is all.",
    "code in a list": f"1. Here:\n   ~~~~py\n{CODE}\n   ~~~~\n2. That is all.",
    "Chinese": "春眠不觉晓处处闻啼鸟夜来风雨声花落知多少" * (LENGTH // 20),
    "Chinese sentences": "春眠不觉晓，处处闻啼鸟。夜来风雨声，花落知多少？" * (LENGTH // 24 + 1),
    "families": "👨‍👩‍👧‍👦" * (LENGTH // 7 + 1),
    "flags and skins": "🇵🇹👍🏽" * (LENGTH // 4),
    "one word": "a" * LENGTH,
    "blank lines": "word\n\n\n" * (LENGTH // 7 + 1),
}


def bare(text: str) -> str:
    """Without white space, the lines around code, and what is hidden in it."""
    lines = (line for line in text.split("\n") if not line.strip().startswith(("```", "~~~")))
    return re.sub(rf"[\s{HIDDEN_BREAK}]+", "", "\n".join(lines))


def characters(text: str) -> list[str]:
    """As people see them: an emoji may be many code points."""
    return regex.findall(r"\X", bare(text))


def together(o: Office, channel: Any = None) -> str:
    """What all her messages say, without what tells where white space was."""
    return "".join(map(bare, o.said(channel)))


def failed(o: Office) -> list[str]:
    """Her calls that Slack refused."""
    return [f"{call.method}: {call.error}" for call in o.slack.calls if not call.ok]


def assert_finished(o: Office, text: str) -> None:
    """All of the text is there, once, in messages that fit, of which the last has the buttons."""
    messages = o.hers()
    assert together(o) == bare(text)
    assert not any(message.is_streaming for message in messages)
    assert [labels(m) for m in messages] == [[]] * (len(messages) - 1) + [["Again"]]
    for message, said in zip(messages, o.said(), strict=True):
        assert 0 < len(message.markdown or message.shown_text) <= LIMIT
        assert all(fence.is_closed for fence in find_fences(said.split("\n")))


@asynccontextmanager
async def writing(pieces: Sequence[str], **options: Any) -> AsyncIterator[Office]:
    """Somebody has asked, and the model writes as it is let."""
    async with office(generator=PiecewiseGenerator(pieces), **options) as o:
        await o.call(o.ana, "tell me everything")
        yield o


def go_on(o: Office, count: int | None = None) -> str:
    """Let so many pieces be written; returns what they are together."""
    generator = o.ellie.generator
    assert isinstance(generator, PiecewiseGenerator)
    return generator.write(count)


async def write(o: Office, count: int | None = None, *, unseen: int = 0) -> None:
    """Let so many pieces be written, and wait until they are seen.

    ``unseen``: how many characters at the end need not be, because more may change them.
    """
    text = go_on(o, count)
    if count is None:
        await o.slack.until(lambda: o.is_finished(1))
    else:
        await o.slack.until(lambda: len(together(o)) >= len(bare(text)) - unseen)


@pytest.mark.parametrize("kind", ANSWERS)
async def test_a_long_answer_that_is_there_at_once_comes_whole(kind: str) -> None:
    text = ANSWERS[kind]
    async with writing([text]) as o:
        await write(o)
        assert_finished(o, text)
        assert [c for m in o.said() for c in characters(m)] == characters(text)
        assert failed(o) == []
        assert len(o.hers()) <= 2 * len(text) // 10_000 + 2


@pytest.mark.parametrize("kind", ANSWERS)
async def test_a_long_answer_that_grows_is_whole_at_every_moment(kind: str) -> None:
    text = ANSWERS[kind]
    size = 1_700
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    async with writing(pieces) as o:
        for count in range(1, len(pieces)):
            await write(o, count, unseen=12)
            assert bare("".join(pieces[:count])).startswith(together(o))
            assert sum(message.is_streaming for message in o.hers()) <= 1
        await write(o)
        assert_finished(o, text)
        assert [c for m in o.said() for c in characters(m)] == characters(text)
        assert failed(o) == []
        assert not o.slack.calls_of("chat.update")


@pytest.mark.parametrize("kind", ANSWERS)
async def test_where_slack_does_not_stream_a_long_answer_comes_whole_too(kind: str) -> None:
    text = ANSWERS[kind]
    pieces = [text[: LENGTH // 2], text[LENGTH // 2 :]]
    async with writing(pieces) as o:
        o.slack.fail("chat.startStream", "unknown_method", times=99)
        await write(o, 1)
        assert labels(o.hers()[-1]) == ["Stop"]
        await write(o)
        assert_finished(o, text)
        assert {line for line in failed(o) if "startStream" not in line} == set()


async def test_code_goes_on_with_its_language() -> None:
    async with writing([ANSWERS["code"]]) as o:
        await write(o)
        first, *more = o.said()
        assert first.startswith("Here it is:\n```python\n")
        assert more
        assert all(said.startswith("```python\n    ") for said in more)
        assert more[-1].endswith("```\nThat is all.")


async def test_the_lines_of_code_are_as_they_were() -> None:
    async with writing([ANSWERS["code"]]) as o:
        await write(o)
        lines = [line for said in o.said() for line in said.split("\n")]
        kept = [line for line in lines if line and not line.startswith("```")]
        assert kept[1:-1] == [line for line in CODE.split("\n") if line]


async def test_an_emoji_that_comes_in_pieces_is_never_cut() -> None:
    family = "👨‍👩‍👧‍👦"
    text = family * 1_600  # more than one message, and its end is at none of the pieces
    async with writing(list(text)) as o:
        for count in range(500, len(text), 501):
            await write(o, count, unseen=12)
        await write(o)
        assert_finished(o, text)
        assert len(o.hers()) > 1
        assert [c for m in o.said() for c in characters(m)] == [family] * 1_600
        assert failed(o) == []


async def test_a_message_that_is_full_to_the_brim_goes_on_in_the_next() -> None:
    for size in (10_475, 10_476, 10_477, 10_500, 10_501):
        async with writing(["a" * size, " b c"]) as o:
            await write(o, 1)
            await write(o)
            assert_finished(o, "a" * size + "b c")
            assert failed(o) == []


# The life of a stream.


async def test_a_stream_is_ended_before_it_expires() -> None:
    async with writing(["one two", " three", " four"]) as o:
        await write(o, 1)
        await o.slack.advance(280)
        await write(o, 2)
        first, second = o.hers()
        assert not first.is_streaming
        assert second.is_streaming
        await o.slack.advance(280)
        await write(o)
        assert o.said() == ["one two", "three", "four"] or o.said() == ["one two", "three four"]
        assert_finished(o, "one two three four")
        assert failed(o) == []


async def test_while_a_slow_model_says_nothing_its_stream_is_ended_in_time() -> None:
    async with writing(["one two", " three"]) as o:
        await write(o, 1)
        [message] = o.hers()
        await o.slack.advance(280)
        await o.slack.until(lambda: not message.is_streaming)
        await o.slack.advance(600)
        await write(o)
        assert_finished(o, "one two three")
        assert failed(o) == []


async def test_a_stream_that_ends_early_does_not_look_as_if_she_were_done() -> None:
    async with writing(["one two", " three"]) as o:
        await write(o, 1)
        [message] = o.hers()
        await o.slack.advance(280)
        await o.slack.until(lambda: not message.is_streaming)
        await o.slack.settled()
        assert o.team.session(o.hall, message.root_ts).status == "processing"
        await write(o)
        assert o.team.session(o.hall, message.root_ts).status == "active"


async def test_a_long_answer_can_be_stopped_in_its_second_message() -> None:
    async with writing(["one " * 3_000, "two", " three"]) as o:
        await write(o, 2)
        [_, second] = o.hers()
        assert o.team.session(o.hall, second.root_ts).status == "processing"
        await o.team.stop(o.ana, o.hall, second.root_ts)
        await o.slack.until(lambda: o.is_finished(2))
        assert o.said()[-1].endswith("two\n(stopped)")
        [turn] = o.ellie.turns()
        assert turn.status is TurnStatus.CANCELLED


async def test_a_stream_that_expired_in_the_middle_loses_nothing() -> None:
    async with writing(["one two", " three", " four"]) as o:
        await write(o, 1)
        expire(o)
        await write(o, 2)
        await write(o)
        assert_finished(o, "one two three four")


async def test_a_stream_that_expired_at_the_end_loses_nothing() -> None:
    async with writing(["one two", " three"]) as o:
        await write(o, 1)
        expire(o)
        await write(o)
        assert_finished(o, "one two three")
        assert len(o.hers()) == 1


async def test_a_stream_that_expired_within_code_loses_nothing() -> None:
    async with writing(["```py\none\ntwo", "\nthree\n", "four\n```\nfive"]) as o:
        await write(o, 1)
        expire(o)
        await write(o, 2)
        await write(o)
        assert_finished(o, "one two three four five")


def expire(o: Office) -> None:
    """Slack ends what it streams, of its own accord and early, and without a word."""
    for message in o.hall.running():
        assert message.stream is not None
        message.stream.is_running = False


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
        assert "nothing" in told.lower()
        assert labels(o.hers()[0]) == ["Again"]


async def test_an_answer_of_white_space_is_nothing_too() -> None:
    async with writing(["\n ", " \n\n"]) as o:
        await write(o)
        [told] = o.said()
        assert "nothing" in told.lower()


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
