"""A decoder of the usual build, computed with packed weights.

The usual build is that of Llama and most small models since: RMS norms before attention and
feed-forward part, rotary positions, query heads that share key heads, and a gated feed-forward part
(Touvron et al., 2023). Other models compute the way transformers has them.

All numbers between products are fp32. One call reads rows: some tokens each of some sequences. Few
rows each have attention of their own, many rows of one sequence have it together.
"""

from __future__ import annotations

from collections.abc import Sequence as Rows
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from bot.generation.cpu.attending import Attending
from bot.generation.cpu.attention_code import AttentionShape
from bot.generation.cpu.linear import (
    QuantisedRows,
    multiply,
    quantise_gated,
    quantise_normed,
    quantise_rows,
)
from bot.generation.cpu.packing import Packed
from bot.generation.cpu.sequences import Sequence


@dataclass(frozen=True, slots=True)
class Projection:
    """Weights that read the same inputs; their outputs come one after another."""

    weights: tuple[Packed, ...]
    bias: Tensor | None = None

    def __call__(self, rows: QuantisedRows) -> Tensor:
        """The products, shape (rows, outputs)."""
        products = [multiply(rows, weight) for weight in self.weights]
        product = products[0] if len(products) == 1 else torch.cat(products, dim=1)
        return product if self.bias is None else product.add_(self.bias)


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer. Norms are fp32 weights; those of queries and keys are there in some models."""

    attention_norm: Tensor
    query_key_value: Projection
    query_norm: Tensor | None
    key_norm: Tensor | None
    attention_out: Projection
    feed_norm: Tensor
    gate_and_up: Projection
    down: Projection


@dataclass(frozen=True, slots=True)
class Decoder:
    """The whole model. ``embedding`` has shape (words, width), in bf16."""

    shape: AttentionShape
    epsilon: float
    embedding: Tensor
    layers: tuple[Layer, ...]
    norm: Tensor
    head: Projection
    rotary: Any
    """Transformers' own module for this model's angles, whatever scaling it has."""

    def read_some(self, rows: Rows[tuple[Sequence, int]]) -> Tensor:
        """Read one token for each row, which says whose it is; the logits after each.

        Several rows of one sequence are tokens that follow each other.
        """
        positions: list[int] = []
        for sequence, token in rows:
            positions.append(len(sequence.tokens))
            sequence.tokens.append(token)
        attending = Attending(
            self.shape,
            len(self.layers),
            [sequence for sequence, _ in rows],
            positions,
            self._angles(positions),
        )
        hidden = self._embedded([token for _, token in rows])
        for index, layer in enumerate(self.layers):
            found = attending.attend(index, self._query_key_value(layer, hidden))
            hidden = self._rest_of_layer(layer, hidden, found)
        return self._logits(hidden)

    def read_piece(self, sequence: Sequence, tokens: Rows[int], *, answers: int = 1) -> Tensor:
        """Read tokens of one sequence; the logits after the last ``answers`` of them."""
        start, count = len(sequence.tokens), len(tokens)
        positions = range(start, start + count)
        attending = Attending(
            self.shape, len(self.layers), [sequence] * count, positions, self._angles(positions)
        )
        hidden = self._embedded(tokens)
        for index, layer in enumerate(self.layers):
            rows = self._query_key_value(layer, hidden)
            found = attending.attend_together(index, rows, sequence)
            hidden = self._rest_of_layer(layer, hidden, found)
        sequence.tokens.extend(tokens)
        return self._logits(hidden[count - answers :]) if answers else hidden[:0]

    def _embedded(self, tokens: Rows[int]) -> Tensor:
        return self.embedding[torch.tensor(tokens)].float()

    def _angles(self, positions: Rows[int]) -> tuple[Tensor, Tensor]:
        cosines, sines = self.rotary(torch.zeros(1), torch.tensor([list(positions)]))
        half = self.shape.dimensions // 2  # the second half repeats the first
        return cosines[0, :, :half].contiguous(), sines[0, :, :half].contiguous()

    def _query_key_value(self, layer: Layer, hidden: Tensor) -> Tensor:
        rows = layer.query_key_value(self._normed(hidden, layer.attention_norm))
        if layer.query_norm is None or layer.key_norm is None:
            return rows
        shape = self.shape
        heads = rows.view(len(rows), -1, shape.dimensions)
        queries, keys, values = torch.split(
            heads, [shape.query_heads, shape.key_heads, shape.key_heads], dim=1
        )
        normed = [
            functional.rms_norm(part, weight.shape, weight, self.epsilon)
            for part, weight in ((queries, layer.query_norm), (keys, layer.key_norm))
        ]
        return torch.cat((*normed, values), dim=1)

    def _rest_of_layer(self, layer: Layer, hidden: Tensor, found: Tensor) -> Tensor:
        hidden = layer.attention_out(quantise_rows(found)).add_(hidden)
        both = layer.gate_and_up(self._normed(hidden, layer.feed_norm))
        return layer.down(quantise_gated(both)).add_(hidden)

    def _normed(self, rows: Tensor, weight: Tensor) -> QuantisedRows:
        return quantise_normed(rows, weight, self.epsilon)

    def _logits(self, hidden: Tensor) -> Tensor:
        return self.head(self._normed(hidden, self.norm))
