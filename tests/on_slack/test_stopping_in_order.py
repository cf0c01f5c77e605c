"""What was begun when Ellie ends, and what the owner is told when she ends by herself."""

from __future__ import annotations

import asyncio
import gc
from dataclasses import dataclass

import pytest
from slack_sdk.errors import SlackApiError
from slack_stand_in import SlackStandIn
from structlog.testing import capture_logs
from support.office import office
from support.office_talk import quiet

from adapters.slack import home_ids as ids
from adapters.slack.reply_blocks import AGAIN
from adapters.slack.web import EllieWebClient
from bot.cli.run import side_by_side
from bot.errors import PlatformError, PlatformRefusedError, PlatformUnreachableError


async def test_what_was_pressed_in_the_home_tab_is_done_before_she_ends() -> None:
    async with office("Hello.") as o:
        await o.call(o.ana, "my dog is called Biscuit")
        await o.answered()
        await o.team.open_home(o.ana)
        await o.slack.until(lambda: o.team.home(o.ana) is not None)
        await quiet(o)
        async with o.ellie.storage.database.writing:
            pressed = await o.team.press(o.ana, o.team.home(o.ana), action_id=ids.PAUSE)
            assert pressed.acked
            assert not o.ellie.adapter.is_idle
            stopping = asyncio.create_task(o.ellie.stop())
            await o.slack.until(lambda: not o.slack.connections(o.team))
        await stopping
        assert [one.person.paused for one in o.ellie.state.persons.values()] == [True]


async def test_a_dead_app_token_says_nothing_of_the_bot_token() -> None:
    async with office("one two three four") as o:
        o.ellie.generator.hold(after_words=2)
        await o.call(o.ana, "count")
        await o.slack.until(o.said)
        o.slack.fail("apps.connections.open", "invalid_auth", times=99)
        await o.slack.cut(o.team)
        await o.slack.until(lambda: o.slack.calls_of("apps.connections.open", ok=False))
        o.ellie.generator.release()
        with pytest.raises(PlatformRefusedError, match="SLACK_APP_TOKEN"):
            await o.ellie.ended()
        assert o.said() == ["one two three four"]


async def test_only_a_refused_bot_token_is_taken_for_the_end_in_the_workspace() -> None:
    async with SlackStandIn() as slack:
        team = slack.add_team("T1")
        client = EllieWebClient(team.bot_token, base_url=slack.api_url)
        refused: list[str] = []
        client.when_refused = lambda: refused.append("bot")
        slack.fail("*", "invalid_auth", times=2)
        with pytest.raises(SlackApiError):
            await client.apps_connections_open(app_token=team.app_token)
        assert refused == []
        with pytest.raises(SlackApiError):
            await client.auth_test()
        assert refused == ["bot"]


async def test_a_reply_is_written_again_although_what_was_asked_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("adapters.slack.reply_actions.READING_SECONDS", 0.05)
    async with office("one", "two") as o:
        await o.call(o.ana, "count")
        await o.answered()
        o.slack.hold("conversations.replies")
        await o.team.press(o.ana, o.hers()[0], action_id=AGAIN)
        await o.slack.until(lambda: o.said() == ["two"])
        o.slack.release("conversations.replies")


@dataclass(frozen=True, slots=True)
class Failing:
    """A platform that ends at once."""

    error: PlatformError

    async def run(self) -> None:
        raise self.error

    async def stop(self) -> None:
        """It has ended."""


async def drain() -> None:
    """Nothing is being written."""


async def test_when_two_platforms_end_at_once_the_first_is_raised_and_the_other_logged() -> None:
    unheeded: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unheeded.append(context))
    first, second = PlatformRefusedError("no token"), PlatformUnreachableError("no network")
    with capture_logs() as logs, pytest.raises(PlatformRefusedError, match="no token"):
        await side_by_side([Failing(first), Failing(second)], told=asyncio.Event(), drain=drain)
    gc.collect()
    await asyncio.sleep(0)
    assert unheeded == []
    assert {"event": "platform_ended", "reason": "no network", "log_level": "error"} in logs
