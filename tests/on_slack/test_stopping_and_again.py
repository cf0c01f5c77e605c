"""What people press under a reply: stop, another answer, thumbs; and who may not."""

from __future__ import annotations

from typing import Any

import pytest
from support.office import office
from support.slack_looks import labels, quiet
from support.slack_presses import becomes, press_again, told

from adapters.slack.reply_blocks import AGAIN, STOP, VERDICT
from bot.domain.feedback import Verdict
from bot.domain.turn import TurnStatus

NOTES = b"This house has many rooms.\n" * 40 + b"The password of the wifi is swordfish."
LONG = " ".join(f"word{number}" for number in range(2_500))


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
