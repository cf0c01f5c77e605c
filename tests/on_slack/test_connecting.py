"""Whose tokens these are, and a sentence for everything that keeps Ellie from Slack."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from slack_stand_in import SlackStandIn, Team

from adapters.slack.connecting import check_app_token, cleaned, cleaned_app, look_up
from adapters.slack.manifest import manifest
from adapters.slack.scopes import SCOPES
from bot.errors import PlatformRefusedError, PlatformUnreachableError


@pytest.fixture
async def slack() -> AsyncIterator[SlackStandIn]:
    async with SlackStandIn() as slack:
        yield slack


@pytest.fixture
def acme(slack: SlackStandIn) -> Team:
    return slack.add_team("T1", name="Acme", enterprise_id="E1", manifest=manifest())


class Waits:
    """Waits no time, and writes down how long it would have been."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


async def test_slack_says_who_ellie_is(slack: SlackStandIn, acme: Team) -> None:
    workspace = await look_up(f' "{acme.bot_token}"\n', base_url=slack.api_url)

    assert (workspace.team_id, workspace.team_name, workspace.enterprise_id) == ("T1", "Acme", "E1")
    assert (workspace.bot_user_id, workspace.bot_id) == (acme.bot_user_id, acme.bot_id)
    assert workspace.app_id == acme.app_id
    assert workspace.scopes == {scope.name for scope in SCOPES}
    assert workspace.bot_name
    assert workspace.tenant.id == "slack:T1"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("invalid_auth", "does not accept SLACK_BOT_TOKEN. Copy it anew"),
        ("token_revoked", "no longer accepts SLACK_BOT_TOKEN"),
        ("account_inactive", "Install the app again"),
        ("token_expired", "token rotation"),
        ("not_allowed_token_type", "not the right kind"),
        ("org_login_required", "refuses to let Ellie in \\(org_login_required\\)"),
    ],
)
async def test_a_token_that_slack_refuses_is_told_at_once_and_with_what_to_do(
    slack: SlackStandIn, acme: Team, code: str, said: str
) -> None:
    slack.fail("auth.test", code, times=9)

    with pytest.raises(PlatformRefusedError, match=said) as raised:
        await look_up(acme.bot_token, base_url=slack.api_url, wait=Waits())

    assert acme.bot_token not in str(raised.value)
    assert len(slack.calls_of("auth.test")) == 1


async def test_a_network_that_comes_late_is_waited_for(slack: SlackStandIn, acme: Team) -> None:
    waits = Waits()
    slack.drop("auth.test", times=2)
    slack.status_code("auth.test", 503)
    slack.fail("auth.test", "internal_error")
    slack.limit("auth.test", 1)

    workspace = await look_up(acme.bot_token, base_url=slack.api_url, wait=waits)

    assert workspace.team_id == "T1"
    assert waits.seconds == [1, 2, 5, 10, 20]


async def test_a_network_that_does_not_come_ends_it_after_a_while() -> None:
    waits = Waits()

    with pytest.raises(PlatformUnreachableError, match="Slack cannot be reached"):
        await look_up(
            "xoxb-1", base_url="http://127.0.0.1:9/api/", patience_seconds=100, wait=waits
        )

    assert sum(waits.seconds) <= 100
    assert len(waits.seconds) == 6


async def test_a_scope_that_is_missing_is_told_with_what_does_not_work(
    slack: SlackStandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    content = dict(manifest())
    granted = [scope.name for scope in SCOPES if scope.name != "files:read"]
    content["oauth_config"] = {"scopes": {"bot": granted}}
    team = slack.add_team("T2", manifest=content)

    workspace = await look_up(team.bot_token, base_url=slack.api_url)

    assert "files:read" not in workspace.scopes
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "scope_missing" in line]
    assert "files:read" in line
    assert "of files she knows name, kind and size" in line


async def test_without_the_scope_to_write_there_is_no_point(slack: SlackStandIn) -> None:
    content = dict(manifest())
    content["oauth_config"] = {"scopes": {"bot": ["commands"]}}
    team = slack.add_team("T2", manifest=content)

    with pytest.raises(PlatformRefusedError, match="chat:write"):
        await look_up(team.bot_token, base_url=slack.api_url)


async def test_which_app_it_is_may_stay_unknown(slack: SlackStandIn, acme: Team) -> None:
    slack.fail("bots.info", "missing_scope")

    assert (await look_up(acme.bot_token, base_url=slack.api_url)).app_id == ""


async def test_an_app_token_may_connect(slack: SlackStandIn, acme: Team) -> None:
    await check_app_token(acme.app_token, base_url=slack.api_url)

    (call,) = slack.calls_of("apps.connections.open")
    assert call.token == acme.app_token


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("invalid_auth", "does not accept SLACK_APP_TOKEN"),
        ("missing_scope", "lacks the scope connections:write"),
        ("forbidden_team", "Switch Socket Mode on"),
    ],
)
async def test_an_app_token_that_slack_refuses_is_told(
    slack: SlackStandIn, acme: Team, code: str, said: str
) -> None:
    slack.fail("apps.connections.open", code)

    with pytest.raises(PlatformRefusedError, match=said):
        await check_app_token(acme.app_token, base_url=slack.api_url)


async def test_tokens_of_two_apps_are_noticed(slack: SlackStandIn) -> None:
    with pytest.raises(PlatformRefusedError, match="of the app A0123456789, and SLACK_BOT_TOKEN"):
        await check_app_token(
            "xapp-1-A0123456789-1-abc", app_id="A0999999999", base_url=slack.api_url
        )


@pytest.mark.parametrize(
    "copied", ["xoxb-1-a", " xoxb-1-a ", '"xoxb-1-a"', "Bearer xoxb-1-a", "‘xoxb-1-a’\n"]
)
def test_what_is_copied_along_with_a_token_is_left_out(copied: str) -> None:
    assert cleaned(copied) == "xoxb-1-a"


@pytest.mark.parametrize(
    ("copied", "said"),
    [
        ("", "holds no token"),
        ("''", "holds no token"),
        ("xoxb-1 a", "a blank or another character"),
        ("xoxb-é", "a blank or another character"),
        ("xapp-1-A1-1-a", "the app-level token"),
        ("xoxp-1-a", "a user token"),
        ("xoxe.xoxb-1-a", "a token that expires"),
        ("0123456789abcdef" * 2, "the signing secret or the client secret"),
        ("123.456", "the client id"),
        ("A0123456789", "the app's id"),
        ("hunter2", "SLACK_BOT_TOKEN is no token for that. Copy"),
    ],
)
def test_what_is_no_bot_token_is_named(copied: str, said: str) -> None:
    with pytest.raises(PlatformRefusedError, match=said) as raised:
        cleaned(copied)

    assert "hunter2" not in str(raised.value)


def test_a_bot_token_is_no_app_token() -> None:
    assert cleaned_app(" xapp-1-A1-1-a") == "xapp-1-A1-1-a"
    with pytest.raises(PlatformRefusedError, match="what is set is the bot token"):
        cleaned_app("xoxb-1-a")
