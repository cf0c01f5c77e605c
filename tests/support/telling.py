"""Statements of a few kinds, and a journal that is told them."""

from __future__ import annotations

from support.memory import Journal, said

from bot.domain.conversation import Audience
from bot.domain.fact import FactKind
from bot.memory.consolidation import consolidate
from bot.memory.extraction.candidate import Candidate


def tell(journal: Journal, *candidates: Candidate, audience: Audience | None = None) -> list[str]:
    """What happens when statements are made; the kinds of the operations."""
    patch = journal.change(consolidate, candidates, audience=audience)
    return [operation.kind.value for operation in patch.operations]


def city(name: str, **rest: object) -> Candidate:
    return said(f"I live in {name}.", slot="city", value=name, kind=FactKind.IDENTITY, **rest)


def pet(name: str, **rest: object) -> Candidate:
    return said(f"My dog is called {name}.", topic="pet:dog", value=name, **rest)


def note(text: str, **rest: object) -> Candidate:
    return said(text, topic="note", **rest)
