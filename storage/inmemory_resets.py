"""Resets in memory, and what they concern."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.domain.episode import Episode
from bot.domain.fact import Evidence, Fact
from bot.domain.identity import PersonId, TenantId
from bot.domain.reset import Reset, ResetCounts, ResetId, ResetStatus
from bot.domain.turn import Turn
from bot.errors import StorageError
from bot.ports.compaction_storage import Expired
from storage.inmemory_removal import remove_turns
from storage.inmemory_state import State, StoredReset

_HAS_WORK = frozenset({ResetStatus.ERASING, ResetStatus.UNDONE})


class InMemoryResetRepository:
    """:class:`~bot.ports.reset_storage.ResetRepository` in memory."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def add(self, reset: Reset) -> None:
        """Store a new reset."""
        known = {None, *self._state.persons}
        if reset.id in self._state.resets or reset.person_id not in known:
            message = "A reset needs an id of its own, and a person that exists, if any."
            raise StorageError(message)
        self._state.resets[reset.id] = StoredReset(reset=reset)

    async def of_tenant(self, tenant_id: TenantId, *, limit: int) -> tuple[Reset, ...]:
        """Resets of a tenant: those that are not over first, then the latest first."""
        theirs = [
            stored.reset
            for stored in reversed(self._state.resets.values())
            if stored.reset.tenant_id == tenant_id
        ]
        theirs.sort(key=lambda reset: reset.finished_at is not None)
        return tuple(theirs[: max(limit, 0)])

    async def of_instance(self) -> tuple[Reset, ...]:
        """Every reset, oldest first."""
        return tuple(stored.reset for stored in self._state.resets.values())

    async def put(self, reset: Reset) -> None:
        """Store a reset as it is, in place of what is known of it."""
        self._state.resets[reset.id] = StoredReset(reset=reset)

    async def measure(self, reset: Reset) -> ResetCounts:
        """How much there is that a reset would erase."""
        return ResetCounts(
            people=len(self._people(reset)),
            turns=len(self._turns(reset)),
            facts=sum(
                all(self._goes(reset, fact, said) for said in fact.evidence)
                for fact in self._state.facts.values()
            ),
            episodes=len(self._episodes(reset)),
        )

    async def people(
        self, reset: Reset, *, after: PersonId | None, limit: int
    ) -> tuple[PersonId, ...]:
        """Of whom there is something that a reset concerns, by id, from ``after`` on."""
        later = sorted(person for person in self._people(reset) if person > (after or ""))
        return tuple(later[: max(limit, 0)])

    async def undo(self, reset_id: ResetId) -> bool:
        """Bring back what is only set aside; False when the reset is not pending."""
        stored = self._state.resets.get(reset_id)
        if stored is None or stored.reset.status is not ResetStatus.PENDING:
            return False
        undone = replace(stored.reset, status=ResetStatus.UNDONE)
        self._state.resets[reset_id] = replace(stored, reset=undone)
        return True

    async def claim(self, *, worker: str, now: datetime, lease_until: datetime) -> Reset | None:
        """Take one reset on which there is work to do, and that nobody else has."""
        due = [stored for stored in self._state.resets.values() if _is_due(stored, now)]
        if not due:
            return None
        chosen = min(due, key=lambda stored: stored.reset.status is not ResetStatus.UNDONE).reset
        if chosen.status is ResetStatus.PENDING:
            chosen = replace(chosen, status=ResetStatus.ERASING)
        self._state.resets[chosen.id] = StoredReset(
            reset=chosen, worker=worker, lease_until=lease_until
        )
        return chosen

    async def erase(self, reset: Reset, person_id: PersonId, *, limit: int) -> Expired:
        """Remove what a reset concerns of a person, the oldest turns first."""
        theirs = [turn for turn in self._turns(reset) if turn.person_id == person_id]
        theirs.sort(key=lambda turn: turn.number)
        removed = remove_turns(
            self._state,
            person_id,
            {turn.id: turn for turn in theirs[: max(limit, 0)]},
            lambda said_at, fact: reset.concerns(fact.person_id, fact.audience, said_at),
        )
        left_over = [e for e in self._episodes(reset) if e.person_id == person_id]
        for episode in left_over:
            del self._state.episodes[episode.id]
        return Expired(
            turns=removed.turns, facts=removed.facts, episodes=removed.episodes + len(left_over)
        )

    async def advance(self, reset: Reset, *, worker: str, lease_until: datetime) -> bool:
        """Store how much is erased, and extend the lease. False when another worker has it."""
        if (stored := self._held(reset.id, worker)) is None:
            return False
        known = replace(stored.reset, erased=reset.erased)
        self._state.resets[reset.id] = replace(stored, reset=known, lease_until=lease_until)
        return True

    async def finish(self, reset_id: ResetId, *, worker: str, at: datetime) -> bool:
        """End a reset that this worker has: it is done, or stays undone."""
        if (stored := self._held(reset_id, worker)) is None:
            return False
        erasing = stored.reset.status is ResetStatus.ERASING
        status = ResetStatus.DONE if erasing else stored.reset.status
        ended = replace(stored.reset, status=status, finished_at=at)
        self._state.resets[reset_id] = StoredReset(reset=ended)
        return True

    async def release(self, reset_id: ResetId, *, worker: str) -> None:
        """Give a reset back that is not finished: anybody may claim it."""
        if (stored := self._held(reset_id, worker)) is not None:
            self._state.resets[reset_id] = StoredReset(reset=stored.reset)

    async def drop_finished(self, *, before: datetime) -> int:
        """Forget resets that were finished before then; returns how many."""
        old = [
            reset_id
            for reset_id, stored in self._state.resets.items()
            if stored.reset.finished_at is not None and stored.reset.finished_at < before
        ]
        for reset_id in old:
            del self._state.resets[reset_id]
        return len(old)

    def _held(self, reset_id: ResetId, worker: str) -> StoredReset | None:
        stored = self._state.resets.get(reset_id)
        if stored is None or stored.reset.finished_at is not None or stored.worker != worker:
            return None
        return stored

    def _turns(self, reset: Reset) -> list[Turn]:
        turns = [stored.turn for stored in self._state.turns.values()]
        return [t for t in turns if reset.concerns(t.person_id, t.audience, t.received_at)]

    def _episodes(self, reset: Reset) -> list[Episode]:
        episodes = self._state.episodes.values()
        return [e for e in episodes if reset.concerns(e.person_id, e.audience, e.began_at)]

    def _goes(self, reset: Reset, fact: Fact, said: Evidence) -> bool:
        if said.turn_id is None:
            return reset.concerns(fact.person_id, fact.audience, said.said_at)
        turn = self._state.turns[said.turn_id].turn
        return reset.concerns(turn.person_id, turn.audience, turn.received_at)

    def _people(self, reset: Reset) -> set[PersonId]:
        people = {turn.person_id for turn in self._turns(reset)}
        people |= {episode.person_id for episode in self._episodes(reset)}
        return people | {
            fact.person_id
            for fact in self._state.facts.values()
            for said in fact.evidence
            if said.turn_id is None and self._goes(reset, fact, said)
        }


def _is_due(stored: StoredReset, now: datetime) -> bool:
    reset = stored.reset
    if reset.finished_at is not None:
        return False
    if reset.status is ResetStatus.PENDING:
        return reset.erase_at <= now
    return reset.status in _HAS_WORK and (stored.lease_until is None or stored.lease_until <= now)
