"""Tenants: the guilds and workspaces that identities and conversations belong to."""

from __future__ import annotations

from sqlalchemy import select

from bot.domain.identity import TenantId, TenantRef
from storage.statements import Statements
from storage.tables import tenants


def tenant_key(ref: TenantRef | None) -> str:
    """The tenant's part of a unique name: its id, or nothing where there is no tenant."""
    return "" if ref is None else ref.id


async def ensure_tenant(statements: Statements, ref: TenantRef | None) -> TenantId | None:
    """The id of a tenant whose row exists; None when there is no tenant."""
    if ref is None:
        return None
    if await statements.first(select(tenants.c.id).where(tenants.c.id == ref.id)) is None:
        await statements.add(
            tenants, {"id": ref.id, "platform": ref.platform, "external_id": ref.external_id}
        )
    return ref.id
