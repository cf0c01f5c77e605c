"""From a folder on disk to a model that can generate."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer
from transformers.utils import logging as transformers_logging

from bot.config_choices import Precision
from bot.errors import ModelCorruptError, ModelError
from bot.generation.engine import BatchEngine
from bot.generation.engine_surface import Engine
from bot.generation.limits import attention_way, context_limit, end_token_ids
from bot.generation.models.kinds import ModelKind, describe_kind
from bot.generation.precision import choose_precision, make_mixed
from bot.generation.processors import usable_cores
from bot.generation.quiet_threads import compute_with
from bot.generation.seq2seq_tokenizer import Seq2SeqChatTokenizer
from bot.generation.single_engine import SingleEngine
from bot.generation.tokenizer import HfChatTokenizer
from bot.log import get_logger

log = get_logger(__name__)

_PACKED = frozenset({Precision.AUTO, Precision.INT4, Precision.INT8})


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model in memory, its engine not yet started."""

    tokenizer: HfChatTokenizer
    engine: Engine
    precision: Precision


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadOptions:
    """How to load: the settings that matter here."""

    precision: Precision = Precision.AUTO
    device: str = "auto"
    threads: int = 0
    context_tokens: int = 8192
    kv_cache_tokens: int = 16384
    allow_pickled: bool = False
    """Load pickled weights where there are no others."""
    packed_dir: Path | None = None
    """Where packed weights are kept for the next start, if anywhere."""
    may_think: bool = False
    thinking_tokens: int = 0
    reply_tokens: int = 400
    """What replies usually take: an encoder-decoder reads its prompts beside that."""


def load_tokenizer(
    folder: Path, context_tokens: int, options: LoadOptions | None = None
) -> HfChatTokenizer:
    """The tokenizer alone. ``options`` say what it has to know of thinking and of replies.

    Raises:
        ModelError: it cannot be loaded, or its model cannot chat.
    """
    options = options or LoadOptions()
    with _translated(folder):
        tokenizer = AutoTokenizer.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        )
        config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        kind = describe_kind(folder)
        if kind.is_encoder_decoder:
            return Seq2SeqChatTokenizer(
                tokenizer,
                window=min(context_tokens, kind.most_read or context_tokens),
                reply_tokens=options.reply_tokens,
                end_token_ids=end_token_ids(folder, config),
                may_think=options.may_think,
                thinking_tokens=options.thinking_tokens,
            )
        return HfChatTokenizer(
            tokenizer,
            context_tokens=min(context_tokens, context_limit(config) or context_tokens),
            end_token_ids=end_token_ids(folder, config),
            may_think=options.may_think,
            thinking_tokens=options.thinking_tokens,
        )


def load_model(folder: Path, options: LoadOptions) -> LoadedModel:
    """Load a language model from a folder of safetensors. Blocks for seconds.

    Raises:
        ModelError: it cannot be loaded, or cannot chat.
        ModelCorruptError: its files are damaged or missing.
    """
    silence_libraries()
    compute_with(options.threads or usable_cores())
    device = _device(options.device)
    tokenizer = load_tokenizer(folder, options.context_tokens, options)
    kind = describe_kind(folder)
    if not tokenizer.has_template:
        log.warning("model_has_no_chat_template", prompts="plain dialogue", folder=folder.name)
    if options.precision in _PACKED and device.type == "cpu":
        packed = _packed_engine(folder, kind, tokenizer, options)
        if packed is not None:
            return packed
    precision = choose_precision(options.precision, device)
    with _translated(folder):
        model = _read(folder, kind, precision, options)
    model.to(device)
    if precision is Precision.MIXED:
        make_mixed(model)
    if not kind.is_batched:
        log.warning("model_replies_one_by_one", type=model.config.model_type, folder=folder.name)
    return LoadedModel(tokenizer, _engine(model, tokenizer, kind, options), precision)


def _packed_engine(
    folder: Path, kind: ModelKind, tokenizer: HfChatTokenizer, options: LoadOptions
) -> LoadedModel | None:
    """The model with packed weights; None where that is not possible, which auto puts up with."""
    from bot.generation.cpu.engine import PackedEngine  # noqa: PLC0415 - needs a compiler in memory
    from bot.generation.cpu.loading import load_packed  # noqa: PLC0415

    with _translated(folder):
        config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        found = load_packed(
            folder,
            config,
            options.precision,
            lambda: _read(folder, kind, Precision.BF16, options),
            context_tokens=tokenizer.context_tokens,
            keep_in=options.packed_dir,
        )
    if found is None:
        if options.precision is Precision.AUTO:
            return None
        raise ModelError(
            f"ELLIE_PRECISION={options.precision.value} is not possible with this model or on this "
            "processor: it needs a processor with AVX-512 VNNI and a model built like Llama, "
            "Mistral or Qwen. Set ELLIE_PRECISION=auto."
        )
    engine = PackedEngine(
        found.decoder,
        end_token_ids=tokenizer.end_token_ids,
        kv_cache_tokens=max(options.kv_cache_tokens, tokenizer.context_tokens),
    )
    return LoadedModel(tokenizer, engine, found.precision)


def _read(folder: Path, kind: ModelKind, precision: Precision, options: LoadOptions) -> Any:
    config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    factory: Any = AutoModelForSeq2SeqLM if kind.is_encoder_decoder else AutoModelForCausalLM
    return factory.from_pretrained(
        folder,
        dtype=torch.float32 if precision is Precision.FP32 else torch.bfloat16,
        attn_implementation=attention_way(factory, config, _device(options.device)),
        local_files_only=True,
        trust_remote_code=False,
        use_safetensors=only_safetensors(options.allow_pickled),
    )


def _engine(
    model: Any, tokenizer: HfChatTokenizer, kind: ModelKind, options: LoadOptions
) -> Engine:
    if kind.is_batched:
        return BatchEngine(
            model,
            end_token_ids=tokenizer.end_token_ids,
            kv_cache_tokens=max(options.kv_cache_tokens, tokenizer.context_tokens),
        )
    return SingleEngine(
        model, end_token_ids=tokenizer.end_token_ids, most_written=kind.most_written
    )


def only_safetensors(allow_pickled: bool) -> bool | None:
    """What transformers is told; None lets it take pickled weights for want of others."""
    return None if allow_pickled else True


def silence_libraries() -> None:
    """Keep libraries from writing into the terminal; what matters reaches the caller as an error.

    Continuous batching also logs token ids of prompts, which are people's words.
    """
    settings: Any = transformers_logging
    settings.set_verbosity_error()
    settings.disable_progress_bar()
    batching_log = logging.getLogger("ContinuousBatchingLogger")
    batching_log.handlers.clear()
    batching_log.setLevel(logging.CRITICAL)


def _device(setting: str) -> torch.device:
    if setting == "cuda" and not torch.cuda.is_available():
        raise ModelError(
            "ELLIE_DEVICE=cuda, but torch finds no GPU. Install a CUDA build of torch and the "
            "driver, or set ELLIE_DEVICE=cpu."
        )
    if setting == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return torch.device(setting)


class _translated:  # noqa: N801 - reads as a phrase where it is used
    """Turns what transformers raises about a folder into errors that say what to do."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None or not isinstance(error, Exception) or isinstance(error, ModelError):
            return
        if isinstance(
            error, SafetensorError | json.JSONDecodeError | UnicodeDecodeError | EOFError
        ):
            raise ModelCorruptError(
                f"The model in {self._folder} is damaged ({error}). Delete that folder and start "
                "again, or run `ellie models pull` to fetch it anew."
            ) from error
        if isinstance(error, MemoryError) or "out of memory" in str(error).lower():
            raise ModelError(
                "There is not enough memory for this model. Choose a smaller one, for example "
                "ELLIE_MODEL=ellie-small."
            ) from error
        raise ModelError(
            f"The model in {self._folder} cannot be loaded: {error}. It must be a folder with a "
            "language model as transformers saves it (config.json, *.safetensors, tokenizer.json)."
        ) from error
