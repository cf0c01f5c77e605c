"""How many bytes of weights an engine has to read for one token.

An embedding is looked up and so not counted, unless it is the output layer too.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path

from bot.generation.cpu.engine import PackedEngine

BYTES = {"fp32": 4, "bf16": 2, "mixed": 2}
"""For each weight."""


def engine_bytes(engine: object) -> float:
    """Of an engine with packed weights, as they lie in memory; 0 for any other one."""
    if not isinstance(engine, PackedEngine):
        return 0.0
    decoder = engine.decoder
    projections = [decoder.head]
    for layer in decoder.layers:
        projections += [
            layer.query_key_value,
            layer.attention_out,
            layer.gate_and_up,
            layer.down,
        ]
    return float(sum(w.data.nbytes for projection in projections for w in projection.weights))


def file_bytes(folder: Path, precision: str) -> float:
    """Of a model as transformers saves it, which keeps all weights alike."""
    shapes = _shapes(folder)
    output = "lm_head.weight" if "lm_head.weight" in shapes else _embedding(shapes)
    return BYTES[precision] * (inner_weights(folder) + prod(shapes[output]))


def inner_weights(folder: Path) -> float:
    """How many weights its layers have, without the one that chooses words."""
    shapes = _shapes(folder)
    outer = {"lm_head.weight", _embedding(shapes)}
    return sum(
        prod(shape) for name, shape in shapes.items() if len(shape) == 2 and name not in outer
    )


def gguf_bytes(file: Path) -> float:
    """Of a GGUF file, as llama.cpp reads it."""
    from gguf import GGUFReader  # noqa: PLC0415 - only where there is such a file

    sizes = {tensor.name: int(tensor.n_bytes) for tensor in GGUFReader(file).tensors}
    if "output.weight" in sizes:
        del sizes["token_embd.weight"]
    return float(sum(sizes.values()))


def _shapes(folder: Path) -> Mapping[str, Sequence[int]]:
    shapes: dict[str, Sequence[int]] = {}
    for file in folder.glob("*.safetensors"):
        with file.open("rb") as opened:
            (length,) = struct.unpack("<Q", opened.read(8))
            header = json.loads(opened.read(length))
        shapes |= {name: told["shape"] for name, told in header.items() if "shape" in told}
    return shapes


def _embedding(shapes: Mapping[str, Sequence[int]]) -> str:
    return next(name for name in shapes if name.endswith("embed_tokens.weight"))
