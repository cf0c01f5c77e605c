"""Long answers and slow ones, streamed into as many messages as they need."""

from __future__ import annotations

import pytest
from support.slack_looks import labels
from support.slack_streams import (
    PROSE,
    assert_finished,
    bare,
    characters,
    expire,
    failed,
    together,
    write,
    writing,
)

from bot.domain.turn import TurnStatus

LENGTH = 30_000
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
