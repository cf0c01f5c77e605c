"""Which models the settings lead to, and the objects that run them. Loads none by itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot.config import Settings
from bot.generation.batching import BatchingGenerator
from bot.generation.encoder import LocalEncoder
from bot.generation.models.catalogue import ENCODERS
from bot.generation.models.choice import DEFAULT_MODELS, available_memory, choose_default
from bot.generation.models.encoders import describe_encoder
from bot.generation.models.sources import (
    AnySource,
    parse_chat_source,
    parse_compact_source,
    parse_encoder_source,
    parse_local_chat_source,
    parse_source,
)
from bot.generation.models.store import ModelStore
from bot.generation.remote.address import RemoteModel
from bot.generation.summariser import LocalSummariser
from bot.ports.system import Clock

if TYPE_CHECKING:  # imports torch
    from bot.generation.loading import LoadedModel
    from bot.generation.sentence_model import SentenceModel
    from bot.generation.seq2seq import Seq2SeqModel


@dataclass(frozen=True, slots=True)
class ChosenModel:
    """The model that the settings lead to, and why when Ellie chose it herself."""

    source: AnySource
    reason: str

    @property
    def name(self) -> str:
        """What the model is called in traces, and in settings unless it is on a server."""
        return self.source.label if isinstance(self.source, RemoteModel) else str(self.source)


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


def choose_fallback(settings: Settings) -> ChosenModel | None:
    """The model on this machine that answers in place of a server, if there is to be one.

    Raises:
        UnknownModelError: a setting names no model that could.
    """
    if settings.fallback_model.lower() == "none":
        return None
    source = parse_local_chat_source(settings.fallback_model)
    on_server = isinstance(choose_model(settings).source, RemoteModel)
    return ChosenModel(source, "") if on_server else None


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


def choose_compact(settings: Settings) -> ChosenModel | None:
    """The model of its own that writes summaries, if there is to be one besides the chat's.

    Raises:
        UnknownModelError: a setting names no model that could.
    """
    source = parse_compact_source(settings.compact_model)
    if source is None or source == choose_model(settings).source:
        return None
    return ChosenModel(source, "")


def choose_allowed(settings: Settings) -> dict[str, ChosenModel]:
    """The models that places may choose, by the names that the owner calls them by.

    Raises:
        UnknownModelError: a name is that of no model that chats.
    """
    names = (name.strip() for name in settings.allowed_models.split(","))
    return {name: ChosenModel(parse_chat_source(name), "") for name in names if name}


def model_store(settings: Settings) -> ModelStore:
    """Where models are kept."""
    return ModelStore(settings.models_dir, allow_pickled=settings.unsafe_models)


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
            allow_pickled=settings.unsafe_models,
        )
        return load_model(folder, options)

    return BatchingGenerator(
        load,
        name=name,
        max_parallel=settings.max_parallel_replies,
        max_waiting=settings.max_waiting_replies,
        clock=clock,
    )


def local_encoder(name: str, folder: Path, *, allow_pickled: bool = False) -> LocalEncoder:
    """The encoder in ``folder``. Loads nothing before it is started.

    Raises:
        ModelError: the folder holds no sentence encoder, or one of a kind that Ellie does not know.
    """
    description = describe_encoder(folder)

    def load() -> SentenceModel:
        from bot.generation.sentence_model import load_sentence_model  # noqa: PLC0415 - as above

        return load_sentence_model(folder, description, allow_pickled=allow_pickled)

    return LocalEncoder(load, model_name=name, dimensions=description.dimensions)


def local_summariser(settings: Settings, name: str, folder: Path) -> LocalSummariser:
    """Summaries from the encoder-decoder in ``folder``. Loads nothing before it is first asked."""

    def load() -> Seq2SeqModel:
        from bot.generation.seq2seq import load_seq2seq  # noqa: PLC0415 - as above

        return load_seq2seq(
            folder,
            precision=settings.precision,
            device=settings.device,
            allow_pickled=settings.unsafe_models,
        )

    return LocalSummariser(load, model_name=name)
