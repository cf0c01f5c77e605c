"""When Ellie answers in a channel, as those decided who run the server or workspace."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.domain.conversation import ConversationRef, Visibility
from bot.domain.identity import TenantRef
from bot.domain.policy import AnswerPolicy, PolicySetting
from bot.log import get_logger
from bot.ports.storage import Storage
from bot.ports.system import Clock

log = get_logger(__name__)

CACHE_SECONDS = 10.0
"""For how long a decision that another process stored may go unnoticed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    policies: Mapping[str | None, AnswerPolicy]
    until: float


class ChannelPolicies:
    """Looks policies up, of which there is one for every message heard, and changes them.

    Every method may raise a StorageError.
    """

    def __init__(self, storage: Storage, *, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock
        self._known: dict[TenantRef, _Known] = {}
        self._changes = 0
        self._listeners: list[Callable[[TenantRef], None]] = []

    def listen(self, changed: Callable[[TenantRef], None]) -> None:
        """Have ``changed`` called after each decision."""
        self._listeners.append(changed)

    def forget(self, tenant: TenantRef) -> None:
        """Read a tenant's decisions anew at the next look-up: somebody else changed them."""
        self._changes += 1
        self._known.pop(tenant, None)

    async def of(self, conversation: ConversationRef) -> AnswerPolicy:
        """The policy of the channel, or else of its tenant, or else the usual one.

        A thread has that of the channel it is in. Direct messages always have the usual one.
        """
        if conversation.visibility is Visibility.DIRECT or conversation.tenant is None:
            return AnswerPolicy.USUAL
        policies = await self._of_tenant(conversation.tenant)
        whole_tenant = policies.get(None, AnswerPolicy.USUAL)
        return policies.get(conversation.channel_id, whole_tenant)

    async def set(
        self, tenant: TenantRef, channel_id: str | None, policy: AnswerPolicy | None
    ) -> None:
        """Decide for a channel, or with None for the whole tenant; no policy takes it back."""
        async with self._storage.unit_of_work() as work:
            await work.policies.set(tenant, channel_id, policy)
            await work.commit()
        self.forget(tenant)
        for changed in self._listeners:
            changed(tenant)
        log.info("policy_set", tenant=tenant.id, channel=channel_id, policy=policy)

    async def listing(self, tenant: TenantRef) -> tuple[PolicySetting, ...]:
        """All decisions of a tenant: its own first, then those of channels by their ids."""
        async with self._storage.unit_of_work() as work:
            return await work.policies.of_tenant(tenant)

    async def _of_tenant(self, tenant: TenantRef) -> Mapping[str | None, AnswerPolicy]:
        now = self._clock.elapsed()
        known = self._known.get(tenant)
        if known is not None and now < known.until:
            return known.policies
        changes = self._changes
        settings = await self.listing(tenant)
        policies = {setting.channel_id: setting.policy for setting in settings}
        # What was read while somebody decided otherwise may be what was true before.
        if changes == self._changes:
            self._known[tenant] = _Known(policies=policies, until=now + CACHE_SECONDS)
        return policies
