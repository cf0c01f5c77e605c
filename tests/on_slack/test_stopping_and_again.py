"""What people press under a reply: stop, another answer, thumbs; and who may not."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from slack_stand_in import Message
from structlog.testing import capture_logs
from support.office import Office, office
from support.slack_looks import labels, quiet

from adapters.slack.reply_blocks import AGAIN, STOP, VERDICT
from bot.domain.feedback import Verdict
from bot.domain.policy import AnswerPolicy
from bot.domain.turn import TurnStatus
from bot.errors import EngineFailedError, StorageUnavailableError

NOTES = b"This house has many rooms.\n" * 40 + b"The password of the wifi is swordfish."
LONG = " ".join(f"word{number}" for number in range(2_500))


async def told(o: Office, who: Any, count: int = 1) -> str:
    """What somebody alone was told last, once it was so many things."""
    await o.slack.until(lambda: len(o.team.ephemerals(who)) >= count)
    return str(o.team.ephemerals(who)[-1].shown_text)


async def press_again(o: Office, message: Message | None = None, who: Any = None) -> None:
    result = await o.team.press(who or o.ana, message or o.hers()[-1], action_id=AGAIN)
    assert result.acked


async def becomes(o: Office, *said: str) -> None:
    """Wait until this is all that she said, and finished."""
    await o.slack.until(lambda: o.is_finished(len(said)) and o.said() == list(said))


# To stop.


async def test_stopped_before_there_is_text_there_is_nothing_but_the_remark() -> None:
    async with office("one two") as o:
        o.ellie.generator.hold()
        asked = await o.call(o.ana, "count")
        await o.slack.until(lambda: o.team.session(o.hall, asked.ts))
        await o.slack.until(lambda: o.ellie.generator.requests)
        await o.team.stop(o.ana, o.hall, asked.ts)
        await becomes(o, "(stopped)")
        assert labels(o.hers()[0]) == ["Again"]


async def test_stopped_while_the_message_is_still_being_taken_nothing_breaks() -> None:
    async with office("one two") as o:
        o.slack.hold("conversations.history")
        asked = await o.call(o.ana, "count")
        await o.slack.until(lambda: o.slack.calls_of("conversations.history"))
        await o.team.stop(o.ana, o.hall, asked.ts)
        o.slack.release("conversations.history")
        await becomes(o, "one two")


async def test_stopping_one_thread_leaves_the_other_alone() -> None:
    async with office("one two", "three four") as o:
        o.ellie.generator.hold(after_words=1)
        first = await o.call(o.ana, "count")
        await o.slack.until(lambda: o.said() == ["one"])
        await o.call(o.ana, "count on")
        await o.slack.until(lambda: len(o.hers()) == 2)
        await o.team.stop(o.ana, o.hall, first.ts)
        await o.slack.until(lambda: "(stopped)" in o.said()[0])
        o.ellie.generator.release()
        await becomes(o, "one\n(stopped)", "three four")


async def test_in_a_thread_of_several_people_everybody_stops_what_they_asked() -> None:
    async with office("one two", "three four") as o:
        o.ellie.generator.hold(after_words=1)
        root = await o.call(o.ana, "count")
        await o.slack.until(lambda: o.said() == ["one"])
        await o.call(o.bo, "count on", thread_ts=root.ts)
        await o.slack.until(lambda: len(o.ellie.turns()) == 2)
        await o.team.stop(o.bo, o.hall, root.ts)
        await o.slack.settled()
        o.ellie.generator.release()
        await quiet(o)
        assert {turn.text: turn.status for turn in o.ellie.turns()} == {
            "count": TurnStatus.ANSWERED,
            "count on": TurnStatus.CANCELLED,
        }
        # Slack stops every stream of the thread; what was stopped against her will goes on.
        assert "one two" in " ".join(o.said()[0].split())


async def test_the_session_works_until_the_last_answer_in_its_thread() -> None:
    async with office("one two", "three four") as o:
        o.ellie.generator.hold(after_words=1)
        root = await o.call(o.ana, "count")
        await o.slack.until(lambda: o.said() == ["one"])
        await o.call(o.bo, "count on", thread_ts=root.ts)
        await o.slack.until(lambda: len(o.ellie.turns()) == 2)
        await o.slack.until(lambda: o.said() == ["one", "three"])
        await o.team.stop(o.ana, o.hall, root.ts)
        await o.slack.until(lambda: labels(o.hers()[0]) == ["Again"])
        await o.slack.settled()
        assert o.team.session(o.hall, root.ts).status == "processing"
        o.ellie.generator.release()
        await becomes(o, "one\n(stopped)", "three four")
        await quiet(o)
        assert o.team.session(o.hall, root.ts).status == "active"


async def test_a_stop_button_of_a_dead_process_says_so() -> None:
    async with office("one two") as o:
        o.slack.fail("chat.startStream", "unknown_method", times=99)
        o.ellie.generator.hold(after_words=1)
        await o.call(o.ana, "count")
        await o.slack.until(o.hers)
        [half] = o.hers()
        o.slack.hold("conversations.replies")  # nothing is recovered yet
        await o.restart("one two")
        await o.team.press(o.ana, half, action_id=STOP)
        assert "That reply is finished." in await told(o, o.ana)
        o.slack.release("conversations.replies")
        await becomes(o, "one two")


async def test_nobody_else_presses_stop() -> None:
    async with office("one two three") as o:
        o.slack.fail("chat.startStream", "unknown_method", times=99)
        o.ellie.generator.hold(after_words=1)
        await o.call(o.ana, "count")
        await o.slack.until(o.hers)
        await o.team.press(o.bo, o.hers()[0], action_id=STOP)
        assert "Only the person who asked can do that." in await told(o, o.bo)
        o.ellie.generator.release()
        await becomes(o, "one two three")


# Another answer.


async def test_another_answer_takes_the_same_messages_and_no_more() -> None:
    async with office(LONG, LONG.replace("word", "term"), "Short.") as o:
        asked = await o.call(o.ana, "go on")
        await o.slack.until(lambda: o.is_finished(3))
        before = o.hers()
        await press_again(o)
        await o.slack.until(lambda: o.is_finished(3) and "term2499" in o.said()[-1])
        assert o.hers() == before
        assert " ".join(" ".join(o.said()).split()) == LONG.replace("word", "term")
        assert [labels(message) for message in before] == [[], [], ["Again"]]
        await press_again(o)
        await becomes(o, "Short.")
        assert o.hers() == before[:1]
        assert all(message.thread_ts == asked.ts for message in o.hers())


async def test_a_long_answer_after_a_short_one_goes_on_below_it() -> None:
    async with office("Short.", LONG) as o:
        await o.call(o.ana, "go on")
        await o.answered()
        [first] = o.hers()
        await press_again(o)
        await o.slack.until(lambda: o.is_finished(3))
        assert o.hers()[0] is first
        assert " ".join(" ".join(o.said()).split()) == LONG
        assert [labels(message) for message in o.hers()] == [[], [], ["Again"]]


async def test_another_answer_can_be_stopped_by_who_asked_and_nobody_else() -> None:
    async with office("Apples.", "one two three") as o:
        asked = await o.call(o.ana, "name a fruit")
        await o.answered()
        [reply] = o.hers()
        o.ellie.generator.hold(after_words=1)
        await press_again(o)
        await o.slack.until(lambda: labels(reply) == ["Stop"])
        assert o.team.session(o.hall, asked.ts).status == "processing"
        await o.team.press(o.bo, reply, action_id=STOP)
        assert "Only the person who asked" in await told(o, o.bo)
        await o.team.press(o.ana, reply, action_id=STOP)
        await becomes(o, "one\n(stopped)")
        await quiet(o)
        assert o.team.session(o.hall, asked.ts).status == "active"


async def test_slacks_own_button_stops_another_answer_too() -> None:
    async with office("Apples.", "one two three") as o:
        asked = await o.call(o.ana, "name a fruit")
        await o.answered()
        o.ellie.generator.hold(after_words=1)
        await press_again(o)
        await o.slack.until(lambda: labels(o.hers()[0]) == ["Stop"])
        await o.team.stop(o.ana, o.hall, asked.ts)
        await becomes(o, "one\n(stopped)")


@pytest.mark.parametrize("is_known", [True, False])
async def test_nobody_has_somebody_elses_message_answered_again(*, is_known: bool) -> None:
    async with office("Hello Bo.", "Apples.") as o:
        if is_known:
            await o.call(o.bo, "hello")
            await o.answered()
        o.ellie.generator.enqueue("Apples.")
        await o.call(o.ana, "name a fruit")
        await o.answered(1 + is_known)
        before = o.said()
        await press_again(o, who=o.bo)
        assert "only for whoever wrote it" in await told(o, o.bo)
        assert o.team.ephemerals(o.bo)[-1].thread_ts == o.hers()[-1].thread_ts
        await quiet(o)
        assert o.said() == before
        assert len(o.ellie.generator.requests) == 1 + is_known


async def test_again_is_refused_while_the_answer_is_being_written() -> None:
    async with office("Apples.", "one two three") as o:
        await o.call(o.ana, "name a fruit")
        await o.answered()
        [reply] = o.hers()
        o.ellie.generator.hold(after_words=1)
        await asyncio.gather(press_again(o, reply), press_again(o, reply))
        assert "I'm still answering that." in await told(o, o.ana)
        o.ellie.generator.release()
        await becomes(o, "one two three")
        assert len(o.ellie.generator.requests) == 2


async def test_again_is_refused_while_the_last_answer_is_not_shown_yet() -> None:
    async with office("Apples.", "Pears.") as o:
        await o.call(o.ana, "name a fruit")
        await o.answered()
        [reply] = o.hers()
        o.slack.hold("chat.update")
        await press_again(o)
        await o.slack.until(lambda: o.slack.calls_of("chat.update"))
        await press_again(o)
        assert "I'm still answering that." in await told(o, o.ana)
        o.slack.release("chat.update")
        await becomes(o, "Pears.")
        assert o.hers() == [reply]
        assert len(o.ellie.generator.requests) == 2


async def test_where_she_is_switched_off_there_is_no_other_answer() -> None:
    async with office("Apples.") as o:
        await o.call(o.ana, "name a fruit")
        await o.answered()
        await o.decide(AnswerPolicy.OFF, o.hall)
        await press_again(o)
        assert "switched off" in await told(o, o.ana)
        await quiet(o)
        assert o.said() == ["Apples."]


async def test_another_answer_knows_what_stands_around_the_message() -> None:
    async with office("A joke.", "A riddle.") as o:
        joke = await o.team.say(o.bo, o.hall, "why did the duck cross the road")
        await o.call(o.ana, "explain", thread_ts=joke.ts)
        await o.answered()
        assert "why did the duck" in o.ellie.prompts()[0]
        await press_again(o)
        await becomes(o, "A riddle.")
        assert "why did the duck" in o.ellie.prompts()[1]


async def test_what_was_deleted_around_the_message_is_not_known_to_another_answer() -> None:
    async with office("A joke.", "A riddle.") as o:
        joke = await o.team.say(o.bo, o.hall, "why did the duck cross the road")
        await o.call(o.ana, "explain", thread_ts=joke.ts)
        await o.answered()
        await o.team.delete(o.bo, joke)
        await press_again(o)
        await becomes(o, "A riddle.")
        assert "why did the duck" not in o.ellie.prompts()[1]


async def test_another_answer_reads_the_files_of_the_message_once_more() -> None:
    async with office("It says so.", "It says swordfish.") as o:
        notes = ("notes.txt", NOTES, "text/plain")
        await o.call(o.ana, "what does it say?", files=[notes])
        await o.answered()
        await press_again(o)
        await becomes(o, "It says swordfish.")
        assert "swordfish" in o.ellie.prompts()[1]


async def test_a_slack_that_tells_nothing_of_the_surroundings_keeps_nobody_waiting() -> None:
    async with office("Apples.", "Pears.") as o:
        await o.call(o.ana, "name a fruit")
        await o.answered()
        for method in ("conversations.replies", "conversations.history"):
            o.slack.status_code(method, 503, times=9)
        await press_again(o)
        await becomes(o, "Pears.")


async def test_another_answer_in_chinese_has_chinese_buttons() -> None:
    async with office("苹果。", "梨。") as o:
        await o.call(o.ana, "说一种水果")
        await o.answered()
        await press_again(o)
        await becomes(o, "梨。")
        assert labels(o.hers()[0]) == ["重新回答"]


async def test_a_broken_model_ends_in_an_apology_and_a_button() -> None:
    async with office(EngineFailedError("boom"), "Back again.") as o:
        asked = await o.call(o.ana, "hello")
        await o.slack.until(lambda: o.is_finished(1))
        [told_so] = o.hers()
        assert "My language model is not working right now." in told_so.shown_text
        assert "boom" not in told_so.shown_text
        assert labels(told_so) == ["Try again"]
        assert told_so.thread_ts == asked.ts
        await press_again(o)
        await becomes(o, "Back again.")
        assert o.hers() == [told_so]


async def test_an_unforeseen_error_is_no_traceback() -> None:
    async with office(RuntimeError("secret detail")) as o:
        await o.call(o.ana, "hello")
        await o.slack.until(lambda: o.is_finished(1))
        assert "Something went wrong on my side." in o.said()[0]
        assert "secret detail" not in o.said()[0]


async def test_another_answer_does_without_messages_that_somebody_deleted() -> None:
    async with office(LONG, LONG.replace("word", "term")) as o:
        await o.call(o.ana, "go on")
        await o.slack.until(lambda: o.is_finished(3))
        first, second, last = o.hers()
        await o.team.delete(None, first)
        await press_again(o, last)
        await o.slack.until(lambda: o.is_finished(3) and "term2499" in o.said()[-1])
        assert o.hers()[:2] == [second, last]
        assert " ".join(" ".join(o.said()).split()) == LONG.replace("word", "term")


async def test_a_message_that_somebody_deletes_in_the_middle_of_another_answer_ends_it() -> None:
    async with office("Apples.", "one two three") as o:
        await o.call(o.ana, "name a fruit")
        await o.answered()
        [reply] = o.hers()
        o.ellie.generator.hold(after_words=1)
        await press_again(o)
        await o.slack.until(lambda: "one" in o.said()[0].split())
        await o.team.delete(None, reply)
        o.ellie.generator.go_on(after_words=2)
        await quiet(o)
        assert o.hers() == []
        [turn] = o.ellie.turns()
        assert turn.status is TurnStatus.CANCELLED


async def test_a_button_that_breaks_is_logged_and_harms_nobody() -> None:
    async with office("Apples.", "Pears.") as o:
        await o.call(o.ana, "name a fruit")
        await o.answered()
        again = o.ellie.engine.again

        async def broken(*_: object) -> None:
            raise RuntimeError("secret detail")

        o.ellie.engine.again = broken  # type: ignore[method-assign, assignment]
        with capture_logs() as logs:
            await press_again(o)
            await quiet(o)
        assert [line["event"] for line in logs if line["log_level"] == "error"]
        assert "secret detail" not in repr([w.shown_text for w in o.team.ephemerals(o.ana)])
        assert o.team.ephemerals(o.ana)
        o.ellie.engine.again = again  # type: ignore[method-assign]
        await press_again(o)
        await becomes(o, "Pears.")


async def test_without_a_database_another_answer_is_refused_with_a_sentence() -> None:
    async with office("Apples.") as o:
        await o.call(o.ana, "name a fruit")
        await o.answered()
        o.ellie.storage.is_alive = False
        await press_again(o)
        assert "I can't reach my memory right now" in await told(o, o.ana)
        assert o.said() == ["Apples."]


async def test_again_under_a_question_by_a_command_goes_into_the_same_thread() -> None:
    async with office("A unit.", "A sound.") as o:
        dm = o.team.dm(o.ana)
        await o.team.slash(o.ana, o.hall, "what is a word?")
        await o.slack.until(lambda: o.is_finished(2, dm))
        root, reply = o.hers(dm)
        await press_again(o, reply)
        await o.slack.until(lambda: "A sound." in reply.shown_text and o.is_finished(2, dm))
        assert o.hers(dm) == [root, reply]
        assert "what is a word?" in root.shown_text


# Thumbs.


async def test_thumbs_can_be_given_the_other_way_round() -> None:
    async with office("Hello.") as o:
        await o.call(o.ana, "hello")
        await o.answered()
        for count, thumb in enumerate(("👍", "👎"), 1):
            await o.team.press(o.ana, o.hers()[0], action_id=VERDICT, text=thumb)
            await told(o, o.ana, count)
        assert [given.verdict for given in o.ellie.state.feedback.values()] == [Verdict.BAD]


async def test_without_a_database_thumbs_are_answered_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with office("Hello.") as o:
        await o.call(o.ana, "hello")
        await o.answered()
        o.ellie.storage.is_alive = False
        result = await o.team.press(o.ana, o.hers()[0], action_id=VERDICT, text="👍")
        assert result.acked
        assert "can't" in await told(o, o.ana)
        o.ellie.storage.is_alive = True
        assert not o.ellie.state.feedback


async def test_thumbs_go_with_the_answer_that_they_were_for() -> None:
    async with office("Apples.", "Pears.") as o:
        await o.call(o.ana, "name a fruit")
        await o.answered()
        await o.team.press(o.ana, o.hers()[0], action_id=VERDICT, text="👎")
        await told(o, o.ana)
        await press_again(o)
        await becomes(o, "Pears.")
        assert not o.ellie.state.feedback


async def test_a_button_is_confirmed_at_once_whatever_else_is_slow() -> None:
    async with office("Hello.", "Again.") as o:
        await o.call(o.ana, "hello")
        await o.answered()
        await quiet(o)
        await o.slack.advance(61)  # nobody is known by heart any more
        o.slack.hold("users.info")
        o.slack.hold("conversations.info")
        database: Any = o.ellie.storage.database
        async with database.writing:
            for action in (VERDICT, AGAIN):
                text = "👍" if action == VERDICT else None
                result = await o.team.press(o.ana, o.hers()[0], action_id=action, text=text)
                assert result.acked
                assert result.seconds is not None
                assert result.seconds < 1
        o.slack.troubles.clear()
        await becomes(o, "Again.")


async def test_a_storage_that_fails_on_reading_the_policy_does_not_hinder_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with office("Apples.", "Pears.") as o:
        await o.call(o.ana, "name a fruit")
        await o.answered()

        async def broken(*_: object) -> None:
            raise StorageUnavailableError("busy")

        monkeypatch.setattr(o.ellie.policies, "of", broken)
        await press_again(o)
        await becomes(o, "Pears.")
