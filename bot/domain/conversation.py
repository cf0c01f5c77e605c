"""Where something is said, and who may hear it again: conversations, audiences, scopes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType, Self

from bot.domain.identity import PersonId, Platform, TenantId, TenantRef

ConversationId = NewType("ConversationId", str)


class Visibility(StrEnum):
    """Who can read along where a message was written."""

    DIRECT = "direct"
    """Only the person and Ellie."""
    PRIVATE = "private"
    """The members of one closed channel, all of them of the tenant."""
    SHARED = "shared"
    """The members of one channel, and some of them do not belong to the tenant, or may not."""
    PUBLIC = "public"
    """Everybody in the tenant."""


CIRCLES = frozenset({Visibility.PRIVATE, Visibility.SHARED})
"""Channels whose members are not everybody in the tenant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationRef:
    """A channel or direct message, and the thread inside it if any, as the platform names them."""

    platform: Platform
    channel_id: str
    visibility: Visibility
    tenant: TenantRef | None = None
    thread_id: str | None = None

    def __post_init__(self) -> None:
        if self.visibility is not Visibility.DIRECT and self.tenant is None:
            msg = "a channel belongs to a tenant; only direct messages have none"
            raise ValueError(msg)

    @property
    def audience(self) -> Audience:
        """The circle of everybody who can read this conversation."""
        tenant_id = None if self.tenant is None else self.tenant.id
        channel = f"{self.platform}:{tenant_id or ''}:{self.channel_id}"
        return Audience(visibility=self.visibility, channel=channel, tenant_id=tenant_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """The circle in which something was said, which bounds where it may be recalled.

    ``channel`` names the channel across platforms, so that a thread shares its channel's circle.
    """

    visibility: Visibility
    channel: str
    tenant_id: TenantId | None = None

    def may_enter(self, here: Audience) -> bool:
        """Whether words spoken to this audience may be recalled in front of the audience ``here``.

        Direct words only in direct messages; words of a closed or shared channel there and in
        direct messages; words of a public channel anywhere in its tenant and in direct messages,
        but not before people from elsewhere, unless it was in that channel that they were said. It
        is the same person's own direct messages in every case: a scope names one person.
        """
        if here.visibility is Visibility.DIRECT:
            return True
        if self.visibility is Visibility.DIRECT:
            return False
        if here.visibility in CIRCLES and here.channel == self.channel:
            return True
        if self.visibility is not Visibility.PUBLIC or here.visibility is Visibility.SHARED:
            return False
        return self.tenant_id is not None and here.tenant_id == self.tenant_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A conversation that Ellie knows; turns in it are answered one at a time."""

    id: ConversationId
    ref: ConversationRef
    tenant_id: TenantId | None

    @property
    def audience(self) -> Audience:
        """The circle of everybody who can read this conversation."""
        return self.ref.audience


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose memories may be read, and in front of whom. Every read of memory needs one.

    With ``set_aside`` also what an admin's reset set aside and may yet be brought back: for what
    the person does with all that is stored about them, and never for what is shown or recalled.

    Raises:
        ValueError: when there is no person; a scope without an owner would read everybody's.
    """

    person_id: PersonId
    audience: Audience
    set_aside: bool = False
    tenant_id: TenantId | None = None
    """Set for a reader who may see nothing but what was said in the channels of this tenant."""

    def __post_init__(self) -> None:
        if not self.person_id:
            msg = "a scope needs the person whose memory it opens"
            raise ValueError(msg)

    @classmethod
    def in_private(cls, person_id: PersonId, *, set_aside: bool = False) -> Self:
        """Everything this person ever said to Ellie, as only they themselves may see it."""
        nobody_else = Audience(visibility=Visibility.DIRECT, channel="")
        return cls(person_id, nobody_else, set_aside=set_aside)

    @classmethod
    def in_tenant(cls, person_id: PersonId, tenant_id: TenantId) -> Self:
        """What this person said in the channels of one tenant, and in no direct message."""
        everywhere = Audience(visibility=Visibility.DIRECT, channel="")
        return cls(person_id, everywhere, tenant_id=tenant_id)

    def admits(self, audience: Audience) -> bool:
        """Whether words spoken to ``audience`` may be recalled within this scope."""
        if self.tenant_id is not None and (
            audience.tenant_id != self.tenant_id or audience.visibility is Visibility.DIRECT
        ):
            return False
        return audience.may_enter(self.audience)
