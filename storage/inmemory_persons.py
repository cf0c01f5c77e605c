"""People, their identities and links in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.domain.consent import consent_of_both
from bot.domain.conversation import Visibility
from bot.domain.identity import IdentityRef, Person, PersonId
from bot.domain.link import LinkCode
from bot.domain.turn import TurnId
from bot.errors import StorageError
from storage.inmemory_merging import give_episodes
from storage.inmemory_state import State, StoredCode, StoredIdentity, StoredPerson, identity_key


class InMemoryPersonRepository:
    """:class:`~bot.ports.storage.PersonRepository` in memory."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def resolve(self, identity: IdentityRef, *, new_id: str, seen_at: datetime) -> Person:
        """The person behind an identity, created when unknown."""
        key = identity_key(identity)
        if key not in self._state.identities:
            person = Person(
                id=PersonId(new_id), display_name=identity.display_name, first_seen_at=seen_at
            )
            self._state.persons[person.id] = StoredPerson(person=person)
            self._state.identities[key] = StoredIdentity(person_id=person.id, first_seen_at=seen_at)
        known = self._state.identities[key].person_id
        self._change(known, display_name=identity.display_name)
        return self._state.persons[known].person

    async def find(self, identity: IdentityRef) -> Person | None:
        """The person behind an identity, or None."""
        known = self._state.identities.get(identity_key(identity))
        return None if known is None else self._state.persons[known.person_id].person

    async def get(self, person_id: PersonId) -> Person | None:
        """The person of that id, or None when they are gone."""
        known = self._state.persons.get(person_id)
        return None if known is None else known.person

    async def erase(self, person_id: PersonId) -> None:
        """Remove the person, their identities and links, and conversations that nobody uses."""
        owners = {stored.turn.person_id for stored in self._state.turns.values()}
        owners |= {fact.person_id for fact in self._state.facts.values()}
        if person_id in owners:
            message = "A person can be erased only after their turns and facts."
            raise StorageError(message)
        used = {stored.turn.conversation_id for stored in self._state.turns.values()}
        self._state.conversations = {
            key: conversation
            for key, conversation in self._state.conversations.items()
            if conversation.id in used or conversation.ref.visibility is not Visibility.DIRECT
        }
        self._state.identities = {
            key: known
            for key, known in self._state.identities.items()
            if known.person_id != person_id
        }
        self._state.codes = {
            digest: stored
            for digest, stored in self._state.codes.items()
            if stored.code.person_id != person_id
        }
        self._state.failures = [entry for entry in self._state.failures if entry[0] != person_id]
        self._state.jobs = {
            job.id: job for job in self._state.jobs.values() if job.person_id != person_id
        }
        left = {conversation.id for conversation in self._state.conversations.values()}
        self._state.episodes = {
            episode.id: episode
            for episode in self._state.episodes.values()
            if episode.person_id != person_id and episode.conversation_id in left
        }
        self._state.drop_quotas(person_id)
        self._state.resets = {
            reset_id: stored
            for reset_id, stored in self._state.resets.items()
            if stored.reset.person_id != person_id
        }
        self._state.persons.pop(person_id, None)

    async def bump_epoch(self, person_id: PersonId) -> None:
        """Declare everything derived from this person's turns stale."""
        if (stored := self._state.persons.get(person_id)) is not None:
            self._change(person_id, memory_epoch=stored.person.memory_epoch + 1)

    async def set_paused(self, person_id: PersonId, *, paused: bool) -> None:
        """Stop or go on learning about this person."""
        self._change(person_id, paused=paused)

    async def set_incognito(self, person_id: PersonId, *, incognito: bool) -> None:
        """Stop or go on storing what this person says."""
        self._change(person_id, incognito=incognito)

    async def set_consent(self, person_id: PersonId, *, at: datetime | None) -> None:
        """Note when this person agreed to be remembered; with None, that they do not."""
        self._change(person_id, consented_at=at)

    async def take_notice(self, person_id: PersonId, *, at: datetime) -> bool:
        """Whether this person must still be told what is kept about them. True once."""
        stored = self._state.persons.get(person_id)
        if stored is None or stored.person.told_at is not None:
            return False
        self._change(person_id, told_at=at)
        return True

    async def return_notice(self, turn_id: TurnId) -> None:
        """Have the person told another time, if it is the end of this turn that tells them."""
        stored = self._state.turns.get(turn_id)
        if stored is not None and self._state.tells(stored.turn):
            self._change(stored.turn.person_id, told_at=None)

    async def identities(self, person_id: PersonId) -> tuple[IdentityRef, ...]:
        """The identities of a person, first seen first, with the person's display name."""
        theirs = [
            (known.first_seen_at, platform, "" if tenant is None else tenant.id, name, tenant)
            for (platform, tenant, name), known in self._state.identities.items()
            if known.person_id == person_id
        ]
        return tuple(
            IdentityRef(
                platform=platform,
                external_id=name,
                display_name=self._state.persons[person_id].person.display_name,
                tenant=tenant,
            )
            for _, platform, _, name, tenant in sorted(theirs, key=lambda entry: entry[:4])
        )

    async def merge(self, gone: PersonId, into: PersonId) -> None:
        """Give everything of one person to another, and remove the first."""
        if gone == into or not {gone, into} <= self._state.persons.keys():
            message = "Only two people who exist can become one."
            raise StorageError(message)
        one, other = self._state.persons[into], self._state.persons.pop(gone)
        self._state.persons[into] = StoredPerson(
            person=replace(
                one.person,
                first_seen_at=min(one.person.first_seen_at, other.person.first_seen_at),
                memory_epoch=one.person.memory_epoch + 1,
                paused=one.person.paused or other.person.paused,
                incognito=one.person.incognito or other.person.incognito,
                told_at=one.person.told_at or other.person.told_at,
                consented_at=consent_of_both(one.person.consented_at, other.person.consented_at),
            ),
            last_turn_number=one.last_turn_number + other.last_turn_number,
            last_fact_number=one.last_fact_number + other.last_fact_number,
            compact_not_before=one.compact_not_before,
            refresh_at=min(filter(None, (one.refresh_at, other.refresh_at)), default=None),
            retention_days=min(
                filter(None, (one.retention_days, other.retention_days)), default=None
            ),
        )
        self._state.drop_quotas(gone)
        give_episodes(self._state, gone, into, after=one)
        self._give_memory(gone, into, after=one)
        self._give_account(gone, into)
        for entry in list(self._state.audit.values()):
            if entry.person_id == gone:
                self._state.audit[entry.id] = replace(entry, person_id=into)

    async def detach(self, identity: IdentityRef, *, new_id: str, seen_at: datetime) -> Person:
        """Make one identity a new person, with nothing in their memory.

        They stay paused or incognito, and nothing is kept for longer: whoever asked for that did
        not take it back. They have not agreed to be remembered: nobody asked them as who they are.

        Raises:
            StorageError: when it is nobody's, or the only one of its person.
        """
        owner = await self.find(identity)
        if owner is None or len(await self.identities(owner.id)) < 2:  # noqa: PLR2004 - it and another
            message = "An identity can be detached only from a person who has another one."
            raise StorageError(message)
        person = replace(
            owner,
            id=PersonId(new_id),
            display_name=identity.display_name,
            first_seen_at=seen_at,
            memory_epoch=0,
            compacted_until=0,
            told_at=None,
            consented_at=None,
        )
        self._state.persons[person.id] = StoredPerson(
            person=person, retention_days=self._state.persons[owner.id].retention_days
        )
        key = identity_key(identity)
        self._state.identities[key] = replace(self._state.identities[key], person_id=person.id)
        return person

    def _change(self, person_id: PersonId, **changes: Any) -> None:
        if (stored := self._state.persons.get(person_id)) is not None:
            changed = replace(stored.person, **changes)
            self._state.persons[person_id] = replace(stored, person=changed)

    def _give_memory(self, gone: PersonId, into: PersonId, *, after: StoredPerson) -> None:
        state = self._state
        for turn_id, stored in state.turns.items():
            if stored.turn.person_id == gone:
                number = stored.turn.number + after.last_turn_number
                turn = replace(stored.turn, person_id=into, number=number)
                state.turns[turn_id] = replace(stored, turn=turn)
        for turn_id, trace in state.traces.items():
            if trace.person_id == gone:
                state.traces[turn_id] = replace(trace, person_id=into)
        for turn_id, vector in state.vectors.items():
            if vector.person_id == gone:
                state.vectors[turn_id] = replace(vector, person_id=into)
        for fact_id, fact in state.facts.items():
            if fact.person_id == gone:
                number = fact.number + after.last_fact_number
                state.facts[fact_id] = replace(fact, person_id=into, number=number)
        state.operations = [
            replace(entry, person_id=into) if entry.person_id == gone else entry
            for entry in state.operations
        ]

    def _give_account(self, gone: PersonId, into: PersonId) -> None:
        state = self._state
        for key, known in state.identities.items():
            if known.person_id == gone:
                state.identities[key] = replace(known, person_id=into)
        for digest, stored in state.codes.items():
            if stored.code.person_id == gone:
                code = replace(stored.code, person_id=into)
                state.codes[digest] = replace(stored, code=code)
        for reset_id, kept in state.resets.items():
            if kept.reset.person_id == gone:
                state.resets[reset_id] = replace(kept, reset=replace(kept.reset, person_id=into))
        state.failures = [(into if who == gone else who, at) for who, at in state.failures]


class InMemoryLinkRepository:
    """:class:`~bot.ports.memory_storage.LinkRepository` in memory."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def issue(self, code: LinkCode) -> None:
        """Store a code, replacing this person's earlier ones."""
        if code.person_id not in self._state.persons or code.digest in self._state.codes:
            message = "A link code needs a person that exists, and must be new."
            raise StorageError(message)
        for digest, stored in self._state.codes.items():
            if stored.code.person_id == code.person_id:
                self._state.codes[digest] = replace(stored, spent=True)
        self._state.codes[code.digest] = StoredCode(code=code)

    async def issued_since(self, person_id: PersonId, since: datetime) -> int:
        """How many codes this person asked for since then, replaced and redeemed ones included."""
        codes = [stored.code for stored in self._state.codes.values()]
        return sum(code.person_id == person_id and code.issued_at >= since for code in codes)

    async def redeem(self, digest: str, *, now: datetime) -> PersonId | None:
        """Use a code up; returns whose it is. None when there is none, or it has expired."""
        stored = self._state.codes.get(digest)
        if stored is None or stored.spent or stored.code.expires_at <= now:
            return None
        self._state.codes[digest] = replace(stored, spent=True)
        return stored.code.person_id

    async def note_failure(self, person_id: PersonId, *, at: datetime) -> None:
        """Remember that this person tried a code that does not exist."""
        if person_id not in self._state.persons:
            message = "A wrong code needs a person who tried it."
            raise StorageError(message)
        self._state.failures.append((person_id, at))

    async def failures_since(self, person_id: PersonId, since: datetime) -> int:
        """How many wrong codes this person tried since then."""
        return sum(who == person_id and at >= since for who, at in self._state.failures)
