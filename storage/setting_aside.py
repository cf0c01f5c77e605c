"""What resets set aside, as SQL. The twin of :meth:`bot.domain.reset.Reset.concerns`."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

from sqlalchemy import ColumnElement, Table, and_, func, literal, or_, select
from sqlalchemy.sql.selectable import NamedFromClause

from bot.domain.conversation import Visibility
from bot.domain.reset import HIDING, Reset
from storage.administration_tables import resets
from storage.tables import AudienceColumns, fact_evidence, facts, turns

_Said = TypeVar("_Said", bound=AudienceColumns)

_said_in = turns.alias("said_in")
_HIDES = resets.c.status.in_(sorted(HIDING))
# It does not depend on the row, so that a database without such resets asks this once and no more.
_ANY = select(literal(1)).select_from(resets).where(_HIDES).exists()


def is_set_aside(
    table: Table[AudienceColumns], moment: ColumnElement[datetime]
) -> ColumnElement[bool]:
    """Whether a reset hides a row of ``table``, of words that were said at that ``moment``."""
    return and_(_ANY, _is_hidden(table, moment))


def evidence_is_set_aside() -> ColumnElement[bool]:
    """Whether a reset hides a piece of evidence. A statement's rows join facts and evidence."""
    return and_(
        _ANY,
        or_(
            and_(fact_evidence.c.turn_id.is_(None), _is_hidden(facts, fact_evidence.c.said_at)),
            select(_said_in.c.id)
            .where(
                _said_in.c.id == fact_evidence.c.turn_id,
                _is_hidden(_said_in, _said_in.c.received_at),
            )
            .correlate(fact_evidence)
            .exists(),
        ),
    )


def is_concerned(
    reset: Reset, table: Table[AudienceColumns], moment: ColumnElement[datetime]
) -> ColumnElement[bool]:
    """Whether one reset, stored or not, is about a row of ``table``."""
    columns = table.c
    narrower: list[ColumnElement[bool]] = []
    tenant_id: ColumnElement[str | None] = columns.tenant_id
    if reset.person_id is not None:
        narrower.append(columns.person_id == reset.person_id)
        # Not the bare column, which would tempt SQLite to go through all that the tenant has.
        tenant_id = func.coalesce(columns.tenant_id, "")
    if reset.channel is not None:
        narrower.append(columns.channel == reset.channel)
    return and_(
        tenant_id == reset.tenant_id,
        columns.visibility != Visibility.DIRECT,
        moment <= reset.requested_at,
        *narrower,
    )


def _is_hidden(
    table: NamedFromClause[_Said], moment: ColumnElement[datetime]
) -> ColumnElement[bool]:
    columns, reset = table.c, resets.c
    return (
        select(reset.id)
        .where(
            _HIDES,
            columns.visibility != Visibility.DIRECT,
            reset.tenant_id == columns.tenant_id,
            reset.requested_at >= moment,
            or_(reset.person_id.is_(None), reset.person_id == columns.person_id),
            or_(reset.channel.is_(None), reset.channel == columns.channel),
        )
        .correlate_except(resets)
        .exists()
    )
