"""What was decided about places."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import delete, select

from bot.domain.identity import TenantRef
from bot.domain.place_settings import StoredSetting
from bot.ports.place_storage import SettingKey
from storage.administration_tables import place_settings
from storage.statements import Statements
from storage.tables import tenants
from storage.tenants import ensure_tenant

_KEY = ("tenant_id", "channel_key", "name")
_ROWS = 500
"""In one statement."""


class SqlPlaceSettingRepository:
    """:class:`~bot.ports.place_storage.PlaceSettingRepository` in SQL."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def begin_change(self, tenant: TenantRef) -> None:
        """Hold off other changes of this tenant's settings until the unit of work ends."""
        tenant_id = await ensure_tenant(self._statements, tenant)
        await self._statements.first(
            select(tenants.c.id).where(tenants.c.id == tenant_id).with_for_update(key_share=True)
        )

    async def set(self, tenant: TenantRef, settings: Sequence[StoredSetting]) -> None:
        """Decide, in place of what was decided before under the same keys."""
        tenant_id = await ensure_tenant(self._statements, tenant)
        rows = [
            {
                "tenant_id": tenant_id,
                "channel_key": setting.channel_id or "",
                "name": setting.name,
                "value": setting.value,
            }
            for setting in settings
        ]
        for start in range(0, len(rows), _ROWS):
            await self._statements.put(place_settings, _KEY, *rows[start : start + _ROWS])

    async def unset(self, tenant: TenantRef, keys: Iterable[SettingKey]) -> None:
        """Take decisions back."""
        for channel_id, name in keys:
            await self._statements.run(
                delete(place_settings).where(
                    place_settings.c.tenant_id == tenant.id,
                    place_settings.c.channel_key == (channel_id or ""),
                    place_settings.c.name == name,
                )
            )

    async def of_tenant(self, tenant: TenantRef) -> tuple[StoredSetting, ...]:
        """All decisions of a tenant: its own first, then by channels; by names in each."""
        rows = await self._statements.all(
            select(place_settings)
            .where(place_settings.c.tenant_id == tenant.id)
            .order_by(place_settings.c.channel_key, place_settings.c.name)
        )
        return tuple(
            StoredSetting(channel_id=row.channel_key or None, name=row.name, value=row.value)
            for row in rows
        )
