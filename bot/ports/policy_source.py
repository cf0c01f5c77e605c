"""Where the turn learns what holds in a place."""

from __future__ import annotations

from typing import Protocol

from bot.domain.conversation import ConversationRef
from bot.domain.place_policy import USUAL_POLICY, PlacePolicy


class PolicySource(Protocol):
    """Looks policies up; there is one look-up for every message."""

    async def of(self, conversation: ConversationRef) -> PlacePolicy:
        """What holds in a conversation: a thread has the policy of the channel that it is in.

        Raises:
            StorageError: the database cannot be used.
        """


class FixedPolicy:
    """The same policy everywhere: in the terminal, and in tests."""

    def __init__(self, policy: PlacePolicy = USUAL_POLICY) -> None:
        self.policy = policy

    async def of(self, conversation: ConversationRef) -> PlacePolicy:  # noqa: ARG002 - the same
        """That policy."""
        return self.policy
