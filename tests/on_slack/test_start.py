"""``ellie run`` in Slack: tokens are checked first, and both platforms run side by side."""

from __future__ import annotations

import functools
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from slack_stand_in import SlackStandIn, Team
from support.engine_choice import engine_over

import bot.cli.run
from adapters.slack import connecting
from adapters.slack.adapter import SlackAdapter
from bot.app import assembled_app
from bot.config import Settings
from bot.errors import PlatformRefusedError
from bot.ports.scripted import ScriptedGenerator
from bot.system import SystemClock


@pytest.fixture
async def slack(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SlackStandIn]:
    async with SlackStandIn() as slack:
        for name in ("look_up", "check_app_token"):
            asks = functools.partial(getattr(connecting, name), base_url=slack.api_url)
            monkeypatch.setattr(connecting, name, asks)
        yield slack


@pytest.fixture
def acme(slack: SlackStandIn) -> Team:
    return slack.add_team("T1", name="Acme")


def settings_of(team: Team, **rest: Any) -> Settings:
    known = {"slack_bot_token": team.bot_token, "slack_app_token": team.app_token}
    return Settings(_env_file=None, **{**known, **rest})  # type: ignore[call-arg]


async def introduced(settings: Settings) -> str:
    said = io.StringIO()
    assert await bot.cli.run._admitted(settings, Console(file=said, width=500))
    return said.getvalue()


async def test_it_says_who_ellie_is_and_where(slack: SlackStandIn, acme: Team) -> None:
    assert await introduced(settings_of(acme)) == "In Slack, Ellie is ellie in Acme.\n"
    assert slack.calls_of("apps.connections.open", ok=True)


async def test_over_http_there_is_no_app_token_to_check(slack: SlackStandIn, acme: Team) -> None:
    settings = settings_of(acme, slack_app_token=None, slack_signing_secret=acme.signing_secret)

    assert "Ellie is ellie" in await introduced(settings)
    assert not slack.calls_of("apps.connections.open")


async def test_an_app_token_that_is_refused_is_told_at_once(
    slack: SlackStandIn, acme: Team
) -> None:
    slack.fail("apps.connections.open", "invalid_auth")

    with pytest.raises(PlatformRefusedError, match="SLACK_APP_TOKEN"):
        await introduced(settings_of(acme))


def test_with_tokens_of_both_platforms_both_run(
    acme: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    for platform in ("discord", "slack"):
        monkeypatch.setattr(
            bot.cli.run, f"{platform}_adapter", lambda *_, platform=platform: platform
        )

    def adapters(settings: Settings) -> list[Any]:
        return list(bot.cli.run._adapters(None, settings))  # type: ignore[arg-type]

    assert adapters(settings_of(acme, discord_token="x")) == ["discord", "slack"]
    assert adapters(settings_of(acme)) == ["slack"]
    assert adapters(settings_of(acme, discord_token="x", slack_bot_token=None)) == ["discord"]


async def test_the_adapter_is_handed_everything_that_was_decided(
    acme: Team, tmp_path: Path
) -> None:
    settings = settings_of(
        acme,
        data_dir=tmp_path,
        slack_port=3100,
        slack_context_messages=3,
        slack_erase_on_uninstall=True,
    )
    async with assembled_app(settings, engine_over(ScriptedGenerator("One")), SystemClock()) as app:
        adapter = bot.cli.run.slack_adapter(app, settings)

    assert isinstance(adapter, SlackAdapter)
    options = adapter._options
    assert (options.bot_token, options.app_token) == (acme.bot_token, acme.app_token)
    assert (options.port, options.context_messages, options.erase_on_uninstall) == (3100, 3, True)
    assert adapter._services.health is app.health
