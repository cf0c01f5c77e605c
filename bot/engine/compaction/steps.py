"""The steps of a compaction, in their order, each in the hands of who can do it."""

from __future__ import annotations

from datetime import timedelta
from typing import Self

from bot.domain.compaction import CompactionJob, Step
from bot.engine.capability import Capability
from bot.engine.chat_traffic import ChatTraffic
from bot.engine.compaction.publishing import Publishing
from bot.engine.compaction.reading import TurnReader
from bot.engine.compaction.settling import FactSettling
from bot.engine.compaction.summarising import Summaries
from bot.engine.compaction.writing import EpisodeWriting
from bot.engine.model_extraction import ModelExtraction
from bot.engine.recall_cache import RecallCache
from bot.ports.storage import Storage
from bot.ports.summarising import Summariser
from bot.ports.system import Clock, IdSource


class CompactionSteps:
    """Does whatever step a job is at."""

    def __init__(
        self,
        reader: TurnReader,
        settling: FactSettling,
        writing: EpisodeWriting,
        publishing: Publishing,
    ) -> None:
        self._reader = reader
        self._settling = settling
        self._writing = writing
        self._publishing = publishing

    @classmethod
    def over(
        cls,
        recall: RecallCache,
        *,
        traffic: ChatTraffic,
        clock: Clock,
        ids: IdSource,
        memory_tokens: int,
        idle: timedelta,
        extraction: ModelExtraction | None = None,
        capability: Capability | None = None,
        summariser: Summariser | None = None,
    ) -> Self:
        """All steps; without ``extraction``, ``capability`` and ``summariser`` they need no model.

        ``memory_tokens`` is how much of a prompt memory may take, ``idle`` the silence after which
        a session is over.
        """
        return cls(
            TurnReader(
                traffic=traffic, clock=clock, ids=ids, extraction=extraction, capability=capability
            ),
            FactSettling(traffic=traffic, clock=clock, ids=ids),
            EpisodeWriting(
                Summaries(summariser, traffic, ids), traffic=traffic, clock=clock, idle=idle
            ),
            Publishing(
                recall,
                traffic=traffic,
                clock=clock,
                ids=ids,
                memory_tokens=memory_tokens,
                idle=idle,
            ),
        )

    async def next(self, storage: Storage, job: CompactionJob) -> CompactionJob:
        """Do the step that ``job`` is at; the job as it is stored then.

        Raises:
            LeaseLostError: somebody else works on it now; nothing of the step was stored.
        """
        if job.step is Step.EXTRACT:
            return await self._reader.read(storage, job)
        if job.step is Step.SUMMARISE:
            return await self._writing.write(storage, job)
        if job.step is Step.PUBLISH:
            return await self._publishing.publish(storage, job)
        return await self._settling.settle(storage, job)
