"""The schema. Migrations create it; a test holds the two to each other.

Missing parts of names are stored as empty strings where they take part in a unique constraint,
because NULL never equals NULL and two rows for one account would slip through.

Columns with a server default were added later: a version that does not know them may share the
database while an upgrade rolls out.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Named,
    Table,
    TypedColumns,
    UniqueConstraint,
    false,
)

from storage.types import Json, PlainText, UtcDateTime

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

_TENANT_KEY = "tenant_key = coalesce(tenant_id, '')"


def numbered() -> Column[int]:
    """A primary key that counts up by itself."""
    # SQLite numbers rows by itself only for a column of exactly this type.
    return Column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True)


class _TenantColumns(TypedColumns):
    id: Named[str] = Column(PlainText, primary_key=True)
    platform: Named[str] = Column(PlainText)
    external_id: Named[str] = Column(PlainText)
    retention_days: Named[int | None] = Column(Integer)


class _PersonColumns(TypedColumns):
    id: Named[str] = Column(PlainText, primary_key=True)
    display_name: Named[str] = Column(PlainText)
    first_seen_at: Named[datetime] = Column(UtcDateTime)
    memory_epoch: Named[int] = Column(Integer)
    last_turn_number: Named[int] = Column(Integer)
    last_fact_number: Named[int] = Column(Integer, server_default="0")
    paused: Named[bool] = Column(Boolean, server_default=false())
    incognito: Named[bool] = Column(Boolean, server_default=false())
    notice_shown_at: Named[datetime | None] = Column(UtcDateTime)
    compacted_until: Named[int] = Column(Integer, server_default="0")
    compact_not_before: Named[datetime | None] = Column(UtcDateTime)
    refresh_at: Named[datetime | None] = Column(UtcDateTime, index=True)
    retention_days: Named[int | None] = Column(Integer)
    consented_at: Named[datetime | None] = Column(UtcDateTime)


class _IdentityColumns(TypedColumns):
    platform: Named[str] = Column(PlainText, primary_key=True)
    tenant_key: Named[str] = Column(PlainText, primary_key=True)
    external_id: Named[str] = Column(PlainText, primary_key=True)
    tenant_id: Named[str | None] = Column(PlainText, ForeignKey("tenants.id"))
    person_id: Named[str] = Column(PlainText, ForeignKey("persons.id"), index=True)
    first_seen_at: Named[datetime | None] = Column(UtcDateTime)


class _ConversationColumns(TypedColumns):
    id: Named[str] = Column(PlainText, primary_key=True)
    platform: Named[str] = Column(PlainText)
    tenant_key: Named[str] = Column(PlainText)
    channel_id: Named[str] = Column(PlainText)
    thread_key: Named[str] = Column(PlainText)
    tenant_id: Named[str | None] = Column(PlainText, ForeignKey("tenants.id"))
    visibility: Named[str] = Column(PlainText)


class AudienceColumns(TypedColumns):
    """Who said something and in what circle; :mod:`storage.scoping` reads these.

    A copy made when it was said: the conversation's visibility may change afterwards. So the
    tenant is a word of history here and no foreign key.
    """

    person_id: Named[str] = Column(PlainText, ForeignKey("persons.id"))
    visibility: Named[str] = Column(PlainText)
    channel: Named[str] = Column(PlainText)
    tenant_id: Named[str | None] = Column(PlainText)


class _TurnColumns(AudienceColumns):
    id: Named[str] = Column(PlainText, primary_key=True)
    conversation_id: Named[str] = Column(PlainText, ForeignKey("conversations.id"), index=True)
    platform: Named[str] = Column(PlainText)
    event_key: Named[str] = Column(PlainText)
    number: Named[int] = Column(Integer)
    text: Named[str] = Column(PlainText)
    reply: Named[str] = Column(PlainText)
    received_at: Named[datetime] = Column(UtcDateTime)
    finished_at: Named[datetime | None] = Column(UtcDateTime)
    status: Named[str] = Column(PlainText)
    failure: Named[str | None] = Column(PlainText)
    failure_reported_at: Named[datetime | None] = Column(UtcDateTime)
    worker: Named[str] = Column(PlainText)
    lease_until: Named[datetime] = Column(UtcDateTime)
    shown: Named[list[Any]] = Column(Json, server_default="[]")
    unremembered: Named[bool] = Column(Boolean, server_default=false())


class _TraceColumns(TypedColumns):
    turn_id: Named[str] = Column(PlainText, ForeignKey("turns.id"), primary_key=True)
    person_id: Named[str] = Column(PlainText, ForeignKey("persons.id"), index=True)
    model: Named[str] = Column(PlainText)
    prompt_tokens: Named[int] = Column(Integer)
    reply_tokens: Named[int] = Column(Integer)
    finish_reason: Named[str] = Column(PlainText)
    considered: Named[list[Any]] = Column(Json)
    timings_ms: Named[dict[str, Any]] = Column(Json)


class _VectorColumns(TypedColumns):
    turn_id: Named[str] = Column(
        PlainText, ForeignKey("turns.id", ondelete="CASCADE"), primary_key=True
    )
    person_id: Named[str] = Column(PlainText, ForeignKey("persons.id"), index=True)
    model: Named[str] = Column(PlainText)
    data: Named[bytes] = Column(LargeBinary)


class _FactColumns(AudienceColumns):
    sequence: Named[int] = numbered()
    id: Named[str] = Column(PlainText, unique=True)
    kind: Named[str] = Column(PlainText)
    slot: Named[str | None] = Column(PlainText)
    text: Named[str] = Column(PlainText)
    # Empty since evidence has its own table. They stay for one release, because the version that
    # reads them may share the database while an upgrade rolls out.
    quote: Named[str | None] = Column(PlainText)
    source_turn_id: Named[str | None] = Column(
        PlainText, ForeignKey("turns.id", deferrable=True, initially="DEFERRED"), index=True
    )
    valid_from: Named[datetime] = Column(UtcDateTime)
    valid_to: Named[datetime | None] = Column(UtcDateTime)
    confidence: Named[float] = Column(Float(53))
    status: Named[str] = Column(PlainText)
    strength: Named[float] = Column(Float(53))
    last_used_at: Named[datetime | None] = Column(UtcDateTime)
    pinned: Named[bool] = Column(Boolean)
    number: Named[int] = Column(Integer)
    source: Named[str] = Column(PlainText)
    topic: Named[str | None] = Column(PlainText)
    value: Named[str | None] = Column(PlainText)
    occurs_from: Named[datetime | None] = Column(UtcDateTime)
    occurs_until: Named[datetime | None] = Column(UtcDateTime)
    # Words of history and no foreign keys: the other fact may be forgotten.
    conflicts_with: Named[str | None] = Column(PlainText)
    superseded_by: Named[str | None] = Column(PlainText)
    use_count: Named[int] = Column(Integer, server_default="0")


class _EvidenceColumns(TypedColumns):
    sequence: Named[int] = numbered()
    fact_id: Named[str] = Column(PlainText, ForeignKey("facts.id", ondelete="CASCADE"))
    # Deferred, so that turns and facts can be erased in either order.
    turn_id: Named[str | None] = Column(
        PlainText, ForeignKey("turns.id", deferrable=True, initially="DEFERRED"), index=True
    )
    quote: Named[str] = Column(PlainText)
    said_at: Named[datetime] = Column(UtcDateTime)


class _OperationColumns(TypedColumns):
    sequence: Named[int] = numbered()
    id: Named[str] = Column(PlainText, unique=True)
    # No foreign key: that somebody's memory was erased stays on record after they are gone.
    person_id: Named[str] = Column(PlainText)
    kind: Named[str] = Column(PlainText)
    actor: Named[str] = Column(PlainText)
    reason: Named[str] = Column(PlainText)
    happened_at: Named[datetime] = Column(UtcDateTime)
    detail: Named[dict[str, Any]] = Column(Json)
    # Nor here: turns, facts and other entries are named as they were then.
    turn_id: Named[str | None] = Column(PlainText)
    changes: Named[list[Any]] = Column(Json, server_default="[]")
    undoes: Named[str | None] = Column(PlainText)
    job_id: Named[str | None] = Column(PlainText, index=True)


class _EpisodeColumns(AudienceColumns):
    id: Named[str] = Column(PlainText, primary_key=True)
    # They go with whom and what they are about, also when a version erases that knows no episodes.
    person_id: Named[str] = Column(PlainText, ForeignKey("persons.id", ondelete="CASCADE"))
    conversation_id: Named[str] = Column(
        PlainText, ForeignKey("conversations.id", ondelete="CASCADE"), index=True
    )
    first_number: Named[int] = Column(Integer)
    last_number: Named[int] = Column(Integer)
    began_at: Named[datetime] = Column(UtcDateTime)
    ended_at: Named[datetime] = Column(UtcDateTime)
    sentences: Named[list[Any]] = Column(Json)
    # No foreign key: episodes stay when jobs go, as they do when two people become one.
    job_id: Named[str] = Column(PlainText)
    model: Named[str] = Column(PlainText)


class _CompactionColumns(TypedColumns):
    sequence: Named[int] = numbered()
    id: Named[str] = Column(PlainText, unique=True)
    person_id: Named[str] = Column(PlainText, ForeignKey("persons.id", ondelete="CASCADE"))
    after_number: Named[int] = Column(Integer)
    until_number: Named[int] = Column(Integer)
    step: Named[str] = Column(PlainText)
    read_until: Named[int] = Column(Integer)
    worker: Named[str] = Column(PlainText)
    lease_until: Named[datetime] = Column(UtcDateTime)
    started_at: Named[datetime] = Column(UtcDateTime)
    status: Named[str] = Column(PlainText)
    finished_at: Named[datetime | None] = Column(UtcDateTime)
    attempts: Named[int] = Column(Integer)
    counts: Named[dict[str, Any]] = Column(Json)
    problem: Named[str] = Column(PlainText)


class _ScheduleColumns(TypedColumns):
    name: Named[str] = Column(PlainText, primary_key=True)
    paused: Named[bool] = Column(Boolean, server_default=false())
    last_started_at: Named[datetime | None] = Column(UtcDateTime)
    last_finished_at: Named[datetime | None] = Column(UtcDateTime)
    outcome: Named[str] = Column(PlainText, server_default="")
    runs: Named[int] = Column(Integer, server_default="0")


class _PolicyColumns(TypedColumns):
    tenant_id: Named[str] = Column(PlainText, ForeignKey("tenants.id"), primary_key=True)
    channel_key: Named[str] = Column(PlainText, primary_key=True)  # empty for the whole tenant
    policy: Named[str] = Column(PlainText)


class _DeliveryColumns(TypedColumns):
    # Whose it is, the turn says. It goes with the turn, also when a version erases that knows none.
    turn_id: Named[str] = Column(
        PlainText, ForeignKey("turns.id", ondelete="CASCADE"), primary_key=True
    )
    channel_id: Named[str] = Column(PlainText)
    message_ids: Named[list[Any]] = Column(Json)
    complete: Named[bool] = Column(Boolean)


class _FeedbackColumns(TypedColumns):
    turn_id: Named[str] = Column(
        PlainText, ForeignKey("turns.id", ondelete="CASCADE"), primary_key=True
    )
    verdict: Named[str] = Column(PlainText)
    given_at: Named[datetime] = Column(UtcDateTime)


class _LinkCodeColumns(TypedColumns):
    digest: Named[str] = Column(PlainText, primary_key=True)
    person_id: Named[str] = Column(PlainText, ForeignKey("persons.id", ondelete="CASCADE"))
    issued_at: Named[datetime] = Column(UtcDateTime)
    expires_at: Named[datetime] = Column(UtcDateTime)
    spent: Named[bool] = Column(Boolean)


class _LinkFailureColumns(TypedColumns):
    sequence: Named[int] = numbered()
    person_id: Named[str] = Column(PlainText, ForeignKey("persons.id", ondelete="CASCADE"))
    failed_at: Named[datetime] = Column(UtcDateTime)


tenants = Table("tenants", metadata, _TenantColumns, UniqueConstraint("platform", "external_id"))
persons = Table("persons", metadata, _PersonColumns)
_WAITING = persons.c.last_turn_number > persons.c.compacted_until
Index("ix_persons_waiting", persons.c.id, sqlite_where=_WAITING, postgresql_where=_WAITING)
_DECIDED = persons.c.retention_days.is_not(None)
Index("ix_persons_decided", persons.c.id, sqlite_where=_DECIDED, postgresql_where=_DECIDED)
identities = Table(
    "identities", metadata, _IdentityColumns, CheckConstraint(_TENANT_KEY, name="tenant_key")
)
conversations = Table(
    "conversations",
    metadata,
    _ConversationColumns,
    CheckConstraint(_TENANT_KEY, name="tenant_key"),
    UniqueConstraint("platform", "tenant_key", "channel_id", "thread_key"),
)
turns = Table(
    "turns",
    metadata,
    _TurnColumns,
    UniqueConstraint("platform", "event_key"),
    UniqueConstraint("person_id", "number"),
    Index(None, "person_id", "conversation_id", "number"),
    Index(None, "tenant_id", "received_at"),
)
Index(
    "ix_turns_open",
    turns.c.worker,
    sqlite_where=turns.c.status == "accepted",
    postgresql_where=turns.c.status == "accepted",
)
_UNREPORTED = (turns.c.failure == "interrupted") & turns.c.failure_reported_at.is_(None)
Index(
    "ix_turns_unreported",
    turns.c.person_id,
    turns.c.conversation_id,
    sqlite_where=_UNREPORTED,
    postgresql_where=_UNREPORTED,
)
turn_traces = Table("turn_traces", metadata, _TraceColumns)
turn_vectors = Table("turn_vectors", metadata, _VectorColumns)
facts = Table(
    "facts",
    metadata,
    _FactColumns,
    UniqueConstraint("person_id", "number"),
    Index(None, "person_id", "status"),
)
fact_evidence = Table(
    "fact_evidence", metadata, _EvidenceColumns, UniqueConstraint("fact_id", "turn_id")
)
memory_operations = Table(
    "memory_operations", metadata, _OperationColumns, Index(None, "person_id", "happened_at")
)
link_codes = Table("link_codes", metadata, _LinkCodeColumns, Index(None, "person_id", "issued_at"))
link_failures = Table(
    "link_failures", metadata, _LinkFailureColumns, Index(None, "person_id", "failed_at")
)
episodes = Table("episodes", metadata, _EpisodeColumns, Index(None, "person_id", "last_number"))
compaction_jobs = Table(
    "compaction_jobs", metadata, _CompactionColumns, Index(None, "person_id", "started_at")
)
Index(None, compaction_jobs.c.started_at)
# Nobody's memory is made compact twice at once.
Index(
    "ix_compaction_jobs_running",
    compaction_jobs.c.person_id,
    unique=True,
    sqlite_where=compaction_jobs.c.status == "running",
    postgresql_where=compaction_jobs.c.status == "running",
)
schedules = Table("schedules", metadata, _ScheduleColumns)
channel_policies = Table("channel_policies", metadata, _PolicyColumns)
deliveries = Table("deliveries", metadata, _DeliveryColumns)
_CUT_OFF = ~deliveries.c.complete
Index(
    "ix_deliveries_cut_off",
    deliveries.c.turn_id,
    sqlite_where=_CUT_OFF,
    postgresql_where=_CUT_OFF,
)
turn_feedback = Table("turn_feedback", metadata, _FeedbackColumns)
