"""Socket Mode: one connection that is kept, noticed when it dies, and left in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from slack_bolt.app.async_app import AsyncApp
from slack_stand_in import SlackStandIn, Team
from support.slack_app import client_of

from adapters.slack.socket import Rhythm, SocketConnection
from bot.errors import PlatformRefusedError
from bot.health import Health

QUICK = Rhythm(
    ping_seconds=0.02,
    silent_pings=3,
    connect_seconds=5,
    overlap_seconds=0.02,
    acks_seconds=5,
    steady_seconds=0,
    pauses=(0.001,),
)
PATIENT = Rhythm(ping_seconds=60, overlap_seconds=60, steady_seconds=0, pauses=(0.001,))


class Office:
    """A workspace, an app that listens there, and its connection."""

    def __init__(self, slack: SlackStandIn, team: Team, rhythm: Rhythm) -> None:
        self.slack = slack
        self.team = team
        self.heard: list[str] = []
        self.before_done: Callable[[], Awaitable[None]] | None = None
        self.health = Health()
        self.client = client_of(slack, team)
        self.app = AsyncApp(client=self.client, signing_secret="", process_before_response=True)
        self.app.event("message")(self._hear)
        self.app.command("/ellie")(self._command)
        self.connection = SocketConnection(
            self.app,
            team.app_token,
            web_client=self.client,
            health=self.health,
            rhythm=rhythm,
        )
        self.ana = team.add_user("U1", name="ana")
        self.hall = team.add_channel("C1", name="hall", members=[self.ana])

    async def say(self, text: str) -> None:
        await self.team.say(self.ana, self.hall, text)

    async def until_heard(self, *texts: str) -> None:
        await self.slack.until(lambda: set(texts) <= set(self.heard))

    async def until_connected(self) -> None:
        await self.slack.until(lambda: self.health.is_well)

    async def _hear(self, event: dict[str, Any]) -> None:
        self.heard.append(event["text"])
        if self.before_done is not None:
            await self.before_done()

    async def _command(self, ack: Any) -> None:
        await ack(text="done")


@asynccontextmanager
async def open_office(rhythm: Rhythm = QUICK) -> AsyncIterator[Office]:
    """Connected while it is entered, and left as a stopped program leaves it."""
    async with SlackStandIn() as slack:
        office = Office(slack, slack.add_team("T1", name="Acme"), rhythm)
        running = asyncio.create_task(office.connection.run())
        try:
            await office.until_connected()
            yield office
        finally:
            await office.connection.stop()
            await running


async def test_what_is_said_arrives_and_is_acknowledged() -> None:
    async with open_office() as office:
        await office.say("hello")
        await office.until_heard("hello")
        await office.slack.settled()

        assert all(delivery.is_acked for delivery in office.slack.deliveries)
        assert office.slack.sockets.wrong == []


async def test_an_answer_of_a_command_goes_with_its_acknowledgement() -> None:
    async with open_office() as office:
        result = await office.team.slash(office.ana, office.hall, "help")

        assert result.acked
        assert result.response == {"text": "done"}


async def test_it_is_well_once_slack_has_greeted_and_not_before() -> None:
    async with SlackStandIn() as slack:
        office = Office(slack, slack.add_team("T1"), QUICK)
        slack.hold("apps.connections.open")
        running = asyncio.create_task(office.connection.run())
        await slack.until(lambda: slack.calls_of("apps.connections.open"))

        assert office.health.ills == {"slack": "starting"}
        slack.release("apps.connections.open")
        await office.until_connected()

        await office.connection.stop()
        await running
        assert office.health.ills == {"slack": "stopped"}
        await slack.until(lambda: not slack.connections(office.team))


async def test_a_connection_that_breaks_off_is_made_anew() -> None:
    async with open_office() as office:
        ills: list[str] = []
        office.health.listen(lambda *_: ills.extend(office.health.ills.values()))

        await office.slack.cut(office.team)
        await office.slack.until(lambda: ills)
        await office.until_connected()
        await office.say("still there?")
        await office.until_heard("still there?")

        assert ills[0].startswith("disconnected")


async def test_a_connection_that_falls_silent_is_given_up_and_made_anew() -> None:
    async with open_office() as office:
        await office.slack.until(lambda: office.slack.connections(office.team)[0].pings > 3)
        (before,) = office.slack.connections(office.team)
        ills: list[str] = []
        office.health.listen(lambda *_: ills.extend(office.health.ills.values()))

        office.slack.go_silent(office.team)
        await office.slack.until(lambda: ills)
        await office.until_connected()
        await office.slack.until(lambda: before not in office.slack.connections(office.team))
        await office.say("heard again")
        await office.until_heard("heard again")

        assert "disconnected: silent" in ills


async def test_a_quiet_workspace_is_no_silent_one() -> None:
    async with open_office() as office:
        (before,) = office.slack.connections(office.team)

        await office.slack.until(lambda: before.pings > 10)

        assert office.slack.connections(office.team) == [before]
        assert office.health.is_well


@pytest.mark.parametrize("reason", ["refresh_requested", "warning", "too_many_websockets"])
async def test_a_connection_that_slack_renews_loses_nothing(reason: str) -> None:
    async with open_office() as office:
        for number in range(5):
            await office.say(f"before {number}")
            opened = office.slack.sockets.opened
            await office.slack.refresh(office.team, reason)
            await office.slack.until(lambda opened=opened: office.slack.sockets.opened > opened)
            await office.say(f"after {number}")
        await office.until_heard(
            *(f"{when} {number}" for when in ("before", "after") for number in range(5))
        )
        await office.slack.settled()

        assert all(delivery.is_acked for delivery in office.slack.deliveries)
        assert len(office.heard) == 10


async def test_what_is_done_after_its_connection_is_acknowledged_on_the_next() -> None:
    async with open_office() as office:
        may_end = asyncio.Event()
        office.before_done = may_end.wait  # type: ignore[assignment]
        await office.say("slow")
        await office.until_heard("slow")

        opened = office.slack.sockets.opened
        await office.slack.cut(office.team)
        await office.slack.until(lambda: office.slack.sockets.opened > opened)
        await office.until_connected()
        may_end.set()
        await office.slack.settled()

        assert office.slack.deliveries[-1].is_acked


async def test_nothing_is_acknowledged_that_broke_so_that_slack_sends_it_again() -> None:
    async with open_office() as office:
        breaks = [True]

        async def fail_once() -> None:
            if breaks.pop():
                raise RuntimeError("the disk is full")

        office.before_done = fail_once
        await office.say("important")
        await office.until_heard("important")
        breaks.append(False)
        await office.slack.advance(5)
        await office.slack.settled()

        assert office.heard == ["important", "important"]
        assert [delivery.is_acked for delivery in office.slack.deliveries] == [False, True]


async def test_a_first_event_is_not_lost_when_slack_does_not_say_whose_the_token_is() -> None:
    async with open_office() as office:
        office.slack.fail("auth.test", "internal_error")
        await office.say("the very first")
        await office.slack.until(lambda: office.slack.calls_of("auth.test", ok=False))
        for _ in range(50):
            await asyncio.sleep(0)
        assert not office.slack.deliveries[-1].is_acked

        await office.slack.advance(5)
        await office.until_heard("the very first")
        await office.slack.settled()

        assert office.slack.deliveries[-1].is_acked


async def test_what_nobody_listens_for_is_acknowledged() -> None:
    async with open_office() as office:
        await office.team.emit({"type": "channel_rename", "channel": {"id": "C1"}})
        await office.slack.settled()

        assert office.slack.deliveries[-1].is_acked


async def test_stopping_waits_for_what_is_being_stored_and_acknowledges_it() -> None:
    async with open_office(PATIENT) as office:
        may_end = asyncio.Event()
        office.before_done = may_end.wait  # type: ignore[assignment]
        await office.say("last words")
        await office.until_heard("last words")

        await office.connection.stop()
        for _ in range(50):
            await asyncio.sleep(0)
        assert not office.slack.deliveries[-1].is_acked
        may_end.set()
        await office.slack.settled()

        assert office.slack.deliveries[-1].is_acked


async def test_after_stopping_nothing_more_is_taken() -> None:
    async with open_office(PATIENT) as office:
        may_end = asyncio.Event()
        office.before_done = may_end.wait  # type: ignore[assignment]
        await office.say("first")
        await office.until_heard("first")

        await office.connection.stop()
        await office.say("second")
        may_end.set()
        await office.slack.until(lambda: not office.slack.connections(office.team))

        assert office.heard == ["first"]


async def test_a_token_that_is_refused_at_the_start_is_told() -> None:
    async with SlackStandIn() as slack:
        office = Office(slack, slack.add_team("T1"), QUICK)
        slack.fail("apps.connections.open", "invalid_auth")

        with pytest.raises(PlatformRefusedError, match="does not accept SLACK_APP_TOKEN"):
            await office.connection.run()

        assert not office.health.is_well


async def test_a_token_that_is_refused_later_ends_it() -> None:
    async with SlackStandIn() as slack:
        office = Office(slack, slack.add_team("T1"), QUICK)
        running = asyncio.create_task(office.connection.run())
        await office.until_connected()

        slack.fail("apps.connections.open", "invalid_auth")
        await slack.refresh(office.team, "link_disabled")

        with pytest.raises(PlatformRefusedError, match="SLACK_APP_TOKEN"):
            await running
        await slack.until(lambda: not slack.connections(office.team))


async def test_troubles_of_slack_are_waited_out() -> None:
    async with SlackStandIn() as slack:
        office = Office(slack, slack.add_team("T1"), QUICK)
        slack.fail("apps.connections.open", "internal_error")
        slack.status_code("apps.connections.open", 503)
        slack.drop("apps.connections.open")
        running = asyncio.create_task(office.connection.run())

        await office.until_connected()

        assert len(slack.calls_of("apps.connections.open")) == 4
        await office.connection.stop()
        await running


async def test_it_can_be_stopped_while_it_tries() -> None:
    async with SlackStandIn() as slack:
        office = Office(slack, slack.add_team("T1"), QUICK)
        slack.hold("apps.connections.open")
        running = asyncio.create_task(office.connection.run())
        await slack.until(lambda: slack.calls_of("apps.connections.open"))

        await office.connection.stop()
        await running

        await slack.until(lambda: not slack.connections(office.team))
        slack.release("apps.connections.open")


async def test_being_cancelled_leaves_no_task_behind() -> None:
    before = asyncio.all_tasks()
    async with SlackStandIn() as slack:
        office = Office(slack, slack.add_team("T1"), QUICK)
        running = asyncio.create_task(office.connection.run())
        await office.until_connected()

        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

        await slack.until(lambda: not slack.connections(office.team))
    await asyncio.sleep(0)
    assert {task for task in asyncio.all_tasks() if not task.done()} == before
