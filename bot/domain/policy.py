"""When Ellie answers in a channel: what those who run a server or workspace decide."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.identity import TenantRef


class AnswerPolicy(StrEnum):
    """Which messages of a channel are for Ellie. Direct messages always are."""

    USUAL = "usual"
    """Mentions, replies to her, and what is said in threads she takes part in."""
    MENTIONS = "mentions"
    """Mentions and replies to her, in threads too."""
    ALWAYS = "always"
    """Everything that is not for somebody else."""
    THREADS = "threads"
    """In threads as usual; a mention in the channel itself is answered in a new thread."""
    OFF = "off"
    """Nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySetting:
    """What was decided for one channel, or for a whole tenant when ``channel_id`` is None."""

    tenant: TenantRef
    channel_id: str | None
    policy: AnswerPolicy
