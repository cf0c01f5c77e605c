"""Where replies are shown."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select, union, update

from bot.domain.conversation import Scope
from bot.domain.delivery import Delivery, Undelivered
from bot.domain.identity import Platform
from bot.domain.turn import TurnId, TurnStatus
from storage import mapping_channels as mapping
from storage.scoping import admitted
from storage.setting_aside import is_set_aside
from storage.statements import Statements
from storage.tables import conversations, deliveries, persons, tenants, turns
from storage.turns import INTERRUPTED, owner_while_kept

_UNREPORTED = INTERRUPTED & turns.c.failure_reported_at.is_(None)


class SqlDeliveryRepository:
    """:class:`~bot.ports.channel_storage.DeliveryRepository` in SQL."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def save(self, delivery: Delivery) -> bool:
        """Note where a reply is shown; False when the turn is not stored."""
        if await owner_while_kept(self._statements, delivery.turn_id) is None:
            return False
        await self._statements.put(deliveries, "turn_id", mapping.delivery_values(delivery))
        return True

    async def of_event(self, platform: Platform, event_key: str) -> Delivery | None:
        """Where the reply to an event is shown. The key is that of the turn."""
        row = await self._statements.first(
            select(deliveries)
            .join(turns, turns.c.id == deliveries.c.turn_id)
            .where(turns.c.platform == platform, turns.c.event_key == event_key)
        )
        return None if row is None else mapping.delivery(row)

    async def of_turn(self, turn_id: TurnId) -> Delivery | None:
        """Where the reply to a turn is shown."""
        row = await self._statements.first(
            select(deliveries).where(deliveries.c.turn_id == turn_id)
        )
        return None if row is None else mapping.delivery(row)

    async def of(self, scope: Scope) -> tuple[Delivery, ...]:
        """Where the replies to the scope's turns are shown, in the order of the turns."""
        rows = await self._statements.all(
            select(deliveries)
            .join(turns, turns.c.id == deliveries.c.turn_id)
            .where(admitted(turns, scope))
            .order_by(turns.c.number)
        )
        return tuple(mapping.delivery(row) for row in rows)

    async def unfinished(self, platform: Platform, *, limit: int) -> tuple[Undelivered, ...]:
        """Turns of a platform that have ended and were not wholly shown, oldest first."""
        # Each part goes straight to the few rows that its partial index has.
        candidates = union(
            select(turns.c.id).where(_UNREPORTED),
            select(deliveries.c.turn_id).where(~deliveries.c.complete),
        )
        rows = await self._statements.all(
            select(*turns.c, *mapping.UNDELIVERED)
            .join(persons, persons.c.id == turns.c.person_id)
            .join(conversations, conversations.c.id == turns.c.conversation_id)
            .outerjoin(tenants, tenants.c.id == conversations.c.tenant_id)
            .outerjoin(deliveries, deliveries.c.turn_id == turns.c.id)
            .where(
                turns.c.id.in_(candidates),
                # Not the bare platform, which would tempt SQLite to go through all its turns.
                func.coalesce(turns.c.platform, "") == platform,
                turns.c.status != TurnStatus.ACCEPTED,
                ~is_set_aside(turns, turns.c.received_at),
            )
            .order_by(turns.c.received_at, turns.c.id)
            .limit(max(limit, 0))
        )
        return tuple(mapping.undelivered(row) for row in rows)

    async def take_report(self, turn_id: TurnId, *, at: datetime) -> bool:
        """Whether the person must still be told that this turn was interrupted. True once."""
        changed = await self._statements.run(
            update(turns).where(turns.c.id == turn_id, _UNREPORTED).values(failure_reported_at=at)
        )
        return changed == 1
