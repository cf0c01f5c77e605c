"""A memory's life on Slack: told, reset by an admin, on record, gone, and not brought back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr
from slack_stand_in import Channel, SlackStandIn, Team, User
from support.lifecycle import ANAS, BOS, SECRET, Life, reset_and_look, restore_and_look

from bot.cli.run import slack_adapter
from bot.domain.identity import IdentityRef, Platform, TenantRef


class Workspace:
    """A workspace with a channel, two people and an admin, and Ellie in it."""

    def __init__(self, slack: SlackStandIn) -> None:
        self.slack = slack
        self.team: Team = slack.add_team("T1", name="Town")
        self.ana = self.team.add_user("U1", name="ana")
        self.bo = self.team.add_user("U2", name="bo")
        self.cem = self.team.add_user("U3", name="cem", is_admin=True)
        people = [self.ana, self.bo, self.cem]
        self.hall: Channel = self.team.add_channel("C1", name="hall", members=people)

    @asynccontextmanager
    async def ellie(self, life: Life) -> AsyncIterator[None]:
        """Ellie, connected."""
        life.settings = life.settings.model_copy(
            update={
                "slack_bot_token": SecretStr(self.team.bot_token),
                "slack_app_token": SecretStr(self.team.app_token),
            }
        )
        async with life.ellie() as app:
            adapter = slack_adapter(app, life.settings, base_url=self.slack.api_url)
            running = asyncio.create_task(adapter.run())
            await self.slack.until(lambda: running.done() or self.slack.connections(self.team))
            yield
            await adapter.stop()
            await running

    async def say(self, who: User, words: str, place: Channel | None = None) -> None:
        """Say something to Ellie, in the hall or directly, and wait for the answer."""
        where = place or self.hall
        asked = await self.team.say(who, where, words if place else f"{self.team.mention} {words}")
        await self.slack.until(lambda: self._is_answered(where, asked.ts))

    def _is_answered(self, where: Channel, ts: str) -> bool:
        hers = self.team.hers(where, ts)
        return bool(hers) and any(b["type"] == "context_actions" for b in hers[-1].blocks)

    async def admin(self, command: str) -> str:
        """What the admin is answered."""
        told = len(self.team.ephemerals(self.cem))
        await self.team.slash(self.cem, self.hall, f"admin {command}")
        await self.slack.until(lambda: len(self.team.ephemerals(self.cem)) > told)
        return self.team.ephemerals(self.cem)[-1].shown_text


def account(user: User) -> IdentityRef:
    return IdentityRef(
        platform=Platform.SLACK,
        external_id=user.id,
        display_name=user.name,
        tenant=TenantRef(platform=Platform.SLACK, external_id="T1"),
    )


@pytest.fixture
async def workspace() -> AsyncIterator[Workspace]:
    async with SlackStandIn() as slack:
        yield Workspace(slack)


async def test_a_reset_person_is_gone_and_stays_gone(
    tmp_path: Path, new_url: Callable[[], str], workspace: Workspace
) -> None:
    life, town = Life(tmp_path, new_url()), workspace
    async with town.ellie(life):
        await town.say(town.ana, f"My dog is called {ANAS}.")
        await town.say(town.bo, f"My cat is called {BOS}.")
        await town.say(town.ana, f"My locker code is {SECRET}.", town.team.dm(town.ana))
        if life.is_file:
            await life.back_up()
        ana, bo = account(town.ana), account(town.bo)

        async def reset(code: str) -> str:
            return await town.admin(f"reset user {town.ana.mention} now {code}")

        await reset_and_look(life, ana, bo, reset=reset, ask=town.admin)
        await town.say(town.ana, "What is my dog called?")
        assert ANAS not in life.prompted()
        await town.say(town.bo, "What is my cat called?")
        assert BOS in life.prompted()
    if life.is_file:
        await restore_and_look(life, ana, bo)
