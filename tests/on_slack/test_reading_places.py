"""What a channel on Slack is, and who may read there."""

from __future__ import annotations

import asyncio

import pytest
from support.slack_reading import TEAM, WORKSPACE, Desk, stamp

from adapters.slack import places
from adapters.slack.places import Place, PlaceKind
from bot.domain.conversation import ConversationRef, Visibility
from bot.domain.identity import Platform, TenantRef


def visibility(place: Place) -> Visibility:
    return place.conversation(WORKSPACE).visibility


async def test_an_open_channel_is_public_in_its_workspace() -> None:
    desk = Desk()
    place = await desk.places.get("C1", channel_type="channel")
    assert place == Place(channel_id="C1", kind=PlaceKind.OPEN, name="general")
    assert place.conversation(WORKSPACE, stamp(0)) == ConversationRef(
        platform=Platform.SLACK,
        channel_id="C1",
        visibility=Visibility.PUBLIC,
        tenant=TenantRef(platform=Platform.SLACK, external_id=TEAM),
        thread_id=stamp(0),
    )
    assert place.conversation(WORKSPACE).thread_id is None


@pytest.mark.parametrize(
    ("raw", "kind", "seen_by"),
    [
        ({"is_private": True}, PlaceKind.CLOSED, Visibility.PRIVATE),
        ({"is_private": None}, PlaceKind.CLOSED, Visibility.PRIVATE),
        ({"is_channel": False, "is_group": True}, PlaceKind.CLOSED, Visibility.PRIVATE),
        ({"is_ext_shared": True}, PlaceKind.CLOSED, Visibility.SHARED),
        ({"is_org_shared": True}, PlaceKind.CLOSED, Visibility.SHARED),
        ({"is_shared": True}, PlaceKind.CLOSED, Visibility.SHARED),
        ({"is_pending_ext_shared": True}, PlaceKind.CLOSED, Visibility.SHARED),
        ({"pending_shared": ["T9"]}, PlaceKind.CLOSED, Visibility.SHARED),
        ({"pending_shared": [], "is_shared": False}, PlaceKind.OPEN, Visibility.PUBLIC),
        ({"is_channel": False, "is_im": True}, PlaceKind.DIRECT, Visibility.DIRECT),
        ({"is_channel": False, "is_mpim": True}, PlaceKind.GROUP, Visibility.PRIVATE),
        ({"is_mpim": True}, PlaceKind.GROUP, Visibility.PRIVATE),
    ],
)
async def test_whatever_lets_others_in_or_keeps_members_out_is_private(
    raw: dict[str, object], kind: PlaceKind, seen_by: Visibility
) -> None:
    desk = Desk()
    desk.slack.channel("C2", "other", **raw)
    place = await desk.places.get("C2")
    assert place.kind is kind
    assert visibility(place) is seen_by
    assert place.conversation(WORKSPACE).tenant == WORKSPACE.tenant


async def test_a_direct_message_needs_no_question() -> None:
    desk = Desk()
    place = await desk.places.get("D1", channel_type="im")
    assert (place.kind, place.is_member, place.is_external) == (PlaceKind.DIRECT, True, False)
    assert (await desk.places.get("D1", channel_type="im", is_ext_shared=True)).is_external
    assert desk.slack.asked == []


@pytest.mark.parametrize(("told", "kind"), [("mpim", PlaceKind.GROUP), ("group", PlaceKind.CLOSED)])
async def test_who_else_is_in_a_closed_place_is_asked(told: str, kind: PlaceKind) -> None:
    desk = Desk()
    desk.slack.channel("G1", "ours", is_private=True)
    desk.slack.channel("G2", "theirs", is_private=True, is_org_shared=True)
    ours = await desk.places.get("G1", channel_type=told)
    assert (ours.kind, ours.is_member, visibility(ours)) == (kind, True, Visibility.PRIVATE)
    theirs = await desk.places.get("G2", channel_type=told)
    assert (theirs.kind, visibility(theirs)) == (kind, Visibility.SHARED)
    unknown = await desk.places.get("G404", channel_type=told)
    assert (unknown.kind, unknown.is_member, visibility(unknown)) == (
        kind,
        True,
        Visibility.SHARED,
    )


async def test_an_event_that_says_closed_is_believed_and_slack_is_asked_anew() -> None:
    desk = Desk()
    assert (await desk.places.get("C1")).kind is PlaceKind.OPEN
    assert (await desk.places.get("C1", channel_type="group")).kind is PlaceKind.CLOSED
    desk.slack.channel("C1", "general", is_private=True)
    assert (await desk.places.get("C1")).kind is PlaceKind.CLOSED
    assert len(desk.slack.asked) == 2


async def test_an_event_that_says_shared_is_believed() -> None:
    desk = Desk()
    place = await desk.places.get("C1", channel_type="channel", is_ext_shared=True)
    assert (place.kind, place.is_external) == (PlaceKind.CLOSED, True)
    assert (await desk.places.get("C1")).kind is PlaceKind.OPEN
    desk.slack.channel("D1", "", is_channel=False, is_im=True)
    direct = await desk.places.get("D1", is_ext_shared=True)
    assert (direct.kind, direct.is_external) == (PlaceKind.DIRECT, True)


async def test_what_slack_tells_nothing_of_is_closed() -> None:
    desk = Desk()
    place = await desk.places.get("C404", channel_type="channel")
    assert place == Place(
        channel_id="C404", kind=PlaceKind.CLOSED, is_external=True, is_member=False
    )
    assert visibility(place) is Visibility.SHARED
    desk.slack.channel("C404", "new")
    assert (await desk.places.get("C404")).kind is PlaceKind.CLOSED
    desk.watch.seconds = 5
    assert (await desk.places.get("C404")).kind is PlaceKind.OPEN


async def test_trouble_later_on_closes_a_channel_too() -> None:
    desk = Desk()
    assert (await desk.places.get("C1")).kind is PlaceKind.OPEN
    desk.slack.broken = {"conversations.info"}
    desk.watch.seconds = 60
    assert (await desk.places.get("C1")).kind is PlaceKind.CLOSED


async def test_a_channel_is_asked_about_once_a_minute() -> None:
    desk = Desk()
    await asyncio.gather(*(desk.places.get("C1") for _ in range(5)))
    desk.slack.channel("C1", "general", is_shared=True)
    desk.watch.seconds = 59.9
    assert (await desk.places.get("C1", channel_type="channel")).kind is PlaceKind.OPEN
    assert desk.slack.asked == ["conversations.info C1"]
    desk.watch.seconds = 60
    assert (await desk.places.get("C1")).kind is PlaceKind.CLOSED
    desk.slack.channel("C1", "general")
    desk.places.forget("C1")
    assert (await desk.places.get("C1")).kind is PlaceKind.OPEN


async def test_a_question_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "PATIENCE_SECONDS", 0.01)
    desk = Desk()
    desk.slack.hanging = {"conversations.info"}
    assert (await desk.places.get("C1")).kind is PlaceKind.CLOSED


async def test_no_more_places_are_remembered_than_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "REMEMBERED_PLACES", 2)
    desk = Desk()
    for channel_id in ("C2", "C3", "C4", "C2"):
        desk.slack.channel(channel_id, "x")
        await desk.places.get(channel_id)
    assert desk.slack.asked.count("conversations.info C2") == 2


async def test_whether_she_is_in_a_channel_is_known() -> None:
    desk = Desk()
    desk.slack.channel("C2", "tea", is_member=False)
    assert not (await desk.places.get("C2")).is_member
    desk.slack.channel("G1", "mpdm-a-b", is_mpim=True, is_member=None)
    assert (await desk.places.get("G1")).is_member


async def test_names_are_told_of_open_channels_only() -> None:
    desk = Desk()
    desk.slack.channel("C2", "secret\nplans", is_private=True)
    assert await desk.places.name_of("C1") == "general"
    assert await desk.places.name_of("C2") == ""
    assert await desk.places.name_of("C404") == ""
