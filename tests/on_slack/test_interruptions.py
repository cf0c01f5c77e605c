"""Killed in the middle of an answer: the next process finishes it, once, in the same place."""

from __future__ import annotations

import asyncio

import pytest
from support.office import Ellie, office
from support.slack_interruptions import held, hold_after, is_whole, recovered
from support.slack_looks import introductions, labels

from adapters.slack.reply_blocks import AGAIN
from bot.domain.turn import TurnStatus


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
