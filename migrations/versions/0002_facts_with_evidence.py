"""Facts with numbers and evidence, vectors, links between accounts, pause and incognito."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _extend_people()
    _extend_turns()
    _extend_facts()
    _create_evidence()
    _extend_journal()
    _create_links()


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")


def _extend_people() -> None:
    for column in (
        sa.Column("last_fact_number", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("paused", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("incognito", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("notice_shown_at", _MOMENT, nullable=True),
    ):
        op.add_column("persons", column)
    op.add_column("identities", sa.Column("first_seen_at", _MOMENT, nullable=True))
    # Until now nobody had two identities, so each is as old as its person.
    op.execute(
        "UPDATE identities SET first_seen_at ="
        " (SELECT first_seen_at FROM persons WHERE persons.id = identities.person_id)"
    )


def _extend_turns() -> None:
    op.add_column("turns", sa.Column("shown", _JSON, nullable=False, server_default="[]"))
    op.add_column(
        "turns", sa.Column("unremembered", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_table(
        "turn_vectors",
        sa.Column("turn_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("turn_id", name="pk_turn_vectors"),
        sa.ForeignKeyConstraint(
            ["turn_id"], ["turns.id"], name="fk_turn_vectors_turn_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_turn_vectors_person_id"),
    )
    op.create_index("ix_turn_vectors_person_id", "turn_vectors", ["person_id"])


def _extend_facts() -> None:
    """Add what is new, fill it, and only then ask for it to be filled."""
    for column in (
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("topic", sa.Text(), nullable=True),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("occurs_from", _MOMENT, nullable=True),
        sa.Column("occurs_until", _MOMENT, nullable=True),
        sa.Column("conflicts_with", sa.Text(), nullable=True),
        sa.Column("superseded_by", sa.Text(), nullable=True),
    ):
        op.add_column("facts", column)
    op.execute(
        "UPDATE facts SET source = 'rule', number = counted.place FROM (SELECT id, row_number()"
        " OVER (PARTITION BY person_id ORDER BY sequence) AS place FROM facts) AS counted"
        " WHERE counted.id = facts.id"
    )
    op.execute(
        "UPDATE persons SET last_fact_number ="
        " (SELECT count(*) FROM facts WHERE facts.person_id = persons.id)"
    )
    # SQLite copies the table here. Nothing refers to it yet, so no foreign key minds.
    with op.batch_alter_table("facts") as facts:
        facts.alter_column("quote", existing_type=sa.Text(), nullable=True)
        facts.alter_column("source_turn_id", existing_type=sa.Text(), nullable=True)
        facts.alter_column("number", existing_type=sa.Integer(), nullable=False)
        facts.alter_column("source", existing_type=sa.Text(), nullable=False)
        facts.create_unique_constraint("uq_facts_person_id_number", ["person_id", "number"])


def _create_evidence() -> None:
    op.create_table(
        "fact_evidence",
        sa.Column("sequence", _SEQUENCE, nullable=False),
        sa.Column("fact_id", sa.Text(), nullable=False),
        sa.Column("turn_id", sa.Text(), nullable=True),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.Column("said_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("sequence", name="pk_fact_evidence"),
        sa.ForeignKeyConstraint(
            ["fact_id"], ["facts.id"], name="fk_fact_evidence_fact_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["turn_id"],
            ["turns.id"],
            name="fk_fact_evidence_turn_id",
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.UniqueConstraint("fact_id", "turn_id", name="uq_fact_evidence_fact_id_turn_id"),
    )
    op.create_index("ix_fact_evidence_turn_id", "fact_evidence", ["turn_id"])
    op.execute(
        "INSERT INTO fact_evidence (fact_id, turn_id, quote, said_at)"
        " SELECT facts.id, turns.id, facts.quote, turns.received_at"
        " FROM facts JOIN turns ON turns.id = facts.source_turn_id ORDER BY facts.sequence"
    )
    op.execute("UPDATE facts SET quote = NULL, source_turn_id = NULL")


def _extend_journal() -> None:
    for column in (
        sa.Column("turn_id", sa.Text(), nullable=True),
        sa.Column("changes", _JSON, nullable=False, server_default="[]"),
        sa.Column("undoes", sa.Text(), nullable=True),
    ):
        op.add_column("memory_operations", column)


def _create_links() -> None:
    op.create_table(
        "link_codes",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("issued_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("spent", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_link_codes"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["persons.id"], name="fk_link_codes_person_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_link_codes_person_id_issued_at", "link_codes", ["person_id", "issued_at"])
    op.create_table(
        "link_failures",
        sa.Column("sequence", _SEQUENCE, nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("failed_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("sequence", name="pk_link_failures"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["persons.id"], name="fk_link_failures_person_id", ondelete="CASCADE"
        ),
    )
    op.create_index(
        "ix_link_failures_person_id_failed_at", "link_failures", ["person_id", "failed_at"]
    )
