"""Tokens, scopes and manifests: what the Slack stand-in allows to whom."""

from __future__ import annotations

from typing import Any

import pytest
from slack_stand_in import SlackStandIn
from support.slack_app import client_of, refused

HISTORY = "conversations.history"


def manifest(*scopes: str, **features: Any) -> dict[str, Any]:
    return {"oauth_config": {"scopes": {"bot": list(scopes)}}, "features": features}


@pytest.mark.parametrize(
    ("method", "arguments", "needed"),
    [
        ("chat.postMessage", {"channel": "C1", "text": "a"}, "chat:write"),
        ("users.info", {"user": "U1"}, "users:read"),
        ("conversations.info", {"channel": "C1"}, "channels:read"),
        ("conversations.info", {"channel": "G1"}, "groups:read"),
        (HISTORY, {"channel": "C1"}, "channels:history"),
        (HISTORY, {"channel": "G1"}, "groups:history"),
        (HISTORY, {"channel": "D1"}, "im:history"),
        (HISTORY, {"channel": "M1"}, "mpim:history"),
        ("reactions.add", {"channel": "C1", "name": "x", "timestamp": "1.0"}, "reactions:write"),
    ],
)
async def test_a_missing_scope_is_named(
    method: str, arguments: dict[str, Any], needed: str
) -> None:
    async with SlackStandIn() as slack:
        acme = slack.add_team("T1", manifest=manifest("im:write"))
        acme.add_user("U1")
        acme.add_channel("C1")
        acme.add_channel("G1", is_private=True)
        acme.add_channel("M1", is_mpim=True)
        acme.add_channel("D1", is_im=True)
        async with refused("missing_scope") as caught:
            await client_of(slack, acme).api_call(method, params=arguments)

    assert caught.value.response["needed"] == needed
    assert caught.value.response["provided"] == "im:write"
    assert caught.value.response.headers["X-OAuth-Scopes"] == "im:write"


async def test_bad_tokens_are_refused() -> None:
    async with SlackStandIn() as slack:
        acme = slack.add_team("T1")
        async with refused("invalid_auth"):
            await client_of(slack, acme, token="xoxb-made-up").auth_test()
        async with refused("not_allowed_token_type"):
            await client_of(slack, acme).apps_connections_open(app_token=acme.bot_token)
        async with refused("not_allowed_token_type"):
            await client_of(slack, acme, token=acme.app_token).auth_test()
        await acme.uninstall()
        async with refused("account_inactive"):
            await client_of(slack, acme).auth_test()

    kinds = [delivery.event_type for delivery in slack.deliveries]
    assert kinds == ["tokens_revoked", "app_uninstalled"]


async def test_the_token_tells_whose_it_is() -> None:
    async with SlackStandIn() as slack:
        slack.add_team("T1")
        other = slack.add_team("T2", name="Other", enterprise_id="E1")
        answer = await client_of(slack, other).auth_test()

    assert (answer["team_id"], answer["enterprise_id"]) == ("T2", "E1")
    assert answer["user_id"] == other.bot_user_id


async def test_sessions_are_for_agents_and_warn_without_the_stop_event() -> None:
    async with SlackStandIn() as slack:
        plain = slack.add_team("T1", manifest=manifest("chat:write"))
        agent = slack.add_team(
            "T2", manifest=manifest("chat:write", agent_view={"agent_description": "Ellie"})
        )
        answers = []
        for team in (plain, agent):
            ana = team.add_user("U1")
            hall = team.add_channel("C1", members=[ana])
            root = await team.say(ana, hall, "a", deliver=False)
            answers.append((client_of(slack, team), root.ts))
        client, ts = answers[0]
        async with refused("feature_disabled"):
            await client.agents_sessions_setStatus(
                channel_id="C1", thread_ts=ts, status="processing"
            )
        client, ts = answers[1]
        answer = await client.agents_sessions_setStatus(
            channel_id="C1", thread_ts=ts, status="processing"
        )
        async with refused("invalid_status"):
            await client.agents_sessions_setStatus(channel_id="C1", thread_ts=ts, status="busy")

    assert answer["warning"] == "missing_agent_session_stopped_event_subscription"


async def test_socket_mode_and_home_must_be_turned_on() -> None:
    async with SlackStandIn() as slack:
        acme = slack.add_team("T1", manifest=manifest("chat:write"))
        acme.add_user("U1")
        client = client_of(slack, acme)
        async with refused("socket_mode_not_enabled"):
            await client.apps_connections_open(app_token=acme.app_token)
        async with refused("not_enabled"):
            await client.views_publish(user_id="U1", view={"type": "home", "blocks": []})
        async with refused("unknown_method"):
            await client.api_call("chat.shout")


async def test_joining_opens_public_channels_only() -> None:
    async with SlackStandIn() as slack:
        acme = slack.add_team("T1")
        hall = acme.add_channel("C1", bot_is_member=False)
        acme.add_channel("G1", is_private=True)
        client = client_of(slack, acme)
        async with refused("not_in_channel"):
            await client.conversations_history(channel="C1")
        await client.conversations_join(channel="C1")
        assert hall.bot_is_member
        async with refused("method_not_supported_for_channel_type"):
            await client.conversations_join(channel="G1")


async def test_prompts_are_for_direct_conversations() -> None:
    async with SlackStandIn() as slack:
        acme = slack.add_team("T1")
        ana = acme.add_user("U1")
        dm, hall = acme.dm(ana), acme.add_channel("C1", members=[ana])
        client = client_of(slack, acme)
        prompts = [{"title": "Memory", "message": "What do you remember?"}]
        await client.assistant_threads_setSuggestedPrompts(channel_id=dm.id, prompts=prompts)
        assert acme.prompts(dm) == prompts
        async with refused("method_not_supported_for_channel_type"):
            await client.assistant_threads_setSuggestedPrompts(channel_id=hall.id, prompts=prompts)
        async with refused("invalid_arguments"):
            await client.assistant_threads_setSuggestedPrompts(
                channel_id=dm.id, prompts=prompts * 5
            )
