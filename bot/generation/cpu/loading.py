"""From a folder to an engine with packed weights, for models and processors that allow it."""

from __future__ import annotations

import glob
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoModelForCausalLM

from bot.config_choices import Precision
from bot.generation.cpu.building import build, has_usual_build
from bot.generation.cpu.compiled import can_compile
from bot.generation.cpu.packing import Packed, pack
from bot.generation.cpu.product_code import BYTE, HALF_BYTE, SIX_BITS
from bot.generation.cpu.saving import PackedModel, load_saved, new_rotary, save_packed
from bot.log import get_logger

log = get_logger(__name__)

LITTLE = 0.019
"""What a weight may lose of its size by being packed in fewer bits than it could be. In as many
bits as it was kept in it loses 0.2 to 0.7 % of 4 or 5 bits and 1.75 % of 6, whose groups were
smaller; in fewer it loses 2.05 % or more."""

LOOKED_AT = 128
"""Outputs of a weight that are packed to find that out."""

KEY_LENGTH = 16
"""Hexadecimal digits in the name of a packed model that say which weights it was made of."""


def load_packed(
    folder: Path,
    config: Any,
    precision: Precision,
    load: Callable[[], Any],
    *,
    context_tokens: int,
    keep_in: Path | None,
) -> PackedModel | None:
    """The model in ``folder`` with packed weights; None when it, or the processor, is not made so.

    ``precision`` is int4, int8, or auto, which is int4 for models whose weights were kept in 4 bits
    before, and int8 for others; see :func:`bits_for`. ``load`` loads the transformers model; it is
    not called when the packed one is found below ``keep_in``, where it is put for the next time.
    """
    if not can_compile():
        return None
    with torch.device("meta"):
        models: Any = AutoModelForCausalLM
        empty = models.from_config(config)
    if not has_usual_build(empty, context_tokens):
        return None
    rotary = new_rotary(type(empty), config)
    place = _place(folder, precision, keep_in)
    found = load_saved(place, rotary) if place else None
    if found is not None:
        return found
    model = load()
    coarse = was_coarse(model)
    chosen = precision
    if precision is Precision.AUTO:
        chosen = Precision.INT4 if coarse else Precision.INT8

    def packed(name: str, weight: Tensor) -> Packed:
        return pack(weight, bits_for(name, weight, chosen, coarse=coarse))

    made = PackedModel(build(model, packed), chosen)
    if place is None:
        return made
    try:
        # The key is spelled out: another model's name may begin as this one's.
        pattern = f"-{'[0-9a-f]' * KEY_LENGTH}-{precision.value}.safetensors*"
        for stale in place.parent.glob(glob.escape(folder.name) + pattern):
            stale.unlink(missing_ok=True)  # of weights before, or of a start that was killed
        save_packed(made, place)
    except OSError as error:
        log.warning("packed_model_not_kept", error=str(error))
        return made
    # From the file it lies in memory as one piece, and what packing took is free again.
    return load_saved(place, rotary) or made


def bits_for(name: str, weight: Tensor, precision: Precision, *, coarse: bool) -> int:
    """How many bits a weight gets: the fewest in which it loses little.

    With int4, weights of models that are not ``coarse`` get 4 although they lose by it, except for
    the output layer, which chooses the words.
    """
    if precision is Precision.INT4 and not coarse and name != "lm_head":
        return HALF_BYTE
    return _fewest_bits(weight)


def was_coarse(model: nn.Module) -> bool:
    """Whether most weights of the model were kept in 4 bits before."""
    weights = [m.weight.data for m in model.modules() if isinstance(m, nn.Linear)]
    return sum(_loses_little(weight, HALF_BYTE) for weight in weights) * 2 > len(weights)


def _fewest_bits(weight: Tensor) -> int:
    return next((bits for bits in (HALF_BYTE, SIX_BITS) if _loses_little(weight, bits)), BYTE)


def _loses_little(weight: Tensor, bits: int) -> bool:
    return pack(weight[:LOOKED_AT], bits).error <= LITTLE


def _place(folder: Path, precision: Precision, keep_in: Path | None) -> Path | None:
    """The file of the packed model: another one whenever the weights or the setting are others.

    So what ``auto`` chose is remembered, and not taken for what somebody tried in between.
    """
    if keep_in is None:
        return None
    files = sorted(folder.glob("*.safetensors")) + sorted(folder.glob("*.bin"))
    told = [f"{path.name}|{path.stat().st_size}|{path.stat().st_mtime_ns}" for path in files]
    digest = hashlib.sha256("\n".join([str(folder.resolve()), *told]).encode()).hexdigest()
    key = digest[:KEY_LENGTH]
    return keep_in / f"{folder.name}-{key}-{precision.value}.safetensors"
