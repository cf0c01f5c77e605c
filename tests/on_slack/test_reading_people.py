"""Who people on Slack are, as far as Slack says so."""

from __future__ import annotations

import asyncio

import pytest
from support.slack_reading import GRID, TEAM, Desk

from adapters.slack import people
from bot.domain.identity import IdentityRef, Platform, TenantRef


def home(external_id: str) -> TenantRef:
    return TenantRef(platform=Platform.SLACK, external_id=external_id)


async def test_a_person_is_the_account_in_its_workspace() -> None:
    desk = Desk()
    user = await desk.people.get("U1")
    assert desk.people.identity_of(user) == IdentityRef(
        platform=Platform.SLACK, external_id="U1", display_name="Ana", tenant=home(TEAM)
    )
    assert user.is_known
    assert {user.is_admin, user.is_bot, user.is_stranger} == {False}


async def test_in_an_enterprise_a_person_is_the_same_in_every_workspace() -> None:
    desk = Desk(GRID)
    desk.slack.person("U1", "Ana", enterprise_user={"enterprise_id": "E1", "teams": ["T1", "T2"]})
    desk.slack.person("U2", "Ben", team_id="T2", enterprise_user={"enterprise_id": "E1"})
    for user_id in ("U1", "U2"):
        user = await desk.people.get(user_id)
        assert desk.people.identity_of(user).tenant == home("E1")
        assert not user.is_stranger


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"team_id": "T9", "is_stranger": True}, "T9"),
        ({"team_id": "T9"}, "T9"),
        ({"team_id": "T9", "enterprise_user": {"enterprise_id": "E9"}}, "E9"),
    ],
)
async def test_strangers_belong_where_they_come_from(raw: dict[str, object], expected: str) -> None:
    desk = Desk()
    desk.slack.person("U9", "Zoe", is_admin=True, is_owner=True, **raw)
    user = await desk.people.get("U9")
    assert (user.home, user.is_stranger, user.is_admin) == (expected, True, False)


@pytest.mark.parametrize(
    ("profile", "more", "name"),
    [
        ({"display_name": "Ana", "real_name": "Ana Smith"}, {}, "Ana"),
        ({"display_name": "", "real_name": "Ana Smith"}, {}, "Ana Smith"),
        ({}, {"real_name": "Ana Smith", "name": "ana"}, "Ana Smith"),
        ({}, {"name": "ana"}, "ana"),
        ({"display_name": " \n", "real_name": "\u202e"}, {}, "someone"),
        ({"display_name": "Eve\nEllie: hi"}, {}, "Eve Ellie: hi"),
        ({"display_name": "x" * 99}, {}, "x" * 59 + "…"),
    ],
)
async def test_people_are_called_as_they_want(
    profile: dict[str, str], more: dict[str, str], name: str
) -> None:
    desk = Desk()
    desk.slack.users["U7"] = {"id": "U7", "team_id": TEAM, "profile": profile, **more}
    assert (await desk.people.get("U7")).name == name


@pytest.mark.parametrize("right", ["is_admin", "is_owner", "is_primary_owner"])
async def test_admins_and_owners_run_the_workspace(right: str) -> None:
    desk = Desk()
    desk.slack.person("U3", "Cy", **{right: True})
    assert await desk.people.is_admin("U3")
    for bar in ("is_restricted", "is_ultra_restricted", "deleted", "is_bot", "is_stranger"):
        desk.slack.person("U4", "Dan", **{right: True, bar: True})
        desk.people.forget("U4")
        assert not await desk.people.is_admin("U4"), bar
    desk = Desk(GRID)
    grid = {"enterprise_id": "E1", "teams": ["T2"]}
    desk.slack.person("U5", "Eli", team_id="T2", enterprise_user=grid, **{right: True})
    assert not await desk.people.is_admin("U5")  # of another workspace of the enterprise
    grid["teams"].append("T1")  # type: ignore[attr-defined]
    desk.people.forget("U5")
    assert await desk.people.is_admin("U5")


async def test_programs_are_known_as_such() -> None:
    desk = Desk()
    desk.slack.person("U3", "Jukebox", is_bot=True)
    desk.slack.person("U4", "Flow", is_workflow_bot=True)
    desk.slack.person("USLACKBOT", "Slackbot")
    for user_id in ("U3", "U4", "USLACKBOT"):
        assert (await desk.people.get(user_id)).is_bot


async def test_whether_somebody_runs_the_workspace_is_asked_each_time() -> None:
    desk = Desk()
    desk.slack.person("U1", "Ana", is_admin=True)
    assert (await desk.people.get("U1")).is_admin
    desk.slack.person("U1", "Ana")
    assert not await desk.people.is_admin("U1")
    assert not (await desk.people.get("U1")).is_admin


async def test_who_is_told_to_come_from_elsewhere_is_not_one_of_ours_with_that_id() -> None:
    desk = Desk()
    desk.slack.person("U1", "Ana", is_admin=True)
    ours = await desk.people.get("U1", team_id=TEAM)
    theirs = await desk.people.get("U1", team_id="T9", name="Eve")
    assert (ours.name, ours.home, ours.is_admin) == ("Ana", TEAM, True)
    assert (theirs.name, theirs.home, theirs.is_admin) == ("Eve", "T9", False)
    assert (ours.is_certain, theirs.is_certain) == (True, False)


async def test_nobody_is_asked_about_twice_within_a_minute() -> None:
    desk = Desk()
    desk.slack.person("U1", "Ana", locale="zh-CN", is_admin=True)
    assert (await desk.people.get("U1")).locale == "zh-CN"
    desk.watch.seconds = 59.9
    desk.slack.person("U1", "Anna")
    assert (await desk.people.get("U1")).name == "Ana"
    assert desk.slack.asked == ["users.info U1"]
    desk.watch.seconds = 60
    assert (await desk.people.get("U1")).name == "Anna"
    desk.people.forget("U1")
    desk.slack.person("U1", "Ann")
    assert (await desk.people.get("U1")).name == "Ann"


async def test_many_questions_at_once_are_one() -> None:
    desk = Desk()
    users = await asyncio.gather(*(desk.people.get("U1") for _ in range(5)))
    assert {user.name for user in users} == {"Ana"}
    assert desk.slack.asked == ["users.info U1"]


async def test_when_slack_does_not_say_they_are_as_before_and_nobodys_admin() -> None:
    desk = Desk()
    desk.slack.person("U9", "Zoe", team_id="T9", enterprise_user={"enterprise_id": "E9"})
    desk.slack.person("U3", "Cy", is_admin=True)
    assert (await desk.people.get("U9")).home == "E9"
    assert await desk.people.is_admin("U3")
    desk.slack.broken = {"users.info"}
    desk.watch.seconds = 61
    user = await desk.people.get("U9", team_id="T9")
    assert (user.home, user.name, user.is_stranger) == ("E9", "Zoe", True)
    assert not await desk.people.is_admin("U3")
    assert (await desk.people.get("U3")).is_known


async def test_whoever_was_never_known_is_guessed_by_their_message() -> None:
    desk = Desk(GRID)
    desk.slack.broken = {"users.info"}
    ours = await desk.people.get("U5", team_id="T1")
    assert (ours.home, ours.name, ours.is_stranger, ours.is_known) == (
        "E1",
        "someone",
        False,
        False,
    )
    assert (await desk.people.get("U5")).home == "E1"
    assert (await desk.people.get("U5", team_id="E1")).home == "E1"
    theirs = await desk.people.get("U9", team_id="T9", name="Zoe\n")
    assert (theirs.home, theirs.name, theirs.is_stranger) == ("T9", "Zoe", True)
    assert not theirs.is_admin
    plain = Desk()
    plain.slack.broken = {"users.info"}
    assert (await plain.people.get("U5")).home == TEAM
    plain.slack.broken = set()
    plain.slack.person("U5", "Eli")
    assert (await plain.people.get("U5")).name == "someone"  # nor is Slack asked all the time
    assert len(plain.slack.asked) == 1
    plain.watch.seconds = 5
    assert (await plain.people.get("U5")).name == "Eli"  # a guess is not kept


async def test_a_question_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "PATIENCE_SECONDS", 0.01)
    desk = Desk()
    desk.slack.hanging = {"users.info"}
    assert (await desk.people.get("U1")).name == "someone"
    assert not await desk.people.is_admin("U1")


async def test_no_more_people_are_remembered_than_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "REMEMBERED_PEOPLE", 2)
    desk = Desk()
    desk.slack.person("U3", "Cy")
    for user_id in ("U1", "U2", "U1", "U3"):
        await desk.people.get(user_id)
    desk.slack.asked.clear()
    for user_id in ("U1", "U3", "U2"):
        await desk.people.get(user_id)
    assert desk.slack.asked == ["users.info U2"]


async def test_several_people_are_told_by_their_ids() -> None:
    desk = Desk()
    found = await desk.people.several(["U1", "U2", "U2", "", "U404"])
    assert {user_id: user.name for user_id, user in found.items()} == {"U1": "Ana", "U2": "Ben"}
    assert await desk.people.several([]) == {}


async def test_an_old_name_is_good_enough_for_a_while() -> None:
    desk = Desk()
    await desk.people.several(["U1"])
    desk.slack.person("U1", "Anna")
    desk.watch.seconds = 3599
    assert (await desk.people.several(["U1"]))["U1"].name == "Ana"
    desk.watch.seconds = 3600
    assert (await desk.people.several(["U1"]))["U1"].name == "Anna"


async def test_whoever_is_not_told_of_in_time_keeps_the_old_name_or_none() -> None:
    desk = Desk()
    await desk.people.get("U1")
    desk.watch.seconds = 4000
    desk.slack.hanging = {"users.info"}
    found = await desk.people.several(["U1", "U2"], seconds=0.01)
    assert {user_id: user.name for user_id, user in found.items()} == {"U1": "Ana"}
    others = asyncio.all_tasks() - {asyncio.current_task()}
    assert not others  # nobody goes on asking
