"""People's own changes of their facts: edit, pin, unpin, undo."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.conversation import Audience, Scope, Visibility
from bot.domain.fact import Fact, FactStatus
from bot.domain.identity import IdentityRef, PersonId
from bot.domain.operation import Actor, MemoryOperation, OperationId, OperationKind
from bot.engine.memory_store import apply_patch
from bot.engine.memory_view import EVERY_STATUS, fact_numbered
from bot.memory.cutting import same_words
from bot.memory.operations import ChangeContext, edited, pinned, undone
from bot.ports.storage import Storage, UnitOfWork
from bot.ports.system import Clock, IdSource


class Refusal(StrEnum):
    """Why a change was not made."""

    UNKNOWN = "unknown"
    """There is no fact of that number."""
    NOT_ACTIVE = "not_active"
    """It is not true any more, or was taken back."""
    UNCHANGED = "unchanged"
    """It is like that already."""
    NOTHING_TO_UNDO = "nothing_to_undo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A fact before and after; two facts when its words were edited."""

    before: Fact
    after: Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """An operation that was taken back, and the facts it was about as they are now."""

    operation: MemoryOperation
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoBlocked:
    """The newest change was forgetting, which is final. ``earlier`` could be taken back."""

    forgotten: MemoryOperation
    earlier: MemoryOperation | None
    facts: tuple[Fact, ...]
    """What ``earlier`` was about."""


class MemoryChanges:
    """Each change is journalled. Every method may raise a StorageError."""

    def __init__(self, storage: Storage, *, clock: Clock, ids: IdSource) -> None:
        self._storage = storage
        self._clock = clock
        self._ids = ids

    async def edit(self, identity: IdentityRef, number: int, text: str) -> Changed | Refusal:
        """Put the person's own words in place of a fact's. ``text`` must not be empty."""

        async def change(work: UnitOfWork, fact: Fact, next_number: int) -> Refusal | None:
            if same_words(fact.text, text):
                return Refusal.UNCHANGED
            context = self._context(fact.person_id, fact.audience, next_number)
            await apply_patch(work, edited(fact, text, context))
            return None

        return await self._change(identity, number, change)

    async def pin(self, identity: IdentityRef, number: int, *, pin: bool) -> Changed | Refusal:
        """Keep a fact in every prompt that has room, or no longer."""

        async def change(work: UnitOfWork, fact: Fact, next_number: int) -> Refusal | None:
            if fact.state.pinned is pin:
                return Refusal.UNCHANGED
            context = self._context(fact.person_id, fact.audience, next_number)
            await apply_patch(work, pinned(fact, context, pin=pin))
            return None

        return await self._change(identity, number, change)

    async def _change(
        self,
        identity: IdentityRef,
        number: int,
        change: Callable[[UnitOfWork, Fact, int], Awaitable[Refusal | None]],
    ) -> Changed | Refusal:
        async with self._storage.unit_of_work() as work:
            person = await work.persons.find(identity)
            if person is None:
                return Refusal.UNKNOWN
            scope = Scope.in_private(person.id)
            next_number = await work.facts.begin_change(person.id)
            before = await fact_numbered(work, scope, number)
            if before is None:
                return Refusal.UNKNOWN
            if before.status is not FactStatus.ACTIVE:
                return Refusal.NOT_ACTIVE
            if refusal := await change(work, before, next_number):
                return refusal
            facts = {fact.id: fact for fact in await work.facts.of(scope, EVERY_STATUS)}
            await work.commit()
        after = facts[before.id]
        return Changed(before=before, after=facts.get(after.state.superseded_by or after.id, after))

    async def undo(
        self, identity: IdentityRef, operation_id: OperationId | None = None
    ) -> Undone | UndoBlocked | Refusal:
        """Take back one operation: the newest that still can be, unless it is named.

        What compaction did is no change that a person made: it must be named. When the newest
        change of all was forgetting, nothing happens without a name.
        """
        async with self._storage.unit_of_work() as work:
            person = await work.persons.find(identity)
            if person is None:
                return Refusal.NOTHING_TO_UNDO
            scope = Scope.in_private(person.id)
            next_number = await work.facts.begin_change(person.id)
            facts = await work.facts.of(scope, EVERY_STATUS)
            gone = await work.operations.undone(person.id)
            journal = [
                entry
                for entry in reversed(await work.operations.of_person(person.id))
                if entry.id not in gone
                and entry.kind is not OperationKind.UNDO
                and (entry.actor is not Actor.COMPACTION or entry.id == operation_id)
            ]
            context = self._context(person.id, _NOWHERE, next_number)
            for entry in journal:
                if operation_id not in (None, entry.id):
                    continue
                if operation_id is None and _is_final(entry):
                    earlier = _first_undoable(journal, facts, context)
                    return UndoBlocked(
                        forgotten=entry, earlier=earlier, facts=_facts_of(earlier, facts)
                    )
                if patch := undone(entry, facts, context):
                    await apply_patch(work, patch)
                    now = await work.facts.of(scope, EVERY_STATUS)
                    await work.commit()
                    return Undone(operation=entry, facts=_facts_of(entry, now))
        return Refusal.NOTHING_TO_UNDO

    def _context(self, person_id: PersonId, audience: Audience, next_number: int) -> ChangeContext:
        return ChangeContext(
            person_id=person_id,
            audience=audience,
            actor=Actor.PERSON,
            now=self._clock.now(),
            new_id=self._ids.new_id,
            next_number=next_number,
        )


_NOWHERE = Audience(visibility=Visibility.DIRECT, channel="")
"""Undoing adds no fact, so nobody hears anything new."""


def _is_final(entry: MemoryOperation) -> bool:
    forgot = entry.kind is OperationKind.ERASE and not entry.changes
    return forgot and entry.actor is Actor.PERSON


def _first_undoable(
    journal: Sequence[MemoryOperation], facts: Sequence[Fact], context: ChangeContext
) -> MemoryOperation | None:
    return next((entry for entry in journal if undone(entry, facts, context)), None)


def _facts_of(entry: MemoryOperation | None, facts: Sequence[Fact]) -> tuple[Fact, ...]:
    changed = {change.fact_id for change in entry.changes} if entry else frozenset()
    return tuple(fact for fact in facts if fact.id in changed)
