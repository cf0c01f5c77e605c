"""The repository of what was decided about places. Used inside a unit of work."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from bot.domain.identity import TenantRef
from bot.domain.place_settings import StoredSetting

SettingKey = tuple[str | None, str]
"""A channel, or None for the whole tenant, and the name of a setting."""


class PlaceSettingRepository(Protocol):
    """Decisions about places, but those about answering and retention, which have their own place.

    Names and values are whatever was stored: those of a newer version come back as they are.
    """

    async def begin_change(self, tenant: TenantRef) -> None:
        """Hold off other changes of this tenant's settings until the unit of work ends.

        The tenant is created when nobody knows it.
        """

    async def set(self, tenant: TenantRef, settings: Sequence[StoredSetting]) -> None:
        """Decide, in place of what was decided before under the same keys. Creates the tenant."""

    async def unset(self, tenant: TenantRef, keys: Iterable[SettingKey]) -> None:
        """Take decisions back; those that were never made are no matter."""

    async def of_tenant(self, tenant: TenantRef) -> tuple[StoredSetting, ...]:
        """All decisions of a tenant: its own first, then by channels; by names in each."""
