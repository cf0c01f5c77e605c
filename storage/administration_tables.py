"""Tables of administration: settings of places, resets, the audit log, quotas, the erase list."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Float, ForeignKey, Index, Named, Table, TypedColumns

from storage.tables import metadata, numbered
from storage.types import Json, PlainText, UtcDateTime


class _PlaceSettingColumns(TypedColumns):
    tenant_id: Named[str] = Column(PlainText, ForeignKey("tenants.id"), primary_key=True)
    channel_key: Named[str] = Column(PlainText, primary_key=True)  # empty for the whole tenant
    name: Named[str] = Column(PlainText, primary_key=True)
    value: Named[Any] = Column(Json)


class _ResetColumns(TypedColumns):
    sequence: Named[int] = numbered()
    id: Named[str] = Column(PlainText, unique=True)
    # A word of history and no foreign key, like that of turns.
    tenant_id: Named[str] = Column(PlainText)
    # Nobody and no channel mean everybody and all channels of the tenant.
    person_id: Named[str | None] = Column(
        PlainText, ForeignKey("persons.id", ondelete="CASCADE"), index=True
    )
    channel: Named[str | None] = Column(PlainText)
    requested_by: Named[str] = Column(PlainText)
    requested_at: Named[datetime] = Column(UtcDateTime)
    erase_at: Named[datetime] = Column(UtcDateTime)
    status: Named[str] = Column(PlainText, index=True)
    finished_at: Named[datetime | None] = Column(UtcDateTime)
    planned: Named[dict[str, Any]] = Column(Json)
    erased: Named[dict[str, Any]] = Column(Json)
    worker: Named[str] = Column(PlainText)
    lease_until: Named[datetime | None] = Column(UtcDateTime)


class _AuditColumns(TypedColumns):
    sequence: Named[int] = numbered()
    id: Named[str] = Column(PlainText, unique=True)
    happened_at: Named[datetime] = Column(UtcDateTime, index=True)
    # No foreign keys: what was done stays on record when people and places are gone.
    tenant_id: Named[str | None] = Column(PlainText)
    channel: Named[str | None] = Column(PlainText)
    actor: Named[str] = Column(PlainText)
    action: Named[str] = Column(PlainText)
    outcome: Named[str] = Column(PlainText)
    person_id: Named[str | None] = Column(PlainText, index=True)
    detail: Named[dict[str, Any]] = Column(Json)


class _QuotaColumns(TypedColumns):
    holder: Named[str] = Column(PlainText, primary_key=True)
    measure: Named[str] = Column(PlainText, primary_key=True)
    # Set where the holder is a person, so that the bucket goes with them.
    person_id: Named[str | None] = Column(
        PlainText, ForeignKey("persons.id", ondelete="CASCADE"), index=True
    )
    level: Named[float] = Column(Float(53))
    updated_at: Named[datetime] = Column(UtcDateTime)


class _ErasureColumns(TypedColumns):
    sequence: Named[int] = numbered()
    id: Named[str] = Column(PlainText, unique=True)
    # No foreign key: it is there to be found when the person is gone, or is back from a backup.
    person_id: Named[str] = Column(PlainText, index=True)
    happened_at: Named[datetime] = Column(UtcDateTime)
    what: Named[dict[str, Any]] = Column(Json)


place_settings = Table("place_settings", metadata, _PlaceSettingColumns)
resets = Table("resets", metadata, _ResetColumns, Index(None, "tenant_id", "status"))
audit_entries = Table(
    "audit_entries", metadata, _AuditColumns, Index(None, "tenant_id", "happened_at")
)
quota_buckets = Table("quota_buckets", metadata, _QuotaColumns)
erasures = Table("erasures", metadata, _ErasureColumns)
