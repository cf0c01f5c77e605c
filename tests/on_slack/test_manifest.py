"""The manifest has all that the code asks for and offers, within Slack's limits, and no more."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from typer.testing import CliRunner

from adapters.slack.callers import SLASH_PREFIX
from adapters.slack.manifest import as_json, creating_link, manifest, usage_hint
from adapters.slack.scopes import EVENTS, SCOPES
from adapters.slack.shortcuts import CALLBACK_ID
from bot.cli.main import app
from bot.commands.definitions import COMMANDS
from bot.errors import UsageError

ROOT = Path(__file__).parents[2]
ADDRESS = "https://ellie.example.org"
ENDPOINT = f"{ADDRESS}/slack/events"


def both() -> tuple[dict[str, Any], dict[str, Any]]:
    return dict(manifest()), dict(manifest(ADDRESS))


def test_everything_is_within_slacks_limits() -> None:
    for content in both():
        shown, features = content["display_information"], content["features"]
        (command,), (shortcut,) = features["slash_commands"], features["shortcuts"]

        assert len(shown["name"]) <= 35
        assert len(shown["description"]) <= 140
        assert len(features["bot_user"]["display_name"]) <= 80
        assert len(features["agent_view"]["agent_description"]) <= 300
        assert 1 <= len(features["agent_view"]["suggested_prompts"]) <= 4
        assert len(command["command"]) <= 32
        assert len(command["description"]) <= 2000
        assert len(command["usage_hint"]) <= 1000
        assert len(shortcut["name"]) <= 24
        assert len(shortcut["callback_id"]) <= 255
        assert len(shortcut["description"]) <= 150
        assert len(content["oauth_config"]["scopes"]["bot"]) <= 255
        assert len(content["settings"]["event_subscriptions"]["bot_events"]) <= 100


def test_it_is_an_agent_with_a_home_and_people_can_write_to_it() -> None:
    features = manifest()["features"]

    assert features["app_home"] == {
        "home_tab_enabled": True,
        "messages_tab_enabled": True,
        "messages_tab_read_only_enabled": False,
    }
    assert "assistant_view" not in features
    for prompt in features["agent_view"]["suggested_prompts"]:
        assert set(prompt) == {"title", "message"}
        assert prompt["message"] == prompt["message"].strip()


def test_over_socket_mode_no_address_is_named() -> None:
    content = manifest()

    assert content["settings"]["socket_mode_enabled"] is True
    assert "http" not in as_json(content)


@pytest.mark.parametrize("url", [ADDRESS, f"{ADDRESS}/", ENDPOINT, f" {ENDPOINT}/ "])
def test_over_http_everything_goes_to_one_address(url: str) -> None:
    content = manifest(url)

    assert content["settings"]["socket_mode_enabled"] is False
    assert content["settings"]["event_subscriptions"]["request_url"] == ENDPOINT
    assert content["settings"]["interactivity"]["request_url"] == ENDPOINT
    assert content["features"]["slash_commands"][0]["url"] == ENDPOINT


@pytest.mark.parametrize("url", ["http://ellie.example.org", "ellie.example.org", "https://", "x"])
def test_an_address_that_slack_does_not_send_to_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="https"):
        manifest(url)


def test_the_manifest_is_made_from_the_commands_that_there_are() -> None:
    (command,) = manifest()["features"]["slash_commands"]
    hint = usage_hint(COMMANDS)

    assert command["command"] == SLASH_PREFIX.strip()
    assert command["usage_hint"] == hint
    for definition in COMMANDS:
        assert (definition.name in hint) is not definition.admin
    assert manifest()["features"]["shortcuts"][0]["callback_id"] == CALLBACK_ID


def test_every_listener_has_its_event_and_the_other_way_round() -> None:
    """What the code listens to is what Slack is asked to send."""
    listened = set()
    for path in (ROOT / "adapters" / "slack").glob("*.py"):
        source = path.read_text(encoding="utf-8")
        listened |= set(re.findall(r'\.event\(\s*"(\w+)"', source))

    assert listened == {event.name.split(".")[0] for event in EVENTS}


def test_names_are_in_order_and_explained_once() -> None:
    for names in ([scope.name for scope in SCOPES], [event.name for event in EVENTS]):
        assert names == sorted(set(names))
    assert all(scope.why and scope.without for scope in SCOPES)
    assert [scope.name for scope in SCOPES if scope.is_needed] == ["chat:write"]


def test_the_command_prints_what_slack_takes() -> None:
    printed = CliRunner().invoke(app, ["slack", "manifest"])
    over_http = CliRunner().invoke(app, ["slack", "manifest", "--http", ADDRESS])
    link = CliRunner().invoke(app, ["slack", "manifest", "--link"])

    assert (printed.exit_code, json.loads(printed.stdout)) == (0, manifest())
    assert json.loads(over_http.stdout) == manifest(ADDRESS)
    assert link.stdout == creating_link(manifest()) + "\n"
    query = parse_qs(urlsplit(link.stdout.strip()).query)
    assert json.loads(query["manifest_json"][0]) == manifest()


def test_the_command_says_what_everything_is_for() -> None:
    explained = CliRunner().invoke(app, ["slack", "manifest", "--explain"]).stdout

    for asked in (*SCOPES, *EVENTS):
        assert asked.name in explained


def test_the_guide_has_every_scope_and_event_with_its_reason() -> None:
    guide = (ROOT / "docs" / "slack.md").read_text(encoding="utf-8")

    scopes = [f"| `{one.name}` | {one.why} | {one.without} |" for one in SCOPES]
    assert _rows(guide, "| scope |") == scopes
    assert _rows(guide, "| event |") == [f"| `{one.name}` | {one.why} |" for one in EVENTS]


def _rows(text: str, heading: str) -> list[str]:
    return text.split(heading)[1].split("\n\n", maxsplit=1)[0].splitlines()[2:]
