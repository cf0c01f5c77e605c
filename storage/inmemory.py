"""The storage port in memory: a full second implementation, for tests that need no database.

Held to the same conformance suite as the SQL one. It exists to be simple: every unit of work
works on a copy of everything, and a commit puts the copy in place.
"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

from bot.domain.conversation import Conversation, ConversationId, ConversationRef
from bot.errors import StorageBusyError
from storage.inmemory_audit import InMemoryAuditRepository
from storage.inmemory_channels import (
    InMemoryDeliveryRepository,
    InMemoryFeedbackRepository,
    InMemoryPolicyRepository,
)
from storage.inmemory_compaction import (
    InMemoryCompactionRepository,
    InMemoryEpisodeRepository,
    InMemoryScheduleRepository,
)
from storage.inmemory_erasures import InMemoryErasureRepository
from storage.inmemory_exports import InMemoryExportRepository
from storage.inmemory_imports import InMemoryImportRepository
from storage.inmemory_memory import (
    InMemoryFactRepository,
    InMemoryOperationRepository,
    InMemoryTraceRepository,
    InMemoryVectorRepository,
)
from storage.inmemory_persons import InMemoryLinkRepository, InMemoryPersonRepository
from storage.inmemory_place_settings import InMemoryPlaceSettingRepository
from storage.inmemory_quotas import InMemoryQuotaRepository
from storage.inmemory_resets import InMemoryResetRepository
from storage.inmemory_retention import InMemoryRetentionRepository
from storage.inmemory_state import State
from storage.inmemory_turns import InMemoryTurnRepository

_WAIT_SECONDS = 5.0


class InMemoryConversationRepository:
    """:class:`~bot.ports.storage.ConversationRepository` in memory."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def resolve(self, ref: ConversationRef, *, new_id: str) -> Conversation:
        """The conversation of that name, created when unknown."""
        key = (ref.platform, ref.tenant, ref.channel_id, ref.thread_id)
        known = self._state.conversations.get(key)
        conversation = Conversation(
            id=ConversationId(new_id) if known is None else known.id,
            ref=ref,
            tenant_id=None if ref.tenant is None else ref.tenant.id,
        )
        self._state.conversations[key] = conversation
        return conversation

    async def knows(self, ref: ConversationRef) -> bool:
        """Whether there is a conversation of that name."""
        return (
            ref.platform,
            ref.tenant,
            ref.channel_id,
            ref.thread_id,
        ) in self._state.conversations


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
        self.vectors = InMemoryVectorRepository(state)
        self.links = InMemoryLinkRepository(state)
        self.compactions = InMemoryCompactionRepository(state)
        self.episodes = InMemoryEpisodeRepository(state)
        self.retention = InMemoryRetentionRepository(state)
        self.schedules = InMemoryScheduleRepository(state)
        self.policies = InMemoryPolicyRepository(state)
        self.deliveries = InMemoryDeliveryRepository(state)
        self.feedback = InMemoryFeedbackRepository(state)
        self.quotas = InMemoryQuotaRepository(state)
        self.place_settings = InMemoryPlaceSettingRepository(state)
        self.resets = InMemoryResetRepository(state)
        self.audit = InMemoryAuditRepository(state)
        self.exports = InMemoryExportRepository(state)
        self.imports = InMemoryImportRepository(state)
        self.erasures = InMemoryErasureRepository(state)


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
