"""``memory allow`` and ``memory refuse``, and what ``privacy`` tells of a place."""

from __future__ import annotations

import pytest
from support.dialog import ANA, HALL, Dialog, account, channel

from bot.commands.definitions import ALLOW, REFUSE
from bot.commands.parsing import Invocation, parse_command
from bot.commands.texts_consent_en import TEXTS
from bot.domain.conversation import ConversationRef
from bot.domain.identity import Platform
from bot.domain.place_policy import USUAL_POLICY, MemoryMode, PlacePolicy
from bot.engine.notices import ENGLISH


def said(key: str) -> str:
    return TEXTS[key].format(p="/")


def opt_in() -> Dialog:
    return Dialog(policy=PlacePolicy(memory=MemoryMode.OPT_IN))


@pytest.mark.parametrize(
    ("typed", "command"),
    [
        ("/memory allow", ALLOW),
        ("/记忆 允许", ALLOW),
        ("/允许记忆", ALLOW),
        ("/memory refuse", REFUSE),
        ("/记忆 拒绝", REFUSE),
        ("/拒绝记忆", REFUSE),
    ],
)
def test_they_may_be_typed(typed: str, command: object) -> None:
    understood = parse_command(typed)

    assert isinstance(understood, Invocation)
    assert understood.command is command


async def test_somebody_agrees_and_takes_it_back() -> None:
    dialog = opt_in()

    assert said("allow.done") in await dialog.ask("/memory allow")
    agreed = await dialog.person()
    assert agreed is not None
    assert agreed.consented_at == dialog.clock.now()
    assert said("allow.unchanged") in await dialog.ask("/memory allow")
    unchanged = await dialog.person()
    assert unchanged == agreed

    refused = await dialog.ask("/memory refuse")
    assert said("refuse.done") in refused
    assert "until you say /memory forget everything" in refused
    assert said("refuse.unchanged") in await dialog.ask("/memory refuse")
    person = await dialog.person()
    assert person is not None
    assert person.consented_at is None


async def test_in_chinese() -> None:
    dialog = opt_in()

    assert "谢谢" in await dialog.ask("/允许记忆")
    assert "不再保存" in await dialog.ask("/拒绝记忆")


async def test_a_stranger_who_refuses_stays_a_stranger() -> None:
    dialog = opt_in()

    assert said("refuse.unchanged") in await dialog.ask("/memory refuse")
    assert await dialog.person() is None


async def test_agreeing_again_ends_incognito_and_keeps_the_time() -> None:
    dialog = opt_in()
    await dialog.ask("/memory allow")
    agreed = await dialog.person()
    await dialog.ask("/incognito on")

    assert said("allow.done") in await dialog.ask("/memory allow")

    assert await dialog.person() == agreed


async def test_refusing_leaves_incognito_as_it_is() -> None:
    dialog = opt_in()
    await dialog.ask("/memory allow")
    await dialog.ask("/incognito on")

    await dialog.ask("/memory refuse")

    person = await dialog.person()
    assert person is not None
    assert person.incognito


async def test_it_holds_for_linked_accounts_and_everywhere() -> None:
    dialog = opt_in()
    other = account("ana", Platform.DISCORD)
    await dialog.link(ANA, other)
    await dialog.ask("/memory allow", other)

    await dialog.say("I live in Porto.", ANA, channel("den"))

    assert await dialog.known() == ["I live in Porto."]


@pytest.mark.parametrize("mode", MemoryMode)
@pytest.mark.parametrize("agrees", [True, False])
async def test_privacy_tells_what_holds_here(mode: MemoryMode, agrees: bool) -> None:
    dialog = Dialog(policy=PlacePolicy(memory=mode))
    if agrees:
        await dialog.ask("/memory allow")

    told = await dialog.ask("/privacy", ANA, HALL)

    assert said(f"consent.mode.{mode.value}") in told
    keys = ("kept", "unkept") if mode is MemoryMode.OPT_IN else ("agreed", "not_agreed")
    assert said(f"consent.{keys[0 if agrees else 1]}") in told
    assert said(f"consent.{keys[1 if agrees else 0]}") not in told


async def test_privacy_tells_it_of_the_place_where_it_is_asked() -> None:
    dialog = Dialog()

    async def of(place: ConversationRef) -> PlacePolicy:
        return PlacePolicy(memory=MemoryMode.OFF) if place == HALL else USUAL_POLICY

    dialog.rules.of = of  # type: ignore[method-assign]

    assert said("consent.mode.off") in await dialog.ask("/privacy", ANA, HALL)
    assert said("consent.mode.opt-out") in await dialog.ask("/privacy")


async def test_the_introduction_is_for_what_is_kept() -> None:
    dialog = opt_in()

    assert ENGLISH.first_contact not in (await dialog.say("Hello!")).notice
    await dialog.ask("/memory allow")
    assert (await dialog.say("Hello!")).notice == ENGLISH.first_contact


async def test_why_tells_of_nothing_where_nothing_is_kept() -> None:
    dialog = Dialog()
    await dialog.say("I live in Porto.")
    dialog.rules.policy = PlacePolicy(memory=MemoryMode.OFF)
    await dialog.say("Where do I live?")

    assert await dialog.ask("/memory why") == said("why.unkept")
    assert "Porto" in await dialog.ask("/memory why 1")
