"""What kind of model a folder holds, read without loading it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.generation.models.folders import read_json
from bot.generation.models.summarisers import WRITE_LIMITS, position_limits

BATCHED = frozenset(
    {
        "cohere",
        "gemma",
        "gemma3_text",
        "glm4",
        "gpt2",
        "gpt_neox",
        "granite",
        "llama",
        "mistral",
        "mixtral",
        "olmo2",
        "opt",
        "phi",
        "phi3",
        "qwen2",
        "qwen2_moe",
        "qwen3",
        "qwen3_moe",
        "smollm3",
        "starcoder2",
    }
)
"""Types of models that write many replies at once rightly: each is tested to write what it writes
alone. Others are not refused by the library, and some of them write nonsense: its batches do not
reach models that compute attention themselves (Bloom, MPT, GPT-J) and leave out the soft caps of
Gemma 2. So any that is not named here writes one reply at a time."""

MOST_READ_TOKENS = 2048
"""Most that an encoder without a limit to its positions is given to read. Its training had less,
and what it learned goes on working for a while beyond that."""

_ENCODER_LIMITS = ("max_encoder_position_embeddings", "max_position_embeddings")
_RELATIVE = "relative_attention_num_buckets"

_TEMPLATE_FILES = ("chat_template.jinja", "chat_template.json")
_TOKENIZER_FILES = ("tokenizer_config.json", "processor_config.json")


@dataclass(frozen=True, slots=True)
class ModelKind:
    """What there is to know of a model that is to chat.

    An encoder-decoder reads ``most_read`` tokens and can write ``most_written``; None: as many as
    one likes, as a causal model, whose only limit is one for both.
    """

    has_template: bool
    is_encoder_decoder: bool
    is_batched: bool
    most_read: int | None = None
    most_written: int | None = None


def describe_kind(folder: Path) -> ModelKind:
    """Read the description.

    Raises:
        ModelCorruptError: a file of it cannot be read.
    """
    config = read_json(folder / "config.json")
    config = config if isinstance(config, dict) else {}
    is_encoder_decoder = config.get("is_encoder_decoder") is True
    return ModelKind(
        has_template=_has_template(folder),
        is_encoder_decoder=is_encoder_decoder,
        is_batched=not is_encoder_decoder and config.get("model_type") in BATCHED,
        most_read=_most_read(config) if is_encoder_decoder else None,
        most_written=_most_written(config) if is_encoder_decoder else None,
    )


def _most_read(config: dict[str, Any]) -> int:
    # Relative positions have no end; n_positions, which some name beside them, is none.
    limits = [] if _RELATIVE in config else position_limits(config, "encoder", _ENCODER_LIMITS)
    return min(limits, default=MOST_READ_TOKENS)


def _most_written(config: dict[str, Any]) -> int | None:
    return min(position_limits(config, "decoder", WRITE_LIMITS), default=None)


def _has_template(folder: Path) -> bool:
    if any((folder / name).is_file() for name in _TEMPLATE_FILES):
        return True
    files = [folder / name for name in _TOKENIZER_FILES]
    found = [read_json(file) for file in files if file.is_file()]
    return any(isinstance(told, dict) and told.get("chat_template") for told in found)
