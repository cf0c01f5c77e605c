"""The Slack stand-in tells a real Bolt app what happens, as Slack does over Socket Mode."""

from __future__ import annotations

import pytest
from slack_stand_in import SlackStandIn
from support.slack_app import Heard, connected


async def test_a_mention_is_told_twice_with_ids_of_their_own() -> None:
    heard = Heard()
    async with SlackStandIn() as slack:
        acme = slack.add_team("T1")
        ana = acme.add_user("U1", name="ana")
        hall = acme.add_channel("C1", members=[ana])
        async with connected(slack, acme, heard.listen):
            first = await acme.say(ana, hall, f"{acme.mention} hello")
            await slack.until(lambda: len(heard.bodies) == 2)
            second = await acme.say(ana, hall, f"{acme.mention} again", mention_first=True)
            await slack.until(lambda: len(heard.bodies) == 4)

    assert sorted(heard.kinds[:2]) == ["app_mention", "message"]
    assert [event["ts"] for event in heard.events] == [first.ts] * 2 + [second.ts] * 2
    assert len({body["event_id"] for body in heard.bodies}) == 4
    sent = [(one.event_type, one.payload["event"]["ts"]) for one in slack.deliveries]
    assert sent == [
        ("message", first.ts),
        ("app_mention", first.ts),
        ("app_mention", second.ts),
        ("message", second.ts),
    ]
    body = heard.bodies[0]
    assert (body["team_id"], body["api_app_id"]) == ("T1", acme.app_id)
    assert body["authorizations"][0]["user_id"] == acme.bot_user_id
    assert all(one.is_acked for one in slack.deliveries)
    assert slack.sockets.wrong == []


async def test_in_a_direct_conversation_there_is_no_mention() -> None:
    heard = Heard()
    async with SlackStandIn() as slack:
        acme = slack.add_team("T1")
        ana = acme.add_user("U1")
        async with connected(slack, acme, heard.listen):
            await acme.say(ana, acme.dm(ana), f"{acme.mention} hello")
            await slack.settled()

    assert heard.kinds == ["message"]
    assert heard.events[0]["channel_type"] == "im"


async def test_only_what_the_manifest_asks_for_is_told() -> None:
    heard = Heard()
    manifest = {"settings": {"event_subscriptions": {"bot_events": ["app_mention"]}}}
    manifest["settings"]["socket_mode_enabled"] = True  # type: ignore[assignment]
    async with SlackStandIn() as slack:
        acme = slack.add_team("T1", manifest=manifest)
        ana = acme.add_user("U1")
        hall = acme.add_channel("C1", members=[ana])
        async with connected(slack, acme, heard.listen):
            await acme.say(ana, hall, "hello all")
            await acme.say(ana, acme.dm(ana), "hello you")
            await acme.say(ana, hall, f"{acme.mention} hello")
            await slack.until(lambda: heard.bodies)

    assert heard.kinds == ["app_mention"]


async def test_channels_without_the_bot_are_silent() -> None:
    async with SlackStandIn() as slack:
        acme = slack.add_team("T1")
        ana = acme.add_user("U1")
        cellar = acme.add_channel("C1", members=[ana], bot_is_member=False)
        await acme.say(ana, cellar, f"{acme.mention} hello")

    assert slack.deliveries == []


async def test_every_event_goes_to_one_of_two_connections() -> None:
    heard = [Heard(), Heard()]
    async with SlackStandIn() as slack:
        acme = slack.add_team("T1")
        ana = acme.add_user("U1")
        async with (
            connected(slack, acme, heard[0].listen),
            connected(slack, acme, heard[1].listen),
        ):
            assert len(slack.connections(acme)) == 2
            for _ in range(6):
                await acme.say(ana, acme.dm(ana), "hello")
            await slack.settled()

    assert [len(one.bodies) for one in heard] == [3, 3]


async def test_a_missed_confirmation_brings_the_same_event_again_three_times() -> None:
    heard = Heard()
    heard.confirms = False
    async with SlackStandIn() as slack:
        acme = slack.add_team("T1")
        ana = acme.add_user("U1")
        async with connected(slack, acme, heard.listen):
            await acme.say(ana, acme.dm(ana), "hello")
            for attempt, seconds in enumerate((3, 63, 303), start=1):
                await slack.until(lambda: len(heard.bodies) == attempt)  # noqa: B023
                assert not await slack.advance(seconds - 1)
                assert len(await slack.advance(1)) == 1
            await slack.until(lambda: len(heard.bodies) == 4)
            assert not await slack.advance(10_000)

    assert heard.retries == ["0", "1", "2", "3"]
    assert len({body["event_id"] for body in heard.bodies}) == 1
    assert len({one.envelope_id for one in slack.deliveries}) == 4
    assert not any(one.is_acked for one in slack.deliveries)


async def test_what_was_confirmed_does_not_come_again() -> None:
    heard = Heard()
    async with SlackStandIn() as slack:
        acme = slack.add_team("T1")
        ana = acme.add_user("U1")
        async with connected(slack, acme, heard.listen):
            await acme.say(ana, acme.dm(ana), "hello")
            await slack.settled()
            assert await slack.retry_unacked() == []
            assert await slack.advance(10_000) == []
            await slack.redeliver(slack.deliveries[0], attempt=1, reason="timeout")
            await slack.until(lambda: len(heard.bodies) == 2)

    assert heard.retries == ["0", "1"]


async def test_what_happens_without_a_connection_comes_after_it() -> None:
    heard = Heard()
    async with SlackStandIn() as slack:
        acme = slack.add_team("T1")
        ana = acme.add_user("U1")
        await acme.say(ana, acme.dm(ana), "is anybody there?")
        async with connected(slack, acme, heard.listen):
            await slack.advance(3)
            await slack.until(lambda: heard.bodies)

    assert heard.events[0]["text"] == "is anybody there?"


async def test_after_a_refresh_the_app_has_a_new_connection() -> None:
    heard = Heard()
    async with SlackStandIn() as slack:
        acme = slack.add_team("T1")
        ana = acme.add_user("U1")
        async with connected(slack, acme, heard.listen):
            old = slack.connections(acme)
            await slack.refresh(acme)
            await slack.until(lambda: slack.connections(acme) and slack.connections(acme) != old)
            await acme.say(ana, acme.dm(ana), "hello")
            await slack.until(lambda: heard.bodies)

    assert len(slack.calls_of("apps.connections.open")) >= 2


async def test_a_cut_connection_is_opened_again() -> None:
    async with SlackStandIn() as slack:
        acme = slack.add_team("T1")
        async with connected(slack, acme, Heard().listen):
            await slack.cut(acme)
            await slack.until(lambda: slack.sockets.opened == 2)


async def test_what_is_lost_on_a_silent_connection_comes_over_the_next() -> None:
    heard = Heard()
    async with SlackStandIn() as slack:
        acme = slack.add_team("T1")
        ana = acme.add_user("U1")
        async with connected(slack, acme, heard.listen):
            connection = slack.connections(acme)[0]
            slack.go_silent(acme)
            pings = connection.pings
            await acme.say(ana, acme.dm(ana), "hello")
            await slack.until(lambda: connection.pings > pings)
            await slack.until(lambda: slack.sockets.opened == 2)
            assert heard.bodies == []
            assert not slack.deliveries[0].is_acked
            await slack.advance(3)
            await slack.until(lambda: heard.bodies)

    assert slack.deliveries[1].connection != connection.number


async def test_a_silent_connection_can_speak_again() -> None:
    heard = Heard()
    async with SlackStandIn() as slack:
        acme = slack.add_team("T1")
        ana = acme.add_user("U1")
        async with connected(slack, acme, heard.listen):
            slack.go_silent(acme)
            await acme.say(ana, acme.dm(ana), "lost")
            slack.speak(acme)
            await acme.say(ana, acme.dm(ana), "heard")
            await slack.until(lambda: heard.bodies)

    assert [event["text"] for event in heard.events] == ["heard"]


async def test_the_home_tab_and_other_events_are_told() -> None:
    heard = Heard()
    async with SlackStandIn() as slack:
        acme = slack.add_team("T1")
        ana = acme.add_user("U1")
        async with connected(slack, acme, heard.listen):
            await acme.open_home(ana, tab="messages")
            await slack.settled()
            await acme.revoke()
            await slack.settled()

    assert sorted(heard.kinds) == ["app_home_opened", "tokens_revoked"]


async def test_waiting_in_vain_says_what_happened_instead() -> None:
    async with SlackStandIn() as slack:
        acme = slack.add_team("T1")
        ana = acme.add_user("U1")
        await acme.say(ana, acme.dm(ana), "hello")
        with pytest.raises(AssertionError, match=r"events_api message .* no connection"):
            await slack.until(lambda: False, seconds=0.01)
