"""Storing changes of memory."""

from __future__ import annotations

from bot.domain.operation import MemoryPatch
from bot.ports.storage import UnitOfWork


async def apply_patch(work: UnitOfWork, patch: MemoryPatch) -> None:
    """Store a patch as a whole. The caller holds off other changes and commits."""
    for fact in patch.added:
        await work.facts.add(fact)
    for fact_id, evidence in patch.support:
        await work.facts.add_evidence(fact_id, evidence)
    for fact_id, evidence in patch.unsupport:
        await work.facts.remove_evidence(fact_id, evidence)
    for operation in patch.operations:
        for change in operation.changes:
            if change.before is not None:  # a new fact was added in the state it begins in
                await work.facts.set_state(change.fact_id, change.after)
        await work.operations.append(operation)
