"""The composition root: every part is built here and handed what it needs.

Start and stop follow one exit stack. Parts start in the order database, model, recovery, turns,
and stop in the opposite one: no new messages, turns in progress end, then recovery, then the model,
then the database.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot.config import Settings
from bot.engine.ledger import TurnLedger
from bot.engine.memory_control import MemoryControl
from bot.engine.memory_loader import MemoryLoader
from bot.engine.recall_cache import RecallCache
from bot.engine.recovery import TurnRecovery
from bot.engine.turn import TurnEngine, TurnLimits
from bot.errors import SchemaTooNewError
from bot.generation.batching import BatchingGenerator
from bot.generation.models.choice import DEFAULT_MODELS, available_memory, choose_default
from bot.generation.models.sources import ModelSource, parse_source
from bot.generation.models.store import ModelStore
from bot.ports.generation import Generator
from bot.ports.system import Clock, IdSource
from bot.system import ProcessRegistry, RandomIds, SystemClock
from storage.address import parse_address
from storage.database import open_storage
from storage.migrate import schema_state

if TYPE_CHECKING:  # imports torch
    from bot.generation.loading import LoadedModel


@dataclass(frozen=True, slots=True)
class App:
    """What adapters work with."""

    engine: TurnEngine
    control: MemoryControl
    generator: Generator
    clock: Clock
    ids: IdSource


@dataclass(frozen=True, slots=True)
class ChosenModel:
    """The model that the settings lead to, and why when Ellie chose it herself."""

    source: ModelSource
    reason: str

    @property
    def name(self) -> str:
        """What the model is called in settings."""
        return str(self.source)


def choose_model(settings: Settings) -> ChosenModel:
    """The configured model, or the default that suits this machine.

    Raises:
        UnknownModelError: the setting names no model.
    """
    if settings.model != "auto":
        return ChosenModel(parse_source(settings.model), "")
    # A model that was chosen and fetched before stays the choice, also when memory is short just
    # now, perhaps because it is loaded already.
    for name in DEFAULT_MODELS:
        source = parse_source(name)
        if model_store(settings).find(source) is not None:
            return ChosenModel(source, f"Using {name}, which is installed.")
    default = choose_default(available_memory())
    return ChosenModel(parse_source(default.name), default.reason)


def model_store(settings: Settings) -> ModelStore:
    """Where models are kept."""
    return ModelStore(settings.models_dir)


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


def local_generator(settings: Settings, name: str, folder: Path, clock: Clock) -> BatchingGenerator:
    """A generator for the model in ``folder``. Loads nothing before it is started."""

    def load() -> LoadedModel:
        # Imported here, in the loading thread: torch takes seconds, and people may type meanwhile.
        from bot.generation.loading import LoadOptions, load_model  # noqa: PLC0415

        options = LoadOptions(
            precision=settings.precision,
            device=settings.device,
            threads=settings.threads,
            context_tokens=settings.context_tokens,
            kv_cache_tokens=settings.kv_cache_tokens,
        )
        return load_model(folder, options)

    return BatchingGenerator(
        load,
        name=name,
        max_parallel=settings.max_parallel_replies,
        max_waiting=settings.max_waiting_replies,
        clock=clock,
    )


@asynccontextmanager
async def running_app(settings: Settings, *, model: str, folder: Path) -> AsyncIterator[App]:
    """Ellie with the model in ``folder``, from the migrated database up; stopped on leaving.

    Raises:
        StorageError: the database cannot be used.
    """
    clock = SystemClock()
    generator = local_generator(settings, model, folder, clock)
    async with assembled_app(settings, generator, clock) as app:
        yield app


@asynccontextmanager
async def assembled_app(
    settings: Settings, generator: Generator, clock: Clock
) -> AsyncIterator[App]:
    """Everything around a generator: tests and benchmarks bring their own."""
    ids = RandomIds()
    workers = ProcessRegistry()
    async with AsyncExitStack() as stack:
        storage = await stack.enter_async_context(open_storage(settings.resolved_database_url))
        generator.start()
        stack.push_async_callback(generator.close)
        recovery = TurnRecovery(storage, clock=clock, workers=workers)
        await recovery.start()
        stack.push_async_callback(recovery.stop)
        recall = RecallCache()
        control = MemoryControl(storage, recall, clock=clock, ids=ids)
        stack.push_async_callback(control.finish_scrubbing)
        engine = TurnEngine(
            ledger=TurnLedger(storage, clock=clock, ids=ids, workers=workers),
            loader=MemoryLoader(storage, recall),
            generator=generator,
            clock=clock,
            limits=TurnLimits(
                memory_tokens=settings.memory_tokens,
                reply_tokens=settings.reply_tokens,
                time_limit_seconds=settings.reply_time_limit_seconds,
                max_waiting_per_conversation=settings.max_waiting_per_conversation,
                max_open=settings.max_parallel_replies + settings.max_waiting_replies,
            ),
        )
        stack.push_async_callback(engine.stop, settings.shutdown_grace_seconds)
        yield App(engine, control, generator, clock, ids)
