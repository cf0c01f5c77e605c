"""For how long what is said in a server or workspace is kept, as those decide who may manage it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.domain.identity import TenantRef
from bot.log import get_logger
from bot.ports.storage import Storage

log = get_logger(__name__)

KEEP_EVERYTHING = 0
"""A tenant's own number of days when nothing goes on its own there, whatever the default is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantRule:
    """What holds in a tenant: its ``own`` number of days, or the ``default`` when it has none.

    An own number of :data:`KEEP_EVERYTHING` is for as long as people want, and so is None as the
    default.
    """

    own: int | None = None
    default: int | None = None

    @property
    def days(self) -> int | None:
        """For how many days things are kept; None is for as long as people want."""
        return (self.default if self.own is None else self.own) or None

    def is_shorter(self, other: TenantRule) -> bool:
        """Whether something goes earlier than with ``other``."""
        return self.days is not None and (other.days is None or self.days < other.days)


class TenantRetention:
    """Looks the rule of a tenant up and changes it. May raise a StorageError.

    ``default_days`` holds where nobody decided otherwise. What is too old goes at the next run of
    :class:`~bot.engine.retention.Retention`.
    """

    def __init__(self, storage: Storage, *, default_days: int | None) -> None:
        self._storage = storage
        self._default_days = default_days
        self._listeners: list[Callable[[TenantRef], None]] = []

    def listen(self, changed: Callable[[TenantRef], None]) -> None:
        """Have ``changed`` called after each decision."""
        self._listeners.append(changed)

    async def of(self, tenant: TenantRef) -> TenantRule:
        """What holds in a tenant."""
        async with self._storage.unit_of_work() as work:
            own = (await work.retention.of_tenants()).get(tenant.id)
        return TenantRule(own=own, default=self._default_days)

    async def decide(self, tenant: TenantRef, days: int | None) -> TenantRule:
        """Give a tenant its own number of days, or with None take it back; returns what holds."""
        async with self._storage.unit_of_work() as work:
            await work.retention.set_tenant(tenant, days)
            await work.commit()
        for changed in self._listeners:
            changed(tenant)
        log.info("tenant_retention_decided", tenant=tenant.id, days=days)
        return TenantRule(own=days, default=self._default_days)
