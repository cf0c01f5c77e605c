"""Memories in which a compaction does its work and is taken back."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from support.memory import Journal, fact

from bot.domain.compaction import JobId
from bot.domain.fact import Fact, FactStatus
from bot.domain.operation import Actor, MemoryOperation, MemoryPatch, OperationId
from bot.memory.consolidation import consolidate
from bot.memory.extraction.candidate import Candidate
from bot.memory.operations import ChangeContext, undone_job

JOB = JobId("job")


class Memory(Journal):
    """Facts as storage keeps them: one piece of evidence for each turn, and never none."""

    def __init__(self, *facts: Fact) -> None:
        super().__init__()
        self.facts = {known.id: known for known in facts}

    def apply(self, patch: MemoryPatch) -> MemoryPatch:
        for fact_id, evidence in patch.support:
            turns = {known.turn_id for known in self.facts[fact_id].evidence}
            assert evidence.turn_id is None or evidence.turn_id not in turns
        super().apply(patch)
        for fact_id, evidence in patch.unsupport:
            known = self.facts[fact_id]
            said = [(e.turn_id, e.quote) for e in known.evidence]
            if len(said) > 1 and (evidence.turn_id, evidence.quote) in said:
                place = len(said) - 1 - said[::-1].index((evidence.turn_id, evidence.quote))
                left = known.evidence[:place] + known.evidence[place + 1 :]
                self.facts[fact_id] = dataclasses.replace(known, evidence=left)
        return patch

    def job_context(self) -> ChangeContext:
        """The context of a compaction's own changes, which no turn leads to."""
        context = self.context()
        return dataclasses.replace(context, actor=Actor.COMPACTION, job_id=JOB, turn_id=None)

    def do(self, *steps: Callable[..., MemoryPatch]) -> list[MemoryOperation]:
        """Steps of the compaction; what they did."""
        patches = [self.apply(step(self.all, self.job_context())) for step in steps]
        return [operation for patch in patches for operation in patch.operations]

    def read(self, *candidates: Candidate) -> list[MemoryOperation]:
        """Learn in the name of the compaction, from a turn of its own."""
        context = dataclasses.replace(self.context(), job_id=JOB)
        active = [known for known in self.all if known.status is FactStatus.ACTIVE]
        return list(self.apply(consolidate(candidates, active, context)).operations)

    def take_back(
        self, operations: list[MemoryOperation], gone: frozenset[OperationId] = frozenset()
    ) -> MemoryPatch:
        return self.apply(undone_job(operations, self.all, self.job_context(), gone))

    @property
    def all(self) -> tuple[Fact, ...]:
        return tuple(self.facts.values())

    @property
    def picture(self) -> list[Fact]:
        """All that is not taken back, with evidence in its order."""
        return [
            dataclasses.replace(
                known, evidence=tuple(sorted(known.evidence, key=lambda e: (e.said_at, repr(e))))
            )
            for known in self.all
            if known.status is not FactStatus.RETRACTED
        ]


def told(number: int, text: str = "I row.", **rest: object) -> Fact:
    return fact(number, text, **{"source": f"s{number}", "topic": "note", **rest})
