"""Rebuilding a person's working memory from storage, for one turn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bot.domain.conversation import Scope
from bot.domain.episode import Episode
from bot.domain.fact import Fact, FactStatus
from bot.domain.identity import Person
from bot.domain.memory import RecalledTurn, WorkingMemory
from bot.domain.turn import Turn, TurnStatus
from bot.engine.recall_cache import RecallCache
from bot.engine.stopwatch import Stopwatch
from bot.engine.vectors import VectorKeeper
from bot.memory.executive import MAX_RECALLED
from bot.memory.loop import MAX_TURNS
from bot.memory.related import prepare_related_terms
from bot.memory.stale import StaleWords
from bot.ports.storage import Storage, UnitOfWork

ONCE_TRUE = frozenset(
    {FactStatus.ACTIVE, FactStatus.SUPERSEDED, FactStatus.MERGED, FactStatus.EXPIRED}
)
"""Facts to be loaded for a prompt: which words are outdated follows from what came after them."""

EPISODES_LOADED = 24
"""Three times as many as a digest holds: some may have no words left, or be too long."""


class MemoryLoader:
    """Loads and recalls in one short transaction that ends before the model begins."""

    def __init__(
        self, storage: Storage, recall: RecallCache, vectors: VectorKeeper | None = None
    ) -> None:
        self._storage = storage
        self._recall = recall
        self._vectors = vectors
        # The 30 ms that this takes become half a second once a model shares the interpreter.
        prepare_related_terms()

    async def load(
        self, person: Person, turn: Turn, watch: Stopwatch, *, unstored: Sequence[Turn] = ()
    ) -> WorkingMemory:
        """All that may enter the prompt of ``turn``, in front of the audience it was said to.

        ``unstored`` are the turns of an incognito conversation: they are its loop.
        """
        scope = Scope(person.id, turn.audience)
        with watch.step("encode"):
            vector = await self._vectors.of_question(turn.text) if self._vectors else None
        async with self._storage.unit_of_work() as work:
            with watch.step("load"):
                recent: Sequence[Turn] = unstored
                if turn.number:
                    recent = await work.turns.recent(
                        scope, turn.conversation_id, before_number=turn.number, limit=MAX_TURNS
                    )
                facts = await work.facts.of(scope, ONCE_TRUE)
                episodes: Sequence[Episode] = ()
                if person.compacted_until:
                    episodes = await work.episodes.of(
                        scope, until_number=person.compacted_until, latest=EPISODES_LOADED
                    )
            with watch.step("recall"):
                recalled = await self._recall_turns(person, turn, vector, scope, work)
        stale = StaleWords(facts)
        # An open turn with a reply is to be answered once more.
        asked_again = turn.status is TurnStatus.ACCEPTED and stale.cut_from(turn)
        # A turn without a reply would leave a hole in the dialogue; recall still finds its words.
        loop = [left for t in recent if t.reply and (left := stale.cut_from(t)) and left.reply]
        return WorkingMemory(
            person=person,
            scope=scope,
            now=turn.received_at,
            facts=tuple(fact for fact in facts if _may_speak(fact, turn)),
            told_now=any(fact.evidence[0].turn_id == turn.id for fact in facts),
            earlier_reply=asked_again.reply if asked_again else "",
            loop=tuple(loop),
            episodes=visible_episodes(episodes, stale),
            recalled=tuple(
                replace(hit, turn=left) for hit in recalled if (left := stale.cut_from(hit.turn))
            ),
        )

    @staticmethod
    def without_memory(
        person: Person, turn: Turn, *, unstored: Sequence[Turn] = ()
    ) -> WorkingMemory:
        """What may enter the prompt of ``turn`` where nothing is kept: what this process heard."""
        return WorkingMemory(
            person=person,
            scope=Scope(person.id, turn.audience),
            now=turn.received_at,
            loop=tuple(said for said in unstored if said.reply),
        )

    async def _recall_turns(
        self,
        person: Person,
        turn: Turn,
        vector: NDArray[np.float32] | None,
        scope: Scope,
        work: UnitOfWork,
    ) -> tuple[RecalledTurn, ...]:
        index = await self._recall.index_of(person, work)
        # More than will be shown, so that the trace can say what came next and was left out.
        ranked = index.rank(
            turn.text,
            scope,
            now=turn.received_at,
            limit=2 * MAX_RECALLED,
            leave_out={turn.id},
            query_vector=vector,
        )
        # The texts come through the scope once more: the index only says where to look.
        turns = await work.turns.by_ids(scope, [hit.turn_id for hit in ranked])
        found = {found.id: found for found in turns}
        return tuple(
            RecalledTurn(
                turn=found[hit.turn_id],
                score=hit.score,
                parts=hit.parts,
            )
            for hit in ranked
            if hit.turn_id in found
        )


def visible_episodes(episodes: Iterable[Episode], stale: StaleWords) -> tuple[Episode, ...]:
    """``episodes`` without stale sentences, and without those of which nothing is left."""
    current = (
        replace(
            episode,
            sentences=tuple(
                sentence
                for sentence in episode.sentences
                if stale.keeps(sentence.text, sentence.turn_ids, episode.ended_at)
            ),
        )
        for episode in episodes
    )
    return tuple(episode for episode in current if episode.sentences)


def _may_speak(fact: Fact, turn: Turn) -> bool:
    """Current facts, without those that the newest message itself has just taught."""
    return fact.is_current(turn.received_at) and fact.evidence[0].turn_id != turn.id
