"""Turns, facts and working memories as tests write them down."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from bot.domain.conversation import Audience, ConversationId, Scope, Visibility
from bot.domain.fact import Evidence, Fact, FactId, FactKind, FactState
from bot.domain.identity import Person, PersonId, TenantId
from bot.domain.memory import RecalledTurn, WorkingMemory
from bot.domain.operation import Actor, MemoryPatch
from bot.domain.turn import Turn, TurnId, TurnStatus
from bot.memory.extraction.candidate import Candidate
from bot.memory.operations import ChangeContext

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
ANA = Person(id=PersonId("ana"), display_name="Ana", first_seen_at=NOON)
DM = Audience(visibility=Visibility.DIRECT, channel="dm")
HALL = Audience(visibility=Visibility.PUBLIC, channel="hall", tenant_id=TenantId("work"))
ELSEWHERE = Audience(visibility=Visibility.PUBLIC, channel="park", tenant_id=TenantId("club"))


def turn(number: int, text: str = "word", reply: str = "I see.", **rest: object) -> Turn:
    known: dict[str, object] = {
        "id": TurnId(f"t{number}"),
        "person_id": ANA.id,
        "conversation_id": ConversationId("c"),
        "audience": DM,
        "event_key": f"e{number}",
        "received_at": NOON,
        "status": TurnStatus.ANSWERED,
    }
    return Turn(number=number, text=text, reply=reply, **{**known, **rest})  # type: ignore[arg-type]


def fact(number: int, text: str = "I like tea.", **rest: object) -> Fact:
    """A fact whose only evidence is its own text, said in turn ``source`` (t1)."""
    source = rest.pop("source", "t1")
    at = rest.pop("at", NOON)
    known: dict[str, object] = {
        "id": FactId(f"f{number}"),
        "person_id": ANA.id,
        "audience": DM,
        "kind": FactKind.EVENT,
        "evidence": (Evidence(quote=text, turn_id=source, said_at=at),),  # type: ignore[arg-type]
        "valid_from": at,
    }
    return Fact(number=number, text=text, **{**known, **rest})  # type: ignore[arg-type]


def memory(
    *,
    name: str = "Ana",
    facts: Iterable[Fact] = (),
    loop: Iterable[Turn] = (),
    recalled: Sequence[Turn] = (),
) -> WorkingMemory:
    return WorkingMemory(
        person=replace(ANA, display_name=name),
        scope=Scope(ANA.id, DM),
        now=NOON,
        facts=tuple(facts),
        loop=tuple(loop),
        recalled=tuple(RecalledTurn(turn=t, score=9.0 - i / 4) for i, t in enumerate(recalled)),
    )


def said(text: str, **rest: object) -> Candidate:
    """A statement that is its own quote."""
    known: dict[str, object] = {
        "kind": FactKind.PREFERENCE,
        "quote": text,
        "start": 0,
        "end": len(text),
    }
    return Candidate(text=text, **{**known, **rest})  # type: ignore[arg-type]


class Journal:
    """A memory of facts that changes are applied to, as storage would."""

    def __init__(self, audience: Audience = DM) -> None:
        self.audience = audience
        self.facts: dict[FactId, Fact] = {}
        self.now = NOON
        self.patches: list[MemoryPatch] = []
        self._ids = itertools.count()
        self._turns = itertools.count(1)

    def context(self, audience: Audience | None = None) -> ChangeContext:
        return ChangeContext(
            person_id=ANA.id,
            audience=audience or self.audience,
            actor=Actor.EXTRACTION,
            now=self.now,
            new_id=lambda: f"id{next(self._ids)}",
            next_number=len(self.facts) + 1,
            turn_id=TurnId(f"t{next(self._turns)}"),
        )

    def apply(self, patch: MemoryPatch) -> MemoryPatch:
        for new in patch.added:
            self.facts[new.id] = new
        for fact_id, evidence in patch.support:
            known = self.facts[fact_id]
            self.facts[fact_id] = replace(known, evidence=(*known.evidence, evidence))
        for operation in patch.operations:
            for change in operation.changes:
                if change.before is not None:
                    self.facts[change.fact_id] = self.facts[change.fact_id].in_state(change.after)
        self.patches.append(patch)
        return patch

    def change(
        self, make: Callable[..., MemoryPatch], *args: object, audience: Audience | None = None
    ) -> MemoryPatch:
        """Apply what ``make(*args, all facts, context)`` returns."""
        return self.apply(make(*args, tuple(self.facts.values()), self.context(audience)))

    @property
    def states(self) -> dict[FactId, FactState]:
        return {fact.id: fact.state for fact in self.facts.values()}

    @property
    def active(self) -> list[str]:
        current = [fact for fact in self.facts.values() if fact.is_current(self.now)]
        return [fact.text for fact in current]
