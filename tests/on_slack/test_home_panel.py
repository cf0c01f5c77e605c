"""What those who may manage the workspace decide in the Home tab, and that nobody else does."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.slack_house import House, house

from adapters.slack import home_ids as ids
from bot.domain.policy import AnswerPolicy


async def policy_of(here: House, channel_id: str | None = None) -> AnswerPolicy | None:
    listing = await here.policies.listing(here.workspace.tenant)
    return next((one.policy for one in listing if one.channel_id == channel_id), None)


async def kept_of(here: House) -> int | None:
    return (await here.retention.of(here.workspace.tenant)).own


async def test_a_policy_is_chosen_for_the_whole_workspace() -> None:
    async with house() as here:
        await here.open(here.cleo)
        shown = await here.press(ids.POLICY, "mentions", here.cleo)
        assert "Decided for the whole server or workspace." in shown
        assert "In this channel I now answer" not in shown
        assert await policy_of(here) is AnswerPolicy.MENTIONS
        shown = await here.press(ids.POLICY, "default", here.cleo)
        assert "has no rule of its own any more" in shown
        assert await policy_of(here) is None


async def test_a_channel_goes_back_to_the_default() -> None:
    async with house() as here:
        tenant = here.workspace.tenant
        await here.policies.set(tenant, "C1HALL", AnswerPolicy.OFF)
        await here.policies.set(tenant, "C2QUIET", AnswerPolicy.OFF)
        await here.open(here.cleo)
        assert "<#C1HALL>: off" in here.reads(here.cleo)
        shown = await here.press(ids.CHANNEL_DEFAULT, "C1HALL", here.cleo)
        assert "<#C1HALL>\nThis channel has no rule of its own any more." in shown
        assert await policy_of(here, "C1HALL") is None
        assert await policy_of(here, "C2QUIET") is AnswerPolicy.OFF


async def test_pages_of_channels_are_turned() -> None:
    async with house() as here:
        for number in range(12):
            await here.policies.set(here.workspace.tenant, f"C1{number:02}", AnswerPolicy.OFF)
        await here.open(here.cleo)
        assert "<#C111>" not in here.reads(here.cleo)
        assert "<#C111>" in await here.press(ids.CHANNELS_FOLLOWING, user=here.cleo)
        assert "<#C111>" not in await here.press(ids.CHANNELS_PREVIOUS, user=here.cleo)


async def test_how_long_things_are_kept_is_changed_after_a_question() -> None:
    async with house() as here:
        await here.open(here.cleo)
        await here.press(ids.KEPT, user=here.cleo)
        assert here.modal(here.cleo).title == "How long I keep things"
        await here.submit({"choice": "days", "days": "30"}, here.cleo)
        assert "would be kept for 30 days only" in here.modal(here.cleo).shown_text
        assert await kept_of(here) is None
        await here.submit(user=here.cleo)
        assert await kept_of(here) == 30
        assert "What is said here is kept for 30 days" in here.reads(here.cleo)
        await here.press(ids.KEPT, user=here.cleo)
        await here.submit({"choice": "-1"}, here.cleo)
        assert await kept_of(here) is None
        await here.press(ids.KEPT, user=here.cleo)
        await here.submit({"choice": "0"}, here.cleo)
        assert await kept_of(here) == 0


@pytest.mark.parametrize("days", ["", "0", "-3", "100000"])
async def test_days_that_are_none_are_told_in_the_form(days: str) -> None:
    async with house() as here:
        await here.open(here.cleo)
        await here.press(ids.KEPT, user=here.cleo)
        sent = await here.submit({"days": days}, here.cleo)
        assert sent.errors == {"days": "Please write a number of days from 1 to 99999."}


async def test_who_is_no_admin_any_more_changes_nothing() -> None:
    async with house() as here:
        await here.policies.set(here.workspace.tenant, "C1HALL", AnswerPolicy.OFF)
        panel = replace(await here.open(here.cleo))  # as it was
        here.cleo.is_admin = False
        for action_id, value in (
            (ids.POLICY, "off"),
            (ids.CHANNEL_DEFAULT, "C1HALL"),
            (ids.KEPT, None),
        ):
            shown = await here.press(action_id, value, here.cleo, view=panel)
            assert "is only for whoever may manage this server or workspace" in shown
            assert "This workspace" not in shown
        assert await policy_of(here) is None
        assert await policy_of(here, "C1HALL") is AnswerPolicy.OFF


async def test_somebody_else_changes_nothing_with_an_admins_view() -> None:
    async with house() as here:
        panel = await here.open(here.cleo)
        await here.open(here.ben)
        shown = await here.press(ids.POLICY, "off", here.ben, view=panel)
        assert "is only for whoever may manage this server or workspace" in shown
        assert await policy_of(here) is None


async def test_a_right_that_was_lost_since_the_question_is_noticed() -> None:
    async with house() as here:
        await here.open(here.cleo)
        await here.press(ids.KEPT, user=here.cleo)
        await here.submit({"days": "30"}, here.cleo)
        here.cleo.is_admin = False
        await here.submit(user=here.cleo)
        assert await kept_of(here) is None
        assert "is only for whoever may manage" in here.reads(here.cleo)


async def test_an_admin_of_another_company_is_none_here() -> None:
    async with house() as here:
        panel = await here.open(here.cleo)
        await here.open(here.sam)
        assert "This workspace" not in here.reads(here.sam)
        await here.press(ids.POLICY, "off", here.sam, view=panel)
        assert await policy_of(here) is None
