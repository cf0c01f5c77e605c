"""Chat platforms: when Ellie answers in channels, where replies are shown, verdicts on them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "channel_policies",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("channel_key", sa.Text(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "channel_key", name="pk_channel_policies"),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name="fk_channel_policies_tenant_id"
        ),
    )
    op.create_table(
        "deliveries",
        sa.Column("turn_id", sa.Text(), nullable=False),
        sa.Column("channel_id", sa.Text(), nullable=False),
        sa.Column("message_ids", _JSON, nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("turn_id", name="pk_deliveries"),
        sa.ForeignKeyConstraint(
            ["turn_id"], ["turns.id"], name="fk_deliveries_turn_id", ondelete="CASCADE"
        ),
    )
    op.create_index(
        "ix_deliveries_cut_off",
        "deliveries",
        ["turn_id"],
        sqlite_where=sa.text("complete = 0"),
        postgresql_where=sa.text("NOT complete"),
    )
    op.create_table(
        "turn_feedback",
        sa.Column("turn_id", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("given_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("turn_id", name="pk_turn_feedback"),
        sa.ForeignKeyConstraint(
            ["turn_id"], ["turns.id"], name="fk_turn_feedback_turn_id", ondelete="CASCADE"
        ),
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
