"""Owners of the instance may manage every place, and nobody is taken for one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.administering import CHANNEL, OTHER_WORKSPACE, Office, channel
from support.commanding import WORKSPACE, text_of

from bot.cli.people import parse_account
from bot.commands.call import Caller
from bot.commands.reply import CommandReply, ReplyKind
from bot.config import Settings
from bot.domain.account import account_name
from bot.domain.conversation import Visibility
from bot.domain.identity import IdentityRef, Platform, TenantRef

OWNERS = ("slack:T1/U2", "discord:1234")
SERVER = TenantRef(platform=Platform.DISCORD, external_id="77")


def account(
    external_id: str, tenant: TenantRef | None = WORKSPACE, *, name: str = "Ana"
) -> IdentityRef:
    return IdentityRef(
        platform=Platform.DISCORD if tenant is None else tenant.platform,
        external_id=external_id,
        display_name=name,
        tenant=tenant,
    )


async def given_by(office: Office, line: str, caller: Caller) -> CommandReply:
    understood = office.commands.understand(line)
    assert understood
    return await office.commands.answer(understood, caller)


@pytest.mark.parametrize("where", [CHANNEL, channel("C9", tenant=OTHER_WORKSPACE)])
async def test_an_owner_manages_every_tenant_whatever_the_platform_says(where: object) -> None:
    office = Office(owners=OWNERS)
    caller = Caller(identity=account("U2", name="x"), conversation=where)  # type: ignore[arg-type]

    reply = await given_by(office, "/admin policy off", caller)

    assert reply.kind is ReplyKind.DONE
    assert "/admin audit" in text_of(await given_by(office, "/help", caller))


async def test_an_owner_on_discord_has_one_account_everywhere() -> None:
    office = Office(owners=OWNERS)
    caller = Caller(identity=account("1234", None), conversation=channel("5", tenant=SERVER))

    assert (await given_by(office, "/admin policy off", caller)).kind is ReplyKind.DONE


@pytest.mark.parametrize(
    "other",
    [
        account("U2", OTHER_WORKSPACE),
        account("U2", None),
        account("1234", WORKSPACE),
        account("1234", SERVER),
        account("u2"),
        account("U22"),
        account("ana", name="U2"),
        account("ana", name="slack:T1/U2"),
        IdentityRef(platform=Platform.WEB, external_id="1234", display_name=""),
        IdentityRef(platform=Platform.CONSOLE, external_id="owner", display_name=""),
    ],
)
async def test_nobody_else_is_taken_for_an_owner(other: IdentityRef) -> None:
    office = Office(owners=OWNERS)
    caller = Caller(identity=other, conversation=CHANNEL)

    reply = await given_by(office, "/admin policy off", caller)

    assert reply.kind is ReplyKind.REFUSED
    assert not await office.policies.listing(WORKSPACE)
    assert "admin" not in text_of(await given_by(office, "/help", caller))


async def test_an_owner_still_is_one_when_a_question_is_answered() -> None:
    async def no_longer() -> bool:
        return False

    office = Office(owners=OWNERS)
    caller = Caller(identity=account("U2"), conversation=CHANNEL, still_admin=no_longer)

    asked = await given_by(office, "/admin retention 30", caller)
    assert asked.confirmation

    assert (await asked.confirmation.answer(True)).kind is ReplyKind.DONE


async def test_owners_manage_places_and_not_direct_messages() -> None:
    office = Office(owners=OWNERS)
    direct = replace(CHANNEL, visibility=Visibility.DIRECT)

    reply = await given_by(
        office, "/admin policy off", Caller(identity=account("U2"), conversation=direct)
    )

    assert "Use it in one of its channels" in text_of(reply)


_slack = st.from_regex(r"slack:[A-Z0-9]{1,12}/[A-Z0-9]{1,12}", fullmatch=True)
_discord = st.from_regex(r"discord:[1-9][0-9]{0,19}", fullmatch=True)


@given(st.lists(_slack | _discord, max_size=5))
def test_a_setting_names_the_accounts_that_the_log_names(names: list[str]) -> None:
    settings = Settings(_env_file=None, owners=" , ".join(names))  # type: ignore[call-arg]

    assert settings.owner_accounts == set(names)
    assert {account_name(parse_account(name)) for name in names} == settings.owner_accounts


_id = st.text("TU12/:", min_size=1, max_size=4).filter(lambda text: "/" not in text)
_accounts = st.builds(
    account,
    _id,
    st.none() | st.builds(TenantRef, platform=st.just(Platform.SLACK), external_id=_id),
)


@given(_accounts, _accounts)
def test_two_accounts_have_one_name_only_when_they_are_one(
    one: IdentityRef, other: IdentityRef
) -> None:
    assert (account_name(one) == account_name(other)) == (one == other)
