"""The sign that Ellie thinks: a session, a status line, or nothing, as Slack lets her."""

from __future__ import annotations

from slack_stand_in import SlackStandIn
from support.office import office

from adapters.slack.outlets import Spot
from adapters.slack.status import THINKS, Statuses
from adapters.slack.web import EllieWebClient
from adapters.tasks import OwnedTasks


async def test_without_sessions_a_line_says_that_she_thinks() -> None:
    async with office("one two three") as o:
        o.slack.fail("agents.sessions.setStatus", "not_allowed", times=99)
        o.ellie.generator.hold()
        asked = await o.call(o.ana, "count")
        await o.slack.until(lambda: o.team.status(o.hall, asked.ts) == THINKS)
        o.ellie.generator.release()
        await o.answered()
        assert not o.team.status(o.hall, asked.ts)
        before = len(o.slack.calls_of("agents.sessions.setStatus"))
        o.ellie.generator.enqueue("four")
        await o.call(o.ana, "and on")
        await o.answered(2)
        assert len(o.slack.calls_of("agents.sessions.setStatus")) == before


async def test_without_any_sign_she_answers_all_the_same() -> None:
    async with office("one two three") as o:
        o.slack.fail("agents.sessions.setStatus", "unknown_method", times=99)
        o.slack.fail("assistant.threads.setStatus", "missing_scope", times=99)
        await o.call(o.ana, "count")
        assert await o.answered() == ["one two three"]


async def test_a_trouble_that_passes_says_nothing_of_the_next_sign() -> None:
    async with office("one", "two") as o:
        o.slack.fail("agents.sessions.setStatus", "fatal_error", times=1)
        await o.call(o.ana, "count")
        await o.answered()
        o.ellie.generator.hold()
        asked = await o.call(o.ana, "count on")
        await o.slack.until(lambda: o.team.session(o.hall, asked.ts) is not None)
        await o.slack.until(lambda: o.team.session(o.hall, asked.ts).status == "processing")
        o.ellie.generator.release()
        await o.answered(2)


async def test_a_session_stays_busy_while_somebody_else_is_answered_in_it() -> None:
    async with office("for Ana", "for Bo now") as o:
        o.ellie.generator.hold(after_words=1)
        asked = await o.call(o.ana, "count")
        await o.slack.until(lambda: o.said() == ["for"])
        await o.call(o.bo, "me too", thread_ts=asked.ts)
        await o.slack.until(lambda: len(o.hers()) == 2)
        await o.team.stop(o.ana, o.hall, asked.ts)
        await o.slack.until(lambda: "(stopped)" in o.said()[0])
        assert o.team.session(o.hall, asked.ts).status == "processing"
        o.ellie.generator.release()
        await o.slack.until(lambda: o.is_finished(2))
        assert o.team.session(o.hall, asked.ts).status == "active"


async def test_a_message_that_is_told_twice_has_one_sign() -> None:
    async with office("one two three") as o:
        await o.call(o.ana, "count")
        await o.answered()
        processing = [
            call
            for call in o.slack.calls_of("agents.sessions.setStatus")
            if call.arguments["status"] == "processing"
        ]
        assert len(processing) == 1


async def test_a_sign_that_ended_at_once_is_gone() -> None:
    async with SlackStandIn() as slack:
        team = slack.add_team("T1")
        team.add_channel("C1", name="hall", members=[])
        tasks = OwnedTasks()
        statuses = Statuses(EllieWebClient(team.bot_token, base_url=slack.api_url), tasks)
        spot = Spot(channel_id="C1", thread_ts="1.000001")
        statuses.thinking(spot).end()
        await tasks.drain()
        assert [call.arguments["status"] for call in slack.calls] in ([], ["active"])
