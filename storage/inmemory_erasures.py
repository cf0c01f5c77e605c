"""The erase list in memory."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from bot.domain.erasure import Erasure, ErasureId, MergedInto, These
from bot.domain.identity import PersonId
from bot.domain.turn import TurnId
from bot.ports.compaction_storage import Expired
from storage.inmemory_state import State


class InMemoryErasureRepository:
    """:class:`~bot.ports.erasure_storage.ErasureRepository` in memory."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def append(self, *erasures: Erasure) -> None:
        """Write entries. One whose id is there already is left out."""
        for entry in erasures:
            self._state.erasures.setdefault(entry.id, entry)

    async def ids(self) -> frozenset[ErasureId]:
        """The ids of all entries."""
        return frozenset(self._state.erasures)

    async def by_ids(self, ids: Collection[ErasureId]) -> tuple[Erasure, ...]:
        """Those of the given entries that are there, in the order in which they were written."""
        return tuple(entry for entry in self._state.erasures.values() if entry.id in ids)

    async def latest(self, *, limit: int) -> tuple[Erasure, ...]:
        """The entries that were written last, oldest first."""
        entries = tuple(self._state.erasures.values())
        return entries[-limit:] if limit > 0 else ()

    async def merges(self) -> tuple[Erasure, ...]:
        """The entries that say that two people became one, in the order of writing."""
        entries = self._state.erasures.values()
        return tuple(entry for entry in entries if isinstance(entry.what, MergedInto))

    async def erase_these(self, person_id: PersonId, what: These) -> Expired:
        """Erase single things of a person once more; returns how much of it was there."""
        state = self._state
        turn_ids = {turn_id for turn_id in what.turn_ids if self._is_of(person_id, turn_id)}
        episodes = {e.id for e in state.episodes.values() if e.person_id == person_id}
        gone = {
            episode_id
            for episode_id in episodes
            if episode_id in what.episode_ids or self._covers_any(episode_id, turn_ids)
        }
        for episode_id in gone:
            del state.episodes[episode_id]
        facts = self._erase_facts(person_id, what, turn_ids)
        for turn_id in turn_ids:
            stored = state.turns[turn_id]
            emptied = replace(stored.turn, text="", reply="", shown=())
            state.turns[turn_id] = replace(stored, turn=emptied)
            state.vectors.pop(turn_id, None)
        return Expired(turns=len(turn_ids), facts=facts, episodes=len(gone))

    def _is_of(self, person_id: PersonId, turn_id: TurnId) -> bool:
        stored = self._state.turns.get(turn_id)
        return stored is not None and stored.turn.person_id == person_id

    def _covers_any(self, episode_id: object, turn_ids: Collection[TurnId]) -> bool:
        episode = next(e for e in self._state.episodes.values() if e.id == episode_id)
        turns = [self._state.turns[turn_id].turn for turn_id in turn_ids]
        return any(
            turn.conversation_id == episode.conversation_id
            and episode.first_number <= turn.number <= episode.last_number
            for turn in turns
        )

    def _erase_facts(self, person_id: PersonId, what: These, turn_ids: Collection[TurnId]) -> int:
        gone = 0
        for fact in [f for f in self._state.facts.values() if f.person_id == person_id]:
            left = tuple(said for said in fact.evidence if said.turn_id not in turn_ids)
            if fact.id in what.fact_ids or not left:
                del self._state.facts[fact.id]
                gone += 1
            elif left != fact.evidence:
                self._state.facts[fact.id] = replace(fact, evidence=left)
        return gone
