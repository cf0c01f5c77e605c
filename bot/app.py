"""The composition root: every part is built here and handed what it needs.

Start and stop follow one exit stack. Parts start in the order database, model, recovery, turns,
and stop in the opposite one: no new messages, turns in progress end, then recovery, then the model,
then the database.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.commands.dispatch import Commands
from bot.config import Extraction, Settings, variable_of
from bot.domain.compaction import DueRule
from bot.engine.capability import Capability
from bot.engine.causal_summariser import CausalSummariser
from bot.engine.chat_traffic import ChatTraffic
from bot.engine.compaction.capable import SummariserIfCapable
from bot.engine.compaction.compactor import Compactor
from bot.engine.compaction.steps import CompactionSteps
from bot.engine.explanation import Explanations
from bot.engine.incognito import IncognitoConversations
from bot.engine.ledger import TurnLedger
from bot.engine.memory_control import MemoryControl
from bot.engine.memory_loader import MemoryLoader
from bot.engine.model_extraction import ModelExtraction
from bot.engine.on_demand import OnDemandGenerator
from bot.engine.other_chats import OtherChats
from bot.engine.recall_cache import RecallCache
from bot.engine.recovery import TurnRecovery
from bot.engine.retention import Retention
from bot.engine.schedules import COMPACTION, RETENTION, RecordedRuns, ScheduledWork
from bot.engine.turn import TurnEngine, TurnFollower, TurnLimits
from bot.engine.vectors import VectorKeeper
from bot.errors import ModelError, SchemaTooNewError
from bot.generation.models.summarisers import describes_seq2seq
from bot.local_models import (
    choose_model,
    local_encoder,
    local_generator,
    local_summariser,
    model_store,
)
from bot.log import get_logger
from bot.memory.extraction.probe import Tier
from bot.metrics import PrometheusMetrics
from bot.ports.encoding import Encoder
from bot.ports.generation import Generator
from bot.ports.storage import Storage
from bot.ports.summarising import Summariser
from bot.ports.system import Clock, IdSource, WorkerRegistry
from bot.scheduler import ScheduledJob, Scheduler
from bot.system import ProbeFile, ProcessRegistry, RandomIds, SystemClock
from storage.address import parse_address
from storage.database import open_storage
from storage.migrate import schema_state

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class App:
    """What adapters work with."""

    engine: TurnEngine
    control: MemoryControl
    commands: Commands
    generator: Generator
    clock: Clock
    ids: IdSource
    compactor: Compactor


@dataclass(frozen=True, slots=True)
class CompactionApp:
    """What the commands of the owner work with. No chat, and no model unless a job needs one."""

    storage: Storage
    compactor: Compactor
    retention: Retention
    clock: Clock


@dataclass(frozen=True, slots=True)
class DatabaseState:
    """What the database needs before Ellie can run. ``revision`` is None when there is none yet."""

    place: str
    revision: str | None
    is_current: bool


async def database_state(settings: Settings) -> DatabaseState:
    """Look at the database without changing or creating anything.

    Raises:
        StorageError: it cannot be used.
    """
    url = settings.resolved_database_url
    state = await schema_state(url)
    if not state.known:
        raise SchemaTooNewError(
            "The database was written by a newer version of Ellie. Start that version, or upgrade."
        )
    return DatabaseState(str(parse_address(url)), state.current, state.is_current)


@asynccontextmanager
async def running_app(
    settings: Settings,
    *,
    model: str,
    folder: Path,
    encoder: tuple[str, Path] | None = None,
    compact: tuple[str, Path] | None = None,
) -> AsyncIterator[App]:
    """Ellie with the model in ``folder``, from the migrated database up; stopped on leaving.

    ``encoder`` is the name and the folder of a sentence encoder, if there is one, and ``compact``
    those of a model of its own that writes summaries.

    Raises:
        ConfigError: a schedule or a port cannot be used.
        StorageError: the database cannot be used.
        ModelError: a folder holds no model of the kind that it is to be.
    """
    clock = SystemClock()
    generator = local_generator(settings, model, folder, clock)
    encoding = None if encoder is None else local_encoder(*encoder)
    async with AsyncExitStack() as stack:
        writer = None if compact is None else _own_summariser(settings, compact, clock, stack)
        yield await stack.enter_async_context(
            assembled_app(settings, generator, clock, encoding, writer)
        )


def _own_summariser(
    settings: Settings, model: tuple[str, Path], clock: Clock, stack: AsyncExitStack
) -> Summariser:
    """A model that writes nothing but summaries, closed with the stack. It loads when asked."""
    if describes_seq2seq(model[1]):
        writer = local_summariser(settings, *model)
        stack.push_async_callback(writer.close)
        return writer
    generator = OnDemandGenerator(local_generator(settings, *model, clock))
    stack.push_async_callback(generator.close)
    return CausalSummariser(generator, RandomIds())


@asynccontextmanager
async def assembled_app(
    settings: Settings,
    generator: Generator,
    clock: Clock,
    encoder: Encoder | None = None,
    summariser: Summariser | None = None,
) -> AsyncIterator[App]:
    """Everything around a generator: tests and benchmarks bring their own.

    ``summariser`` writes summaries in place of who the settings name.
    """
    ids = RandomIds()
    workers = ProcessRegistry()
    metrics = PrometheusMetrics()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(asyncio.to_thread, metrics.serve(settings.metrics_port))
        storage = await stack.enter_async_context(open_storage(settings.resolved_database_url))
        generator.start()
        stack.push_async_callback(generator.close)
        recovery = TurnRecovery(storage, clock=clock, workers=workers)
        await recovery.start()
        stack.push_async_callback(recovery.stop)
        recall = RecallCache(vector_model=encoder.model_name if encoder else "")
        followers: list[TurnFollower] = []
        vectors = VectorKeeper(storage, encoder, recall) if encoder else None
        if encoder and vectors:
            stack.push_async_callback(encoder.close)
            vectors.start()
            stack.push_async_callback(vectors.stop)
            followers.append(vectors)
        incognito = IncognitoConversations()
        days = settings.retention_days or None
        control = MemoryControl.over(
            storage, recall, clock=clock, ids=ids, incognito=incognito, retention_days=days
        )
        stack.push_async_callback(control.forgetting.finish_scrubbing)
        limits = TurnLimits(
            memory_tokens=settings.memory_tokens,
            reply_tokens=settings.reply_tokens,
            time_limit_seconds=settings.reply_time_limit_seconds,
            max_waiting_per_conversation=settings.max_waiting_per_conversation,
            max_open=settings.max_parallel_replies + settings.max_waiting_replies,
        )
        traffic = ChatTraffic()
        extraction = ModelExtraction(generator, ids)
        capability = _capability(settings, extraction, traffic)
        compactor = _compactor(
            settings,
            storage,
            recall,
            traffic=traffic,
            clock=clock,
            ids=ids,
            workers=workers,
            extraction=extraction,
            capability=capability,
            summariser=summariser or _summariser(settings, generator, capability, ids),
        )
        work = ScheduledWork(
            RecordedRuns(storage, clock=clock, metrics=metrics),
            compactor=compactor,
            retention=Retention(
                storage,
                recall,
                clock=clock,
                ids=ids,
                default_days=days,
                traffic=traffic,
                erasing=control.erasing,
            ),
            metrics=metrics,
        )
        scheduler = Scheduler(_jobs(settings, work), time_zone=settings.time_zone)
        scheduler.start()
        stack.push_async_callback(scheduler.stop)
        engine = TurnEngine(
            ledger=TurnLedger(storage, clock=clock, ids=ids, workers=workers),
            loader=MemoryLoader(storage, recall, vectors),
            generator=generator,
            clock=clock,
            limits=limits,
            incognito=incognito,
            followers=followers,
            traffic=traffic,
        )
        stack.push_async_callback(engine.stop, settings.shutdown_grace_seconds)
        explanations = Explanations(storage, generator, ids=ids, limits=limits)
        commands = Commands(control, clock=clock, explanations=explanations)
        yield App(engine, control, commands, generator, clock, ids, compactor)


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
        storage = await stack.enter_async_context(open_storage(settings.resolved_database_url))
        others = OtherChats(storage, traffic, clock=clock)
        others.start()
        stack.push_async_callback(others.stop)
        models: dict[str, Any] = {}
        model = _installed_model(settings)
        if model is not None:
            generator = OnDemandGenerator(local_generator(settings, *model, clock))
            stack.push_async_callback(generator.close)
            extraction = ModelExtraction(generator, ids)
            capability = _capability(settings, extraction, traffic)
            if capability.known() is not None:
                models = {
                    "extraction": extraction,
                    "capability": capability,
                    "summariser": _summariser(settings, generator, capability, ids),
                }
        yield CompactionApp(
            storage=storage,
            compactor=_compactor(
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
                storage, recall, clock=clock, ids=ids, default_days=settings.retention_days or None
            ),
            clock=clock,
        )


def _installed_model(settings: Settings) -> tuple[str, Path] | None:
    """The name and folder of the chat model, if it is there; these commands fetch nothing."""
    try:
        chosen = choose_model(settings)
        folder = model_store(settings).find(chosen.source)
    except ModelError as error:
        log.warning("model_not_used", reason=str(error))
        return None
    return None if folder is None else (chosen.name, folder)


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
    }


def _jobs(settings: Settings, work: ScheduledWork) -> list[ScheduledJob]:
    run = {COMPACTION: work.compact, RETENTION: work.erase_expired}
    return [
        ScheduledJob(name=name, setting=setting, schedule=schedule, run=run[name])
        for name, (schedule, setting) in schedules_of(settings).items()
    ]


def _capability(
    settings: Settings, extraction: ModelExtraction, traffic: ChatTraffic
) -> Capability:
    return Capability(
        extraction,
        results=ProbeFile(settings.data_dir / "extraction-probe.json"),
        traffic=traffic,
        chosen=_chosen_tier(settings),
    )


def _summariser(
    settings: Settings, generator: Generator, capability: Capability, ids: IdSource
) -> Summariser | None:
    """Who writes summaries when there is no model for that alone; None leaves it to nobody."""
    if settings.compact_model == "none":
        return None
    writer = CausalSummariser(generator, ids)
    return SummariserIfCapable(writer, capability) if settings.compact_model == "auto" else writer


def _compactor(
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
