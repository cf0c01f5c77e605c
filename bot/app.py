"""The composition root: every part is built here and handed what it needs.

Start and stop follow one exit stack. Parts start in the order database, model, recovery, turns,
and stop in the opposite one: no new messages, turns in progress end, then recovery, then the model,
then the database.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.administration import Administration, Places
from bot.background import capability_for, compactor_for, jobs_of, summariser_for
from bot.commands.dispatch import Commands
from bot.config import Settings
from bot.database import open_database
from bot.domain.recipient import Recipient
from bot.engine.audit import AuditLog
from bot.engine.causal_summariser import CausalSummariser
from bot.engine.chat_traffic import ChatTraffic
from bot.engine.compaction.compactor import Compactor
from bot.engine.deliveries import Deliveries
from bot.engine.explanation import Explanations
from bot.engine.fallback import FallbackGenerator
from bot.engine.feedback import Feedback
from bot.engine.generators import Generators
from bot.engine.incognito import IncognitoConversations
from bot.engine.ledger import TurnLedger
from bot.engine.looking import Looking
from bot.engine.memory_control import MemoryControl
from bot.engine.memory_loader import MemoryLoader
from bot.engine.model_extraction import ModelExtraction
from bot.engine.on_demand import OnDemandGenerator
from bot.engine.participation import Participation
from bot.engine.place_policies import PlacePolicies
from bot.engine.policies import ChannelPolicies
from bot.engine.recall_cache import RecallCache
from bot.engine.recovery import TurnRecovery
from bot.engine.retention import Retention
from bot.engine.schedules import RecordedRuns, ScheduledWork
from bot.engine.tenant_erasure import TenantErasure
from bot.engine.turn import TurnEngine, TurnFollower, TurnLimits
from bot.engine.vectors import VectorKeeper
from bot.errors import SchemaTooNewError
from bot.generation.models.summarisers import describes_seq2seq
from bot.generation.remote.address import RemoteModel
from bot.health import Health
from bot.local_models import (
    ModelRole,
    local_encoder,
    local_generator,
    local_sight,
    local_summariser,
)
from bot.log import get_logger
from bot.metrics import PrometheusMetrics
from bot.ports.encoding import Encoder
from bot.ports.generation import Generator
from bot.ports.sight import Blind, Sight
from bot.ports.summarising import Summariser
from bot.ports.system import Clock, IdSource
from bot.remote_models import Where, recipients, remote_generator
from bot.role_models import NO_OWN_MODELS, OwnModels, own_models, rewording_with
from bot.scheduler import Scheduler
from bot.serving import serve
from bot.system import ProcessRegistry, RandomIds, SystemClock
from storage.address import parse_address
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
    policies: ChannelPolicies
    deliveries: Deliveries
    feedback: Feedback
    participation: Participation
    erasure: TenantErasure
    health: Health
    place_policies: PlacePolicies
    audit: AuditLog


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
    folder: Where,
    encoder: tuple[str, Path] | None = None,
    compact: tuple[str, Where] | None = None,
    sight: tuple[str, Path] | None = None,
    allowed: Mapping[str, tuple[str, Where]] | None = None,
    roles: Mapping[ModelRole, tuple[str, Path]] | None = None,
    fallback: tuple[str, Path] | None = None,
) -> AsyncIterator[App]:
    """Ellie with the model in ``folder``, from the migrated database up; stopped on leaving.

    In place of a folder a model may be behind a server. ``encoder`` is the name and the folder of a
    sentence encoder, if there is one, ``compact`` those of a model of its own that writes
    summaries, and ``sight`` those of one that looks at pictures. ``allowed`` are names and folders
    of models that places may have in its stead, by what the owner calls them, ``roles`` those of
    models of their own that sum up or translate, and ``fallback`` those of one that answers while a
    server does not.

    Raises:
        ConfigError: a schedule or a port cannot be used.
        StorageError: the database cannot be used.
        ModelError: a folder holds no model of the kind that it is to be.
    """
    clock = SystemClock()
    generator = _generator(settings, (model, folder), clock)
    if fallback is not None:
        stand_in = OnDemandGenerator(local_generator(settings, *fallback, clock))
        generator = FallbackGenerator(generator, stand_in, clock)
    encoding = (
        None if encoder is None else local_encoder(*encoder, allow_pickled=settings.unsafe_models)
    )
    async with AsyncExitStack() as stack:
        beside: list[Generator] = []
        writer = None
        if compact is not None:
            writer = _own_summariser(settings, compact, clock, stack, beside)
        eyes = None
        if sight is not None:
            eyes = local_sight(settings, *sight)
            stack.push_async_callback(eyes.close)
        own = own_models(settings, roles or {}, clock=clock, ids=RandomIds(), stack=stack)
        models: dict[Where, Generator] = {folder: generator}
        for name, place in (allowed or {}).values():
            if place not in models:
                models[place] = OnDemandGenerator(_generator(settings, (name, place), clock))
        others = {called: models[place] for called, (_, place) in (allowed or {}).items()}
        sent_to = recipients(folder, compact and compact[1], list(models))
        yield await stack.enter_async_context(
            assembled_app(
                settings,
                generator,
                clock,
                encoding,
                writer,
                others=others,
                sight=eyes,
                own=own,
                sent_to=sent_to,
                beside=[*beside, *own.chatting],
            )
        )


def _generator(settings: Settings, model: tuple[str, Where], clock: Clock) -> Generator:
    """A generator for a model, wherever it is."""
    name, where = model
    if isinstance(where, RemoteModel):
        return remote_generator(settings, where, clock)
    return local_generator(settings, name, where, clock)


def _own_summariser(
    settings: Settings,
    model: tuple[str, Where],
    clock: Clock,
    stack: AsyncExitStack,
    beside: list[Generator],
) -> Summariser:
    """A model that writes nothing but summaries, closed with the stack. It loads when asked.

    One that keeps what it reads is added to those ``beside`` the chat.
    """
    name, where = model
    if not isinstance(where, RemoteModel) and describes_seq2seq(where):
        writer = local_summariser(settings, name, where)
        stack.push_async_callback(writer.close)
        return writer
    generator = OnDemandGenerator(_generator(settings, model, clock))
    stack.push_async_callback(generator.close)
    beside.append(generator)
    return CausalSummariser(generator, RandomIds())


@asynccontextmanager
async def assembled_app(
    settings: Settings,
    generator: Generator,
    clock: Clock,
    encoder: Encoder | None = None,
    summariser: Summariser | None = None,
    *,
    others: Mapping[str, Generator] | None = None,
    sight: Sight | None = None,
    own: OwnModels = NO_OWN_MODELS,
    sent_to: Sequence[Recipient] = (),
    beside: Sequence[Generator] = (),
) -> AsyncIterator[App]:
    """Everything around a generator: tests and benchmarks bring their own.

    ``summariser`` writes summaries in place of who the settings name. ``others`` are models that
    places may have in place of the generator. ``sight`` looks at pictures; whoever made it closes
    it. ``own`` sum up and translate in place of the generator. ``beside`` are models that write
    for any of these, and have to forget what they read. ``sent_to`` are other machines that have a
    model among these.
    """
    ids = RandomIds()
    workers = ProcessRegistry()
    metrics, health = PrometheusMetrics(), Health()
    health.listen(metrics.platform_connected)
    async with AsyncExitStack() as stack:
        served = serve(settings.metrics_port, metrics.registry, health)
        stack.push_async_callback(asyncio.to_thread, served)
        database = await stack.enter_async_context(open_database(settings, clock=clock, ids=ids))
        storage = database.storage
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
        generators = Generators(generator, others, metrics, beside=beside)
        stack.push_async_callback(generators.close_others)
        incognito = IncognitoConversations(dropped=generators.forget)
        days = settings.retention_days or None
        places = Places.over(settings, storage, clock=clock)
        control = MemoryControl.over(
            storage,
            recall,
            clock=clock,
            ids=ids,
            incognito=incognito,
            retention_days=days,
            policies=places.policies,
            erase_list=database.erase_list,
            generators=generators,
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
        capability = capability_for(settings, extraction, traffic)
        compactor = compactor_for(
            settings,
            storage,
            recall,
            traffic=traffic,
            clock=clock,
            ids=ids,
            workers=workers,
            extraction=extraction,
            capability=capability,
            summariser=summariser or summariser_for(settings, generator, capability, ids),
        )
        administration = Administration(
            settings,
            storage,
            recall,
            control,
            compactor=compactor,
            places=places,
            traffic=traffic,
            clock=clock,
            ids=ids,
            workers=workers,
            stack=stack,
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
            resets=administration.reset_erasure,
            metrics=metrics,
            audit=administration.audit,
        )
        scheduler = Scheduler(jobs_of(settings, work), time_zone=settings.time_zone)
        scheduler.start()
        stack.push_async_callback(scheduler.stop)
        looking = Looking(sight or Blind(), storage, recall, wait_seconds=settings.see_seconds)
        stack.push_async_callback(looking.stop)
        engine = TurnEngine(
            ledger=TurnLedger(storage, clock=clock, ids=ids, workers=workers, quotas=places.quotas),
            loader=MemoryLoader(storage, recall, vectors),
            generator=generator,
            clock=clock,
            limits=limits,
            incognito=incognito,
            followers=followers,
            traffic=traffic,
            policies=places.policies,
            generators=generators,
            looking=looking,
            is_owner=administration.is_owner,
        )
        stack.push_async_callback(engine.stop, settings.shutdown_grace_seconds)
        explanations = Explanations(
            storage, generator, ids=ids, limits=limits, generators=generators
        )
        rewording = rewording_with(
            settings,
            storage,
            generators,
            own,
            places=places,
            traffic=traffic,
            incognito=incognito,
            clock=clock,
            ids=ids,
            is_owner=administration.is_owner,
        )
        yield App(
            engine,
            control,
            administration.commands(explanations, rewording, sent_to),
            generator,
            clock,
            ids,
            compactor,
            places.channels,
            Deliveries(storage, clock=clock, workers=workers),
            Feedback(storage, clock=clock),
            Participation(storage),
            TenantErasure(storage, control.erasing, audit=administration.audit),
            health,
            places.policies,
            administration.audit,
        )
