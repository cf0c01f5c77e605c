"""Compaction: its jobs, episodes, how long things are kept, and the state of the schedule."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _extend()
    _create_episodes()
    _create_jobs()
    _create_schedules()


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")


def _extend() -> None:
    op.add_column("tenants", sa.Column("retention_days", sa.Integer(), nullable=True))
    for column in (
        sa.Column("compacted_until", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("compact_not_before", _MOMENT, nullable=True),
        sa.Column("refresh_at", _MOMENT, nullable=True),
        sa.Column("retention_days", sa.Integer(), nullable=True),
    ):
        op.add_column("persons", column)
    op.create_index("ix_persons_refresh_at", "persons", ["refresh_at"])
    for name, which in (
        ("ix_persons_waiting", "last_turn_number > compacted_until"),
        ("ix_persons_decided", "retention_days IS NOT NULL"),
    ):
        where = sa.text(which)
        op.create_index(name, "persons", ["id"], sqlite_where=where, postgresql_where=where)
    op.create_index("ix_turns_tenant_id_received_at", "turns", ["tenant_id", "received_at"])
    op.add_column("facts", sa.Column("use_count", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("memory_operations", sa.Column("job_id", sa.Text(), nullable=True))
    op.create_index("ix_memory_operations_job_id", "memory_operations", ["job_id"])


def _create_episodes() -> None:
    op.create_table(
        "episodes",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("visibility", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=True),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("first_number", sa.Integer(), nullable=False),
        sa.Column("last_number", sa.Integer(), nullable=False),
        sa.Column("began_at", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT, nullable=False),
        sa.Column("sentences", _JSON, nullable=False),
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_episodes"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["persons.id"], name="fk_episodes_person_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name="fk_episodes_conversation_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_episodes_conversation_id", "episodes", ["conversation_id"])
    op.create_index("ix_episodes_person_id_last_number", "episodes", ["person_id", "last_number"])


def _create_jobs() -> None:
    op.create_table(
        "compaction_jobs",
        sa.Column("sequence", _SEQUENCE, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("after_number", sa.Integer(), nullable=False),
        sa.Column("until_number", sa.Integer(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("read_until", sa.Integer(), nullable=False),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("lease_until", _MOMENT, nullable=False),
        sa.Column("started_at", _MOMENT, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("finished_at", _MOMENT, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("counts", _JSON, nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name="pk_compaction_jobs"),
        sa.UniqueConstraint("id", name="uq_compaction_jobs_id"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["persons.id"], name="fk_compaction_jobs_person_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_compaction_jobs_started_at", "compaction_jobs", ["started_at"])
    op.create_index(
        "ix_compaction_jobs_person_id_started_at", "compaction_jobs", ["person_id", "started_at"]
    )
    is_running = sa.text("status = 'running'")
    op.create_index(
        "ix_compaction_jobs_running",
        "compaction_jobs",
        ["person_id"],
        unique=True,
        sqlite_where=is_running,
        postgresql_where=is_running,
    )


def _create_schedules() -> None:
    op.create_table(
        "schedules",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("last_started_at", _MOMENT, nullable=True),
        sa.Column("last_finished_at", _MOMENT, nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False, server_default=""),
        sa.Column("runs", sa.Integer(), nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("name", name="pk_schedules"),
    )
