"""When Ellie answers in channels."""

from __future__ import annotations

from sqlalchemy import delete, select

from bot.domain.identity import TenantRef
from bot.domain.policy import AnswerPolicy, PolicySetting
from storage import mapping_channels as mapping
from storage.statements import Statements
from storage.tables import channel_policies
from storage.tenants import ensure_tenant


class SqlPolicyRepository:
    """:class:`~bot.ports.channel_storage.PolicyRepository` in SQL."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def get(self, tenant: TenantRef, channel_id: str | None) -> AnswerPolicy | None:
        """What was decided for exactly this channel or tenant; None when nothing was."""
        row = await self._statements.first(
            select(channel_policies.c.policy).where(
                channel_policies.c.tenant_id == tenant.id,
                channel_policies.c.channel_key == (channel_id or ""),
            )
        )
        return None if row is None else mapping.policy(row.policy)

    async def set(
        self, tenant: TenantRef, channel_id: str | None, policy: AnswerPolicy | None
    ) -> None:
        """Decide for a channel or a tenant; None takes the decision back."""
        key = {"tenant_id": tenant.id, "channel_key": channel_id or ""}
        if policy is None:
            await self._statements.run(
                delete(channel_policies).where(
                    channel_policies.c.tenant_id == key["tenant_id"],
                    channel_policies.c.channel_key == key["channel_key"],
                )
            )
            return
        await ensure_tenant(self._statements, tenant)
        await self._statements.put(channel_policies, key.keys(), {**key, "policy": policy})

    async def of_tenant(self, tenant: TenantRef) -> tuple[PolicySetting, ...]:
        """All decisions of a tenant: its own first, then those of channels by their ids."""
        rows = await self._statements.all(
            select(channel_policies)
            .where(channel_policies.c.tenant_id == tenant.id)
            .order_by(channel_policies.c.channel_key)
        )
        return tuple(mapping.policy_setting(row, tenant) for row in rows)
