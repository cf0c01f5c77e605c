"""A packed decoder on disk, so that packing is done once.

One file of safetensors holds everything the decoder is made of. What shape it has is in the file's
own description, and transformers' module for the angles is made anew from the configuration.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from bot.config_choices import Precision
from bot.generation.cpu.attention_code import AttentionShape
from bot.generation.cpu.decoder import Decoder, Layer, Projection
from bot.generation.cpu.packing import Packed
from bot.log import get_logger

log = get_logger(__name__)

LAYOUT = 2
"""Goes up when packed weights come to mean something else, or are packed in another way."""


@dataclass(frozen=True, slots=True)
class PackedModel:
    """A decoder, and which of int4 and int8 it is."""

    decoder: Decoder
    precision: Precision


def save_packed(model: PackedModel, path: Path) -> None:
    """Write the file, or leave nothing. Raises ``OSError`` when there is no room for it."""
    decoder = model.decoder
    tensors: dict[str, Tensor] = {"embedding": decoder.embedding, "norm": decoder.norm}
    packed: dict[str, dict[str, Any]] = {}

    def keep(name: str, projection: Projection) -> None:
        for index, weight in enumerate(projection.weights):
            tensors[f"{name}.{index}"] = weight.data
            about = asdict(weight)
            del about["data"]
            packed[f"{name}.{index}"] = about
        if projection.bias is not None:
            tensors[f"{name}.bias"] = projection.bias

    keep("head", decoder.head)
    for number, layer in enumerate(decoder.layers):
        for name, part in _parts(layer):
            if isinstance(part, Projection):
                keep(f"{number}.{name}", part)
            elif part is not None:
                tensors[f"{number}.{name}"] = part
    about = {
        "layout": LAYOUT,
        "precision": model.precision.value,
        "shape": asdict(decoder.shape),
        "epsilon": decoder.epsilon,
        "layers": len(decoder.layers),
        "packed": packed,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    # Another process may be packing the same model.
    growing = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        save_file(
            {name: tensor.contiguous() for name, tensor in tensors.items()},
            growing,
            metadata={"ellie": json.dumps(about)},
        )
        growing.replace(path)
    except SafetensorError as error:  # how the library reports a full disk
        raise OSError(str(error)) from error
    finally:
        growing.unlink(missing_ok=True)


def load_saved(path: Path, rotary: Any) -> PackedModel | None:
    """The model in the file; None when there is none, or one that cannot be used any more."""
    try:
        with safe_open(path, framework="pt") as file:
            about = json.loads((file.metadata() or {}).get("ellie", "{}"))
            if about.get("layout") != LAYOUT:
                return None
            decoder = _assembled(_Kept(file, about), about, rotary)
            return PackedModel(decoder, Precision(about["precision"]))
    except FileNotFoundError:  # perhaps only now: whoever packs anew removes what was there before
        return None
    except (SafetensorError, KeyError, ValueError, TypeError) as error:
        log.warning("packed_model_unreadable", error=str(error))
        return None


class _Kept:
    """What is in the file, by name."""

    def __init__(self, file: Any, about: dict[str, Any]) -> None:
        self._file = file
        self._names = set(file.keys())
        self._packed = about["packed"]

    def tensor(self, name: str) -> Tensor | None:
        """That tensor, if the model has it."""
        if name not in self._names:
            return None
        found: Tensor = self._file.get_tensor(name)
        return found

    def needed(self, name: str) -> Tensor:
        """That tensor, which every model has."""
        found: Tensor = self._file.get_tensor(name)
        return found

    def projection(self, name: str) -> Projection:
        """Packed weights and their bias."""
        weights: list[Packed] = []
        while (whole := f"{name}.{len(weights)}") in self._packed:
            weights.append(Packed(data=self.needed(whole), **self._packed[whole]))
        if not weights:
            raise KeyError(name)
        return Projection(tuple(weights), self.tensor(f"{name}.bias"))


def _assembled(kept: _Kept, about: dict[str, Any], rotary: Any) -> Decoder:
    layers = [
        Layer(
            attention_norm=kept.needed(f"{number}.attention_norm"),
            query_key_value=kept.projection(f"{number}.query_key_value"),
            query_norm=kept.tensor(f"{number}.query_norm"),
            key_norm=kept.tensor(f"{number}.key_norm"),
            attention_out=kept.projection(f"{number}.attention_out"),
            feed_norm=kept.needed(f"{number}.feed_norm"),
            gate_and_up=kept.projection(f"{number}.gate_and_up"),
            down=kept.projection(f"{number}.down"),
        )
        for number in range(about["layers"])
    ]
    return Decoder(
        shape=AttentionShape(**about["shape"]),
        epsilon=about["epsilon"],
        embedding=kept.needed("embedding"),
        layers=tuple(layers),
        norm=kept.needed("norm"),
        head=kept.projection("head"),
        rotary=rotary,
    )


def _parts(layer: Layer) -> Iterator[tuple[str, Projection | Tensor | None]]:
    for part in fields(layer):
        yield part.name, getattr(layer, part.name)


def total_bytes(decoder: Decoder) -> int:
    """Bytes of weights that are read for every token."""
    projections = [decoder.head]
    for layer in decoder.layers:
        projections += [part for _, part in _parts(layer) if isinstance(part, Projection)]
    return sum(weight.data.numel() for projection in projections for weight in projection.weights)


def new_rotary(model_class: Any, config: Any) -> Any:
    """What transformers computes the angles of a model with, without the model."""
    with torch.device("meta"):
        empty = model_class(config)
    return type(empty.model.rotary_emb)(config=config)
