"""The whole of Ellie where Slack posts to an address of hers."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import aiohttp
import pytest
from slack_stand_in.signed_http import Answer
from support.office import Office, office
from support.office_talk import is_answered, quiet

from adapters.slack.http_events import HEALTH_PATH, MAX_BODY_BYTES
from adapters.slack.reply_blocks import AGAIN, VERDICT
from bot.domain.feedback import Verdict


def event(o: Office, text: str = "hello", ts: str = "1700000000.000100") -> dict[str, Any]:
    """A direct message of Ana's, as Slack posts it."""
    return {
        "type": "event_callback",
        "team_id": o.team.id,
        "api_app_id": o.team.app_id,
        "event_id": f"Ev{ts}",
        "event": {
            "type": "message",
            "channel": o.team.dm(o.ana).id,
            "channel_type": "im",
            "user": o.ana.id,
            "text": text,
            "ts": ts,
        },
    }


async def fetched(o: Office, path: str, **how: Any) -> tuple[int, str]:
    base = o.team.http_url.rsplit("/slack/", 1)[0]
    async with (
        aiohttp.ClientSession() as session,
        session.request(how.pop("method", "GET"), f"{base}{path}", **how) as response,
    ):
        return response.status, await response.text()


async def refused(o: Office, answer: Answer) -> bool:
    await quiet(o)
    return answer.status == 401 and not o.ellie.turns()


async def test_a_mention_is_answered_and_acknowledged_when_it_is_stored() -> None:
    async with office("Hello Ana.", over_http=True) as o:
        asked = await o.call(o.ana, "hello")
        assert await is_answered(o, asked)
        assert o.said() == ["Hello Ana."]
        deliveries = [one for one in o.slack.deliveries if one.event_type == "message"]
        assert all(one.is_acked for one in deliveries)
        assert not o.slack.connections(o.team)


async def test_an_answer_is_streamed_while_it_is_written() -> None:
    async with office("one two three four", over_http=True) as o:
        o.ellie.generator.hold(after_words=2)
        await o.write(o.ana, "count")
        direct = o.team.dm(o.ana)
        await o.slack.until(lambda: o.said(direct) == ["one two"])
        assert o.hers(direct)[0].is_streaming
        assert o.slack.deliveries[0].is_acked  # long before the answer is there
        o.ellie.generator.release()
        assert await o.answered(1, direct) == ["one two three four"]


async def test_a_slash_command_and_its_form_work() -> None:
    async with office("Noted.", over_http=True) as o:
        assert await is_answered(o, await o.write(o.ana, "I like tea"))
        shown = await o.team.slash(o.ana, o.hall, "memory show")
        await o.slack.until(lambda: shown.texts)
        assert shown.acked
        assert "tea" in shown.texts[0]
        await o.team.slash(o.ana, o.hall, "memory edit 1")
        await o.slack.until(lambda: o.team.modal(o.ana))
        form = o.team.modal(o.ana)
        assert form is not None
        [field] = [block["block_id"] for block in form.blocks if block["type"] == "input"]
        sent = await o.team.submit(o.ana, {field: "Likes green tea."})
        assert sent.acked
        assert not sent.errors
        await o.slack.until(lambda: "Likes green tea." in o.ellie.facts())


async def test_the_buttons_under_a_reply_work() -> None:
    async with office("Hello.", "Good day.", over_http=True) as o:
        assert await is_answered(o, await o.call(o.ana, "hello"))
        [reply] = o.hers()
        pressed = await o.team.press(o.ana, reply, action_id=VERDICT, text="👍")
        assert pressed.acked
        await o.slack.until(lambda: o.ellie.state.feedback)
        assert [one.verdict for one in o.ellie.state.feedback.values()] == [Verdict.GOOD]
        await o.team.press(o.ana, reply, action_id=AGAIN)
        await o.slack.until(lambda: o.said() == ["Good day."] and o.is_finished(1))


async def test_the_home_tab_is_filled() -> None:
    async with office(over_http=True) as o:
        await o.team.open_home(o.ana)
        await o.slack.until(lambda: o.team.home(o.ana))


async def test_with_another_secret_nothing_is_taken() -> None:
    async with office(over_http=True) as o:
        assert await refused(o, await o.slack.post_signed(o.team, event(o), secret="guessed"))
        assert await refused(o, await o.slack.post_signed(o.team, event(o), secret=""))


@pytest.mark.parametrize("age", [301, -301, 86_400])
async def test_what_was_signed_at_another_time_is_not_taken(age: int) -> None:
    async with office(over_http=True) as o:
        then = time.time() - age
        assert await refused(o, await o.slack.post_signed(o.team, event(o), timestamp=then))


async def test_the_very_same_request_is_taken_once() -> None:
    async with office("Once.", over_http=True) as o:
        first = await o.slack.post_signed(o.team, event(o))
        assert first.status == 200
        await quiet(o)
        again = await o.slack.replay()
        assert again.status == 401
        await quiet(o)
        assert len(o.ellie.turns()) == 1


async def test_what_slack_sends_again_is_answered_once() -> None:
    async with office("Once.", over_http=True) as o:
        await o.call(o.ana, "hello")
        await quiet(o)
        for delivery in list(o.slack.deliveries)[:2]:
            for attempt in (1, 2, 3):
                again = await o.slack.post_signed(
                    o.team,
                    delivery.payload,
                    timestamp=time.time() + 60 * attempt,
                    headers={"X-Slack-Retry-Num": f"{attempt}", "X-Slack-Retry-Reason": "timeout"},
                )
                assert again.status == 200
        await quiet(o)
        assert o.said() == ["Once."]
        assert len(o.ellie.generator.requests) == 1


async def test_a_retry_of_what_she_never_got_is_answered() -> None:
    async with office("Late.", over_http=True) as o:
        message = await o.team.say(o.ana, o.hall, f"{o.me} hello", deliver=False)
        url = o.team.http_url
        o.slack.connect_http(o.team, url.replace("127.0.0.1", "127.0.0.1:9/nowhere?"))
        await o.team.tell_of(message)
        await o.slack.until(lambda: all(one.failure for one in o.slack.deliveries))
        o.slack.connect_http(o.team, url)
        await o.slack.retry_unacked()
        assert await is_answered(o, message)
        assert [one.attempt for one in o.slack.deliveries if one.is_acked][:2] == [1, 1]


async def test_while_nothing_can_be_stored_the_person_is_told_so() -> None:
    async with office(over_http=True) as o:
        o.ellie.storage.is_alive = False
        asked = await o.call(o.ana, "hello")
        assert await is_answered(o, asked)
        assert o.ellie.turns() == []
        assert len(o.said()) == 1
        assert all(one.is_acked for one in o.slack.deliveries)


async def test_a_body_that_is_too_large_is_not_read() -> None:
    async with office("Fine.", over_http=True) as o:
        answer = await o.slack.post_signed(o.team, event(o, "x" * (MAX_BODY_BYTES + 1)))
        assert answer.status == 413
        assert await is_answered(o, await o.write(o.ana, "hello"))
        assert len(o.ellie.turns()) == 1


async def test_slack_may_check_the_address() -> None:
    async with office(over_http=True) as o:
        asked = {"type": "url_verification", "challenge": "c0ffee", "token": "t"}
        answer = await o.slack.post_signed(o.team, asked)
        assert (answer.status, "c0ffee" in answer.text) == (200, True)
        assert (await o.slack.post_signed(o.team, asked, secret="guessed")).status == 401


async def test_the_health_page_says_how_she_is_and_nothing_else() -> None:
    async with office(over_http=True) as o:
        assert await fetched(o, HEALTH_PATH) == (200, '{"status": "ok"}')
        o.ellie.health.part("storage").ill("a secret of the house")
        assert await fetched(o, HEALTH_PATH) == (503, '{"status": "unwell"}')


@pytest.mark.parametrize("path", ["/", "/slack/events", "/slack", "/metrics", "/.env"])
async def test_there_is_nothing_else_to_be_had(path: str) -> None:
    async with office(over_http=True) as o:
        status, _ = await fetched(o, path)
        assert status in {404, 405}


async def test_when_she_stops_requests_in_progress_are_finished() -> None:
    async with office(over_http=True) as o:
        o.slack.hold("users.info")  # who that is takes a while to find out
        await o.call(o.ana, "count")
        await o.slack.until(lambda: o.slack.calls_of("users.info"))
        stopping = asyncio.create_task(o.ellie.stop())
        await o.slack.until(o.ellie.adapter._stopping.is_set)
        o.slack.release("users.info")
        await stopping
        await o.slack.settled()
        assert o.slack.deliveries[0].is_acked
        assert "I'm just being shut down" in o.said()[0]
        assert o.ellie.turns() == []


async def test_when_she_stops_what_is_being_written_is_shown_to_its_end() -> None:
    async with office("one two three", over_http=True) as o:
        o.ellie.generator.hold(after_words=1)
        await o.call(o.ana, "count")
        await o.slack.until(lambda: o.said() == ["one"])
        stopping = asyncio.create_task(o.ellie.stop())
        await o.slack.until(o.ellie.adapter._stopping.is_set)
        o.ellie.generator.release()
        await stopping
        assert o.said() == ["one two three"]
        assert not any(message.is_streaming for message in o.hers())


async def test_after_a_restart_she_takes_up_where_she_was() -> None:
    async with office("one two three", over_http=True) as o:
        o.ellie.generator.hold(after_words=1)
        await o.call(o.ana, "count")
        await o.slack.until(lambda: o.said() == ["one"])
        await o.restart("one two three", "Hello.", over_http=True)
        await o.slack.until(lambda: o.said() == ["one two three"])
        assert await is_answered(o, await o.call(o.ana, "hello"))
