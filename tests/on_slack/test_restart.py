"""What becomes of an answer that was cut off, when the world went on; and being told to stop."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from support.office import Ellie, office
from support.slack_interruptions import hold_after, is_whole, recovered, unfinished
from support.slack_looks import introductions, labels

from adapters.recovering import DeliveryRecovery
from adapters.slack.reply_blocks import AGAIN
from bot.domain.identity import Platform
from bot.domain.turn import FailureReason, TurnStatus


async def test_the_apology_is_in_the_language_of_the_message() -> None:
    async with office("never") as o:
        await hold_after(o, 0, "数到四")
        await o.slack.advance(3601)
        await o.restart()
        await o.slack.until(lambda: o.hers() and o.ellie.adapter.is_idle)
        assert "我在回答时被打断了" in o.said()[0]
        assert labels(o.hers()[0]) == ["再试一次"]


async def test_a_message_that_was_deleted_meanwhile_is_not_answered() -> None:
    async with office("one two three") as o:
        asked = await hold_after(o, 0, "my dog is called Biscuit")
        await o.ellie.kill()
        await o.team.delete(o.ana, asked)
        await o.restart()
        await o.slack.until(lambda: o.ellie.adapter.is_idle and not unfinished(o))
        assert o.hers() == []
        assert o.ellie.generator.requests == []
        assert "Biscuit" not in repr(o.ellie.turns()) + repr(o.ellie.facts())


async def test_half_an_answer_to_a_message_that_was_deleted_meanwhile_does_not_stay() -> None:
    async with office("one two three") as o:
        asked = await hold_after(o, 1, "my dog is called Biscuit")
        assert len(o.hers()) == 1
        await o.ellie.kill()
        await o.team.delete(o.ana, asked)
        await o.restart()
        await recovered(o)
        assert o.ellie.generator.requests == []
        assert o.hers() == []
        assert "Biscuit" not in repr(o.ellie.turns()) + repr(o.ellie.facts())


async def test_an_answer_that_was_not_shown_is_not_shown_to_a_message_that_was_deleted() -> None:
    async with office("Hello Biscuit.", "Hello again.") as o:
        for method in ("chat.startStream", "chat.postMessage"):
            o.slack.status_code(method, 503, times=99)
        asked = await o.call(o.ana, "my dog is called Biscuit")
        await o.slack.until(lambda: o.ellie.turns() and o.ellie.turns()[0].reply)
        await o.ellie.kill()
        o.slack.troubles.clear()
        await o.team.delete(o.ana, asked)
        await o.restart("Hello again.")
        await recovered(o)
        assert o.hers() == []
        assert "Biscuit" not in repr(o.ellie.turns()) + repr(o.ellie.facts())
        await o.call(o.ana, "hello")
        await o.answered()
        assert introductions(o) == 1


async def test_what_was_said_in_a_message_after_it_was_edited_is_answered() -> None:
    async with office("never") as o:
        asked = await hold_after(o, 0, "what is two plus two?")
        await o.ellie.kill()
        await o.team.edit(o.ana, asked, f"{o.me} what is two plus three?")
        await o.restart("Five.")
        await o.slack.until(lambda: is_whole(o, "Five."))
        # The edit itself is told to nobody, or again by Slack: both ways it is answered once.
        assert len(o.hers()) == 1


async def test_what_is_older_than_an_hour_is_apologised_for() -> None:
    async with office("never") as o:
        asked = await hold_after(o, 0)
        await o.slack.advance(3601)
        await o.restart()
        await o.slack.until(lambda: o.hers() and o.ellie.adapter.is_idle)
        [told] = o.hers()
        assert "I was interrupted" in told.shown_text
        assert told.thread_ts == asked.ts
        assert labels(told) == ["Try again"]
        o.ellie.generator.enqueue("one two")
        await o.team.press(o.ana, told, action_id=AGAIN)
        await o.slack.until(lambda: is_whole(o, "one two"))
        assert o.hers() == [told]


async def test_half_an_answer_of_more_than_an_hour_ago_gets_the_apology() -> None:
    async with office("one two three") as o:
        await hold_after(o, 2)
        [half] = o.hers()
        await o.slack.advance(3601)
        await o.restart()
        await o.slack.until(lambda: "I was interrupted" in o.said()[0])
        assert o.hers() == [half]
        assert not half.is_streaming


async def test_told_to_stop_she_shows_first_what_she_is_writing() -> None:
    async with office("one two three four") as o:
        await hold_after(o, 2)
        [half] = o.hers()
        stopping = asyncio.create_task(stop(o.ellie, grace_seconds=30))
        await o.slack.until(o.ellie.adapter._stopping.is_set)
        assert not stopping.done()
        o.ellie.generator.release()
        await stopping
        assert o.said() == ["one two three four"]
        assert not half.is_streaming
        assert labels(half) == ["Again"]


async def test_what_is_not_written_in_time_when_she_stops_ends_in_an_apology() -> None:
    async with office("one two three four") as o:
        await hold_after(o, 2)
        [half] = o.hers()
        await stop(o.ellie, grace_seconds=0)
        assert not half.is_streaming
        assert half.shown_text.startswith("one two\n")
        assert "interrupted" in half.shown_text
        assert labels(half) == ["Try again"]
        [turn] = o.ellie.turns()
        assert (turn.status, turn.failure) == (TurnStatus.FAILED, FailureReason.INTERRUPTED)
        # Who was told is not answered by itself.
        await o.restart()
        await recovered(o)
        assert o.hers() == [half]
        assert o.ellie.generator.requests == []


async def test_a_message_that_is_just_being_read_when_she_stops_is_not_lost() -> None:
    async with office("never") as o:
        o.slack.hold("conversations.history")
        await o.call(o.ana, "hello")
        await o.slack.until(lambda: o.slack.calls_of("conversations.history"))
        stopping = asyncio.create_task(stop(o.ellie, grace_seconds=0))
        await o.slack.until(o.ellie.adapter._stopping.is_set)
        o.slack.release("conversations.history")
        await stopping
        [told] = o.said()
        assert "I'm just being shut down" in told
        assert o.ellie.turns() == []
        await o.restart("Hello.")
        await o.slack.retry_unacked()
        await o.slack.settled()
        await recovered(o)
        assert o.said() == [told]


async def test_a_question_by_a_command_that_was_cut_off_is_apologised_for_in_its_thread() -> None:
    async with office("one two three") as o:
        dm = o.team.dm(o.ana)
        o.ellie.generator.hold(after_words=2)
        await o.team.slash(o.ana, o.hall, "what is a word?")
        await o.slack.until(lambda: len(o.hers(dm)) == 2 and o.ellie.state.deliveries)
        await o.slack.settled()
        root, half = o.hers(dm)
        await o.restart()
        await o.slack.until(lambda: "I was interrupted" in half.shown_text)
        assert o.hers(dm) == [root, half]
        assert half.thread_ts == root.ts
        assert not half.is_streaming
        o.ellie.generator.enqueue("A sound.")
        await o.slack.until(lambda: o.ellie.adapter.is_idle)
        await o.team.press(o.ana, half, action_id=AGAIN)
        await o.slack.until(lambda: o.is_finished(2, dm) and "A sound." in half.shown_text)
        assert o.hers(dm) == [root, half]


async def test_a_question_by_a_command_without_any_text_yet_is_apologised_for_as_well() -> None:
    async with office("one two three") as o:
        dm = o.team.dm(o.ana)
        o.ellie.generator.hold()
        await o.team.slash(o.ana, o.hall, "what is a word?")
        await o.slack.until(lambda: o.ellie.generator.requests)
        await o.restart()
        await o.slack.until(lambda: len(o.hers(dm)) == 2)
        root, told = o.hers(dm)
        assert "I was interrupted" in told.shown_text
        assert told.thread_ts == root.ts


async def test_what_nobody_can_finish_is_given_up_after_a_day(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(DeliveryRecovery, "watch", idle)
    async with office("never") as o:
        await hold_after(o, 0)
        o.hall.bot_is_member = False
        ellie = await o.restart()
        assert len(await ellie.deliveries.unfinished(Platform.SLACK)) == 1
        await o.slack.advance(timedelta(hours=25).total_seconds())
        monkeypatch.undo()
        await o.restart()
        await o.slack.until(lambda: not unfinished(o))
        assert o.hers() == []


async def idle(_: object) -> None:
    """Leave it to the test."""


async def stop(ellie: Ellie, *, grace_seconds: float) -> None:
    """As ``ellie run`` does it, with patience of its own."""
    await ellie.adapter.stop()
    await ellie.engine.stop(grace_seconds)
    await ellie.ended()
