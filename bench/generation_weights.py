"""How many bytes of weights an engine has to read for one token."""

from __future__ import annotations

import json
import struct
from math import prod
from pathlib import Path

BITS = {"fp32": 32.0, "bf16": 16.0, "mixed": 16.0, "int8": 8.0, "int4": 5.0}
"""For each weight. Groups of 32 with a scale and a zero point of 16 bits each make 4 bits 5."""

OUTPUT_BITS = {**BITS, "int4": 8.0}
"""The same in the layer that chooses words, which int4 would hurt."""


def weight_bytes(folder: Path, precision: str) -> float:
    """Of a model as transformers saves it. An embedding is looked up, and so not counted."""
    shapes: dict[str, list[int]] = {}
    for file in folder.glob("*.safetensors"):
        with file.open("rb") as opened:
            (length,) = struct.unpack("<Q", opened.read(8))
            header = json.loads(opened.read(length))
        shapes |= {name: told["shape"] for name, told in header.items() if "shape" in told}
    embedding = next(name for name in shapes if name.endswith("embed_tokens.weight"))
    output = "lm_head.weight" if "lm_head.weight" in shapes else embedding
    inner = sum(
        prod(shape)
        for name, shape in shapes.items()
        if len(shape) == 2 and name not in {embedding, output}
    )
    return (inner * BITS[precision] + prod(shapes[output]) * OUTPUT_BITS[precision]) / 8


def gguf_bytes(file: Path) -> float:
    """Of a GGUF file, as llama.cpp reads it."""
    from gguf import GGUFReader  # noqa: PLC0415 - only where there is such a file

    sizes = {tensor.name: int(tensor.n_bytes) for tensor in GGUFReader(file).tensors}
    if "output.weight" in sizes:
        del sizes["token_embd.weight"]
    return float(sum(sizes.values()))
