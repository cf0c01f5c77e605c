"""People, conversations, turns, facts and the journal."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_DOUBLE = sa.Float(53)


def upgrade() -> None:
    _create_people()
    _create_turns()
    _create_memory()


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")


def _create_people() -> None:
    op.create_table(
        "tenants",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tenants"),
        sa.UniqueConstraint("platform", "external_id", name="uq_tenants_platform_external_id"),
    )
    op.create_table(
        "persons",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("first_seen_at", _MOMENT, nullable=False),
        sa.Column("memory_epoch", sa.Integer(), nullable=False),
        sa.Column("last_turn_number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_persons"),
    )
    op.create_table(
        "identities",
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("tenant_key", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=True),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "tenant_key", "external_id", name="pk_identities"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_identities_tenant_id"),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_identities_person_id"),
        sa.CheckConstraint(
            "tenant_key = coalesce(tenant_id, '')", name=op.f("ck_identities_tenant_key")
        ),
    )
    op.create_index("ix_identities_person_id", "identities", ["person_id"])
    op.create_table(
        "conversations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("tenant_key", sa.Text(), nullable=False),
        sa.Column("channel_id", sa.Text(), nullable=False),
        sa.Column("thread_key", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=True),
        sa.Column("visibility", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_conversations"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_conversations_tenant_id"),
        sa.CheckConstraint(
            "tenant_key = coalesce(tenant_id, '')", name=op.f("ck_conversations_tenant_key")
        ),
        sa.UniqueConstraint(
            "platform",
            "tenant_key",
            "channel_id",
            "thread_key",
            name="uq_conversations_platform_tenant_key_channel_id_thread_key",
        ),
    )


def _create_turns() -> None:
    op.create_table(
        "turns",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("visibility", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=True),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("event_key", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column("received_at", _MOMENT, nullable=False),
        sa.Column("finished_at", _MOMENT, nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("failure_reported_at", _MOMENT, nullable=True),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("lease_until", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_turns"),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_turns_person_id"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_turns_conversation_id"
        ),
        sa.UniqueConstraint("platform", "event_key", name="uq_turns_platform_event_key"),
        sa.UniqueConstraint("person_id", "number", name="uq_turns_person_id_number"),
    )
    op.create_index("ix_turns_conversation_id", "turns", ["conversation_id"])
    op.create_index(
        "ix_turns_person_id_conversation_id_number",
        "turns",
        ["person_id", "conversation_id", "number"],
    )
    is_open = sa.text("status = 'accepted'")
    op.create_index(
        "ix_turns_open", "turns", ["worker"], sqlite_where=is_open, postgresql_where=is_open
    )
    is_unreported = sa.text("failure = 'interrupted' AND failure_reported_at IS NULL")
    op.create_index(
        "ix_turns_unreported",
        "turns",
        ["person_id", "conversation_id"],
        sqlite_where=is_unreported,
        postgresql_where=is_unreported,
    )
    op.create_table(
        "turn_traces",
        sa.Column("turn_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("prompt_tokens", sa.Integer(), nullable=False),
        sa.Column("reply_tokens", sa.Integer(), nullable=False),
        sa.Column("finish_reason", sa.Text(), nullable=False),
        sa.Column("considered", _JSON, nullable=False),
        sa.Column("timings_ms", _JSON, nullable=False),
        sa.PrimaryKeyConstraint("turn_id", name="pk_turn_traces"),
        sa.ForeignKeyConstraint(["turn_id"], ["turns.id"], name="fk_turn_traces_turn_id"),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_turn_traces_person_id"),
    )
    op.create_index("ix_turn_traces_person_id", "turn_traces", ["person_id"])


def _create_memory() -> None:
    op.create_table(
        "facts",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("visibility", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=True),
        sa.Column("sequence", _SEQUENCE, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("slot", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.Column("source_turn_id", sa.Text(), nullable=False),
        sa.Column("valid_from", _MOMENT, nullable=False),
        sa.Column("valid_to", _MOMENT, nullable=True),
        sa.Column("confidence", _DOUBLE, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("strength", _DOUBLE, nullable=False),
        sa.Column("last_used_at", _MOMENT, nullable=True),
        sa.Column("pinned", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name="pk_facts"),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_facts_person_id"),
        sa.ForeignKeyConstraint(
            ["source_turn_id"],
            ["turns.id"],
            name="fk_facts_source_turn_id",
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.UniqueConstraint("id", name="uq_facts_id"),
    )
    op.create_index("ix_facts_source_turn_id", "facts", ["source_turn_id"])
    op.create_index("ix_facts_person_id_status", "facts", ["person_id", "status"])
    op.create_table(
        "memory_operations",
        sa.Column("sequence", _SEQUENCE, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("happened_at", _MOMENT, nullable=False),
        sa.Column("detail", _JSON, nullable=False),
        sa.PrimaryKeyConstraint("sequence", name="pk_memory_operations"),
        sa.UniqueConstraint("id", name="uq_memory_operations_id"),
    )
    op.create_index(
        "ix_memory_operations_person_id_happened_at",
        "memory_operations",
        ["person_id", "happened_at"],
    )
