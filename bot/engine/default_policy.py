"""What holds where nobody decided anything: the policy that the owner's settings make."""

from __future__ import annotations

from bot.config import Settings
from bot.domain.place_policy import MemoryMode, PlacePolicy


def default_policy(settings: Settings) -> PlacePolicy:
    """The defaults of every place."""
    return PlacePolicy(
        memory=MemoryMode(settings.memory), retention_days=settings.retention_days or None
    )
