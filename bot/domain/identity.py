"""Who speaks: platforms, tenants, identities and the person behind them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

TenantId = NewType("TenantId", str)
IdentityId = NewType("IdentityId", str)
PersonId = NewType("PersonId", str)


class Platform(StrEnum):
    """Where a message comes from."""

    CONSOLE = "console"
    DISCORD = "discord"
    SLACK = "slack"
    WEB = "web"


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantRef:
    """A Discord guild or a Slack workspace as its platform names it."""

    platform: Platform
    external_id: str

    @property
    def id(self) -> TenantId:
        """Its id, which follows from its name: two processes need not agree on one."""
        return TenantId(f"{self.platform}:{self.external_id}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """A guild or workspace that Ellie knows."""

    id: TenantId
    ref: TenantRef


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityRef:
    """One account as its platform names it.

    ``tenant`` is set where account ids are local to a tenant (Slack) and None where they are
    global (Discord) or there are no tenants (the terminal). The display name is how the person
    wants to be shown; it may change and identifies nobody.
    """

    platform: Platform
    external_id: str
    display_name: str
    tenant: TenantRef | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A human being: the owner of memories. May own several linked identities.

    ``memory_epoch`` grows whenever memories of this person were erased; anything derived from
    their turns and kept outside the database is stale when its epoch differs. While ``paused``
    nothing new is learned; while ``incognito`` nothing that is said is stored at all. Their turns
    up to number ``compacted_until`` have been made compact. ``told_at`` is when the turn ended that
    told them what is kept about them; None when they must still be told.
    """

    id: PersonId
    display_name: str
    first_seen_at: datetime
    memory_epoch: int = 0
    paused: bool = False
    incognito: bool = False
    compacted_until: int = 0
    told_at: datetime | None = None
    consented_at: datetime | None = None
