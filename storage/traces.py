"""Traces: what was in each turn's prompt."""

from __future__ import annotations

from sqlalchemy import select

from bot.domain.conversation import Scope
from bot.domain.turn import TurnId, TurnTrace
from bot.errors import StorageError
from storage import mapping
from storage.scoping import admitted
from storage.statements import Statements
from storage.tables import turn_traces, turns
from storage.turns import owner_while_kept


class SqlTraceRepository:
    """:class:`~bot.ports.storage.TraceRepository` in SQL."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def save(self, trace: TurnTrace) -> None:
        """Store the trace of a turn, replacing an earlier one of the same turn."""
        owner = await owner_while_kept(self._statements, trace.turn_id)
        if owner is None:
            message = "A trace needs a turn that exists."
            raise StorageError(message)
        # Whose the turn is now: people may have become one while it was answered.
        values = mapping.trace_values(trace) | {"person_id": owner}
        await self._statements.put(turn_traces, "turn_id", values)

    async def get(self, scope: Scope, turn_id: TurnId) -> TurnTrace | None:
        """The trace of a turn that the scope admits, or None."""
        row = await self._statements.first(
            select(turn_traces)
            .join(turns, turns.c.id == turn_traces.c.turn_id)
            .where(turns.c.id == turn_id, admitted(turns, scope))
        )
        return None if row is None else mapping.trace(row)

    async def of(self, scope: Scope) -> tuple[TurnTrace, ...]:
        """The traces of all turns that the scope admits, by turn number."""
        rows = await self._statements.all(
            select(turn_traces)
            .join(turns, turns.c.id == turn_traces.c.turn_id)
            .where(admitted(turns, scope))
            .order_by(turns.c.number)
        )
        return tuple(mapping.trace(row) for row in rows)
