"""Rebuilding a person's working memory from storage, for one turn."""

from __future__ import annotations

from bot.domain.conversation import Scope
from bot.domain.identity import Person
from bot.domain.memory import RecalledTurn, WorkingMemory
from bot.domain.turn import Turn
from bot.engine.recall_cache import RecallCache
from bot.engine.stopwatch import Stopwatch
from bot.memory.executive import MAX_RECALLED
from bot.memory.loop import MAX_TURNS
from bot.ports.storage import Storage, UnitOfWork


class MemoryLoader:
    """Loads and recalls in one short transaction that ends before the model begins."""

    def __init__(self, storage: Storage, recall: RecallCache) -> None:
        self._storage = storage
        self._recall = recall

    async def load(self, person: Person, turn: Turn, watch: Stopwatch) -> WorkingMemory:
        """All that may enter the prompt of ``turn``, in front of the audience it was said to."""
        scope = Scope(person.id, turn.audience)
        async with self._storage.unit_of_work() as work:
            with watch.step("load"):
                recent = await work.turns.recent(
                    scope, turn.conversation_id, before_number=turn.number, limit=MAX_TURNS
                )
                facts = await work.facts.active(scope)
            with watch.step("recall"):
                recalled = await self._recall_turns(person, turn, scope, work)
        # A turn without a reply would leave a hole in the dialogue; recall still finds its words.
        loop = tuple(t for t in recent if t.reply)
        return WorkingMemory(person=person, scope=scope, facts=facts, loop=loop, recalled=recalled)

    async def _recall_turns(
        self, person: Person, turn: Turn, scope: Scope, work: UnitOfWork
    ) -> tuple[RecalledTurn, ...]:
        index = await self._recall.index_of(person, work)
        # More than will be shown, so that the trace can say what came next and was left out.
        ranked = index.rank(turn.text, scope, limit=2 * MAX_RECALLED, leave_out={turn.id})
        # The texts come through the scope once more: the index only says where to look.
        turns = await work.turns.by_ids(scope, [hit.turn_id for hit in ranked])
        found = {found.id: found for found in turns}
        return tuple(
            RecalledTurn(
                turn=found[hit.turn_id],
                score=hit.score,
                parts={"bm25": hit.bm25, "neighbours": hit.neighbours},
            )
            for hit in ranked
            if hit.turn_id in found
        )
