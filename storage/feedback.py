"""What people think of replies."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select

from bot.domain.conversation import Scope
from bot.domain.feedback import Verdict
from bot.domain.turn import TurnId
from bot.ports.channel_storage import GivenVerdict
from storage import mapping_channels as mapping
from storage.scoping import admitted
from storage.statements import Statements
from storage.tables import turn_feedback, turns
from storage.turns import owner_while_kept


class SqlFeedbackRepository:
    """:class:`~bot.ports.channel_storage.FeedbackRepository` in SQL."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def set(self, turn_id: TurnId, verdict: Verdict | None, *, at: datetime) -> bool:
        """Store a verdict, or take it back; False when the turn is not stored."""
        if await owner_while_kept(self._statements, turn_id) is None:
            return False
        if verdict is None:
            await self._statements.run(
                delete(turn_feedback).where(turn_feedback.c.turn_id == turn_id)
            )
        else:
            values = {"turn_id": turn_id, "verdict": verdict, "given_at": at}
            await self._statements.put(turn_feedback, "turn_id", values)
        return True

    async def get(self, scope: Scope, turn_id: TurnId) -> Verdict | None:
        """What was thought of the reply to a turn that the scope admits."""
        row = await self._statements.first(
            select(turn_feedback)
            .join(turns, turns.c.id == turn_feedback.c.turn_id)
            .where(turns.c.id == turn_id, admitted(turns, scope))
        )
        return None if row is None else mapping.verdict(row).verdict

    async def of(self, scope: Scope) -> tuple[GivenVerdict, ...]:
        """All verdicts on replies to the scope's turns, in the order of the turns."""
        rows = await self._statements.all(
            select(turn_feedback)
            .join(turns, turns.c.id == turn_feedback.c.turn_id)
            .where(admitted(turns, scope))
            .order_by(turns.c.number)
        )
        return tuple(mapping.verdict(row) for row in rows)
