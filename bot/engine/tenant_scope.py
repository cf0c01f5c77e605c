"""Whether somebody said anything where the admins of a tenant may know of it."""

from __future__ import annotations

from bot.domain.conversation import Scope
from bot.domain.identity import PersonId, TenantId
from bot.ports.storage import UnitOfWork


async def spoke_in(work: UnitOfWork, person_id: PersonId, tenant_id: TenantId) -> bool:
    """Whether something is stored that this person said in a channel of the tenant."""
    return bool(await work.turns.latest(Scope.in_tenant(person_id, tenant_id), limit=1))
