"""Administration: what was decided for places, resets, the audit log, quotas, the erase list."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("persons", sa.Column("consented_at", _MOMENT, nullable=True))
    _create_place_settings()
    _create_resets()
    _create_audit_entries()
    _create_quota_buckets()
    _create_erasures()


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")


def _create_place_settings() -> None:
    op.create_table(
        "place_settings",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("channel_key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", _JSON, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "channel_key", "name", name="pk_place_settings"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_place_settings_tenant_id"),
    )


def _create_resets() -> None:
    op.create_table(
        "resets",
        sa.Column("sequence", _SEQUENCE, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("requested_at", _MOMENT, nullable=False),
        sa.Column("erase_at", _MOMENT, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("finished_at", _MOMENT, nullable=True),
        sa.Column("planned", _JSON, nullable=False),
        sa.Column("erased", _JSON, nullable=False),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("lease_until", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("sequence", name="pk_resets"),
        sa.UniqueConstraint("id", name="uq_resets_id"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["persons.id"], name="fk_resets_person_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_resets_tenant_id_status", "resets", ["tenant_id", "status"])
    op.create_index("ix_resets_person_id", "resets", ["person_id"])
    op.create_index("ix_resets_status", "resets", ["status"])


def _create_audit_entries() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("sequence", _SEQUENCE, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("happened_at", _MOMENT, nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=True),
        sa.Column("detail", _JSON, nullable=False),
        sa.PrimaryKeyConstraint("sequence", name="pk_audit_entries"),
        sa.UniqueConstraint("id", name="uq_audit_entries_id"),
    )
    op.create_index(
        "ix_audit_entries_tenant_id_happened_at", "audit_entries", ["tenant_id", "happened_at"]
    )
    op.create_index("ix_audit_entries_happened_at", "audit_entries", ["happened_at"])
    op.create_index("ix_audit_entries_person_id", "audit_entries", ["person_id"])


def _create_quota_buckets() -> None:
    op.create_table(
        "quota_buckets",
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=True),
        sa.Column("level", sa.Float(53), nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("holder", "measure", name="pk_quota_buckets"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["persons.id"], name="fk_quota_buckets_person_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_quota_buckets_person_id", "quota_buckets", ["person_id"])


def _create_erasures() -> None:
    op.create_table(
        "erasures",
        sa.Column("sequence", _SEQUENCE, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("happened_at", _MOMENT, nullable=False),
        sa.Column("what", _JSON, nullable=False),
        sa.PrimaryKeyConstraint("sequence", name="pk_erasures"),
        sa.UniqueConstraint("id", name="uq_erasures_id"),
    )
    op.create_index("ix_erasures_person_id", "erasures", ["person_id"])
