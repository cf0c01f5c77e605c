"""What goes on without anybody asking: compaction and retention, how they are put together.

The running Ellie schedules them beside the chat; the commands of the owner have them alone.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bot.config import Settings, variable_of
from bot.config_choices import Extraction
from bot.database import open_database
from bot.domain.compaction import DueRule
from bot.engine.audit import AuditLog
from bot.engine.capability import Capability
from bot.engine.causal_summariser import CausalSummariser
from bot.engine.chat_traffic import ChatTraffic
from bot.engine.compaction.capable import SummariserIfCapable
from bot.engine.compaction.compactor import Compactor
from bot.engine.compaction.steps import CompactionSteps
from bot.engine.erasing import Erasing
from bot.engine.generators import Generators
from bot.engine.model_extraction import ModelExtraction
from bot.engine.on_demand import OnDemandGenerator
from bot.engine.other_chats import OtherChats
from bot.engine.recall_cache import RecallCache
from bot.engine.retention import Retention
from bot.engine.schedules import COMPACTION, RESETS, RETENTION, ScheduledWork
from bot.engine.tenant_erasure import TenantErasure
from bot.errors import ModelError
from bot.generation.remote.address import RemoteModel
from bot.local_models import choose_model, local_generator, model_store
from bot.log import get_logger
from bot.memory.extraction.probe import Tier
from bot.ports.generation import Generator
from bot.ports.storage import Storage
from bot.ports.summarising import Summariser
from bot.ports.system import Clock, IdSource, WorkerRegistry
from bot.remote_models import remote_generator
from bot.scheduler import ScheduledJob
from bot.system import ProbeFile, ProcessRegistry, RandomIds, SystemClock

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class CompactionApp:
    """What the commands of the owner work with. No chat, and no model unless a job needs one."""

    storage: Storage
    compactor: Compactor
    retention: Retention
    erasure: TenantErasure
    audit: AuditLog
    clock: Clock


@asynccontextmanager
async def compaction_app(settings: Settings) -> AsyncIterator[CompactionApp]:
    """Compaction and retention without chat, for the commands of the owner.

    Messages are read with the model only when it is installed and is known to be able to, because
    a running Ellie tried it or the settings say so; it is loaded when the first one is.

    Raises:
        StorageError: the database cannot be used.
    """
    clock, ids, traffic = SystemClock(), RandomIds(), ChatTraffic()
    recall = RecallCache()
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_database(settings, clock=clock, ids=ids))
        storage = database.storage
        others = OtherChats(storage, traffic, clock=clock)
        others.start()
        stack.push_async_callback(others.stop)
        models: dict[str, Any] = {}
        generators: Generators | None = None
        model = _installed_model(settings, clock)
        if model is not None:
            generator = OnDemandGenerator(model)
            stack.push_async_callback(generator.close)
            generators = Generators(generator)
            extraction = ModelExtraction(generator, ids)
            capability = capability_for(settings, extraction, traffic)
            if capability.known() is not None:
                models = {
                    "extraction": extraction,
                    "capability": capability,
                    "summariser": summariser_for(settings, generator, capability, ids),
                }
        erasing = Erasing(
            storage,
            recall,
            clock=clock,
            ids=ids,
            erase_list=database.erase_list,
            generators=generators,
        )
        yield CompactionApp(
            storage=storage,
            compactor=compactor_for(
                settings,
                storage,
                recall,
                traffic=traffic,
                clock=clock,
                ids=ids,
                workers=ProcessRegistry(),
                **models,
            ),
            retention=Retention(
                storage,
                recall,
                clock=clock,
                ids=ids,
                default_days=settings.retention_days or None,
                erasing=erasing,
            ),
            erasure=TenantErasure(storage, erasing),
            audit=AuditLog(
                storage, clock=clock, ids=ids, days=settings.audit_days, erasing=erasing
            ),
            clock=clock,
        )


def _installed_model(settings: Settings, clock: Clock) -> Generator | None:
    """The chat model, not loaded, if it is there or on a server; these commands fetch nothing."""
    try:
        chosen = choose_model(settings)
        if isinstance(chosen.source, RemoteModel):
            return remote_generator(settings, chosen.source, clock)
        folder = model_store(settings).find(chosen.source)
    except ModelError as error:
        log.warning("model_not_used", reason=str(error))
        return None
    return None if folder is None else local_generator(settings, chosen.name, folder, clock)


def due_rule(settings: Settings) -> DueRule:
    """When somebody's memory is to be made compact, as the settings say."""
    return DueRule(
        enough_turns=settings.compaction_enough_turns,
        idle=timedelta(minutes=settings.compaction_idle_minutes),
    )


def schedules_of(settings: Settings) -> Mapping[str, tuple[str, str]]:
    """The schedule of each job, and the setting that it stands in."""
    return {
        COMPACTION: (settings.compaction_schedule, variable_of("compaction_schedule")),
        RETENTION: (settings.retention_schedule, variable_of("retention_schedule")),
        # No choice: when the grace is over, what an admin had reset is to be gone.
        RESETS: ("every 1m", variable_of("reset_grace_hours")),
    }


def jobs_of(settings: Settings, work: ScheduledWork) -> list[ScheduledJob]:
    """What the scheduler runs, and when."""
    run = {
        COMPACTION: work.compact,
        RETENTION: work.erase_expired,
        RESETS: work.erase_reset,
    }
    return [
        ScheduledJob(name=name, setting=setting, schedule=schedule, run=run[name])
        for name, (schedule, setting) in schedules_of(settings).items()
    ]


def capability_for(
    settings: Settings, extraction: ModelExtraction, traffic: ChatTraffic
) -> Capability:
    """What the chat model can do for memory: as the settings say, or as it was tried."""
    return Capability(
        extraction,
        results=ProbeFile(settings.data_dir / "extraction-probe.json"),
        traffic=traffic,
        chosen=_chosen_tier(settings),
    )


def summariser_for(
    settings: Settings, generator: Generator, capability: Capability, ids: IdSource
) -> Summariser | None:
    """Who writes summaries when there is no model for that alone; None leaves it to nobody."""
    if settings.compact_model == "none":
        return None
    writer = CausalSummariser(generator, ids)
    return SummariserIfCapable(writer, capability) if settings.compact_model == "auto" else writer


def compactor_for(
    settings: Settings,
    storage: Storage,
    recall: RecallCache,
    *,
    traffic: ChatTraffic,
    clock: Clock,
    ids: IdSource,
    workers: WorkerRegistry,
    **models: Any,
) -> Compactor:
    """A compactor whose steps ask ``models``; those of its previews ask none."""
    rule = due_rule(settings)

    def steps(**asked: Any) -> CompactionSteps:
        return CompactionSteps.over(
            recall,
            traffic=traffic,
            clock=clock,
            ids=ids,
            memory_tokens=settings.memory_tokens,
            idle=rule.idle,
            **asked,
        )

    return Compactor(
        storage,
        steps(**models),
        dry_steps=steps(),
        traffic=traffic,
        clock=clock,
        ids=ids,
        workers=workers,
        rule=rule,
    )


def _chosen_tier(settings: Settings) -> Tier | None:
    """The tier of extraction that the owner decided on; None leaves it to the probe."""
    return None if settings.extraction is Extraction.AUTO else Tier(settings.extraction.value)
