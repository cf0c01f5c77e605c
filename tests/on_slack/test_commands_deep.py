"""Commands with names of three words, and those that name somebody."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from support.deep_commands import add_deep_commands
from support.office import Office as Workplace
from support.office import office as workplace
from support.slack_commands import Office, office

from adapters.slack.manifest import manifest


@pytest.fixture(autouse=True)
def deep(monkeypatch: pytest.MonkeyPatch) -> None:
    add_deep_commands(monkeypatch)


@pytest.fixture
async def here() -> AsyncIterator[Office]:
    async with office() as running:
        yield running


@pytest.fixture
async def work() -> AsyncIterator[Workplace]:
    async with workplace() as running:
        yield running


def test_slack_is_asked_to_send_ids_of_those_who_are_named() -> None:
    for content in (manifest(), manifest("https://ellie.example.org")):
        assert [one["should_escape"] for one in content["features"]["slash_commands"]] == [True]


async def test_somebody_is_known_by_their_id_whatever_their_name(here: Office) -> None:
    here.ben.name = "ana smith"  # what Slack puts into a mention is a name, and may be anybody's
    await here.slash(f"admin wave user {here.ben.mention} good day {here.ana.mention}", here.cleo)
    assert here.last(here.cleo) == "Hello UBEN of T1.\ngood day <@UANA>"


async def test_somebody_of_another_workspace_belongs_there(here: Office) -> None:
    await here.slash(f"admin wave user {here.sam.mention}", here.cleo)
    assert here.last(here.cleo) == "Hello USAM of T9."


@pytest.mark.parametrize("name", ["ben", "@ben", "UBEN|x", "W", "u1"])
async def test_a_name_is_nobody(here: Office, name: str) -> None:
    await here.slash(f"admin wave user {name}", here.cleo)
    assert "is nobody here: mention them." in here.last(here.cleo)


async def test_an_id_that_is_typed_counts_as_well(here: Office) -> None:
    await here.slash("admin wave user USAM", here.cleo)
    assert here.last(here.cleo) == "Hello USAM of T9."


async def test_while_slack_does_not_tell_who_it_is_nothing_is_guessed(here: Office) -> None:
    await here.slash("help", here.cleo)
    here.slack.fail("users.info", "internal_error", times=3)
    await here.slash(f"admin wave user {here.sam.mention}", here.cleo)
    assert "Hello" not in here.last(here.cleo)
    assert "Please try again in a minute" in here.last(here.cleo)


async def test_of_whom_slack_knows_nothing_the_account_is_one_of_ours(here: Office) -> None:
    await here.slash("admin wave user U0GONE", here.cleo)
    assert here.last(here.cleo) == "Hello U0GONE of T1."


async def test_a_group_alone_lists_what_is_in_it(here: Office) -> None:
    await here.slash("admin wave", here.cleo)
    shown = here.last(here.cleo)
    assert "What there is under /ellie admin wave" in shown
    assert "/ellie admin wave user WHO [QUERY]" in shown
    assert "admin policy" not in shown
    await here.slash("admin wave", here.ana)
    assert "wave user" not in here.last(here.ana)


async def test_in_a_message_somebody_is_mentioned(work: Workplace) -> None:
    await work.call(work.chief, f"admin wave user {work.bo.mention} hello")
    await work.slack.until(lambda: work.team.ephemerals(work.chief))
    [shown] = work.team.ephemerals(work.chief)
    assert shown.shown_text == "Hello U2 of T1.\nhello"


async def test_in_a_message_places_and_groups_are_mentioned_too(work: Workplace) -> None:
    said = f"admin wave user {work.bo.mention} <#{work.hall.id}|hall> <!subteam^S1|@helpers>"
    await work.call(work.chief, said)
    await work.slack.until(lambda: work.team.ephemerals(work.chief))
    [shown] = work.team.ephemerals(work.chief)
    _, told = shown.shown_text.split("\n")
    assert told == f"<#{work.hall.id}> <!subteam^S1>"


async def test_in_a_message_a_name_is_nobody(work: Workplace) -> None:
    await work.call(work.chief, "admin wave user bo")
    await work.slack.until(lambda: work.team.ephemerals(work.chief))
    [shown] = work.team.ephemerals(work.chief)
    assert "“bo” is nobody here: mention them." in shown.shown_text
