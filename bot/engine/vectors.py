"""Vectors of turns for the dense part of recall, made in the background.

No reply waits for them: a turn is encoded after it was answered, and a question whose vector is
not there in time is answered by the lexical part alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bot.domain.conversation import Scope
from bot.domain.identity import PersonId
from bot.domain.turn import Turn
from bot.engine.recall_cache import RecallCache
from bot.errors import ModelError, StorageError
from bot.log import get_logger
from bot.memory.sketchpad import heard_and_seen
from bot.ports.encoding import Encoder
from bot.ports.memory_storage import TurnVector
from bot.ports.storage import Storage

log = get_logger(__name__)

QUERY_SECONDS = 0.2
"""A question's vector that takes longer comes too late."""

BATCH = 16
"""Turns encoded at a time."""


class VectorKeeper:
    """Encodes the turns of people who talk, and the questions they ask."""

    def __init__(self, storage: Storage, encoder: Encoder, cache: RecallCache) -> None:
        self._storage = storage
        self._encoder = encoder
        self._cache = cache
        self._due: dict[PersonId, None] = {}  # an ordered set
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Load the encoder and begin to work, in the background."""
        self._task = asyncio.create_task(self._work(), name="turn-vectors")

    async def stop(self) -> None:
        """Stop at once; what has no vector yet gets one another time."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task})

    def offer(self, turn: Turn) -> None:
        """Have the turns of this turn's person encoded soon."""
        self._due[turn.person_id] = None
        self._wake.set()

    async def of_question(self, text: str) -> NDArray[np.float32] | None:
        """The vector of a question, if it can be had quickly."""
        if not self._encoder.ready:
            return None
        try:
            async with asyncio.timeout(QUERY_SECONDS):
                rows = await self._encoder.encode([text])
        except (TimeoutError, ModelError) as error:
            log.debug("question_not_encoded", error=str(error))
            return None
        row: NDArray[np.float32] = rows[0]
        return row

    async def _work(self) -> None:
        try:
            await self._encoder.start()
        except ModelError as error:
            log.error("encoder_not_loaded", error=str(error))
            return
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._due:
                person_id = next(iter(self._due))
                del self._due[person_id]
                try:
                    await self.catch_up(person_id)
                except (StorageError, ModelError) as error:
                    log.error("turns_not_encoded", error=str(error))

    async def catch_up(self, person_id: PersonId) -> None:
        """Give a vector to every turn of a person that has none, the newest first."""
        scope = Scope.in_private(person_id, set_aside=True)
        model = self._encoder.model_name
        while True:
            async with self._storage.unit_of_work() as work:
                missing = await work.vectors.missing(person_id, model, limit=BATCH)
                turns = await work.turns.by_ids(scope, missing)
            if not turns:
                return
            rows = await self._encoder.encode([heard_and_seen(turn) for turn in turns])
            pairs = zip(turns, rows, strict=True)
            vectors = [TurnVector.of(turn, model, row) for turn, row in pairs]
            if not await self._store(scope, turns, vectors):
                return

    async def _store(
        self, scope: Scope, encoded: Sequence[Turn], vectors: Sequence[TurnVector]
    ) -> bool:
        """Keep the vectors of turns that still say what was encoded; False when none does."""
        async with self._storage.unit_of_work() as work:
            # Held off until the end: a turn may be forgotten, or rewritten, at this very moment.
            await work.facts.begin_change(scope.person_id)
            now = await work.turns.by_ids(scope, [turn.id for turn in encoded])
            words = {turn.id: heard_and_seen(turn) for turn in now}
            said = {turn.id: heard_and_seen(turn) for turn in encoded}
            valid = [v for v in vectors if words.get(v.turn_id) == said[v.turn_id]]
            await work.vectors.put(valid)
            await work.commit()
        self._cache.add_vectors(scope.person_id, valid)
        return bool(valid)
