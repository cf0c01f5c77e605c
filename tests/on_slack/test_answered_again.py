"""Another answer to the same message, by the button under the first one."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs
from support.office import office
from support.slack_looks import labels, quiet
from support.slack_presses import becomes, press_again, told

from adapters.slack.reply_blocks import STOP
from bot.domain.policy import AnswerPolicy
from bot.domain.turn import TurnStatus
from bot.errors import EngineFailedError, StorageUnavailableError

NOTES = b"This house has many rooms.\n" * 40 + b"The password of the wifi is swordfish."
LONG = " ".join(f"word{number}" for number in range(2_500))


@pytest.mark.at_once
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


@pytest.mark.at_once
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
