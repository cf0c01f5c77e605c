"""Who may use Ellie in a place."""

from __future__ import annotations

from typing import Any

import pytest
from support.again import again, wish
from support.dialog import ANA, HALL, Dialog, account, channel, direct

from bot.domain.access import may_use
from bot.domain.conversation import ConversationRef
from bot.domain.identity import IdentityRef
from bot.domain.place_policy import PlacePolicy
from bot.engine.notices import CHINESE, ENGLISH
from bot.engine.reply import ReplyStatus

BEA = account("bea")


def names(*of: str) -> frozenset[str]:
    return frozenset(of)


@pytest.mark.parametrize(
    ("lists", "roles", "expected"),
    [
        ({}, (), True),
        ({"allow_users": names("ana")}, (), True),
        ({"allow_users": names("bea")}, (), False),
        ({"allow_roles": names("mods")}, ("mods", "all"), True),
        ({"allow_roles": names("mods")}, ("all",), False),
        # Ana, and whoever moderates.
        ({"allow_users": names("ana"), "allow_roles": names("mods")}, (), True),
        ({"allow_users": names("bea"), "allow_roles": names("mods")}, ("mods",), True),
        ({"allow_users": names("bea"), "allow_roles": names("mods")}, ("all",), False),
        ({"deny_users": names("ana")}, (), False),
        ({"deny_users": names("bea")}, (), True),
        ({"deny_roles": names("new")}, ("new", "mods"), False),
        ({"deny_users": names("ana"), "allow_users": names("ana")}, (), False),
        ({"deny_roles": names("new"), "allow_users": names("ana")}, ("new",), False),
        ({"allow_channels": names("hall")}, (), True),
        ({"allow_channels": names("den")}, (), False),
        ({"deny_channels": names("hall")}, (), False),
        ({"deny_channels": names("den")}, (), True),
        ({"allow_channels": names("hall"), "deny_channels": names("hall")}, (), False),
        ({"allow_channels": names("hall"), "allow_users": names("bea")}, (), False),
    ],
)
def test_lists(lists: dict[str, Any], roles: tuple[str, ...], expected: bool) -> None:
    policy = PlacePolicy(**lists)

    assert may_use(policy, author=ANA, roles=names(*roles), place=HALL) is expected
    # Whoever can change the lists is never locked out by them.
    assert may_use(policy, author=ANA, roles=names(*roles, "admin"), place=HALL)


def test_direct_messages_are_no_channel_to_be_in() -> None:
    here = PlacePolicy(allow_channels=names("hall"))

    assert may_use(here, author=ANA, roles=names(), place=direct(ANA))
    barred = PlacePolicy(deny_users=names("ana"))
    assert not may_use(barred, author=ANA, roles=names(), place=direct(ANA))


def barring(who: IdentityRef = ANA) -> Dialog:
    return Dialog(policy=PlacePolicy(deny_users=names(who.external_id)))


async def test_whoever_is_denied_is_told_whom_to_ask_and_leaves_nothing() -> None:
    dialog = barring()
    before = repr(dialog.storage.state)

    english = await dialog.say("Remember that I live in Porto.", ANA, HALL)
    chinese = await dialog.say("你好", ANA, channel("den"))

    assert (english.status, english.notice) == (ReplyStatus.REFUSED, ENGLISH.denied)
    assert chinese.notice == CHINESE.denied
    assert "ask one of its admins" in english.notice.lower()
    assert repr(dialog.storage.state) == before
    assert not dialog.generator.requests


async def test_others_are_answered() -> None:
    dialog = barring()

    assert (await dialog.say("Hello!", BEA, HALL)).status is ReplyStatus.ANSWERED


async def test_in_a_channel_it_is_said_once_in_an_hour_to_each() -> None:
    dialog = Dialog(policy=PlacePolicy(allow_users=names("nobody")))

    async def said(who: IdentityRef, where: ConversationRef = HALL) -> ReplyStatus:
        outcome = await dialog.say("Hello?", who, where)
        assert bool(outcome.notice) is (outcome.status is ReplyStatus.REFUSED)
        return outcome.status

    assert await said(ANA) is ReplyStatus.REFUSED
    assert await said(ANA) is ReplyStatus.DUPLICATE
    assert await said(ANA, channel("hall", thread="side")) is ReplyStatus.DUPLICATE
    assert await said(BEA) is ReplyStatus.REFUSED
    assert await said(ANA, channel("den")) is ReplyStatus.REFUSED
    dialog.later(minutes=58)
    assert await said(ANA) is ReplyStatus.REFUSED
    assert await said(ANA) is ReplyStatus.DUPLICATE


async def test_in_direct_messages_it_is_said_each_time() -> None:
    dialog = barring()

    for _ in range(3):
        outcome = await dialog.say("Hello?")
        assert (outcome.status, outcome.notice) == (ReplyStatus.REFUSED, ENGLISH.denied)


async def test_who_has_nothing_to_say_is_not_told_so_either() -> None:
    dialog = barring()

    assert (await dialog.say(" ", ANA, HALL)).notice == ENGLISH.denied
    assert (await dialog.say(" ", ANA, HALL)).status is ReplyStatus.DUPLICATE


async def test_the_place_that_rules_a_private_thread_is_its_channel() -> None:
    dialog = Dialog(policy=PlacePolicy(deny_channels=names("hall")))

    thread = channel("thread")
    assert (await dialog.say("Hi!", ANA, thread)).status is ReplyStatus.ANSWERED
    ruled = await dialog.say("Hi!", ANA, thread, ruled=HALL)
    assert ruled.status is ReplyStatus.REFUSED


async def test_roles_come_with_the_message() -> None:
    dialog = Dialog(policy=PlacePolicy(allow_roles=names("mods")))

    assert (await dialog.say("Hi!", ANA, HALL)).status is ReplyStatus.REFUSED
    moderator = await dialog.say("Hi!", ANA, HALL, author_roles=names("mods"))
    assert moderator.status is ReplyStatus.ANSWERED


async def test_nothing_is_answered_once_more_for_whoever_is_denied() -> None:
    dialog = Dialog()
    await dialog.say("Tell me a joke.")
    (turn,) = await dialog.turns()
    dialog.rules.policy = PlacePolicy(deny_users=names("ana"))

    outcome = await again(dialog, wish(turn))

    assert (outcome.status, outcome.notice) == (ReplyStatus.REFUSED, ENGLISH.denied)
    assert await dialog.turns() == (turn,)
    assert (
        await again(dialog, wish(turn, author_roles=names("admin")))
    ).status is ReplyStatus.ANSWERED


async def test_new_words_of_whoever_is_denied_are_not_stored() -> None:
    dialog = Dialog()
    await dialog.say("I live in Porto.", event="e1")

    await dialog.control.revisions.edited(
        ANA.platform, "e1", "I live in Lisbon.", place=direct(ANA), is_heard=False
    )

    assert [turn.text for turn in await dialog.turns()] == [""]
    assert await dialog.known() == []


@pytest.mark.parametrize(
    "command", ["/privacy", "/memory show", "/memory export", "/incognito on", "/help"]
)
async def test_what_people_may_ask_for_stays_theirs(command: str) -> None:
    dialog = Dialog()
    await dialog.say("I live in Porto.")
    dialog.rules.policy = PlacePolicy(deny_users=names("ana"))

    assert ENGLISH.denied not in await dialog.ask(command, ANA, HALL)


async def test_the_denied_can_have_everything_forgotten() -> None:
    dialog = Dialog()
    await dialog.say("I live in Porto.")
    dialog.rules.policy = PlacePolicy(deny_users=names("ana"))

    await dialog.agree("/memory forget everything")

    assert await dialog.person() is None


async def test_the_owner_of_this_ellie_is_never_locked_out() -> None:
    dialog = barring()
    dialog.engine._admission._is_owner = lambda who: who == ANA

    assert (await dialog.say("Hi!")).status is ReplyStatus.ANSWERED
