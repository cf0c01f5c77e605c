"""What a model's configuration says about how long its texts may be and where its replies end."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from transformers.utils import is_flash_attn_2_available  # type: ignore[attr-defined]

from bot.generation.models.folders import read_json

_LIMITS = ("max_position_embeddings", "n_positions", "max_seq_len")


def context_limit(config: Any) -> int | None:
    """Positions that a causal model has; None where it has no limit of its own."""
    text = config.get_text_config()
    found = (getattr(text, name, None) for name in _LIMITS)
    return next((limit for limit in found if isinstance(limit, int) and limit > 0), None)


def end_token_ids(folder: Path, config: Any) -> list[int]:
    """The tokens that end a reply, as the configurations of model and generation have them.

    The latter is the newer of the two: of models that were trained to chat later, often it alone
    names the token that ends a turn.

    Raises:
        ModelCorruptError: the generation's configuration cannot be read.
    """
    file = folder / "generation_config.json"
    told = read_json(file) if file.is_file() else None
    of_generation = told.get("eos_token_id") if isinstance(told, dict) else None
    of_text = getattr(config.get_text_config(decoder=True), "eos_token_id", None)
    of_model = getattr(config, "eos_token_id", None)
    return sorted({*_ids(of_model), *_ids(of_text), *_ids(of_generation)})


def attention_way(factory: Any, config: Any, device: torch.device) -> str:
    """Which attention transformers is to use for the model that ``factory`` makes.

    FlashAttention (Dao, 2023) on a GPU where it is installed, else torch's own where the model can
    use that.
    """
    model = factory._model_mapping.get(type(config), None)  # noqa: SLF001 - there is no other way
    if isinstance(model, tuple | list):
        model = model[0]
    if (
        device.type == "cuda"
        and is_flash_attn_2_available()
        and getattr(model, "_supports_flash_attn", False)
    ):
        return "flash_attention_2"
    return "sdpa" if getattr(model, "_supports_sdpa", True) else "eager"


def _ids(told: object) -> Iterable[int]:
    if isinstance(told, int):
        return [told]
    return [item for item in told if isinstance(item, int)] if isinstance(told, list) else []
