"""What holds where nobody decided anything: the policy that the owner's settings make."""

from __future__ import annotations

from collections.abc import Mapping

from bot.config import NO_QUOTA, Settings
from bot.domain.place_policy import MemoryMode, PlacePolicy
from bot.domain.quota import Quota, QuotaHolder, QuotaMeasure, Rate


def default_policy(settings: Settings) -> PlacePolicy:
    """The defaults of every place."""
    return PlacePolicy(
        memory=MemoryMode(settings.memory),
        retention_days=settings.retention_days or None,
        quotas=default_quotas(settings),
    )


def default_quotas(settings: Settings) -> Mapping[Quota, Rate]:
    """One quota for each setting that is not ``none``."""
    written = {
        Quota(holder, measure): getattr(settings, f"quota_{holder}_{measure}")
        for holder in QuotaHolder
        for measure in QuotaMeasure
    }
    return {quota: Rate.parse(rate) for quota, rate in written.items() if rate != NO_QUOTA}
