"""The shape of a document: the domain's own values, and where it differs from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime

from bot.domain.compaction import CompactionJob, JobId, JobStatus, Step
from bot.domain.conversation import Conversation
from bot.domain.delivery import Delivery
from bot.domain.episode import Episode
from bot.domain.fact import Fact
from bot.domain.identity import IdentityRef, Person, PersonId, Platform, TenantRef
from bot.domain.operation import MemoryOperation
from bot.domain.turn import Turn, TurnTrace
from bot.ports.channel_storage import GivenVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownIdentity:
    """An account as a document has it: the reference, and since when it is known."""

    platform: Platform
    external_id: str
    display_name: str
    tenant: TenantRef | None
    first_seen_at: datetime | None

    @property
    def ref(self) -> IdentityRef:
        """What names the account."""
        return IdentityRef(
            platform=self.platform,
            external_id=self.external_id,
            display_name=self.display_name,
            tenant=self.tenant,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PastCompaction:
    """A compaction as a document has it: without the process that did it."""

    id: JobId
    person_id: PersonId
    after_number: int
    until_number: int
    step: Step
    read_until: int
    started_at: datetime
    status: JobStatus
    finished_at: datetime | None
    counts: Mapping[str, int]
    problem: str

    @property
    def job(self) -> CompactionJob:
        """The job, held by nobody: one that was running is gone on with by whoever comes."""
        known = {field.name: getattr(self, field.name) for field in fields(self)}
        return CompactionJob(worker="", lease_until=self.started_at, **known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """The bookkeeping as a document has it."""

    last_turn_number: int
    last_fact_number: int
    compact_not_before: datetime | None
    refresh_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A whole export. Nothing says yet that its parts fit together."""

    schema: str
    exported_at: datetime
    person: Person
    identities: tuple[KnownIdentity, ...]
    conversations: tuple[Conversation, ...]
    facts: tuple[Fact, ...]
    turns: tuple[Turn, ...]
    episodes: tuple[Episode, ...]
    operations: tuple[MemoryOperation, ...]
    compactions: tuple[PastCompaction, ...]
    traces: tuple[TurnTrace, ...]
    deliveries: tuple[Delivery, ...]
    feedback: tuple[GivenVerdict, ...]
    bookkeeping: Counters
    retention_days: int | None
