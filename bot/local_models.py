"""Which models the settings lead to, and the objects that run them. Loads none by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from bot.config import Settings, variable_of
from bot.config_choices import Precision, Thinking
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
    parse_role_source,
    parse_see_source,
    parse_source,
)
from bot.generation.models.store import PACKED, ModelStore
from bot.generation.models.translators import describe_translator
from bot.generation.remote.address import RemoteModel
from bot.generation.sight import LocalSight
from bot.generation.summariser import LocalCondenser, LocalSummariser
from bot.generation.translator import LocalTranslator
from bot.ports.system import Clock

if TYPE_CHECKING:  # imports torch
    from bot.generation.loading import LoadedModel
    from bot.generation.sentence_model import SentenceModel
    from bot.generation.seq2seq import Seq2SeqModel
    from bot.generation.translation import TranslationModel
    from bot.generation.vision import VisionModel


class ModelRole(StrEnum):
    """What a model may be asked by a command."""

    SUMMARIZE = "summarize"
    TRANSLATE = "translate"


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


def choose_sight(settings: Settings) -> ChosenModel | None:
    """The model that looks at pictures, if there is to be one.

    Raises:
        UnknownModelError: the setting names no model that could.
    """
    source = parse_see_source(settings.see_model)
    return ChosenModel(source, "") if source else None


ROLE_SETTINGS: Mapping[ModelRole, str] = {
    ModelRole.SUMMARIZE: "summarize_model",
    ModelRole.TRANSLATE: "translate_model",
}


def choose_role(settings: Settings, role: ModelRole) -> ChosenModel | None:
    """The model of its own that sums up or translates, if there is to be one besides the chat's.

    Raises:
        UnknownModelError: a setting names no model that could.
    """
    field = ROLE_SETTINGS[role]
    source = parse_role_source(getattr(settings, field), variable_of(field))
    if source is None or source == choose_model(settings).source:
        return None
    return ChosenModel(source, "")


CHOICES: Mapping[str, Callable[[Settings], ChosenModel | None]] = {
    "fallback model": choose_fallback,
    "encoder": choose_encoder,
    "summaries": choose_compact,
    "sight": choose_sight,
    **{role.value: partial(choose_role, role=role) for role in ModelRole},
}
"""How each model beside the one that chats is chosen, by what reports call it."""


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
            packed_dir=settings.models_dir / PACKED,
            may_think=settings.thinking is Thinking.ON,
            thinking_tokens=settings.thinking_tokens,
            reply_tokens=settings.reply_tokens,
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


class _How(TypedDict):
    precision: Precision
    device: str
    allow_pickled: bool


def _how(settings: Settings) -> _How:
    """How models are loaded that do one thing only."""
    return {
        "precision": settings.precision,
        "device": settings.device,
        "allow_pickled": settings.unsafe_models,
    }


def local_summariser(settings: Settings, name: str, folder: Path) -> LocalSummariser:
    """Summaries from the encoder-decoder in ``folder``. Loads nothing before it is first asked."""

    def load() -> Seq2SeqModel:
        from bot.generation.seq2seq import load_seq2seq  # noqa: PLC0415 - as above

        return load_seq2seq(folder, **_how(settings))

    return LocalSummariser(load, model_name=name)


def local_sight(settings: Settings, name: str, folder: Path) -> LocalSight:
    """What the model in ``folder`` sees. Loads nothing before it is first asked."""

    def load() -> VisionModel:
        from bot.generation.vision import load_vision_model  # noqa: PLC0415 - as above

        return load_vision_model(folder, **_how(settings))

    return LocalSight(load, model_name=name)


def local_condenser(settings: Settings, name: str, folder: Path) -> LocalCondenser:
    """Summaries for who asks for them, by an encoder-decoder. Loads nothing before it is asked."""

    def load() -> Seq2SeqModel:
        from bot.generation.seq2seq import SUMMING_UP, load_seq2seq  # noqa: PLC0415 - as above

        return load_seq2seq(folder, **_how(settings), purpose=SUMMING_UP)

    return LocalCondenser(load, model_name=name)


def local_translator(settings: Settings, name: str, folder: Path) -> LocalTranslator:
    """Translations by the encoder-decoder in ``folder``. Loads nothing before it is asked.

    Raises:
        ModelError: nobody knows how it is told into which language it is to translate.
    """
    describe_translator(folder, name)

    def load() -> TranslationModel:
        from bot.generation.translation import load_translator  # noqa: PLC0415 - as above

        return load_translator(folder, name=name, **_how(settings))

    return LocalTranslator(load, model_name=name)
