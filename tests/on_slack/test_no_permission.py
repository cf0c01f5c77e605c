"""What she may not do: whoever calls her is told, nobody else is bothered, and she goes on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from slack_stand_in import SlackStandIn
from structlog.testing import capture_logs
from support.office import Ellie, Office, office
from support.office_talk import is_answered, quiet

from adapters.slack import leaving
from adapters.slack.manifest import manifest
from bot.domain.policy import AnswerPolicy
from bot.errors import PlatformRefusedError

REFUSALS = ["not_in_channel", "is_archived", "restricted_action", "channel_not_found"]


def without(*scopes: str) -> dict[str, Any]:
    """The app as it is installed from the manifest, but for some scopes."""
    content = dict(manifest())
    granted = content["oauth_config"]["scopes"]["bot"]
    kept = [scope for scope in granted if scope not in scopes]
    assert len(kept) == len(granted) - len(scopes)
    return {**content, "oauth_config": {"scopes": {"bot": kept}}}


def in_the_hall(arguments: Mapping[str, Any]) -> bool:
    return arguments.get("channel") == "C1"


def refuse(o: Office, error: str) -> None:
    """From now on she may not write in the hall."""
    for method in ("chat.startStream", "chat.postMessage", "chat.update", "chat.postEphemeral"):
        o.slack.fail(method, error, times=999, when=in_the_hall)


def told(o: Office) -> list[str]:
    """What Ana was told directly."""
    return o.said(o.team.dm(o.ana))


@pytest.mark.parametrize("error", REFUSALS)
async def test_who_calls_her_where_she_may_not_write_is_told_directly(error: str) -> None:
    async with office("one two three") as o:
        refuse(o, error)
        await o.call(o.ana, "count")
        await quiet(o)
        assert o.said() == []
        [message] = told(o)
        assert "but I can't write there" in message
        assert "<#C1>" in message
        assert not o.team.dm(o.bo).hers


async def test_who_goes_on_calling_her_is_told_once_an_hour() -> None:
    async with office(*["Hello."] * 4) as o:
        refuse(o, "restricted_action")
        for _ in range(3):
            await o.call(o.ana, "hello")
            await quiet(o)
        assert len(told(o)) == 1
        await o.slack.advance(3601)
        await o.call(o.ana, "hello")
        await quiet(o)
        assert len(told(o)) == 2


async def test_everybody_who_calls_her_is_told_for_themselves() -> None:
    async with office(*["Hello."] * 4) as o:
        refuse(o, "is_archived")
        for who in (o.ana, o.bo, o.ana, o.bo):
            await o.call(who, "hello")
            await quiet(o)
        assert [len(o.team.dm(who).hers) for who in (o.ana, o.bo)] == [1, 1]


async def test_who_does_not_call_her_is_not_told() -> None:
    async with office(*["Hello."] * 2) as o:
        await o.decide(AnswerPolicy.ALWAYS)
        refuse(o, "restricted_action")
        await o.team.say(o.ana, o.hall, "the fair begins on Monday")
        await quiet(o)
        assert told(o) == []
        assert not o.slack.calls_of("conversations.open")


async def test_it_is_told_in_the_language_of_who_asks() -> None:
    async with office("好。") as o:
        refuse(o, "restricted_action")
        await o.call(o.ana, "你好")
        await quiet(o)
        assert "我不能在那里发言" in told(o)[0]


async def test_a_command_typed_there_is_answered_directly() -> None:
    async with office() as o:
        refuse(o, "restricted_action")
        await o.call(o.ana, "memory show")
        await quiet(o)
        assert len(told(o)) == 1
        assert o.said() == []


async def test_she_is_taken_out_in_the_middle_of_an_answer() -> None:
    async with office("one two three four") as o:
        o.ellie.generator.hold(after_words=2)
        await o.call(o.ana, "count")
        await o.slack.until(lambda: o.said() == ["one two"])
        o.hall.bot_is_member = False
        o.ellie.generator.release()
        await quiet(o)
        assert "but I can't write there" in told(o)[0]
        assert not o.ellie.adapter._answering.count


async def test_who_could_not_be_told_is_told_the_next_time() -> None:
    async with office("Hello.", "Hello.") as o:
        refuse(o, "restricted_action")
        o.slack.fail("conversations.open", "user_disabled", times=1)
        for expected in (0, 1):
            await o.call(o.ana, "hello")
            await quiet(o)
            assert len(told(o)) == expected


async def test_without_the_right_to_write_she_does_not_start() -> None:
    async with SlackStandIn() as slack:
        team = slack.add_team("T1", manifest=without("chat:write"))
        ellie = Ellie(slack, team)
        with pytest.raises(PlatformRefusedError, match="chat:write"):
            await ellie.adapter.run()
        assert not slack.connections(team)


SCOPES = [
    "assistant:write",
    "channels:history",
    "channels:read",
    "commands",
    "files:read",
    "files:write",
    "groups:history",
    "im:history",
    "im:read",
    "im:write",
    "mpim:history",
    "mpim:read",
    "users:read",
]


@pytest.mark.parametrize("scope", SCOPES)
async def test_without_one_right_she_says_so_in_the_log_and_goes_on(
    scope: str,
) -> None:
    with capture_logs() as logs:
        await answers_without(scope)
    told = [line for line in logs if line["event"] == "slack_scope_missing"]
    assert [line["scope"] for line in told] == [scope]


async def answers_without(scope: str) -> None:
    async with office("Hello.", "Hello again.", manifest=without(scope)) as o:
        await o.team.say(o.bo, o.hall, "I vote for the lake")
        file = ("list.txt", b"milk and honey", "text/plain")
        asked = await o.call(o.ana, "hello", files=[file])
        assert await is_answered(o, asked)
        direct = await o.write(o.ana, "hello")
        assert await is_answered(o, direct)
        prompt = o.ellie.prompts()[0]
        assert ("lake" in prompt) is (scope != "channels:history")
        assert ("milk and honey" in prompt) is (scope != "files:read")
        assert ("called Ana" in prompt) is (scope != "users:read")


async def test_with_all_rights_of_the_manifest_nothing_is_missing() -> None:
    with capture_logs() as logs:
        await answers_with_all_rights()
    assert not [line for line in logs if line["event"] == "slack_scope_missing"]


async def answers_with_all_rights() -> None:
    async with office("Hello.", manifest=dict(manifest())) as o:
        assert await is_answered(o, await o.call(o.ana, "hello"))
        missing = [call for call in o.slack.calls if call.error == "missing_scope"]
        assert missing == []


async def test_without_knowing_a_channel_nothing_is_told_elsewhere() -> None:
    async with office("Noted.", "Hm.", manifest=without("channels:read")) as o:
        garden = o.team.add_channel("C2", name="garden", members=[o.ana])
        assert await is_answered(o, await o.call(o.ana, "my dog is called Biscuit"))
        assert await is_answered(o, await o.call(o.ana, "what is my dog called?", garden))
        assert "Biscuit" not in o.ellie.prompts()[1]


@pytest.mark.parametrize("over_http", [True, False])
async def test_a_revoked_token_ends_her_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, over_http: bool
) -> None:
    monkeypatch.setattr(leaving.Leaving.__init__, "__kwdefaults__", {"removal_seconds": 0})
    async with office("Hello.", over_http=over_http) as o:
        assert await is_answered(o, await o.call(o.ana, "my dog is called Biscuit"))
        await o.team.revoke()
        with pytest.raises(PlatformRefusedError, match="was revoked in the workspace Acme"):
            await o.ellie.ended()
        assert len(o.ellie.turns()) == 1
        assert not o.ellie.health.is_well


async def test_a_token_that_is_refused_without_a_word_ends_her_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(leaving.Leaving.__init__, "__kwdefaults__", {"removal_seconds": 0})
    async with office("Hello.", "Hm.") as o:
        assert await is_answered(o, await o.call(o.ana, "hello"))
        o.team.refused_with = "token_revoked"  # and no event tells of it
        await o.call(o.ana, "hello?")
        with pytest.raises(PlatformRefusedError, match="was revoked in the workspace Acme"):
            await o.ellie.ended()


@pytest.mark.parametrize("erases", [True, False])
async def test_a_removed_app_ends_her_and_erases_if_she_was_told_to(erases: bool) -> None:
    async with office("Noted.", "Noted.", "Noted.", erase_on_uninstall=erases) as o:
        assert await is_answered(o, await o.call(o.ana, "my dog is called Biscuit"))
        assert await is_answered(o, await o.write(o.ana, "my cat is called Minka"))
        assert await is_answered(o, await o.call(o.bo, "I live in Porto"))
        assert o.ellie.facts()
        await o.team.uninstall()
        with pytest.raises(PlatformRefusedError, match="removed from the Slack workspace Acme"):
            await o.ellie.ended()
        state = o.ellie.state
        kept = [state.turns, state.facts, state.persons, state.identities, state.deliveries]
        assert [bool(rows) for rows in kept] == [not erases] * 5
        assert ("Biscuit" in repr(state)) is not erases


async def test_events_that_slack_dropped_are_told_in_the_log() -> None:
    async with office("Hello.") as o:
        with capture_logs() as logs:
            await o.team.emit({"type": "app_rate_limited", "minute_rate_limited": 1518467820})
            await o.slack.settled()
        assert "slack_events_dropped" in [line["event"] for line in logs]
        assert o.slack.deliveries[-1].is_acked
        assert await is_answered(o, await o.call(o.ana, "hello"))


@pytest.mark.parametrize("over_http", [True, False])
async def test_settings_of_another_app_in_the_environment_change_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, over_http: bool
) -> None:
    for name in ("CLIENT_ID", "CLIENT_SECRET", "SIGNING_SECRET", "BOT_TOKEN", "SCOPES"):
        monkeypatch.setenv(f"SLACK_{name}", "another")
    async with office("Hello.", over_http=over_http) as o:
        assert await is_answered(o, await o.call(o.ana, "hello"))
    assert caplog.text == ""


@pytest.mark.parametrize("over_http", [True, False])
async def test_the_first_command_is_carried_out_when_slack_stumbles(over_http: bool) -> None:
    async with office(over_http=over_http) as o:
        o.slack.fail("auth.test", "internal_error", times=9)
        shown = await o.team.slash(o.ana, o.hall, "help")
        await o.slack.until(lambda: shown.texts)
        assert "/ellie memory show" in shown.texts[0]
        assert not shown.response


async def test_no_token_is_ever_in_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    async with office("Hello.", "Hello.") as o:
        o.slack.fail("chat.startStream", "internal_error", times=2)
        o.slack.drop("agents.sessions.setStatus", times=2)
        o.slack.status_code("users.info", 503, times=2)
        assert await is_answered(o, await o.call(o.ana, "the secret word is swordfish"))
        shown = capsys.readouterr()
    said = shown.out + shown.err
    assert "xoxb" not in said
    assert "xapp" not in said
    assert "swordfish" not in said
