"""Signs that Ellie thinks, when Slack is slow or asked too much: nobody waits for one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from slack_stand_in import Channel, SlackStandIn, Team, User
from support.office import PER_MINUTE, UNHURRIED, Office, office
from support.office_talk import quiet

import adapters.slack.status
from adapters.slack.outlets import Spot, ThreadOutlet
from adapters.slack.pacing import Pacing
from adapters.slack.status import ACTIVE, PROCESSING, Statuses
from adapters.slack.stream import NativeStream
from adapters.slack.web import EllieWebClient
from adapters.tasks import OwnedTasks

SET = "agents.sessions.setStatus"


async def for_ever(_seconds: float) -> None:
    await asyncio.Event().wait()


def few(signs: int) -> Pacing:
    """So many signs may be set; time for another one never comes."""
    return Pacing({**PER_MINUTE, **UNHURRIED, SET: signs}, sleep=for_ever)


def told(slack: SlackStandIn) -> list[str]:
    """What Slack was told of sessions, in order, however that ended."""
    return [str(call.arguments["status"]) for call in slack.calls_of(SET)]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapters.slack.status, "TAKING_DOWN_PAUSES", (0.01, 0.01))


async def ask_all(o: Office, count: int) -> list[User]:
    people = [o.team.add_user(f"U9{n}", name=f"p{n}") for n in range(count)]
    for person in people:
        await o.write(person, "hello")
    return people


class Desk:
    """One thread, and the signs in it."""

    def __init__(self, slack: SlackStandIn) -> None:
        self.slack = slack
        self.team: Team = slack.add_team("T1")
        self.ana = self.team.add_user("U1", name="ana")
        self.hall: Channel = self.team.add_channel("C1", name="hall", members=[self.ana])
        self.client = EllieWebClient(self.team.bot_token, base_url=slack.api_url)
        self.tasks = OwnedTasks()
        self.statuses = Statuses(self.client, self.tasks)

    async def spot(self) -> Spot:
        asked = await self.team.say(self.ana, self.hall, "count")
        return Spot(
            channel_id=self.hall.id,
            thread_ts=asked.ts,
            recipient_user_id=self.ana.id,
            recipient_team_id=self.team.id,
        )

    def status(self, spot: Spot) -> str:
        session = self.team.session(self.hall, spot.thread_ts)
        return session.status if session else ""

    def stream(self, spot: Spot) -> NativeStream:
        outlet = ThreadOutlet(
            self.client,
            spot,
            me=self.team.bot_user_id,
            session_status=lambda: self.statuses.meanwhile(spot),
            when_told=lambda status: self.statuses.told(spot, status),
        )
        return NativeStream(outlet, clock=lambda: 0.0)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with SlackStandIn() as slack:
        desk = Desk(slack)
        yield desk
        await desk.tasks.drain()


async def test_more_replies_than_signs_are_shown_and_none_is_put_up_after_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(adapters.slack.status, "PUTTING_SECONDS", 3600)
    async with office(*["Hello."] * 6, pacing=few(2)) as o:
        people = await ask_all(o, 6)
        await quiet(o)
        assert all(o.said(o.team.dm(person)) == ["Hello."] for person in people)
        assert len(told(o.slack)) == 2


async def test_signs_do_not_hold_up_the_end() -> None:
    async with office(*["Hello."] * 6, pacing=few(3)) as o:
        people = await ask_all(o, 6)
        await o.slack.until(lambda: all(o.said(o.team.dm(person)) for person in people))
        await o.ellie.stop()


async def test_a_sign_that_slack_does_not_answer_does_not_hold_up_the_end(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapters.slack.status, "PUTTING_SECONDS", 0.01)
    monkeypatch.setattr(adapters.slack.status, "TAKING_DOWN_SECONDS", 0.01)
    desk.slack.hold(SET)
    sign = desk.statuses.thinking(await desk.spot())
    await desk.slack.until(lambda: desk.slack.calls_of(SET))
    sign.end()
    async with asyncio.timeout(5):
        await desk.tasks.drain()
    desk.slack.release(SET)


async def test_a_sign_that_may_have_been_put_up_late_is_taken_down(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapters.slack.status, "PUTTING_SECONDS", 0.01)
    desk.slack.hold(SET)
    sign = desk.statuses.thinking(await desk.spot())
    await desk.slack.until(lambda: told(desk.slack) == [PROCESSING])
    sign.end()
    await desk.slack.until(lambda: told(desk.slack) == [PROCESSING, ACTIVE])
    desk.slack.release(SET)


async def test_one_failure_does_not_leave_a_sign_behind() -> None:
    async with office("one two three") as o:
        o.slack.fail("chat.startStream", "unknown_method", times=99)  # so it is answered by edits
        o.ellie.generator.hold(after_words=1)
        asked = await o.call(o.ana, "count")
        await o.slack.until(o.said)
        o.slack.status_code(SET, 503)
        o.ellie.generator.release()
        await quiet(o)
        assert o.team.session(o.hall, asked.ts).status == ACTIVE


async def test_a_sign_that_was_not_put_up_is_not_taken_down(desk: Desk) -> None:
    desk.slack.fail(SET, "not_authorized")
    desk.slack.fail("assistant.threads.setStatus", "not_authorized")
    sign = desk.statuses.thinking(await desk.spot())
    await desk.slack.until(lambda: desk.slack.calls_of("assistant.threads.setStatus"))
    sign.end()
    await desk.tasks.drain()
    assert told(desk.slack) == [PROCESSING]


async def test_the_end_of_a_stream_takes_the_sign_down_and_nobody_says_so_again(
    desk: Desk,
) -> None:
    spot = await desk.spot()
    sign, stream = desk.statuses.thinking(spot), desk.stream(spot)
    await desk.slack.until(lambda: desk.status(spot) == PROCESSING)
    await stream.show("one two ")
    await stream.end("one two three", (), session_status=desk.statuses.after_reply(spot))
    sign.end()
    await desk.tasks.drain()
    assert desk.status(spot) == ACTIVE
    assert told(desk.slack) == [PROCESSING]


async def test_a_reply_that_is_posted_leaves_it_to_the_sign_to_end(desk: Desk) -> None:
    spot = await desk.spot()
    sign, stream = desk.statuses.thinking(spot), desk.stream(spot)
    await desk.slack.until(lambda: desk.status(spot) == PROCESSING)
    await stream.end("one two three", (), session_status=desk.statuses.after_reply(spot))
    sign.end()
    await desk.tasks.drain()
    assert desk.status(spot) == ACTIVE
    assert told(desk.slack) == [PROCESSING, ACTIVE]


async def test_what_another_process_left_is_settled(desk: Desk) -> None:
    spot = await desk.spot()
    before = Statuses(desk.client, desk.tasks)
    sign = before.thinking(spot)
    await desk.slack.until(lambda: desk.status(spot) == PROCESSING)
    await desk.statuses.settle(spot)
    assert desk.status(spot) == ACTIVE
    sign.end()


async def test_nothing_is_settled_where_somebody_is_answered(desk: Desk) -> None:
    spot = await desk.spot()
    sign = desk.statuses.thinking(spot)
    await desk.slack.until(lambda: desk.status(spot) == PROCESSING)
    await desk.statuses.settle(spot)
    assert told(desk.slack) == [PROCESSING]
    sign.end()


@pytest.mark.parametrize("code", ["invalid_thread_ts", "fatal_error", "token_revoked"])
async def test_what_cannot_be_settled_stays_and_is_no_trouble(desk: Desk, code: str) -> None:
    desk.slack.fail(SET, code, times=9)
    await desk.statuses.settle(await desk.spot())
    assert set(told(desk.slack)) == {ACTIVE}
