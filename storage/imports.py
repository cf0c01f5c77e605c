"""Writing one person's whole memory."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from sqlalchemy import (
    Column,
    ColumnElement,
    Table,
    TypedColumns,
    and_,
    delete,
    insert,
    select,
    update,
)

from bot.domain.conversation import Conversation, ConversationId
from bot.domain.identity import IdentityRef, PersonId
from bot.domain.turn import FailureReason, Turn
from bot.errors import StorageError
from bot.ports.export_storage import Account
from bot.ports.import_storage import Holder, Kind, Taken, WholeMemory
from storage import mapping, mapping_channels, mapping_compaction, mapping_memory
from storage.exports import bookkeeping
from storage.mapping import Values
from storage.statements import AnyRow, Statements, in_batches
from storage.tables import (
    compaction_jobs,
    conversations,
    deliveries,
    episodes,
    fact_evidence,
    facts,
    identities,
    memory_operations,
    persons,
    turn_feedback,
    turn_traces,
    turns,
)
from storage.tenants import ensure_tenant, tenant_key


class _Identified(Protocol):
    @property
    def id(self) -> str: ...


class SqlImportRepository:
    """:class:`~bot.ports.import_storage.ImportRepository` in SQL."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def hold(
        self, person_id: PersonId, identities: Collection[IdentityRef]
    ) -> tuple[Holder, ...]:
        """Who has that id or one of these accounts, by id. Held off from changes until the end."""
        wanted = {person_id}
        for identity in identities:
            if (row := await self._account(identity)) is not None:
                wanted.add(PersonId(row.person_id))
        holders = []
        # In the order of their ids, so that two imports cannot wait for each other.
        for found in sorted(wanted):
            row = await self._statements.first(
                select(persons).where(persons.c.id == found).with_for_update()
            )
            if row is None:
                continue
            kept = [
                await self._statements.first(
                    select(table.c.person_id).where(table.c.person_id == found).limit(1)
                )
                for table in (turns, facts)
            ]
            holders.append(
                Holder(
                    person=mapping.person(row),
                    bookkeeping=bookkeeping(row),
                    is_empty=not any(kept),
                )
            )
        return tuple(holders)

    async def _account(self, identity: IdentityRef) -> AnyRow | None:
        return await self._statements.first(select(identities).where(_is(identity)))

    async def taken(self, memory: WholeMemory) -> tuple[Taken, ...]:
        """What of the memory's ids and event keys is taken here, sorted."""
        own = memory.person.id
        journal, jobs = memory_operations, compaction_jobs
        found = [
            *await self._known(Kind.TURNS, turns.c.id, memory.turns),
            *await self._known(Kind.FACTS, facts.c.id, memory.facts),
            *await self._known(Kind.EPISODES, episodes.c.id, memory.episodes),
            *await self._known(
                Kind.OPERATIONS, journal.c.id, memory.operations, journal.c.person_id != own
            ),
            *await self._known(
                Kind.COMPACTIONS, jobs.c.id, memory.compactions, jobs.c.person_id != own
            ),
        ]
        platforms = {place.id: place.ref.platform for place in memory.conversations}
        for platform in sorted(set(platforms.values())):
            keys = [t.event_key for t in memory.turns if platforms[t.conversation_id] is platform]
            for some in in_batches(keys):
                rows = await self._statements.all(
                    select(turns.c.event_key).where(
                        turns.c.platform == platform, turns.c.event_key.in_(some)
                    )
                )
                found += [Taken(Kind.EVENTS, row.event_key) for row in rows]
        for place in memory.conversations:
            row = await self._statements.first(
                select(conversations.c.id).where(conversations.c.id == place.id, ~_named(place))
            )
            if row is not None:
                found.append(Taken(Kind.CONVERSATIONS, row.id))
        return tuple(sorted(found))

    async def _known(
        self,
        kind: Kind,
        column: Column[str],
        values: Iterable[_Identified],
        *where: ColumnElement[bool],
    ) -> list[Taken]:
        found = []
        for some in in_batches([value.id for value in values]):
            rows = await self._statements.all(select(column).where(column.in_(some), *where))
            found += [Taken(kind, row.id) for row in rows]
        return found

    async def write(self, memory: WholeMemory, *, replaced: Collection[PersonId] = ()) -> None:
        """Store all of it."""
        await self._write_person(memory)
        await self._replace(memory.person.id, replaced)
        for account in memory.accounts:
            await self._write_account(memory.person.id, account)
        places = {place.id: await self._place(place) for place in memory.conversations}
        platforms = {place.id: place.ref.platform for place in memory.conversations}
        await self._insert(
            turns,
            [
                {
                    **mapping.turn_values(turn),
                    "platform": platforms[turn.conversation_id],
                    "conversation_id": places[turn.conversation_id],
                    "failure_reported_at": _reported_at(turn),
                    "worker": "",
                    "lease_until": turn.received_at,
                }
                for turn in memory.turns
            ],
        )
        await self._insert(facts, [mapping_memory.fact_values(fact) for fact in memory.facts])
        await self._insert(
            fact_evidence,
            [
                mapping_memory.evidence_values(fact.id, support)
                for fact in memory.facts
                for support in fact.evidence
            ],
        )
        await self._write_derived(memory, places)

    async def _write_derived(
        self, memory: WholeMemory, places: Mapping[ConversationId, str]
    ) -> None:
        own = memory.person.id
        await self._statements.run(
            delete(memory_operations).where(memory_operations.c.person_id == own)
        )
        await self._statements.run(
            delete(compaction_jobs).where(compaction_jobs.c.person_id == own)
        )
        await self._insert(
            episodes,
            [
                mapping_compaction.episode_values(episode)
                | {"conversation_id": places[episode.conversation_id]}
                for episode in memory.episodes
            ],
        )
        await self._insert(
            memory_operations, [mapping_memory.operation_values(o) for o in memory.operations]
        )
        await self._insert(
            compaction_jobs, [mapping_compaction.job_values(job) for job in memory.compactions]
        )
        await self._insert(turn_traces, [mapping.trace_values(trace) for trace in memory.traces])
        await self._insert(
            deliveries, [mapping_channels.delivery_values(shown) for shown in memory.deliveries]
        )
        await self._insert(
            turn_feedback,
            [
                {"turn_id": given.turn_id, "verdict": given.verdict, "given_at": given.given_at}
                for given in memory.feedback
            ],
        )

    async def _insert(self, table: Table[TypedColumns], rows: Sequence[Values]) -> None:
        if rows:
            await self._statements.run_each(insert(table), rows)

    async def _write_person(self, memory: WholeMemory) -> None:
        person, kept = memory.person, memory.bookkeeping
        values = mapping.person_values(person) | {
            "compacted_until": person.compacted_until,
            "notice_shown_at": person.told_at,
            "last_turn_number": kept.last_turn_number,
            "last_fact_number": kept.last_fact_number,
            "compact_not_before": kept.compact_not_before,
            "refresh_at": kept.refresh_at,
            "retention_days": kept.retention_days,
            "consented_at": person.consented_at,
        }
        await self._statements.put(persons, "id", values)

    async def _replace(self, person_id: PersonId, replaced: Collection[PersonId]) -> None:
        others = [other for other in replaced if other != person_id]
        if others:
            await self._statements.run(
                update(identities)
                .where(identities.c.person_id.in_(others))
                .values(person_id=person_id)
            )
            await self._statements.run(delete(persons).where(persons.c.id.in_(others)))

    async def _write_account(self, person_id: PersonId, account: Account) -> None:
        identity = account.identity
        tenant = await ensure_tenant(self._statements, identity.tenant)
        await self._statements.add(
            identities,
            {
                "platform": identity.platform,
                "tenant_key": tenant or "",
                "external_id": identity.external_id,
                "tenant_id": tenant,
                "person_id": person_id,
                "first_seen_at": account.first_seen_at,
            },
        )
        changed = await self._statements.run(
            update(identities)
            .where(_is(identity), identities.c.person_id == person_id)
            .values(first_seen_at=account.first_seen_at)
        )
        if not changed:
            raise StorageError("Somebody with one of these accounts spoke just now. Try again.")

    async def _place(self, place: Conversation) -> str:
        """The id that the conversation of that name has here."""
        ref = place.ref
        tenant = await ensure_tenant(self._statements, ref.tenant)
        await self._statements.add(
            conversations,
            {
                "id": place.id,
                "platform": ref.platform,
                "tenant_key": tenant or "",
                "channel_id": ref.channel_id,
                "thread_key": ref.thread_id or "",
                "tenant_id": tenant,
                "visibility": ref.visibility,
            },
        )
        # Held against being erased as deserted before the first turn is stored in it.
        row = await self._statements.first(
            select(conversations.c.id)
            .where(_named(place))
            .with_for_update(read=True, key_share=True)
        )
        if row is None:
            raise StorageError("A conversation could not be stored. Try again.")
        return str(row.id)


def _reported_at(turn: Turn) -> datetime | None:
    interrupted = turn.failure is FailureReason.INTERRUPTED
    return turn.finished_at or turn.received_at if interrupted else None


def _is(identity: IdentityRef) -> ColumnElement[bool]:
    return and_(
        identities.c.platform == identity.platform,
        identities.c.tenant_key == tenant_key(identity.tenant),
        identities.c.external_id == identity.external_id,
    )


def _named(place: Conversation) -> ColumnElement[bool]:
    ref = place.ref
    return and_(
        conversations.c.platform == ref.platform,
        conversations.c.tenant_key == tenant_key(ref.tenant),
        conversations.c.channel_id == ref.channel_id,
        conversations.c.thread_key == (ref.thread_id or ""),
    )
