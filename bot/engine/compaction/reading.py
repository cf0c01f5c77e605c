"""The first step: reading what people said with the best tier there is, and learning from it.

Rules have read every message when it came. So this is where a model that can finds what they did
not, after the conversation, with nobody waiting. It is durable: what was not read before the
process ended is read by the next one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.domain.compaction import CompactionJob, Step
from bot.domain.conversation import Scope
from bot.domain.fact import Fact, FactSource, FactStatus
from bot.domain.operation import Actor, MemoryPatch
from bot.domain.turn import Turn
from bot.engine.capability import Capability
from bot.engine.chat_traffic import ChatTraffic
from bot.engine.compaction.context import after, counted
from bot.engine.compaction.lease import advanced, begun
from bot.engine.memory_store import apply_patch
from bot.engine.memory_view import EVERY_STATUS
from bot.engine.model_extraction import ModelExtraction
from bot.errors import EllieError
from bot.log import bound, get_logger
from bot.memory.consolidation import consolidate
from bot.memory.extraction.candidate import Candidate
from bot.memory.extraction.probe import Tier
from bot.memory.extraction.rules import extract
from bot.memory.operations import ChangeContext
from bot.memory.relearning import news
from bot.ports.storage import Storage, UnitOfWork
from bot.ports.system import Clock, IdSource

log = get_logger(__name__)

BATCH = 16
"""Turns read for one transaction by rules. A model takes seconds for a turn, so it gets one each:
little is read twice after a crash."""


@dataclass(frozen=True, slots=True)
class _Read:
    """A turn, and what was found in it: by rules and by the model."""

    turn: Turn
    by_rules: tuple[Candidate, ...]
    by_model: tuple[Candidate, ...] = ()


class TurnReader:
    """Finds facts in turns. ``extraction`` and ``capability`` are None where there is no model."""

    def __init__(
        self,
        *,
        traffic: ChatTraffic,
        clock: Clock,
        ids: IdSource,
        extraction: ModelExtraction | None = None,
        capability: Capability | None = None,
    ) -> None:
        self._extraction = extraction
        self._capability = capability
        self._traffic = traffic
        self._clock = clock
        self._ids = ids

    async def read(self, storage: Storage, job: CompactionJob) -> CompactionJob:
        """Read the turns of ``job`` that nobody has read yet; the job with this step behind it."""
        scope = Scope.in_private(job.person_id)
        tier = Tier.RULES
        async with storage.unit_of_work() as work:
            journal = await work.operations.of_person(job.person_id)
        # Rules read every message when it came. Where they found something, they are not asked
        # again: "my dog died" would be news now that there is no dog any more. What a compaction
        # found, and gave up with all the rest, is found again.
        given_up = {entry.undoes for entry in journal if entry.job_id is not None}
        handled = frozenset(entry.turn_id for entry in journal if entry.id not in given_up)
        while job.step is Step.EXTRACT:
            async with storage.unit_of_work() as work:
                turns = await work.turns.after(
                    scope, job.read_until, limit=BATCH if tier is Tier.RULES else 1
                )
            turns = tuple(turn for turn in turns if turn.number <= job.until_number)
            if turns and tier is Tier.RULES and (tier := await self._tier()) is not Tier.RULES:
                turns = turns[:1]
            found = [await self._find(turn, tier, is_handled=turn.id in handled) for turn in turns]
            job = await self._learn(storage, job, found)
        return job

    async def _tier(self) -> Tier:
        if self._capability is None:
            return Tier.RULES
        try:
            return await self._capability.tier()
        except EllieError as error:
            log.info("extraction_without_model", reason=str(error))
        except Exception:
            # Whatever is wrong with the model, rules read on, and chat tells of its own trouble.
            log.exception("extraction_without_model")
        return Tier.RULES

    async def _find(self, turn: Turn, tier: Tier, *, is_handled: bool) -> _Read:
        await self._traffic.quiet()
        if turn.unremembered or not turn.text:
            return _Read(turn, ())
        found = extract(turn.text, turn.received_at)
        by_rules = () if is_handled else found
        extraction = self._extraction
        if tier is Tier.RULES or extraction is None:
            return _Read(turn, by_rules)
        with bound(turn=turn.id):
            try:
                by_model = await self._traffic.undisturbed(
                    lambda: extraction.find(tier, turn.text, turn.received_at, found)
                )
            except EllieError as error:
                log.info("message_not_read", error=str(error))
                return _Read(turn, by_rules)
            except Exception:
                # One message that nobody foresaw must not keep the model from all the others.
                log.exception("message_not_read")
                return _Read(turn, by_rules)
            log.debug("message_read", tier=tier.value, found=len(by_model))
        return _Read(turn, by_rules, by_model)

    async def _learn(
        self, storage: Storage, job: CompactionJob, found: Sequence[_Read]
    ) -> CompactionJob:
        """Keep what was found, and how far this came: together."""
        async with storage.unit_of_work() as work:
            number = await begun(work, job)
            learned = await self._learned(work, job, found, number)
            last = found[-1].turn.number if found else job.until_number
            job = replace(counted(job, {"learned": learned}), read_until=last)
            if last >= job.until_number:
                job = after(Step.EXTRACT, job)
            job = await advanced(work, job)
            await work.commit()
        return job

    async def _learned(
        self, work: UnitOfWork, job: CompactionJob, found: Sequence[_Read], number: int
    ) -> int:
        """Store what is new; how many facts that are."""
        telling = [read for read in found if read.by_rules or read.by_model]
        person = await work.persons.get(job.person_id) if telling else None
        if person is None or person.paused or person.incognito:
            return 0
        scope = Scope.in_private(job.person_id)
        there = await work.turns.by_ids(scope, [read.turn.id for read in telling])
        words = {turn.id: turn.text for turn in there if not turn.unremembered}
        learned = 0
        facts = await work.facts.of(scope, EVERY_STATUS)
        for read in telling:
            if words.get(read.turn.id) != read.turn.text:
                continue  # forgotten or rewritten while it was read
            for candidates, source in (
                (read.by_rules, FactSource.RULE),
                (read.by_model, FactSource.MODEL),
            ):
                patch = self._patch(
                    job, read.turn, candidates, facts, number=number + learned, source=source
                )
                if not patch:
                    continue
                await apply_patch(work, patch)
                facts = await work.facts.of(scope, EVERY_STATUS)
                learned += len(patch.added)
        return learned

    def _patch(
        self,
        job: CompactionJob,
        turn: Turn,
        candidates: Sequence[Candidate],
        facts: Sequence[Fact],
        *,
        number: int,
        source: FactSource,
    ) -> MemoryPatch:
        new = news(candidates, facts, turn)
        if not new:
            return MemoryPatch()
        context = ChangeContext(
            person_id=turn.person_id,
            audience=turn.audience,
            actor=Actor.EXTRACTION,
            now=turn.received_at,
            new_id=self._ids.new_id,
            next_number=number,
            turn_id=turn.id,
            source=source,
            recorded_at=self._clock.now(),
            job_id=job.id,
        )
        return consolidate(new, [f for f in facts if f.status is FactStatus.ACTIVE], context)
