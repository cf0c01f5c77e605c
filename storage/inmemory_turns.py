"""Turns in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

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
from storage.inmemory_state import State, StoredTurn


class InMemoryTurnRepository:
    """:class:`~bot.ports.storage.TurnRepository` in memory."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def accept(self, turn: NewTurn) -> tuple[Turn, bool]:
        """Store a new turn and number it; or return the one with the same event key."""
        conversations = self._state.conversations.values()
        places = [known.ref for known in conversations if known.id == turn.conversation_id]
        owner = self._state.persons.get(turn.person_id)
        if not places or owner is None:
            message = "A turn needs a person and a conversation that exist."
            raise StorageError(message)
        platform = places[0].platform
        for stored in self._state.turns.values():
            if (stored.platform, stored.turn.event_key) == (platform, turn.event_key):
                return stored.turn, False
        number = owner.last_turn_number + 1
        accepted = Turn(
            id=turn.id,
            person_id=turn.person_id,
            conversation_id=turn.conversation_id,
            audience=turn.audience,
            event_key=turn.event_key,
            number=number,
            text=turn.text,
            received_at=turn.received_at,
            shown=turn.shown,
            unremembered=turn.unremembered,
        )
        self._state.persons[turn.person_id] = replace(owner, last_turn_number=number)
        self._state.turns[turn.id] = StoredTurn(
            turn=accepted, platform=platform, worker=turn.worker, lease_until=turn.lease_until
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
        stored = self._state.turns.get(turn_id)
        if stored is None or stored.turn.status is TurnStatus.ACCEPTED:
            return False
        if not finished and stored.turn.failure is not FailureReason.INTERRUPTED:
            return False
        self._state.feedback.pop(turn_id, None)
        self._state.turns[turn_id] = replace(
            stored,
            turn=replace(
                stored.turn, status=TurnStatus.ACCEPTED, failure=None, finished_at=None, reply=""
            ),
            worker=worker,
            lease_until=lease_until,
            failure_reported=stored.failure_reported and stays_reported,
        )
        return True

    async def finish(self, turn_id: TurnId, outcome: TurnOutcome, *, worker: str) -> bool:
        """Record how a turn ended, if it is open under ``worker``."""
        stored = self._state.turns.get(turn_id)
        if stored is None or not stored.is_open_under(worker):
            return False
        finished = replace(
            stored.turn,
            status=outcome.status,
            finished_at=outcome.finished_at,
            reply=outcome.reply,
            failure=outcome.failure,
        )
        self._state.turns[turn_id] = replace(stored, turn=finished)
        return True

    async def renew_leases(self, *, worker: str, lease_until: datetime) -> None:
        """Extend the lease of all open turns of ``worker``."""
        for turn_id, stored in list(self._state.turns.items()):
            if stored.is_open_under(worker):
                self._state.turns[turn_id] = replace(stored, lease_until=lease_until)

    async def open_turns(self) -> tuple[OpenTurn, ...]:
        """All turns that are accepted and not finished, of all processes."""
        return tuple(
            OpenTurn(turn_id=turn_id, worker=stored.worker, lease_until=stored.lease_until)
            for turn_id, stored in self._state.turns.items()
            if stored.turn.status is TurnStatus.ACCEPTED
        )

    async def recent(
        self, scope: Scope, conversation_id: ConversationId, *, before_number: int, limit: int
    ) -> tuple[Turn, ...]:
        """This person's latest finished turns of a conversation, oldest first."""
        return self._latest(
            scope,
            limit,
            lambda turn: (
                turn.conversation_id == conversation_id
                and turn.number < before_number
                and turn.status is not TurnStatus.ACCEPTED
            ),
        )

    async def latest(self, scope: Scope, *, limit: int) -> tuple[Turn, ...]:
        """This person's latest turns of any state and conversation, oldest first."""
        return self._latest(scope, limit, lambda _: True)

    async def after(
        self, scope: Scope, number: int, *, limit: int | None = None
    ) -> tuple[Turn, ...]:
        """This person's turns with a greater number, of any state, oldest first."""
        later = [turn for turn in self._visible(scope) if turn.number > number]
        return tuple(later if limit is None else later[: max(limit, 0)])

    async def owner_of(self, platform: Platform, event_key: str) -> tuple[PersonId, TurnId] | None:
        """Whose turn an event became, and which; None when none did."""
        for stored in self._state.turns.values():
            if (stored.platform, stored.turn.event_key) == (platform, event_key):
                return stored.turn.person_id, stored.turn.id
        return None

    async def by_ids(self, scope: Scope, turn_ids: Sequence[TurnId]) -> tuple[Turn, ...]:
        """Those of the given turns that the scope admits, each once, in the given order."""
        visible = {turn.id: turn for turn in self._visible(scope)}
        return tuple(visible[turn_id] for turn_id in dict.fromkeys(turn_ids) if turn_id in visible)

    async def count(self, scope: Scope) -> int:
        """How many turns the scope admits."""
        return len(self._visible(scope))

    async def take_unreported_failures(
        self, scope: Scope, conversation_id: ConversationId
    ) -> tuple[Turn, ...]:
        """Interrupted turns of this conversation that nobody was told about, oldest first."""
        taken = [
            turn
            for turn in self._visible(scope)
            if turn.conversation_id == conversation_id
            and turn.failure is FailureReason.INTERRUPTED
            and not self._state.turns[turn.id].failure_reported
        ]
        for turn in taken:
            stored = self._state.turns[turn.id]
            self._state.turns[turn.id] = replace(stored, failure_reported=True)
        return tuple(taken)

    async def rewrite(
        self, person_id: PersonId, turn_id: TurnId, *, text: str, reply: str, shown: Sequence[Shown]
    ) -> None:
        """Replace the words of a turn; its vectors go."""
        self._change_words(person_id, turn_id, text=text, reply=reply, shown=tuple(shown))

    async def describe(self, person_id: PersonId, turn_id: TurnId, shown: Sequence[Shown]) -> None:
        """Replace what is known of what was shown; the turn's vectors go."""
        self._change_words(person_id, turn_id, shown=tuple(shown))

    def _change_words(self, person_id: PersonId, turn_id: TurnId, **values: Any) -> None:
        stored = self._state.turns.get(turn_id)
        if stored is not None and stored.turn.person_id == person_id:
            turn = replace(stored.turn, **values)
            self._state.turns[turn_id] = replace(stored, turn=turn)
            self._state.vectors.pop(turn_id, None)

    async def erase_all(self, person_id: PersonId) -> int:
        """Remove every turn of a person, and all that hangs on turns; returns how many turns."""
        theirs = [
            turn_id
            for turn_id, stored in self._state.turns.items()
            if stored.turn.person_id == person_id
        ]
        self._state.erase_turns(theirs)
        self._state.episodes = {
            episode.id: episode
            for episode in self._state.episodes.values()
            if episode.person_id != person_id
        }
        return len(theirs)

    def _visible(self, scope: Scope) -> list[Turn]:
        stored = self._state.turns.values()
        turns = [entry.turn for entry in stored if self._state.shows(scope, entry.turn)]
        return sorted(turns, key=lambda turn: turn.number)

    def _latest(self, scope: Scope, limit: int, wanted: Callable[[Turn], bool]) -> tuple[Turn, ...]:
        turns = [turn for turn in self._visible(scope) if wanted(turn)]
        return tuple(turns[-limit:]) if limit > 0 else ()
