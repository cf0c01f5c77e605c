"""The storage port in memory: a full second implementation, for tests that need no database.

Held to the same conformance suite as the SQL one. It exists to be simple: every unit of work
works on a copy of everything, and a commit puts the copy in place.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import TracebackType
from typing import Self

from bot.domain.conversation import Conversation, ConversationId, ConversationRef, Scope, Visibility
from bot.domain.identity import IdentityRef, Person, PersonId, TenantId, TenantRef
from bot.domain.memory import Fact, FactStatus, MemoryOperation
from bot.domain.turn import TurnId, TurnTrace
from bot.errors import StorageBusyError, StorageError
from storage.inmemory_turns import InMemoryTurnRepository, StoredTurn

_WAIT_SECONDS = 5.0

_IdentityKey = tuple[str, TenantRef | None, str]
_ConversationKey = tuple[str, TenantRef | None, str, str | None]


@dataclass(slots=True)
class State:
    """Everything that is stored. The values are frozen, so copying the tables copies it all."""

    persons: dict[PersonId, Person] = field(default_factory=dict)
    identities: dict[_IdentityKey, PersonId] = field(default_factory=dict)
    conversations: dict[_ConversationKey, Conversation] = field(default_factory=dict)
    turns: dict[TurnId, StoredTurn] = field(default_factory=dict)
    last_numbers: dict[PersonId, int] = field(default_factory=dict)
    traces: dict[TurnId, TurnTrace] = field(default_factory=dict)
    facts: list[Fact] = field(default_factory=list)
    operations: list[MemoryOperation] = field(default_factory=list)

    def copy(self) -> State:
        """An independent state with the same content."""
        return State(
            persons=dict(self.persons),
            identities=dict(self.identities),
            conversations=dict(self.conversations),
            turns=dict(self.turns),
            last_numbers=dict(self.last_numbers),
            traces=dict(self.traces),
            facts=list(self.facts),
            operations=list(self.operations),
        )


class InMemoryPersonRepository:
    """:class:`~bot.ports.storage.PersonRepository` in memory."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def resolve(self, identity: IdentityRef, *, new_id: str, seen_at: datetime) -> Person:
        """The person behind an identity, created when unknown."""
        known = await self.find(identity)
        person = Person(
            id=PersonId(new_id) if known is None else known.id,
            display_name=identity.display_name,
            first_seen_at=seen_at if known is None else known.first_seen_at,
            memory_epoch=0 if known is None else known.memory_epoch,
        )
        self._state.identities[_identity_key(identity)] = person.id
        self._state.persons[person.id] = person
        return person

    async def find(self, identity: IdentityRef) -> Person | None:
        """The person behind an identity, or None."""
        person_id = self._state.identities.get(_identity_key(identity))
        return None if person_id is None else self._state.persons[person_id]

    async def erase(self, person_id: PersonId) -> None:
        """Remove the person, their identities, and direct conversations that nobody uses."""
        owners = {stored.turn.person_id for stored in self._state.turns.values()}
        if person_id in owners or any(fact.person_id == person_id for fact in self._state.facts):
            message = "A person can be erased only after their turns and facts."
            raise StorageError(message)
        used = {stored.turn.conversation_id for stored in self._state.turns.values()}
        self._state.conversations = {
            key: conversation
            for key, conversation in self._state.conversations.items()
            if conversation.id in used or conversation.ref.visibility is not Visibility.DIRECT
        }
        self._state.identities = {
            key: owner for key, owner in self._state.identities.items() if owner != person_id
        }
        self._state.persons.pop(person_id, None)
        self._state.last_numbers.pop(person_id, None)

    async def bump_epoch(self, person_id: PersonId) -> None:
        """Declare everything derived from this person's turns stale."""
        if (person := self._state.persons.get(person_id)) is not None:
            self._state.persons[person_id] = replace(person, memory_epoch=person.memory_epoch + 1)


class InMemoryConversationRepository:
    """:class:`~bot.ports.storage.ConversationRepository` in memory."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def resolve(self, ref: ConversationRef, *, new_id: str) -> Conversation:
        """The conversation of that name, created when unknown."""
        key = (ref.platform, ref.tenant, ref.channel_id, ref.thread_id)
        known = self._state.conversations.get(key)
        tenant = ref.tenant
        conversation = Conversation(
            id=ConversationId(new_id) if known is None else known.id,
            ref=ref,
            tenant_id=None
            if tenant is None
            else TenantId(f"{tenant.platform}:{tenant.external_id}"),
        )
        self._state.conversations[key] = conversation
        return conversation


class InMemoryFactRepository:
    """:class:`~bot.ports.storage.FactRepository` in memory."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def add(self, fact: Fact) -> None:
        """Store a new fact."""
        if fact.person_id not in self._state.persons:
            message = "A fact needs a person that exists."
            raise StorageError(message)
        self._state.facts.append(fact)

    async def active(self, scope: Scope) -> tuple[Fact, ...]:
        """The active facts that the scope admits: pinned first, then oldest first."""
        admitted = [
            fact
            for fact in self._state.facts
            if fact.person_id == scope.person_id
            and fact.status is FactStatus.ACTIVE
            and scope.admits(fact.audience)
        ]
        return tuple(sorted(admitted, key=lambda fact: (not fact.pinned, fact.valid_from)))

    async def erase_all(self, person_id: PersonId) -> int:
        """Remove every fact of a person; returns how many there were."""
        before = len(self._state.facts)
        self._state.facts = [fact for fact in self._state.facts if fact.person_id != person_id]
        return before - len(self._state.facts)


class InMemoryOperationRepository:
    """:class:`~bot.ports.storage.OperationRepository` in memory."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def append(self, operation: MemoryOperation) -> None:
        """Write an entry."""
        self._state.operations.append(operation)

    async def of_person(self, person_id: PersonId) -> tuple[MemoryOperation, ...]:
        """All entries about a person, oldest first."""
        entries = [entry for entry in self._state.operations if entry.person_id == person_id]
        return tuple(sorted(entries, key=lambda entry: entry.happened_at))


class InMemoryTraceRepository:
    """:class:`~bot.ports.storage.TraceRepository` in memory."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def save(self, trace: TurnTrace) -> None:
        """Store the trace of a turn, replacing an earlier one of the same turn."""
        if trace.turn_id not in self._state.turns:
            message = "A trace needs a turn that exists."
            raise StorageError(message)
        self._state.traces[trace.turn_id] = trace

    async def get(self, scope: Scope, turn_id: TurnId) -> TurnTrace | None:
        """The trace of a turn that the scope admits, or None."""
        stored = self._state.turns.get(turn_id)
        if stored is None or not stored.visible_to(scope):
            return None
        return self._state.traces.get(turn_id)


class InMemoryUnitOfWork:
    """:class:`~bot.ports.storage.UnitOfWork` in memory. One is open at a time, as on SQLite."""

    def __init__(self, storage: InMemoryStorage) -> None:
        self._storage = storage

    async def __aenter__(self) -> Self:
        try:
            async with asyncio.timeout(_WAIT_SECONDS):
                await self._storage.writing.acquire()
        except TimeoutError as error:
            message = "Another unit of work has been open for too long."
            raise StorageBusyError(message) from error
        self._work_on(self._storage.state.copy())
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._storage.writing.release()

    async def commit(self) -> None:
        """Put the copy in place, and go on with a new one."""
        self._storage.state = self._state
        self._work_on(self._state.copy())

    def _work_on(self, state: State) -> None:
        self._state = state
        self.persons = InMemoryPersonRepository(state)
        self.conversations = InMemoryConversationRepository(state)
        self.turns = InMemoryTurnRepository(state)
        self.facts = InMemoryFactRepository(state)
        self.operations = InMemoryOperationRepository(state)
        self.traces = InMemoryTraceRepository(state)


class InMemoryStorage:
    """:class:`~bot.ports.storage.Storage` in memory. Gone when it is dropped."""

    def __init__(self) -> None:
        self.state = State()
        self.writing = asyncio.Lock()

    def unit_of_work(self) -> InMemoryUnitOfWork:
        """A new unit of work."""
        return InMemoryUnitOfWork(self)

    async def scrub(self) -> None:
        """Nothing is left behind in memory."""

    async def close(self) -> None:
        """Nothing is held."""


def _identity_key(identity: IdentityRef) -> _IdentityKey:
    return (identity.platform, identity.tenant, identity.external_id)
