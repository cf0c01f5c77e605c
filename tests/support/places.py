"""Everything that is decided about places, over parts that a test has already."""

from __future__ import annotations

from typing import Any

from bot.engine.place_policies import PlacePolicies
from bot.engine.policies import ChannelPolicies
from bot.engine.tenant_retention import TenantRetention
from bot.ports.storage import Storage
from bot.ports.system import Clock


def places_over(
    storage: Storage,
    clock: Clock,
    policies: ChannelPolicies | None = None,
    retention: TenantRetention | None = None,
    **more: Any,
) -> PlacePolicies:
    """The policies of places; ``more`` is what the owner decided."""
    return PlacePolicies(
        storage,
        clock=clock,
        channels=policies or ChannelPolicies(storage, clock=clock),
        retention=retention or TenantRetention(storage, default_days=None),
        **more,
    )
