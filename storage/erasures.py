"""The erase list in SQL, and erasing single things by their ids once more."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import delete, exists, select, update

from bot.domain.erasure import Erasure, ErasureId, These, what_of_plain, what_to_plain
from bot.domain.fact import FactId
from bot.domain.identity import PersonId
from bot.domain.turn import TurnId
from bot.ports.compaction_storage import Expired
from storage.administration_tables import erasures
from storage.statements import AnyRow, Statements, in_batches
from storage.tables import episodes, fact_evidence, facts, turn_vectors, turns


class SqlErasureRepository:
    """:class:`~bot.ports.erasure_storage.ErasureRepository` in SQL."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def append(self, *new: Erasure) -> None:
        """Write entries. One whose id is there already is left out."""
        for entry in new:
            await self._statements.add(erasures, _values(entry))

    async def ids(self) -> frozenset[ErasureId]:
        """The ids of all entries."""
        rows = await self._statements.all(select(erasures.c.id))
        return frozenset(ErasureId(row.id) for row in rows)

    async def by_ids(self, ids: Collection[ErasureId]) -> tuple[Erasure, ...]:
        """Those of the given entries that are there, in the order in which they were written."""
        found: list[AnyRow] = []
        for some in in_batches(ids):
            found += await self._statements.all(select(erasures).where(erasures.c.id.in_(some)))
        return tuple(_erasure(row) for row in sorted(found, key=lambda row: row.sequence))

    async def latest(self, *, limit: int) -> tuple[Erasure, ...]:
        """The entries that were written last, oldest first."""
        rows = await self._statements.all(
            select(erasures).order_by(erasures.c.sequence.desc()).limit(max(limit, 0))
        )
        return tuple(_erasure(row) for row in reversed(rows))

    async def merges(self) -> tuple[Erasure, ...]:
        """The entries that say that two people became one, in the order of writing."""
        merged_into = erasures.c.what["merged_into"].as_string()
        rows = await self._statements.all(
            select(erasures).where(merged_into.is_not(None)).order_by(erasures.c.sequence)
        )
        return tuple(_erasure(row) for row in rows)

    async def erase_these(self, person_id: PersonId, what: These) -> Expired:
        """Erase single things of a person once more; returns how much of it was there."""
        emptied = gone_facts = gone_episodes = 0
        for turn_ids in in_batches(what.turn_ids):
            gone_episodes += await self._erase_covering(person_id, turn_ids)
            gone_facts += await self._unsupport(person_id, turn_ids)
            emptied += await self._statements.run(
                update(turns)
                .where(turns.c.person_id == person_id, turns.c.id.in_(turn_ids))
                .values(text="", reply="", shown=[])
            )
            await self._statements.run(
                delete(turn_vectors).where(
                    turn_vectors.c.person_id == person_id, turn_vectors.c.turn_id.in_(turn_ids)
                )
            )
        for fact_ids in in_batches(what.fact_ids):
            gone_facts += await self._statements.run(
                delete(facts).where(facts.c.person_id == person_id, facts.c.id.in_(fact_ids))
            )
        for episode_ids in in_batches(what.episode_ids):
            gone_episodes += await self._statements.run(
                delete(episodes).where(
                    episodes.c.person_id == person_id, episodes.c.id.in_(episode_ids)
                )
            )
        return Expired(turns=emptied, facts=gone_facts, episodes=gone_episodes)

    async def _erase_covering(self, person_id: PersonId, turn_ids: Collection[TurnId]) -> int:
        return await self._statements.run(
            delete(episodes).where(
                episodes.c.person_id == person_id,
                exists().where(
                    turns.c.person_id == person_id,
                    turns.c.id.in_(turn_ids),
                    turns.c.conversation_id == episodes.c.conversation_id,
                    turns.c.number.between(episodes.c.first_number, episodes.c.last_number),
                ),
            )
        )

    async def _unsupport(self, person_id: PersonId, turn_ids: Collection[TurnId]) -> int:
        """Take away what turns said in support of facts; how many facts stood on nothing else."""
        owned = select(facts.c.id).where(facts.c.person_id == person_id)
        rows = await self._statements.all(
            delete(fact_evidence)
            .where(fact_evidence.c.turn_id.in_(turn_ids), fact_evidence.c.fact_id.in_(owned))
            .returning(fact_evidence.c.fact_id)
        )
        unsupported = 0
        for some in in_batches({FactId(row.fact_id) for row in rows}):
            unsupported += await self._statements.run(
                delete(facts).where(
                    facts.c.id.in_(some), ~exists().where(fact_evidence.c.fact_id == facts.c.id)
                )
            )
        return unsupported


def _values(entry: Erasure) -> dict[str, Any]:
    return {
        "id": entry.id,
        "person_id": entry.person_id,
        "happened_at": entry.happened_at,
        "what": what_to_plain(entry.what),
    }


def _erasure(row: AnyRow) -> Erasure:
    return Erasure(
        id=ErasureId(row.id),
        person_id=PersonId(row.person_id),
        happened_at=row.happened_at,
        what=what_of_plain(row.what),
    )
