"""Reading one person's memory page by page, in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from bot.domain.conversation import Conversation, Scope
from bot.domain.delivery import Delivery
from bot.domain.fact import Fact
from bot.domain.identity import IdentityRef, PersonId
from bot.domain.operation import MemoryOperation
from bot.domain.turn import TurnId, TurnTrace
from bot.ports.channel_storage import GivenVerdict
from bot.ports.export_storage import Account, Bookkeeping, Numbers
from storage.inmemory_state import State, StoredPerson

_Value = TypeVar("_Value")


class InMemoryExportRepository:
    """:class:`~bot.ports.export_storage.ExportRepository` in memory."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def bookkeeping(self, person_id: PersonId) -> Bookkeeping | None:
        """What is kept beside the person; None when they are gone."""
        stored = self._state.persons.get(person_id)
        return None if stored is None else bookkeeping(stored)

    async def accounts(self, person_id: PersonId) -> tuple[Account, ...]:
        """Their identities, first seen first, with the person's display name."""
        theirs = [
            (known.first_seen_at, platform, "" if tenant is None else tenant.id, name, tenant)
            for (platform, tenant, name), known in self._state.identities.items()
            if known.person_id == person_id
        ]
        return tuple(
            Account(
                identity=IdentityRef(
                    platform=platform,
                    external_id=name,
                    display_name=self._state.persons[person_id].person.display_name,
                    tenant=tenant,
                ),
                first_seen_at=seen_at,
            )
            for seen_at, platform, _, name, tenant in sorted(theirs, key=lambda entry: entry[:4])
        )

    async def conversations(self, scope: Scope) -> tuple[Conversation, ...]:
        """Where the turns and episodes that the scope admits were said, by id."""
        told = [
            episode.conversation_id
            for episode in self._state.episodes.values()
            if self._state.shows(scope, episode)
        ]
        said = [
            stored.turn.conversation_id
            for stored in self._state.turns.values()
            if self._state.shows(scope, stored.turn)
        ]
        wanted = {*said, *told}
        places = [place for place in self._state.conversations.values() if place.id in wanted]
        return tuple(sorted(places, key=lambda place: place.id))

    async def facts(self, scope: Scope, numbers: Numbers) -> tuple[Fact, ...]:
        """The facts of every status with these numbers, in order. Evidence by date."""
        admitted = [
            replace(fact, evidence=self._state.evidence_for(scope, fact))
            for fact in self._state.facts.values()
            if fact.person_id == scope.person_id
            and scope.admits(fact.audience)
            and numbers.first <= fact.number <= numbers.last
        ]
        stands = [fact for fact in admitted if fact.evidence]
        return tuple(sorted(stands, key=lambda fact: fact.number))

    async def traces(self, scope: Scope, numbers: Numbers) -> tuple[TurnTrace, ...]:
        """The traces of the turns with these numbers, in their order."""
        return self._of_turns(self._state.traces, scope, numbers)

    async def deliveries(self, scope: Scope, numbers: Numbers) -> tuple[Delivery, ...]:
        """Where the replies to the turns with these numbers are shown, in their order."""
        return self._of_turns(self._state.deliveries, scope, numbers)

    async def feedback(self, scope: Scope, numbers: Numbers) -> tuple[GivenVerdict, ...]:
        """The verdicts on replies to the turns with these numbers, in their order."""
        return self._of_turns(self._state.feedback, scope, numbers)

    async def operations(
        self, person_id: PersonId, *, skip: int, limit: int
    ) -> tuple[MemoryOperation, ...]:
        """Entries about the person, oldest first, without the ``skip`` oldest."""
        theirs = [entry for entry in self._state.operations if entry.person_id == person_id]
        entries = sorted(theirs, key=lambda entry: entry.happened_at)
        return tuple(entries[max(skip, 0) :][: max(limit, 0)])

    def _of_turns(
        self, values: Mapping[TurnId, _Value], scope: Scope, numbers: Numbers
    ) -> tuple[_Value, ...]:
        turns = [
            stored.turn
            for stored in self._state.turns.values()
            if self._state.shows(scope, stored.turn)
            and numbers.first <= stored.turn.number <= numbers.last
        ]
        turns.sort(key=lambda turn: turn.number)
        return tuple(values[turn.id] for turn in turns if turn.id in values)


def bookkeeping(stored: StoredPerson) -> Bookkeeping:
    """What is stored beside the person."""
    return Bookkeeping(
        last_turn_number=stored.last_turn_number,
        last_fact_number=stored.last_fact_number,
        compact_not_before=stored.compact_not_before,
        refresh_at=stored.refresh_at,
        retention_days=stored.retention_days,
    )
