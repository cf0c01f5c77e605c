"""How a reply looks while it is written and afterwards, and what its buttons do."""

from __future__ import annotations

from support.office import office

from adapters.slack.reply_blocks import AGAIN, STOP, VERDICT
from bot.domain.feedback import Verdict
from bot.domain.turn import TurnStatus


async def test_a_mention_is_answered_in_its_thread() -> None:
    async with office("Hello Ana, **nice** to meet you.") as o:
        asked = await o.call(o.ana, "hello")
        assert await o.answered() == ["Hello Ana, **nice** to meet you."]
        [reply] = o.hers()
        assert reply.thread_ts == asked.ts
        [turn] = o.ellie.turns()
        assert (turn.text, turn.reply) == ("hello", "Hello Ana, **nice** to meet you.")


async def test_a_direct_message_is_answered_in_a_thread_of_its_own() -> None:
    async with office("Hello.", "Again hello.") as o:
        first = await o.write(o.ana, "hello")
        dm = o.team.dm(o.ana)
        await o.answered(1, dm)
        second = await o.write(o.ana, "and again")
        assert await o.answered(2, dm) == ["Hello.", "Again hello."]
        assert [reply.thread_ts for reply in o.hers(dm)] == [first.ts, second.ts]


async def test_text_is_streamed_while_it_is_written() -> None:
    async with office("one two three four five six") as o:
        o.ellie.generator.hold(after_words=2)
        asked = await o.call(o.ana, "count")
        await o.slack.until(lambda: o.said() == ["one two"])
        [reply] = o.hers()
        assert reply.is_streaming
        assert o.team.session(o.hall, asked.ts).status == "processing"
        o.ellie.generator.go_on(after_words=4)
        await o.slack.until(lambda: o.said() == ["one two three four"])
        o.ellie.generator.release()
        assert await o.answered() == ["one two three four five six"]
        assert o.hers() == [reply]
        assert o.team.session(o.hall, asked.ts).status == "active"
        assert not o.slack.calls_of("chat.update")


async def test_the_stop_button_of_slack_ends_the_generation() -> None:
    async with office("one two three four five six") as o:
        o.ellie.generator.hold(after_words=2)
        asked = await o.call(o.ana, "count")
        await o.slack.until(lambda: o.said() == ["one two"])
        await o.team.stop(o.ana, o.hall, asked.ts)
        await o.slack.until(lambda: o.is_finished(1))
        assert o.said() == ["one two\n(stopped)"]
        [turn] = o.ellie.turns()
        assert (turn.status, turn.reply) == (TurnStatus.CANCELLED, "one two")
        assert o.team.session(o.hall, asked.ts).status == "active"


async def test_nobody_stops_what_somebody_else_asked() -> None:
    async with office("one two three four") as o:
        o.ellie.generator.hold(after_words=2)
        asked = await o.call(o.ana, "count")
        await o.slack.until(lambda: o.said() == ["one two"])
        await o.team.stop(o.bo, o.hall, asked.ts)
        o.ellie.generator.release()
        assert await o.answered() == ["one two three four"]
        [turn] = o.ellie.turns()
        assert turn.status is TurnStatus.ANSWERED


async def test_thumbs_are_taken_and_taken_back() -> None:
    async with office("Hello.") as o:
        await o.call(o.ana, "hello")
        await o.answered()
        [reply] = o.hers()
        await o.team.press(o.ana, reply, action_id=VERDICT, text="👍")
        await o.slack.until(lambda: o.team.ephemerals(o.ana))
        assert [given.verdict for given in o.ellie.state.feedback.values()] == [Verdict.GOOD]
        await o.team.press(o.ana, reply, action_id=VERDICT, text="👍")
        await o.slack.until(lambda: len(o.team.ephemerals(o.ana)) == 2)
        assert not o.ellie.state.feedback
        await o.team.press(o.bo, reply, action_id=VERDICT, text="👎")
        await o.slack.until(lambda: o.team.ephemerals(o.bo))
        assert "Only the person who asked" in o.team.ephemerals(o.bo)[0].shown_text
        assert not o.ellie.state.feedback


async def test_again_writes_another_reply_in_the_same_message() -> None:
    async with office("Hello.", "Good day.") as o:
        await o.call(o.ana, "hello")
        await o.answered()
        [reply] = o.hers()
        await o.team.press(o.ana, reply, action_id=AGAIN)
        await o.slack.until(lambda: o.said() == ["Good day."] and o.is_finished(1))
        assert o.hers() == [reply]
        [turn] = o.ellie.turns()
        assert turn.reply == "Good day."


async def test_where_slack_does_not_stream_a_reply_is_edited() -> None:
    async with office("one two three four") as o:
        o.slack.fail("chat.startStream", "unknown_method", times=99)
        o.ellie.generator.hold(after_words=2)
        await o.call(o.ana, "count")
        await o.slack.until(lambda: o.said() == ["one two …"])
        [reply] = o.hers()
        await o.team.press(o.ana, reply, action_id=STOP)
        await o.slack.until(lambda: o.is_finished(1))
        assert o.said() == ["one two\n(stopped)"]


async def test_a_long_answer_goes_on_in_the_next_message() -> None:
    long = " ".join(f"word{number}" for number in range(3_500))
    assert len(long) > 30_000
    async with office(long) as o:
        await o.call(o.ana, "write a lot")
        await o.slack.until(lambda: o.is_finished(3))
        said = o.said()
        assert " ".join(" ".join(said).split()) == long
        assert len(said) in {3, 4}


async def test_a_stream_that_expired_loses_nothing() -> None:
    async with office("one two three four five six") as o:
        o.ellie.generator.hold(after_words=2)
        await o.call(o.ana, "count")
        await o.slack.until(lambda: o.said() == ["one two"])
        await o.slack.advance(310)
        o.ellie.generator.go_on(after_words=4)
        await o.slack.until(lambda: "four" in " ".join(o.said()))
        o.ellie.generator.release()
        await o.slack.until(lambda: o.is_finished(1))
        assert " ".join(" ".join(o.said()).split()) == "one two three four five six"
        assert not any(message.is_streaming for message in o.hers())
