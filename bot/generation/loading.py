"""From a folder on disk to a model that can generate."""

from __future__ import annotations

import json
import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging as transformers_logging

from bot.config_choices import Precision
from bot.errors import ModelCorruptError, ModelError
from bot.generation.engine import BatchEngine
from bot.generation.local_engine import LocalEngine
from bot.generation.precision import choose_precision, make_mixed
from bot.generation.quiet_threads import compute_with
from bot.generation.tokenizer import HfChatTokenizer

_PACKED = frozenset({Precision.AUTO, Precision.INT4, Precision.INT8})


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model in memory, its engine not yet started."""

    tokenizer: HfChatTokenizer
    engine: LocalEngine
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


def load_tokenizer(folder: Path, context_tokens: int) -> HfChatTokenizer:
    """The tokenizer alone.

    Raises:
        ModelError: it cannot be loaded, or its model cannot chat.
    """
    with _translated(folder):
        tokenizer = AutoTokenizer.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        )
        config = AutoConfig.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        ).get_text_config()
    limit = getattr(config, "max_position_embeddings", None) or context_tokens
    end = config.eos_token_id
    end_ids = [] if end is None else [end] if isinstance(end, int) else list(end)
    return HfChatTokenizer(
        tokenizer, context_tokens=min(context_tokens, limit), end_token_ids=end_ids
    )


def load_model(folder: Path, options: LoadOptions) -> LoadedModel:
    """Load a causal language model from a folder of safetensors. Blocks for seconds.

    Raises:
        ModelError: it cannot be loaded, or cannot chat.
        ModelCorruptError: its files are damaged or missing.
    """
    silence_libraries()
    compute_with(options.threads or _usable_cores())
    device = _device(options.device)
    tokenizer = load_tokenizer(folder, options.context_tokens)
    kv_cache_tokens = max(options.kv_cache_tokens, tokenizer.context_tokens)
    if options.precision in _PACKED and device.type == "cpu":
        packed = _packed_engine(folder, options, tokenizer, kv_cache_tokens)
        if packed is not None:
            return packed
    precision = choose_precision(options.precision, device)
    model = _load_transformers(folder, precision, options.allow_pickled)
    model.to(device)
    if precision is Precision.MIXED:
        make_mixed(model)
    engine = BatchEngine(
        model, end_token_ids=tokenizer.end_token_ids, kv_cache_tokens=kv_cache_tokens
    )
    return LoadedModel(tokenizer, engine, precision)


def _packed_engine(
    folder: Path, options: LoadOptions, tokenizer: HfChatTokenizer, kv_cache_tokens: int
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
            lambda: _load_transformers(folder, Precision.BF16, options.allow_pickled),
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
        found.decoder, end_token_ids=tokenizer.end_token_ids, kv_cache_tokens=kv_cache_tokens
    )
    return LoadedModel(tokenizer, engine, found.precision)


def _load_transformers(folder: Path, precision: Precision, allow_pickled: bool) -> Any:
    with _translated(folder):
        return AutoModelForCausalLM.from_pretrained(
            folder,
            dtype=torch.float32 if precision is Precision.FP32 else torch.bfloat16,
            attn_implementation="sdpa",
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=only_safetensors(allow_pickled),
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


def _usable_cores() -> int:
    """The cores this process may run on, where the system tells; all of them elsewhere."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


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
            "causal language model as transformers saves it (config.json, *.safetensors, "
            "tokenizer.json)."
        ) from error
