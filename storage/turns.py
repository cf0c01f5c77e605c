"""Turns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import delete, func, insert, literal, select, update

from bot.domain.conversation import ConversationId, Scope
from bot.domain.identity import PersonId, Platform
from bot.domain.shown import Shown
from bot.domain.turn import (
    FailureReason,
    NewTurn,
    OpenTurn,
    Turn,
    TurnId,
    TurnOutcome,
    TurnStatus,
)
from bot.errors import StorageError
from storage import mapping
from storage.scoping import admitted
from storage.statements import Statements, in_batches
from storage.tables import (
    conversations,
    episodes,
    persons,
    turn_feedback,
    turn_traces,
    turn_vectors,
    turns,
)

# Written into the statement itself: with a parameter, the partial indexes would not be used.
_OPEN = turns.c.status == literal(TurnStatus.ACCEPTED.value, literal_execute=True)
INTERRUPTED = turns.c.failure == literal(FailureReason.INTERRUPTED.value, literal_execute=True)


class SqlTurnRepository:
    """:class:`~bot.ports.storage.TurnRepository` in SQL."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def accept(self, turn: NewTurn) -> tuple[Turn, bool]:
        """Store a new turn and number it; or return the one with the same event key."""
        # The lock on the person makes their turns commit one after another, in order of number,
        # and lets a second delivery of this event see the first one.
        owner = await self._statements.first(
            select(persons.c.last_turn_number)
            .where(persons.c.id == turn.person_id)
            .with_for_update(key_share=True)
        )
        place = await self._statements.first(
            select(conversations.c.platform).where(conversations.c.id == turn.conversation_id)
        )
        if owner is None or place is None:
            message = "A turn needs a person and a conversation that exist."
            raise StorageError(message)
        earlier = await self._statements.first(
            select(turns).where(
                turns.c.platform == place.platform, turns.c.event_key == turn.event_key
            )
        )
        if earlier is not None:
            return mapping.turn(earlier), False
        accepted = mapping.accepted(turn, owner.last_turn_number + 1)
        await self._statements.run(
            insert(turns).values(
                platform=place.platform,
                worker=turn.worker,
                lease_until=turn.lease_until,
                **mapping.turn_values(accepted),
            )
        )
        await self._statements.run(
            update(persons)
            .where(persons.c.id == turn.person_id)
            .values(last_turn_number=accepted.number)
        )
        return accepted, True

    async def reopen(
        self,
        turn_id: TurnId,
        *,
        worker: str,
        lease_until: datetime,
        finished: bool = False,
        stays_reported: bool = False,
    ) -> bool:
        """Take over a turn that was interrupted, or with ``finished`` any that has ended."""
        may_be = ~_OPEN if finished else INTERRUPTED
        changed = await self._statements.run(
            update(turns)
            .where(turns.c.id == turn_id, may_be)
            .values(
                status=TurnStatus.ACCEPTED,
                failure=None,
                failure_reported_at=turns.c.failure_reported_at if stays_reported else None,
                finished_at=None,
                reply="",
                worker=worker,
                lease_until=lease_until,
            )
        )
        if not changed:
            return False
        # After the turn's own row, as where a turn is erased: else two could wait for each other.
        await self._statements.run(delete(turn_feedback).where(turn_feedback.c.turn_id == turn_id))
        return True

    async def finish(self, turn_id: TurnId, outcome: TurnOutcome, *, worker: str) -> bool:
        """Record how a turn ended, if it is open under ``worker``."""
        changed = await self._statements.run(
            update(turns)
            .where(turns.c.id == turn_id, turns.c.worker == worker, _OPEN)
            .values(
                status=outcome.status,
                finished_at=outcome.finished_at,
                reply=outcome.reply,
                failure=outcome.failure,
            )
        )
        return changed == 1

    async def renew_leases(self, *, worker: str, lease_until: datetime) -> None:
        """Extend the lease of all open turns of ``worker``."""
        await self._statements.run(
            update(turns).where(turns.c.worker == worker, _OPEN).values(lease_until=lease_until)
        )

    async def open_turns(self) -> tuple[OpenTurn, ...]:
        """All turns that are accepted and not finished, of all processes."""
        rows = await self._statements.all(
            select(turns.c.id, turns.c.worker, turns.c.lease_until).where(_OPEN)
        )
        return tuple(mapping.open_turn(row) for row in rows)

    async def recent(
        self, scope: Scope, conversation_id: ConversationId, *, before_number: int, limit: int
    ) -> tuple[Turn, ...]:
        """This person's latest finished turns of a conversation, oldest first."""
        rows = await self._statements.all(
            select(turns)
            .where(
                admitted(turns, scope),
                turns.c.conversation_id == conversation_id,
                turns.c.number < before_number,
                turns.c.status != TurnStatus.ACCEPTED,
            )
            .order_by(turns.c.number.desc())
            .limit(max(limit, 0))
        )
        return tuple(mapping.turn(row) for row in reversed(rows))

    async def latest(self, scope: Scope, *, limit: int) -> tuple[Turn, ...]:
        """This person's latest turns of any state and conversation, oldest first."""
        rows = await self._statements.all(
            select(turns)
            .where(admitted(turns, scope))
            .order_by(turns.c.number.desc())
            .limit(max(limit, 0))
        )
        return tuple(mapping.turn(row) for row in reversed(rows))

    async def after(
        self, scope: Scope, number: int, *, limit: int | None = None
    ) -> tuple[Turn, ...]:
        """This person's turns with a greater number, of any state, oldest first."""
        rows = await self._statements.all(
            select(turns)
            .where(admitted(turns, scope), turns.c.number > number)
            .order_by(turns.c.number)
            .limit(None if limit is None else max(limit, 0))
        )
        return tuple(mapping.turn(row) for row in rows)

    async def owner_of(self, platform: Platform, event_key: str) -> tuple[PersonId, TurnId] | None:
        """Whose turn an event became, and which; None when none did."""
        row = await self._statements.first(
            select(turns.c.person_id, turns.c.id).where(
                turns.c.platform == platform, turns.c.event_key == event_key
            )
        )
        return None if row is None else (PersonId(row.person_id), TurnId(row.id))

    async def by_ids(self, scope: Scope, turn_ids: Sequence[TurnId]) -> tuple[Turn, ...]:
        """Those of the given turns that the scope admits, each once, in the given order."""
        wanted = list(dict.fromkeys(turn_ids))
        found: dict[TurnId, Turn] = {}
        for some in in_batches(wanted):
            rows = await self._statements.all(
                select(turns).where(admitted(turns, scope), turns.c.id.in_(some))
            )
            found.update((turn.id, turn) for turn in map(mapping.turn, rows))
        return tuple(found[turn_id] for turn_id in wanted if turn_id in found)

    async def count(self, scope: Scope) -> int:
        """How many turns the scope admits."""
        return await self._statements.count(
            select(func.count()).select_from(turns).where(admitted(turns, scope))
        )

    async def take_unreported_failures(
        self, scope: Scope, conversation_id: ConversationId
    ) -> tuple[Turn, ...]:
        """Interrupted turns of this conversation that nobody was told about, oldest first."""
        rows = await self._statements.all(
            update(turns)
            .where(
                admitted(turns, scope),
                turns.c.conversation_id == conversation_id,
                turns.c.failure_reported_at.is_(None),
                INTERRUPTED,
            )
            .values(failure_reported_at=datetime.now(UTC))
            .returning(*turns.c)
        )
        return tuple(sorted(map(mapping.turn, rows), key=lambda turn: turn.number))

    async def rewrite(
        self, person_id: PersonId, turn_id: TurnId, *, text: str, reply: str, shown: Sequence[Shown]
    ) -> None:
        """Replace the words of a turn; its vectors go."""
        values = {"text": text, "reply": reply, "shown": mapping.shown_values(shown)}
        await self._change_words(person_id, turn_id, values)

    async def describe(self, person_id: PersonId, turn_id: TurnId, shown: Sequence[Shown]) -> None:
        """Replace what is known of what was shown; the turn's vectors go."""
        await self._change_words(person_id, turn_id, {"shown": mapping.shown_values(shown)})

    async def _change_words(
        self, person_id: PersonId, turn_id: TurnId, values: Mapping[str, object]
    ) -> None:
        changed = await self._statements.run(
            update(turns)
            .where(turns.c.id == turn_id, turns.c.person_id == person_id)
            .values(**values)
        )
        if changed:
            await self._statements.run(
                delete(turn_vectors).where(turn_vectors.c.turn_id == turn_id)
            )

    async def erase_all(self, person_id: PersonId) -> int:
        """Remove every turn of a person, and all that hangs on turns; returns how many turns."""
        await self._statements.run(delete(episodes).where(episodes.c.person_id == person_id))
        await self._statements.run(delete(turn_traces).where(turn_traces.c.person_id == person_id))
        return await self._statements.run(delete(turns).where(turns.c.person_id == person_id))


async def owner_while_kept(statements: Statements, turn_id: TurnId) -> PersonId | None:
    """Whose a turn is, None when it is not stored. Nobody erases it in this transaction's time."""
    row = await statements.first(
        select(turns.c.person_id)
        .where(turns.c.id == turn_id)
        .with_for_update(read=True, key_share=True)
    )
    return None if row is None else PersonId(row.person_id)
