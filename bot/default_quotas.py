"""The quotas that hold where those who manage a place decided nothing."""

from __future__ import annotations

from collections.abc import Mapping

from bot.config import NO_QUOTA, Settings
from bot.domain.quota import Quota, QuotaHolder, QuotaMeasure, Rate


def default_quotas(settings: Settings) -> Mapping[Quota, Rate]:
    """What the settings say: one quota for each of them that is not ``none``."""
    written = {
        Quota(holder, measure): getattr(settings, f"quota_{holder}_{measure}")
        for holder in QuotaHolder
        for measure in QuotaMeasure
    }
    return {quota: Rate.parse(rate) for quota, rate in written.items() if rate != NO_QUOTA}
