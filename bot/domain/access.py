"""Who may use Ellie in a place, by its lists."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from bot.domain.conversation import ConversationRef, Visibility
from bot.domain.identity import IdentityRef
from bot.domain.place_policy import PlacePolicy

ADMIN = "admin"
"""Among the roles of somebody: they may manage the server or workspace that they write in."""


def may_use(
    policy: PlacePolicy,
    *,
    author: IdentityRef,
    roles: AbstractSet[str],
    place: ConversationRef,
) -> bool:
    """Whether ``author``, who has ``roles`` there, may talk with Ellie in ``place``.

    A ``deny_…`` list wins over every ``allow_…`` list, and whoever may manage the place over both:
    they made the lists, and could not undo a slip otherwise. Where people or roles are allowed
    by name, somebody needs to be one of those people or to have one of those roles. Direct
    messages are no channel, so that a list of channels to be in does not shut them.
    """
    if ADMIN in roles:
        return True
    is_denied = (
        author.external_id in policy.deny_users
        or not policy.deny_roles.isdisjoint(roles)
        or place.channel_id in policy.deny_channels
    )
    if is_denied:
        return False
    in_channel = place.visibility is not Visibility.DIRECT
    if in_channel and policy.allow_channels and place.channel_id not in policy.allow_channels:
        return False
    if not (policy.allow_users or policy.allow_roles):
        return True
    return author.external_id in policy.allow_users or not policy.allow_roles.isdisjoint(roles)
