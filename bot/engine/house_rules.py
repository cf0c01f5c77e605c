"""What holds in a place, as far as adapters have to know it before they hand a message on."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from bot.domain.access import may_use
from bot.domain.conversation import ConversationRef
from bot.domain.identity import IdentityRef
from bot.domain.place_policy import PlacePolicy


def nobody(_: IdentityRef) -> bool:
    """No account is an owner's."""
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseRules:
    """The policy of ``place``. ``is_owner``: whether somebody owns this Ellie: no list holds."""

    policy: PlacePolicy
    place: ConversationRef
    is_owner: Callable[[IdentityRef], bool] = nobody

    @property
    def reads_context(self) -> bool:
        """Whether Ellie may read there what others said."""
        return self.policy.reads_context

    @property
    def is_open(self) -> bool:
        """Whether anybody may use her there, so that nobody's roles need to be known."""
        policy = self.policy
        users = policy.allow_users | policy.deny_users
        roles = policy.allow_roles | policy.deny_roles
        return not (users or roles or policy.allow_channels or policy.deny_channels)

    def admits(self, author: IdentityRef, roles: AbstractSet[str]) -> bool:
        """Whether somebody with ``roles`` may use her there."""
        if self.is_open or self.is_owner(author):
            return True
        return may_use(self.policy, author=author, roles=roles, place=self.place)
