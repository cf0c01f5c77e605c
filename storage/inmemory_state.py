"""What the storage in memory holds: the tables as plain dictionaries of frozen values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import datetime

from bot.domain.audit import AuditEntry, AuditId
from bot.domain.bucket import Bucket
from bot.domain.compaction import CompactionJob, JobId
from bot.domain.conversation import Audience, Conversation, Scope
from bot.domain.delivery import Delivery
from bot.domain.episode import Episode, EpisodeId
from bot.domain.erasure import Erasure, ErasureId
from bot.domain.fact import Evidence, Fact, FactId
from bot.domain.identity import IdentityRef, Person, PersonId, Platform, TenantId, TenantRef
from bot.domain.link import LinkCode
from bot.domain.operation import MemoryOperation
from bot.domain.place_settings import StoredSetting
from bot.domain.policy import AnswerPolicy
from bot.domain.reset import Reset, ResetId
from bot.domain.turn import Turn, TurnId, TurnStatus, TurnTrace
from bot.ports.channel_storage import GivenVerdict
from bot.ports.compaction_storage import ScheduleState
from bot.ports.memory_storage import TurnVector
from bot.ports.quota_storage import BucketKey

IdentityKey = tuple[Platform, TenantRef | None, str]
ConversationKey = tuple[str, TenantRef | None, str, str | None]
PolicyKey = tuple[TenantRef, str | None]
PlaceSettingKey = tuple[TenantRef, str | None, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPerson:
    """A person with what only storage knows about them."""

    person: Person
    last_turn_number: int = 0
    last_fact_number: int = 0
    compact_not_before: datetime | None = None
    refresh_at: datetime | None = None
    retention_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredIdentity:
    """Whose an identity is, and since when it is known."""

    person_id: PersonId
    first_seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTurn:
    """A turn with what only storage knows about it."""

    turn: Turn
    platform: Platform
    worker: str
    lease_until: datetime
    failure_reported: bool = False

    def is_open_under(self, worker: str) -> bool:
        """Whether that worker is still answering this turn."""
        return self.turn.status is TurnStatus.ACCEPTED and self.worker == worker


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCode:
    """A link code and whether it was replaced or redeemed."""

    code: LinkCode
    spent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredReset:
    """A reset and who works on it."""

    reset: Reset
    worker: str = ""
    lease_until: datetime | None = None


@dataclass(slots=True)
class State:
    """Everything that is stored. The values are frozen, so copying the tables copies it all."""

    persons: dict[PersonId, StoredPerson] = field(default_factory=dict)
    identities: dict[IdentityKey, StoredIdentity] = field(default_factory=dict)
    conversations: dict[ConversationKey, Conversation] = field(default_factory=dict)
    turns: dict[TurnId, StoredTurn] = field(default_factory=dict)
    traces: dict[TurnId, TurnTrace] = field(default_factory=dict)
    vectors: dict[TurnId, TurnVector] = field(default_factory=dict)
    facts: dict[FactId, Fact] = field(default_factory=dict)
    operations: list[MemoryOperation] = field(default_factory=list)
    codes: dict[str, StoredCode] = field(default_factory=dict)
    failures: list[tuple[PersonId, datetime]] = field(default_factory=list)
    jobs: dict[JobId, CompactionJob] = field(default_factory=dict)
    episodes: dict[EpisodeId, Episode] = field(default_factory=dict)
    tenant_days: dict[TenantId, int] = field(default_factory=dict)
    schedules: dict[str, ScheduleState] = field(default_factory=dict)
    policies: dict[PolicyKey, AnswerPolicy] = field(default_factory=dict)
    deliveries: dict[TurnId, Delivery] = field(default_factory=dict)
    feedback: dict[TurnId, GivenVerdict] = field(default_factory=dict)
    quotas: dict[BucketKey, Bucket] = field(default_factory=dict)
    place_settings: dict[PlaceSettingKey, StoredSetting] = field(default_factory=dict)
    resets: dict[ResetId, StoredReset] = field(default_factory=dict)
    audit: dict[AuditId, AuditEntry] = field(default_factory=dict)
    erasures: dict[ErasureId, Erasure] = field(default_factory=dict)

    def copy(self) -> State:
        """An independent state with the same content."""
        return State(**{table.name: getattr(self, table.name).copy() for table in fields(self)})

    def shows(self, scope: Scope, said: Turn | Episode) -> bool:
        """Whether the scope admits this turn or episode."""
        if said.person_id != scope.person_id or not scope.admits(said.audience):
            return False
        said_at = said.received_at if isinstance(said, Turn) else said.began_at
        return scope.set_aside or not self._sets_aside(said.person_id, said.audience, said_at)

    def evidence_for(self, scope: Scope, fact: Fact) -> tuple[Evidence, ...]:
        """The words that a fact stands on, by date, without those that are set aside."""
        by_date = sorted(fact.evidence, key=lambda said: said.said_at)
        if scope.set_aside:
            return tuple(by_date)
        return tuple(said for said in by_date if not self._is_set_aside(fact, said))

    def _is_set_aside(self, fact: Fact, said: Evidence) -> bool:
        if said.turn_id is None:
            return self._sets_aside(fact.person_id, fact.audience, said.said_at)
        turn = self.turns[said.turn_id].turn
        return self._sets_aside(turn.person_id, turn.audience, turn.received_at)

    def _sets_aside(self, person_id: PersonId, audience: Audience, said_at: datetime) -> bool:
        return any(
            stored.reset.hides and stored.reset.concerns(person_id, audience, said_at)
            for stored in self.resets.values()
        )

    def tells(self, turn: Turn) -> bool:
        """Whether it is the end of this turn that tells its person what is kept about them."""
        told_at = self.persons[turn.person_id].person.told_at
        return told_at is not None and told_at == turn.finished_at

    def drop_quotas(self, person_id: PersonId) -> None:
        """Remove the buckets of a person who goes."""
        gone = [key for key in self.quotas if key.person_id == person_id]
        for key in gone:
            del self.quotas[key]

    def erase_turns(self, turn_ids: Iterable[TurnId]) -> None:
        """Remove turns with all that hangs on them."""
        for turn_id in turn_ids:
            del self.turns[turn_id]
            for table in (self.traces, self.vectors, self.deliveries, self.feedback):
                table.pop(turn_id, None)


def identity_key(identity: IdentityRef) -> IdentityKey:
    """What tells one account from another: not its display name."""
    return (identity.platform, identity.tenant, identity.external_id)
