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

from bot.commands.dispatch import Commands
from bot.config import Extraction, Settings
from bot.engine.background_learning import BackgroundLearning
from bot.engine.capability import Capability
from bot.engine.chat_traffic import ChatTraffic
from bot.engine.explanation import Explanations
from bot.engine.incognito import IncognitoConversations
from bot.engine.ledger import TurnLedger
from bot.engine.memory_control import MemoryControl
from bot.engine.memory_loader import MemoryLoader
from bot.engine.model_extraction import ModelExtraction
from bot.engine.recall_cache import RecallCache
from bot.engine.recovery import TurnRecovery
from bot.engine.turn import TurnEngine, TurnFollower, TurnLimits
from bot.engine.vectors import VectorKeeper
from bot.errors import SchemaTooNewError
from bot.generation.batching import BatchingGenerator
from bot.generation.encoder import LocalEncoder
from bot.generation.models.catalogue import ENCODERS
from bot.generation.models.choice import DEFAULT_MODELS, available_memory, choose_default
from bot.generation.models.encoders import describe_encoder
from bot.generation.models.sources import (
    ModelSource,
    parse_chat_source,
    parse_encoder_source,
    parse_source,
)
from bot.generation.models.store import ModelStore
from bot.memory.extraction.probe import Tier
from bot.ports.encoding import Encoder
from bot.ports.generation import Generator
from bot.ports.system import Clock, IdSource
from bot.system import ProbeFile, ProcessRegistry, RandomIds, SystemClock
from storage.address import parse_address
from storage.database import open_storage
from storage.migrate import schema_state

if TYPE_CHECKING:  # imports torch
    from bot.generation.loading import LoadedModel
    from bot.generation.sentence_model import SentenceModel


@dataclass(frozen=True, slots=True)
class App:
    """What adapters work with."""

    engine: TurnEngine
    control: MemoryControl
    commands: Commands
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
        UnknownModelError: the setting names no model that chats.
    """
    if settings.model != "auto":
        return ChosenModel(parse_chat_source(settings.model), "")
    # A model that was chosen and fetched before stays the choice, also when memory is short just
    # now, perhaps because it is loaded already.
    for name in DEFAULT_MODELS:
        source = parse_source(name)
        if model_store(settings).find(source) is not None:
            return ChosenModel(source, f"Using {name}, which is installed.")
    default = choose_default(available_memory())
    return ChosenModel(parse_source(default.name), default.reason)


def choose_encoder(settings: Settings) -> ChosenModel | None:
    """The configured sentence encoder, if any.

    Raises:
        UnknownModelError: the setting names no encoder.
    """
    name = settings.encoder.lower()
    if name == "none":
        return None
    default = next(iter(ENCODERS))
    return ChosenModel(parse_encoder_source(default if name == "auto" else settings.encoder), "")


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


def local_encoder(name: str, folder: Path) -> LocalEncoder:
    """The encoder in ``folder``. Loads nothing before it is started.

    Raises:
        ModelError: the folder holds no sentence encoder, or one of a kind that Ellie does not know.
    """
    description = describe_encoder(folder)

    def load() -> SentenceModel:
        from bot.generation.sentence_model import load_sentence_model  # noqa: PLC0415 - as above

        return load_sentence_model(folder, description)

    return LocalEncoder(load, model_name=name, dimensions=description.dimensions)


@asynccontextmanager
async def running_app(
    settings: Settings, *, model: str, folder: Path, encoder: tuple[str, Path] | None = None
) -> AsyncIterator[App]:
    """Ellie with the model in ``folder``, from the migrated database up; stopped on leaving.

    ``encoder`` is the name and the folder of a sentence encoder, if there is one.

    Raises:
        StorageError: the database cannot be used.
    """
    clock = SystemClock()
    generator = local_generator(settings, model, folder, clock)
    encoding = None if encoder is None else local_encoder(*encoder)
    async with assembled_app(settings, generator, clock, encoding) as app:
        yield app


@asynccontextmanager
async def assembled_app(
    settings: Settings, generator: Generator, clock: Clock, encoder: Encoder | None = None
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
        recall = RecallCache(vector_model=encoder.model_name if encoder else "")
        followers: list[TurnFollower] = []
        vectors = VectorKeeper(storage, encoder, recall) if encoder else None
        if encoder and vectors:
            stack.push_async_callback(encoder.close)
            vectors.start()
            stack.push_async_callback(vectors.stop)
            followers.append(vectors)
        incognito = IncognitoConversations()
        control = MemoryControl.over(storage, recall, clock=clock, ids=ids, incognito=incognito)
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
        learning = BackgroundLearning(
            storage,
            extraction=extraction,
            capability=Capability(
                extraction,
                results=ProbeFile(settings.data_dir / "extraction-probe.json"),
                traffic=traffic,
                chosen=_chosen_tier(settings),
            ),
            traffic=traffic,
            clock=clock,
            ids=ids,
        )
        learning.start()
        stack.push_async_callback(learning.stop)
        followers.append(learning)
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
        yield App(engine, control, commands, generator, clock, ids)


def _chosen_tier(settings: Settings) -> Tier | None:
    """The tier of extraction that the owner decided on; None leaves it to the probe."""
    return None if settings.extraction is Extraction.AUTO else Tier(settings.extraction.value)
