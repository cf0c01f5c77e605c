"""A workspace takes the app away: Ellie says so, erases if she was told to, and ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from slack_stand_in import SlackStandIn, Team
from support.slack_app import connected

from adapters.slack.leaving import Leaving
from adapters.slack.workspace import Workspace
from bot.domain.identity import TenantRef
from bot.errors import PlatformRefusedError, StorageBusyError

UNINSTALLED = {"type": "app_uninstalled"}


class Eraser:
    def __init__(self, error: Exception | None = None) -> None:
        self.erased: list[str] = []
        self.error = error
        self.may_end = asyncio.Event()
        self.may_end.set()

    async def erase(self, tenant: TenantRef) -> None:
        self.erased.append(tenant.id)
        await self.may_end.wait()
        if self.error is not None:
            raise self.error


def workspace_of(team: Team) -> Workspace:
    return Workspace(
        team_id=team.id,
        team_name="Acme",
        bot_user_id=team.bot_user_id,
        bot_id=team.bot_id,
        bot_name="ellie",
    )


def revoked(*bots: str, people: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"type": "tokens_revoked", "tokens": {"oauth": list(people), "bot": list(bots)}}


@asynccontextmanager
async def watched(
    eraser: Eraser | None = None, *, removal_seconds: float = 60
) -> AsyncIterator[tuple[SlackStandIn, Team, asyncio.Task[Any]]]:
    """A workspace, and the task that ends when it has taken the app away."""
    async with SlackStandIn() as slack:
        team = slack.add_team("T1", name="Acme")
        leaving = Leaving(
            workspace_of(team), eraser and eraser.erase, removal_seconds=removal_seconds
        )
        async with connected(slack, team, leaving.add_to):
            running = asyncio.create_task(leaving.run())
            try:
                yield slack, team, running
            finally:
                running.cancel()
                await asyncio.wait({running})


async def test_a_removed_app_ends_with_what_to_do_and_erases_nothing_unasked() -> None:
    async with watched() as (slack, team, running):
        await team.emit(UNINSTALLED)

        with pytest.raises(PlatformRefusedError, match="removed from the Slack workspace Acme"):
            await running
        await slack.settled()
        assert slack.deliveries[-1].is_acked


@pytest.mark.parametrize("removed_first", [True, False])
async def test_a_removed_app_erases_the_workspace_before_it_ends(removed_first: bool) -> None:
    eraser = Eraser()
    eraser.may_end.clear()
    async with watched(eraser) as (slack, team, running):
        events = [UNINSTALLED, revoked(team.bot_user_id)]
        for event in events if removed_first else reversed(events):
            await team.emit(event)
        await slack.until(lambda: eraser.erased)
        await asyncio.sleep(0)
        assert not running.done()
        eraser.may_end.set()

        with pytest.raises(PlatformRefusedError, match="removed from the Slack workspace"):
            await running
    assert eraser.erased == ["slack:T1"]


async def test_what_slack_tells_twice_is_erased_once() -> None:
    eraser = Eraser()
    eraser.may_end.clear()
    async with watched(eraser) as (slack, team, running):
        await team.emit(UNINSTALLED)
        await slack.until(lambda: eraser.erased)
        await slack.redeliver(slack.deliveries[-1])
        await slack.until(lambda: slack.deliveries[-1].is_acked)
        eraser.may_end.set()

        with pytest.raises(PlatformRefusedError):
            await running
    assert eraser.erased == ["slack:T1"]


async def test_what_could_not_be_erased_is_said_with_the_command_that_does_it() -> None:
    eraser = Eraser(StorageBusyError("another program keeps it"))
    async with watched(eraser) as (_, team, running):
        await team.emit(UNINSTALLED)

        with pytest.raises(PlatformRefusedError, match="--tenant slack:T1 --erase"):
            await running


async def test_a_revoked_token_ends_it_and_erases_nothing() -> None:
    eraser = Eraser()
    async with watched(eraser, removal_seconds=0) as (_, team, running):
        await team.emit(revoked(team.bot_user_id))

        with pytest.raises(PlatformRefusedError, match="was revoked in the workspace Acme"):
            await running
    assert eraser.erased == []


async def test_tokens_of_people_are_none_of_hers() -> None:
    async with watched(removal_seconds=0) as (slack, team, running):
        await team.emit(revoked("UOTHER", people=("U1",)))
        await slack.settled()
        for _ in range(50):
            await asyncio.sleep(0)

        assert not running.done()


async def test_a_token_that_slack_refuses_elsewhere_ends_it_too() -> None:
    async with SlackStandIn() as slack:
        leaving = Leaving(workspace_of(slack.add_team("T1")), None, removal_seconds=0)
        leaving.refused()

        with pytest.raises(PlatformRefusedError, match="SLACK_BOT_TOKEN"):
            await leaving.run()


async def test_dropped_events_are_told_in_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    async with watched() as (slack, team, _):
        body = {"type": "app_rate_limited", "team_id": "T1", "minute_rate_limited": 1518467820}
        await slack.deliver(team, "events_api", body)
        await slack.settled()

        assert slack.deliveries[-1].is_acked
    assert "slack_events_dropped" in capsys.readouterr().out
