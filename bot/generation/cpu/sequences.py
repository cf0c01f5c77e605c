"""What sequences of tokens have been read so far: their keys and values, in memory of their own."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from bot.generation.cpu.attention_code import BLOCK, AttentionShape


@dataclass(slots=True, eq=False)
class Sequence:
    """Tokens that were read, and their keys and values in every layer.

    ``keys`` has shape (layers, key heads, room / 16, dimensions, 16), ``values`` (layers, key
    heads, room, dimensions); both bf16. ``asker`` is for whom it was read, empty for nobody in
    particular; what is not ``is_kept`` serves nobody else, and ends with its use.
    """

    keys: Tensor
    values: Tensor
    tokens: list[int] = field(default_factory=list)
    asker: str = ""
    is_kept: bool = True

    @property
    def room(self) -> int:
        """How many tokens fit."""
        return self.values.shape[2]


def new_sequence(layers: int, shape: AttentionShape, tokens: int) -> Sequence:
    """Room for at least so many tokens, nothing read yet."""
    blocks = -(-tokens // BLOCK)
    keys = torch.zeros(
        layers, shape.key_heads, blocks, shape.dimensions, BLOCK, dtype=torch.bfloat16
    )
    values = torch.zeros(
        layers, shape.key_heads, blocks * BLOCK, shape.dimensions, dtype=torch.bfloat16
    )
    return Sequence(keys, values)


def common_beginning(one: list[int], other: list[int]) -> int:
    """How many tokens at the beginning are the same."""
    most = min(len(one), len(other))
    if one[:most] == other[:most]:
        return most
    low, high = 0, most  # the first `low` are the same, the first `high` are not
    while high - low > 1:
        middle = (low + high) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle
    return low


def copy_beginning(source: Sequence, target: Sequence, tokens: int) -> None:
    """Let ``target``, which has read nothing, know the first ``tokens`` of ``source``."""
    blocks = -(-tokens // BLOCK)
    target.keys[:, :, :blocks] = source.keys[:, :, :blocks]
    if rest := tokens % BLOCK:  # what the last block says beyond them is the source's alone
        target.keys[:, :, blocks - 1, :, rest:] = 0
    target.values[:, :, :tokens] = source.values[:, :, :tokens]
    target.tokens[:] = source.tokens[:tokens]
