"""Who may hear what again: the audience lattice, and scopes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.conversation import (
    Audience,
    Conversation,
    ConversationId,
    ConversationRef,
    Scope,
    Visibility,
)
from bot.domain.identity import PersonId, Platform, TenantId, TenantRef

DM = Audience(visibility=Visibility.DIRECT, channel="discord::dm")
OTHER_DM = Audience(visibility=Visibility.DIRECT, channel="slack:t1:dm")
STAFF = Audience(visibility=Visibility.PRIVATE, channel="slack:t1:staff", tenant_id=TenantId("t1"))
BOARD = Audience(visibility=Visibility.PRIVATE, channel="slack:t1:board", tenant_id=TenantId("t1"))
LOBBY = Audience(visibility=Visibility.PUBLIC, channel="slack:t1:lobby", tenant_id=TenantId("t1"))
NEWS = Audience(visibility=Visibility.PUBLIC, channel="slack:t1:news", tenant_id=TenantId("t1"))
ELSEWHERE = Audience(
    visibility=Visibility.PUBLIC, channel="slack:t2:lobby", tenant_id=TenantId("t2")
)
PARTNERS = Audience(
    visibility=Visibility.SHARED, channel="slack:t1:partners", tenant_id=TenantId("t1")
)
EVERYWHERE = (DM, OTHER_DM, STAFF, BOARD, LOBBY, NEWS, PARTNERS, ELSEWHERE)


@pytest.mark.parametrize(
    ("learned", "recalled_in"),
    [
        (DM, {DM, OTHER_DM}),
        (STAFF, {DM, OTHER_DM, STAFF}),
        (LOBBY, {DM, OTHER_DM, STAFF, BOARD, LOBBY, NEWS}),
        (PARTNERS, {DM, OTHER_DM, PARTNERS}),
        (ELSEWHERE, {DM, OTHER_DM, ELSEWHERE}),
    ],
)
def test_words_are_recalled_only_where_their_audience_allows(
    learned: Audience, recalled_in: set[Audience]
) -> None:
    allowed = {here for here in EVERYWHERE if learned.may_enter(here)}

    assert allowed == recalled_in


@pytest.mark.parametrize("before", [Visibility.PUBLIC, Visibility.PRIVATE])
def test_a_channel_that_is_shared_keeps_its_own_words_and_hears_no_others(
    before: Visibility,
) -> None:
    earlier = replace(PARTNERS, visibility=before)
    assert earlier.may_enter(PARTNERS)
    assert not LOBBY.may_enter(PARTNERS)
    assert not PARTNERS.may_enter(LOBBY)


def test_a_scope_needs_a_person() -> None:
    with pytest.raises(ValueError, match="person"):
        Scope(PersonId(""), DM)


def test_a_persons_private_scope_admits_everything_they_said() -> None:
    scope = Scope.in_private(PersonId("ana"))

    assert all(scope.admits(audience) for audience in EVERYWHERE)


def test_a_scope_within_a_tenant_admits_its_channels_alone() -> None:
    in_workspace = replace(DM, tenant_id=TenantId("t1"))
    scope = Scope.in_tenant(PersonId("ana"), TenantId("t1"))

    admitted = {one for one in (*EVERYWHERE, in_workspace) if scope.admits(one)}

    assert admitted == {STAFF, BOARD, LOBBY, NEWS, PARTNERS}


def test_a_thread_shares_its_channels_audience() -> None:
    def conversation(thread: str | None) -> Conversation:
        ref = ConversationRef(
            platform=Platform.SLACK,
            channel_id="staff",
            thread_id=thread,
            visibility=Visibility.PRIVATE,
            tenant=TenantRef(platform=Platform.SLACK, external_id="T1"),
        )
        return Conversation(id=ConversationId("c"), ref=ref, tenant_id=TenantId("t1"))

    assert conversation(None).audience == conversation("171.5").audience


def test_a_channel_without_a_tenant_is_refused() -> None:
    with pytest.raises(ValueError, match="tenant"):
        ConversationRef(
            platform=Platform.DISCORD, channel_id="1", visibility=Visibility.PUBLIC, tenant=None
        )
