"""Writing one person's whole memory, in memory."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from bot.domain.conversation import Conversation
from bot.domain.identity import IdentityRef, PersonId
from bot.domain.turn import FailureReason
from bot.errors import StorageError
from bot.ports.export_storage import Account
from bot.ports.import_storage import Holder, Kind, Taken, WholeMemory
from storage.inmemory_exports import bookkeeping
from storage.inmemory_state import (
    ConversationKey,
    State,
    StoredIdentity,
    StoredPerson,
    StoredTurn,
    identity_key,
)


class InMemoryImportRepository:
    """:class:`~bot.ports.import_storage.ImportRepository` in memory."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def hold(
        self, person_id: PersonId, identities: Collection[IdentityRef]
    ) -> tuple[Holder, ...]:
        """Who has that id or one of these accounts, by id."""
        accounts = [self._state.identities.get(identity_key(identity)) for identity in identities]
        wanted = {person_id, *(known.person_id for known in accounts if known is not None)}
        busy = {stored.turn.person_id for stored in self._state.turns.values()}
        busy |= {fact.person_id for fact in self._state.facts.values()}
        return tuple(
            Holder(
                person=self._state.persons[found].person,
                bookkeeping=bookkeeping(self._state.persons[found]),
                is_empty=found not in busy,
            )
            for found in sorted(wanted & self._state.persons.keys())
        )

    async def taken(self, memory: WholeMemory) -> tuple[Taken, ...]:
        """What of the memory's ids and event keys is taken here, sorted."""
        state, own = self._state, memory.person.id
        journal = {entry.id for entry in state.operations if entry.person_id != own}
        jobs = {job.id for job in state.jobs.values() if job.person_id != own}
        found = [
            *(Taken(Kind.TURNS, turn.id) for turn in memory.turns if turn.id in state.turns),
            *(Taken(Kind.FACTS, fact.id) for fact in memory.facts if fact.id in state.facts),
            *(Taken(Kind.EPISODES, e.id) for e in memory.episodes if e.id in state.episodes),
            *(Taken(Kind.OPERATIONS, o.id) for o in memory.operations if o.id in journal),
            *(Taken(Kind.COMPACTIONS, job.id) for job in memory.compactions if job.id in jobs),
        ]
        events = {(stored.platform, stored.turn.event_key) for stored in state.turns.values()}
        platforms = {place.id: place.ref.platform for place in memory.conversations}
        found += [
            Taken(Kind.EVENTS, turn.event_key)
            for turn in memory.turns
            if (platforms[turn.conversation_id], turn.event_key) in events
        ]
        names = {place.id: key for key, place in state.conversations.items()}
        found += [
            Taken(Kind.CONVERSATIONS, place.id)
            for place in memory.conversations
            if names.get(place.id, _key(place)) != _key(place)
        ]
        return tuple(sorted(found))

    async def write(self, memory: WholeMemory, *, replaced: Collection[PersonId] = ()) -> None:
        """Store all of it."""
        state, own, kept = self._state, memory.person.id, memory.bookkeeping
        for other in {*replaced, own}:
            state.persons.pop(other, None)
            state.codes = {k: v for k, v in state.codes.items() if v.code.person_id != other}
            state.failures = [entry for entry in state.failures if entry[0] != other]
            state.jobs = {job.id: job for job in state.jobs.values() if job.person_id != other}
            for key, known in list(state.identities.items()):
                if known.person_id == other:
                    state.identities[key] = replace(known, person_id=own)
        state.persons[own] = StoredPerson(
            person=memory.person,
            last_turn_number=kept.last_turn_number,
            last_fact_number=kept.last_fact_number,
            compact_not_before=kept.compact_not_before,
            refresh_at=kept.refresh_at,
            retention_days=kept.retention_days,
        )
        for account in memory.accounts:
            self._write_account(memory, account)
        places = {place.id: self._place(place) for place in memory.conversations}
        for turn in memory.turns:
            place = places[turn.conversation_id]
            state.turns[turn.id] = StoredTurn(
                turn=replace(turn, conversation_id=place.id),
                platform=place.ref.platform,
                worker="",
                lease_until=turn.received_at,
                failure_reported=turn.failure is FailureReason.INTERRUPTED,
            )
        for episode in memory.episodes:
            place = places[episode.conversation_id]
            state.episodes[episode.id] = replace(episode, conversation_id=place.id)
        state.operations = [entry for entry in state.operations if entry.person_id != own]
        state.operations += memory.operations
        state.facts |= {fact.id: fact for fact in memory.facts}
        state.jobs |= {job.id: job for job in memory.compactions}
        state.traces |= {trace.turn_id: trace for trace in memory.traces}
        state.deliveries |= {shown.turn_id: shown for shown in memory.deliveries}
        state.feedback |= {given.turn_id: given for given in memory.feedback}

    def _write_account(self, memory: WholeMemory, account: Account) -> None:
        key = identity_key(account.identity)
        known = self._state.identities.get(key)
        if known is not None and known.person_id != memory.person.id:
            raise StorageError("Somebody with one of these accounts spoke just now. Try again.")
        self._state.identities[key] = StoredIdentity(
            person_id=memory.person.id,
            first_seen_at=account.first_seen_at or memory.person.first_seen_at,
        )

    def _place(self, place: Conversation) -> Conversation:
        """The conversation of that name that is here."""
        return self._state.conversations.setdefault(_key(place), place)


def _key(place: Conversation) -> ConversationKey:
    ref = place.ref
    return (ref.platform, ref.tenant, ref.channel_id, ref.thread_id)
