"""Tenants: the guilds and workspaces that identities and conversations belong to."""

from __future__ import annotations

from sqlalchemy import select

from bot.domain.identity import TenantId, TenantRef
from storage.statements import Statements
from storage.tables import tenants


def tenant_id(ref: TenantRef | None) -> TenantId | None:
    """The id of a tenant, which follows from its name: two processes need not agree on one."""
    return None if ref is None else TenantId(f"{ref.platform}:{ref.external_id}")


async def ensure_tenant(statements: Statements, ref: TenantRef | None) -> TenantId | None:
    """The id of a tenant whose row exists; None when there is no tenant."""
    known = tenant_id(ref)
    if ref is None or known is None:
        return None
    if await statements.first(select(tenants.c.id).where(tenants.c.id == known)) is None:
        await statements.add(
            tenants, {"id": known, "platform": ref.platform, "external_id": ref.external_id}
        )
    return known
