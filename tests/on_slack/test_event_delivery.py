"""An event may come twice, in any order, or again after a crash: a message is answered once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from slack_stand_in import Message
from support.office import Office, office
from support.slack_looks import is_taken, quiet, told_of

from bot.domain.turn import TurnStatus


@asynccontextmanager
async def held_database(o: Office) -> AsyncIterator[None]:
    """Meanwhile the database answers nobody."""
    database: Any = o.ellie.storage.database
    async with database.writing:
        yield


def lose(o: Office, message: Message) -> None:
    """The confirmations of a message got lost on their way to Slack."""
    for one in told_of(o, message):
        one.acked_after = None


async def test_the_same_event_twice_is_answered_once() -> None:
    async with office("Hello.") as o:
        asked = await o.call(o.ana, "hello")
        await o.answered()
        await quiet(o)
        before = len(o.slack.calls)
        for delivery in told_of(o, asked):
            await o.slack.redeliver(delivery)
        await quiet(o)
        assert o.said() == ["Hello."]
        assert len(o.slack.calls) == before
        assert len(told_of(o, asked)) == 4
        assert is_taken(o, asked)
        assert len(o.ellie.generator.requests) == 1


@pytest.mark.parametrize("mention_first", [False, True])
async def test_a_mention_that_is_told_in_two_ways_is_answered_once(*, mention_first: bool) -> None:
    async with office("Hello.") as o:
        asked = await o.call(o.ana, "hello", mention_first=mention_first)
        kinds = [one.event_type for one in told_of(o, asked)]
        assert kinds == sorted(["message", "app_mention"], reverse=not mention_first)
        await o.answered()
        await quiet(o)
        assert o.said() == ["Hello."]
        assert is_taken(o, asked)
        assert len(o.ellie.turns()) == 1
        # Nothing was even begun for the second one.
        signs = [call.arguments["status"] for call in o.slack.calls_of("agents.sessions.setStatus")]
        assert signs.count("processing") == 1


@pytest.mark.parametrize("kind", ["message", "app_mention"])
async def test_one_of_the_two_ways_is_enough(kind: str) -> None:
    async with office("Hello.") as o:
        asked = await o.call(o.ana, "hello", deliver=False)
        there = o.team.tell

        async def tell(event: dict[str, Any], channel: Any = None) -> Any:
            return await there(event, channel) if event["type"] == kind else []

        o.team.tell = tell  # type: ignore[method-assign]
        await o.team.tell_of(asked)
        del o.team.tell
        assert await o.answered() == ["Hello."]


async def test_two_events_at_once_are_one_message() -> None:
    async with office("Hello.") as o:
        o.slack.hold("users.info")
        asked = await o.call(o.ana, "hello")
        for delivery in told_of(o, asked):
            await o.slack.redeliver(delivery)
        await o.slack.until(lambda: o.slack.calls_of("users.info"))
        o.slack.release("users.info")
        await o.answered()
        await quiet(o)
        assert o.said() == ["Hello."]
        assert len(o.ellie.turns()) == len(o.ellie.generator.requests) == 1
        assert len(o.slack.calls_of("users.info")) == 1


async def test_a_message_is_confirmed_when_it_is_stored_and_not_before() -> None:
    async with office("Hello.") as o:
        async with held_database(o):
            asked = await o.write(o.ana, "hello")
            [delivery] = told_of(o, asked)
            # Everything has been read by then: she thinks.
            await o.slack.until(lambda: o.slack.calls_of("agents.sessions.setStatus"))
            assert not delivery.is_acked
        await o.slack.until(lambda: delivery.is_acked)
        assert [turn.text for turn in o.ellie.turns()] == ["hello"]
        assert await o.answered(1, o.team.dm(o.ana)) == ["Hello."]


async def test_a_message_is_confirmed_before_it_is_answered() -> None:
    async with office("Hello.") as o:
        o.ellie.generator.hold()
        asked = await o.call(o.ana, "hello")
        await o.slack.until(lambda: is_taken(o, asked))
        assert o.hers() == []
        assert [turn.status for turn in o.ellie.turns()] == [TurnStatus.ACCEPTED]
        o.ellie.generator.release()
        assert await o.answered() == ["Hello."]


async def test_what_slack_sends_again_although_it_was_stored_is_not_answered_again() -> None:
    async with office("Hello.") as o:
        asked = await o.call(o.ana, "hello")
        await o.answered()
        lose(o, asked)
        await o.restart()
        await o.slack.retry_unacked()
        await quiet(o)
        assert o.said() == ["Hello."]
        assert is_taken(o, asked) or len(told_of(o, asked)) == 4
        assert o.ellie.generator.requests == []


async def test_what_is_sent_again_while_it_is_answered_disturbs_nothing() -> None:
    async with office("one two three") as o:
        o.ellie.generator.hold(after_words=1)
        asked = await o.call(o.ana, "count")
        await o.slack.until(lambda: o.said() == ["one"])
        for delivery in told_of(o, asked):
            await o.slack.redeliver(delivery)
        await o.slack.settled()
        assert o.team.session(o.hall, asked.ts).status == "processing"
        o.ellie.generator.release()
        assert await o.answered() == ["one two three"]
        assert o.team.session(o.hall, asked.ts).status == "active"


@pytest.mark.parametrize("method", ["users.info", "conversations.history", "conversations.info"])
async def test_what_was_being_read_when_the_process_died_is_answered_by_the_next(
    method: str,
) -> None:
    async with office("Hello.") as o:
        o.slack.hold(method)
        asked = await o.call(o.ana, "hello")
        await o.slack.until(lambda: o.slack.calls_of(method))
        await o.ellie.kill()
        assert not any(one.is_acked for one in told_of(o, asked))
        assert o.ellie.turns() == []
        o.slack.release(method)
        await o.restart("Hello.")
        await o.slack.retry_unacked()
        assert await o.answered() == ["Hello."]
        await quiet(o)
        assert o.said() == ["Hello."]
        assert len(o.ellie.turns()) == 1


async def test_what_was_being_stored_when_the_process_died_is_answered_by_the_next() -> None:
    async with office("Hello.") as o:
        async with held_database(o):
            asked = await o.write(o.ana, "hello")
            await o.slack.until(lambda: o.slack.calls_of("agents.sessions.setStatus"))
            await o.ellie.kill()
        assert not is_taken(o, asked)
        assert o.ellie.turns() == []
        await o.restart("Hello.")
        await o.slack.retry_unacked()
        assert await o.answered(1, o.team.dm(o.ana)) == ["Hello."]
        await quiet(o)
        assert len(o.ellie.turns()) == len(o.hers(o.team.dm(o.ana))) == 1


async def test_a_slow_slack_does_not_keep_a_message_from_being_stored_in_time() -> None:
    async with office("Hello.") as o:
        for method in ("users.info", "conversations.history", "conversations.info"):
            o.slack.hold(method)
        asked = await o.call(o.ana, "hello")
        await o.slack.until(lambda: is_taken(o, asked))
        took = max(one.acked_after or 0 for one in told_of(o, asked))
        assert took < 3  # after which Slack believes that it got lost
        o.slack.troubles.clear()
        assert await o.answered() == ["Hello."]


async def test_without_a_database_the_person_is_told_and_the_event_confirmed() -> None:
    async with office() as o:
        o.ellie.storage.is_alive = False
        asked = await o.call(o.ana, "hello")
        await o.answered()
        await quiet(o)
        [told] = o.said()
        assert "I can't reach my memory right now" in told
        assert o.hers()[0].thread_ts == asked.ts
        assert is_taken(o, asked)
        assert "Try again" not in told
        assert o.team.session(o.hall, asked.ts).status == "active"


async def test_a_message_in_a_thread_without_a_database_bothers_nobody() -> None:
    """She cannot know whether she takes part in it, so she keeps out."""
    async with office() as o:
        root = await o.team.say(o.ana, o.hall, "who wants tea?")
        o.ellie.storage.is_alive = False
        said = await o.team.say(o.bo, o.hall, "me", thread_ts=root.ts)
        await quiet(o)
        assert o.hers() == []
        assert is_taken(o, said)


async def test_an_event_that_breaks_is_not_confirmed_and_taken_when_it_comes_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with office("Hello.") as o:
        handle, broken = o.ellie.engine.handle, [True]

        async def at_first_broken(message: Any) -> Any:
            if broken:
                broken.clear()
                raise ValueError("secret detail")
            return await handle(message)

        monkeypatch.setattr(o.ellie.engine, "handle", at_first_broken)
        asked = await o.write(o.ana, "hello")
        [delivery] = told_of(o, asked)
        await o.slack.until(lambda: not broken and o.ellie.adapter.is_idle)
        assert not delivery.is_acked
        await o.slack.redeliver(delivery)
        assert await o.answered(1, o.team.dm(o.ana)) == ["Hello."]


async def test_a_storage_that_is_down_for_a_moment_costs_only_that_message() -> None:
    async with office("Here I am.") as o:
        o.ellie.storage.is_alive = False
        await o.call(o.ana, "hello")
        await o.answered()
        o.ellie.storage.is_alive = True
        await o.call(o.ana, "and now?")
        assert (await o.answered(2))[-1] == "Here I am."


async def test_what_others_say_is_confirmed_and_left_alone() -> None:
    async with office() as o:
        said = await o.team.say(o.ana, o.hall, "who wants tea?")
        robot = o.team.add_user("U9", name="robot", is_bot=True)
        robot.bot_id = "B9"
        beep = await o.team.say(robot, o.hall, f"{o.me} beep")
        await quiet(o)
        assert is_taken(o, said)
        assert is_taken(o, beep)
        assert o.hers() == []
        assert o.ellie.turns() == []
