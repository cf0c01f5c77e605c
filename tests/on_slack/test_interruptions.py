"""Killed in the middle of an answer: the next process finishes it, once, in the same place."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from slack_stand_in import Message
from support.office import Ellie, HeldGenerator, Office, office
from support.slack_looks import introductions, labels

from adapters.recovering import DeliveryRecovery
from adapters.slack.reply_blocks import AGAIN
from bot.domain.identity import Platform
from bot.domain.turn import FailureReason, TurnStatus


def is_whole(o: Office, text: str, channel: Any = None) -> bool:
    """Whether she said this and nothing else, and nothing more will come."""
    return o.is_finished(1, channel) and o.said(channel) == [text]


async def hold_after(o: Office, words: int, question: str = "count") -> Message:
    """Have her be in the middle of an answer."""
    o.ellie.generator.hold(after_words=words)
    asked: Message = await o.call(o.ana, question)
    if words:
        await o.slack.until(lambda: o.said() and o.ellie.state.deliveries)
    else:
        await o.slack.until(lambda: o.ellie.generator.requests)
    await o.slack.settled()
    return asked


def held(*replies: str, after_words: int = 0) -> HeldGenerator:
    """A model that is slow from the beginning."""
    generator = HeldGenerator(*replies)
    generator.hold(after_words=after_words)
    return generator


async def recovered(o: Office) -> None:
    """Wait until she has looked through what was cut off, and all of it is dealt with."""
    await o.slack.until(lambda: o.ellie.adapter.is_idle and not unfinished(o))


def unfinished(o: Office) -> list[str]:
    """Turns that nobody has finished showing."""
    state = o.ellie.state
    shown = {found.turn_id for found in state.deliveries.values() if found.is_complete}
    return [stored.turn.id for stored in state.turns.values() if stored.turn.id not in shown]


async def test_killed_before_there_was_text_the_message_is_answered_by_itself() -> None:
    async with office("never") as o:
        asked = await hold_after(o, 0, "my dog is called Biscuit")
        assert o.hers() == []
        await o.restart("Hello Biscuit.")
        await o.slack.until(lambda: is_whole(o, "Hello Biscuit."))
        [reply] = o.hers()
        assert reply.thread_ts == asked.ts
        assert o.ellie.prompts()[0].endswith("user: my dog is called Biscuit")
        [turn] = o.ellie.turns()
        assert (turn.status, turn.reply) == (TurnStatus.ANSWERED, "Hello Biscuit.")
        assert introductions(o) == 1
        assert o.team.session(o.hall, asked.ts).status == "active"
        await o.restart()
        await recovered(o)
        assert o.said() == ["Hello Biscuit."]


async def test_a_direct_message_that_was_cut_off_is_answered_by_itself_too() -> None:
    async with office("never") as o:
        o.ellie.generator.hold()
        asked = await o.write(o.ana, "hello")
        await o.slack.until(lambda: o.ellie.generator.requests)
        dm = o.team.dm(o.ana)
        await o.restart("Hello Ana.")
        await o.slack.until(lambda: is_whole(o, "Hello Ana.", dm))
        assert [reply.thread_ts for reply in o.hers(dm)] == [asked.ts]
        assert introductions(o, dm) == 1


async def test_killed_in_the_middle_of_a_reply_it_is_completed_in_the_same_message() -> None:
    async with office("one two three four") as o:
        await hold_after(o, 2)
        [half] = o.hers()
        assert half.is_streaming
        await o.restart("five six seven")
        await o.slack.until(lambda: is_whole(o, "five six seven"))
        assert o.hers() == [half]
        assert not half.is_streaming
        assert labels(half) == ["Again"]
        assert introductions(o) == 1


async def test_half_an_answer_that_somebody_deleted_meanwhile_is_made_up_for() -> None:
    async with office("one two three four") as o:
        asked = await hold_after(o, 2)
        [half] = o.hers()
        await o.ellie.kill()
        await o.team.delete(None, half)
        await o.restart("five six")
        await o.slack.until(lambda: is_whole(o, "five six"))
        assert [reply.thread_ts for reply in o.hers()] == [asked.ts]


async def test_killed_with_several_messages_written_all_of_them_are_used_again() -> None:
    long = " ".join(f"word{number}" for number in range(2_500))
    async with office(long) as o:
        await hold_after(o, 2_000)
        await o.slack.until(lambda: len(o.hers()) == 2)
        await o.slack.settled()
        before = o.hers()
        await o.restart("Short now.")
        await o.slack.until(lambda: is_whole(o, "Short now."))
        assert o.hers() == before[:1]


async def test_killed_again_while_it_is_made_up_for_there_is_an_apology_and_a_button(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("adapters.recovering.EVERY_SECONDS", 0.05)
    async with office("one two three four") as o:
        await hold_after(o, 2)
        [half] = o.hers()
        await o.restart(generator=held("five six", after_words=1))
        await o.slack.until(lambda: o.ellie.generator.requests)
        await o.restart()
        await o.slack.until(lambda: "I was interrupted" in o.said()[0])
        assert o.hers() == [half]
        assert labels(half) == ["Try again"]
        await o.slack.until(lambda: o.ellie.adapter.is_idle)
        o.ellie.generator.enqueue("seven eight")
        await o.team.press(o.ana, half, action_id=AGAIN)
        await o.slack.until(lambda: is_whole(o, "seven eight"))
        assert o.hers() == [half]
        [turn] = o.ellie.turns()
        assert (turn.status, turn.reply) == (TurnStatus.ANSWERED, "seven eight")
        assert introductions(o) == 1


async def test_killed_again_before_there_was_text_there_is_one_apology(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("adapters.recovering.EVERY_SECONDS", 0.05)
    async with office("never") as o:
        asked = await hold_after(o, 0)
        for _ in range(2):
            await o.restart(generator=held("never"))
            await o.slack.until(lambda: o.ellie.generator.requests or o.hers())
        await o.slack.until(lambda: o.ellie.adapter.is_idle)
        [told] = o.hers()
        assert "I was interrupted" in told.shown_text
        assert told.thread_ts == asked.ts
        for _ in range(2):
            await o.restart()
            await recovered(o)
        assert o.hers() == [told]


async def test_the_apology_is_in_the_language_of_the_message() -> None:
    async with office("never") as o:
        await hold_after(o, 0, "数到四")
        await o.slack.advance(3601)
        await o.restart()
        await o.slack.until(lambda: o.hers() and o.ellie.adapter.is_idle)
        assert "我在回答时被打断了" in o.said()[0]
        assert labels(o.hers()[0]) == ["再试一次"]


async def test_an_answer_that_was_saved_and_not_shown_is_shown_whole() -> None:
    async with office("one two three four") as o:
        await hold_after(o, 2)
        [half] = o.hers()
        for method in ("chat.appendStream", "chat.stopStream", "chat.update", "chat.postMessage"):
            o.slack.status_code(method, 503, times=99)
        o.ellie.generator.release()
        await o.slack.until(lambda: o.ellie.turns()[0].reply and o.ellie.adapter.is_idle)
        assert o.said() == ["one two"]
        await o.ellie.kill()
        o.slack.troubles.clear()
        await o.restart()
        await o.slack.until(lambda: is_whole(o, "one two three four"))
        assert o.hers() == [half]
        assert labels(half) == ["Again"]
        assert introductions(o) == 1
        assert o.ellie.generator.requests == []


async def test_an_answer_that_was_saved_before_anything_was_sent_is_not_lost() -> None:
    async with office("Hello.") as o:
        for method in ("chat.startStream", "chat.postMessage"):
            o.slack.status_code(method, 503, times=99)
        asked = await o.call(o.ana, "hello")
        await o.slack.until(lambda: o.ellie.turns() and o.ellie.turns()[0].reply)
        await o.ellie.kill()
        o.slack.troubles.clear()
        await o.restart()
        await o.slack.until(lambda: is_whole(o, "Hello."))
        assert [reply.thread_ts for reply in o.hers()] == [asked.ts]
        await o.restart()
        await recovered(o)
        assert len(o.hers()) == 1


async def test_what_no_try_could_show_is_shown_later_by_the_same_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("adapters.recovering.EVERY_SECONDS", 0.05)
    async with office("one two three four") as o:
        await hold_after(o, 2)
        for method in ("chat.appendStream", "chat.stopStream", "chat.update", "chat.postMessage"):
            o.slack.status_code(method, 503, times=99)
        o.ellie.generator.release()
        await o.slack.until(lambda: o.ellie.turns()[0].reply and o.ellie.adapter.is_idle)
        assert o.said() == ["one two"]
        o.slack.troubles.clear()
        await o.slack.until(lambda: is_whole(o, "one two three four"))
        assert labels(o.hers()[0]) == ["Again"]


@pytest.mark.parametrize("where", ["hall", "direct"])
async def test_killed_when_a_stream_had_begun_unnoticed_no_second_message_appears(
    where: str,
) -> None:
    async with office("one two three four") as o:
        o.ellie.generator.hold(after_words=2)
        o.slack.drop("chat.startStream", after_effect=True)
        o.slack.hold("conversations.replies")
        channel = o.hall if where == "hall" else o.team.dm(o.ana)
        await (o.call(o.ana, "count") if where == "hall" else o.write(o.ana, "count"))
        await o.slack.until(lambda: o.hers(channel))
        await o.ellie.kill()
        o.slack.release("conversations.replies")
        [half] = o.hers(channel)
        assert half.is_streaming
        await o.restart("five six")
        await o.slack.until(lambda: is_whole(o, "five six", channel))
        assert o.hers(channel) == [half]


@pytest.mark.parametrize("is_slow", [False, True])
async def test_killed_when_a_message_was_posted_unnoticed_no_second_one_appears(
    *, is_slow: bool
) -> None:
    async with office("one two three four") as o:
        o.slack.fail("chat.startStream", "unknown_method", times=99)
        o.ellie.generator.hold(after_words=2)
        o.slack.drop("chat.postMessage", after_effect=True)
        o.slack.hold("conversations.replies")
        await o.call(o.ana, "count")
        await o.slack.until(o.hers)
        await o.ellie.kill()
        o.slack.release("conversations.replies")
        [half] = o.hers()
        generator = held("five six", after_words=1)
        await o.restart(generator=generator)
        if is_slow:
            await o.slack.until(lambda: "five" in o.said()[-1])
        generator.release()
        await o.slack.until(lambda: is_whole(o, "five six"))
        assert o.hers() == [half]
        assert labels(half) == ["Again"]


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


async def test_of_two_processes_that_recover_at_once_one_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with office("never") as o:
        await hold_after(o, 0)
        before = o.ellie
        await before.kill()
        both = [
            Ellie(o.slack, o.team, "Hello.", before=before, worker=f"process {number}")
            for number in range(2)
        ]
        for ellie in both:
            ellie.workers.dead = frozenset({before.workers.name})
        o.ellie = both[0]
        await asyncio.gather(*(ellie.start() for ellie in both))
        try:
            await o.slack.until(lambda: is_whole(o, "Hello."))
            await o.slack.until(lambda: all(ellie.adapter.is_idle for ellie in both))
            assert o.said() == ["Hello."]
            assert sum(len(ellie.generator.requests) for ellie in both) == 1
        finally:
            await both[1].stop()


async def test_recovery_outlives_a_slack_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.recovering.EVERY_SECONDS", 0.05)
    async with office("never") as o:
        await hold_after(o, 0)
        for method in ("conversations.replies", "users.info", "conversations.info"):
            o.slack.status_code(method, 503)
        await o.restart("Hello.")
        await o.slack.until(lambda: o.is_finished(1))
        await o.slack.until(lambda: o.ellie.adapter.is_idle)
        [told] = o.hers()
        assert "I was interrupted" in told.shown_text
        assert labels(told) == ["Try again"]


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
