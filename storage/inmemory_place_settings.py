"""What was decided about places, in memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.domain.identity import TenantRef
from bot.domain.place_settings import StoredSetting
from bot.ports.place_storage import SettingKey
from storage.inmemory_state import State


class InMemoryPlaceSettingRepository:
    """:class:`~bot.ports.place_storage.PlaceSettingRepository` in memory."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def begin_change(self, tenant: TenantRef) -> None:
        """Only one unit of work is open at a time."""

    async def set(self, tenant: TenantRef, settings: Sequence[StoredSetting]) -> None:
        """Decide, in place of what was decided before under the same keys."""
        for setting in settings:
            self._state.place_settings[tenant, setting.channel_id, setting.name] = setting

    async def unset(self, tenant: TenantRef, keys: Iterable[SettingKey]) -> None:
        """Take decisions back."""
        for channel_id, name in keys:
            self._state.place_settings.pop((tenant, channel_id, name), None)

    async def of_tenant(self, tenant: TenantRef) -> tuple[StoredSetting, ...]:
        """All decisions of a tenant: its own first, then by channels; by names in each."""
        settings = [
            setting
            for (whose, _, _), setting in self._state.place_settings.items()
            if whose == tenant
        ]
        return tuple(sorted(settings, key=lambda one: (one.channel_id or "", one.name)))
