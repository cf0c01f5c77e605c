"""How long things may be kept, in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.conversation import Audience, Visibility
from bot.domain.erasure import SaidIn
from bot.domain.fact import Fact
from bot.domain.identity import PersonId, TenantId, TenantRef
from bot.domain.turn import Turn, TurnStatus
from bot.ports.compaction_storage import Expired
from storage.inmemory_removal import remove_turns
from storage.inmemory_state import State


class InMemoryRetentionRepository:
    """:class:`~bot.ports.compaction_storage.RetentionRepository` in memory."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def set_person(self, person_id: PersonId, days: int | None) -> None:
        """What a person decided for all they say."""
        if (stored := self._state.persons.get(person_id)) is not None:
            self._state.persons[person_id] = replace(stored, retention_days=days or None)

    async def of_person(self, person_id: PersonId) -> int | None:
        """What a person decided."""
        stored = self._state.persons.get(person_id)
        return None if stored is None else stored.retention_days

    async def set_tenant(self, tenant: TenantRef, days: int | None) -> None:
        """What is decided for a tenant: 0 keeps everything, None is the default."""
        self._state.tenant_days.pop(tenant.id, None)
        if days is not None:
            self._state.tenant_days[tenant.id] = days

    async def of_tenants(self) -> Mapping[TenantId, int]:
        """The tenants with a number of their own."""
        return dict(sorted(self._state.tenant_days.items()))

    async def due(
        self, *, now: datetime, default_days: int | None, limit: int
    ) -> tuple[PersonId, ...]:
        """People who have something stored that is older than may be kept."""
        old = _Old(self._state, now, default_days)
        people = {turn.person_id for turn in old.turns()}
        people |= {fact.person_id for fact in self._state.facts.values() if old.has_typed(fact)}
        return tuple(sorted(people))[: max(limit, 0)]

    async def erase_expired(
        self, person_id: PersonId, *, now: datetime, default_days: int | None
    ) -> Expired:
        """Remove what is older than may be kept, with everything derived from it.

        ``facts`` counts those that are gone, and those that lost words that had been typed.
        """
        old = _Old(self._state, now, default_days)
        turns = {turn.id: turn for turn in old.turns() if turn.person_id == person_id}
        return remove_turns(self._state, person_id, turns, old.is_old)

    async def people_in(
        self, tenant: TenantRef, *, after: PersonId | None, limit: int
    ) -> tuple[PersonId, ...]:
        """Who has said something in a tenant that is still stored, by id, from ``after`` on."""
        people = {
            stored.turn.person_id
            for stored in self._state.turns.values()
            if stored.turn.audience.tenant_id == tenant.id
        }
        people |= {
            fact.person_id
            for fact in self._state.facts.values()
            if fact.audience.tenant_id == tenant.id
            and any(said.turn_id is None for said in fact.evidence)
        }
        later = sorted(person_id for person_id in people if person_id > (after or ""))
        return tuple(later)[: max(limit, 0)]

    async def erase_said_in(self, person_id: PersonId, tenant: TenantRef) -> Expired:
        """Remove what a person said in a tenant, with everything derived from it."""
        turns = {
            stored.turn.id: stored.turn
            for stored in self._state.turns.values()
            if stored.turn.person_id == person_id and stored.turn.audience.tenant_id == tenant.id
        }
        return remove_turns(
            self._state, person_id, turns, lambda _, fact: fact.audience.tenant_id == tenant.id
        )

    async def erase_said(self, person_id: PersonId, said: SaidIn) -> Expired:
        """Remove what a person said within the limits of an entry of the erase list."""
        turns = {
            stored.turn.id: stored.turn
            for stored in self._state.turns.values()
            if stored.turn.person_id == person_id
            and stored.turn.received_at <= said.until
            and _is_within(stored.turn.audience, said)
        }
        return remove_turns(
            self._state,
            person_id,
            turns,
            lambda said_at, fact: said_at <= said.until and _is_within(fact.audience, said),
        )


def _is_within(audience: Audience, said: SaidIn) -> bool:
    """Whether it was said in that tenant, and in that channel if one is meant."""
    return (
        audience.tenant_id == said.tenant_id
        and said.channel in {None, audience.channel}
        and (said.with_direct or audience.visibility is not Visibility.DIRECT)
    )


class _Old:
    """Decides what is older than may be kept."""

    def __init__(self, state: State, now: datetime, default_days: int | None) -> None:
        self._state = state
        self._now = now
        self._default = default_days

    def turns(self) -> list[Turn]:
        """The finished turns of everybody that are too old."""
        turns = [stored.turn for stored in self._state.turns.values()]
        return [
            turn
            for turn in turns
            if turn.status is not TurnStatus.ACCEPTED and self.is_old(turn.received_at, turn)
        ]

    def has_typed(self, fact: Fact) -> bool:
        """Whether words that were typed in support of a fact are too old."""
        return any(
            said.turn_id is None and self.is_old(said.said_at, fact) for said in fact.evidence
        )

    def is_old(self, said_at: datetime, what: Turn | Fact) -> bool:
        """Whether it is too old, for where it was said or for whose it is."""
        there = self._default
        if (tenant := what.audience.tenant_id) is not None:
            there = self._state.tenant_days.get(tenant, there)
        own = self._state.persons[what.person_id].retention_days
        return any(days and said_at < self._now - timedelta(days=days) for days in (there, own))
