"""A decoder of the usual build, computed with packed weights.

The usual build is that of Llama and most small models since: RMS norms before attention and
feed-forward part, rotary positions, query heads that share key heads, and a gated feed-forward part
(Touvron et al., 2023). Other models compute the way transformers has them.

All numbers between products are fp32. One call reads rows: some tokens each of some sequences. Few
rows go through attention of our own, many rows of one sequence through torch's.
"""

from __future__ import annotations

from collections.abc import Sequence as Rows
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from bot.generation.cpu.attention_code import BLOCK, AttentionShape
from bot.generation.cpu.compiled import attention
from bot.generation.cpu.linear import multiply, quantise_rows
from bot.generation.cpu.packing import Packed
from bot.generation.cpu.sequences import Sequence


@dataclass(frozen=True, slots=True)
class Projection:
    """Weights that read the same inputs; their outputs come one after another."""

    weights: tuple[Packed, ...]
    bias: Tensor | None = None

    def __call__(self, rows: Tensor) -> Tensor:
        """Shape (rows, inputs) to (rows, outputs)."""
        quantised = quantise_rows(rows)
        products = [multiply(quantised, weight) for weight in self.weights]
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
    """transformers' own module for this model's angles, whatever scaling it has."""

    def read_some(self, rows: Rows[tuple[Sequence, int]]) -> Tensor:
        """Read one token for each row, which says whose it is; the logits after each.

        Several rows of one sequence are tokens that follow each other.
        """
        tokens = [token for _, token in rows]
        positions: list[int] = []
        for sequence, token in rows:
            positions.append(len(sequence.tokens))
            sequence.tokens.append(token)
        cosines, sines = self._angles(positions)
        count = len(rows)
        width = -(-(max(positions) + 1) // BLOCK) * BLOCK
        shape = self.shape
        where = torch.tensor(positions)
        lengths = where + 1
        room = torch.tensor([sequence.room for sequence, _ in rows])
        keys = torch.tensor(
            [[s.keys[layer].data_ptr() for s, _ in rows] for layer in range(len(self.layers))]
        )
        values = torch.tensor(
            [[s.values[layer].data_ptr() for s, _ in rows] for layer in range(len(self.layers))]
        )
        functions = attention(shape)
        scores = torch.full((count, shape.query_heads, width), -torch.inf)
        queries = torch.empty(count, shape.query_heads * shape.dimensions)
        mixed = torch.empty_like(queries)
        hidden = self.embedding[torch.tensor(tokens)].float()
        for index, layer in enumerate(self.layers):
            turned = self._query_key_value(layer, hidden)
            functions.run(
                "place",
                turned.data_ptr(),
                cosines.data_ptr(),
                sines.data_ptr(),
                queries.data_ptr(),
                keys[index].data_ptr(),
                values[index].data_ptr(),
                where.data_ptr(),
                room.data_ptr(),
                count,
            )
            functions.run(
                "score",
                queries.data_ptr(),
                keys[index].data_ptr(),
                lengths.data_ptr(),
                scores.data_ptr(),
                room.data_ptr(),
                width,
                count,
            )
            shares = torch.softmax(scores, dim=-1)
            functions.run(
                "mix",
                shares.data_ptr(),
                values[index].data_ptr(),
                lengths.data_ptr(),
                mixed.data_ptr(),
                room.data_ptr(),
                width,
                count,
            )
            hidden = self._rest_of_layer(layer, hidden, mixed)
        return self._logits(hidden)

    def read_piece(self, sequence: Sequence, tokens: Rows[int], *, answers: int = 1) -> Tensor:
        """Read tokens of one sequence; the logits after the last ``answers`` of them."""
        start, count = len(sequence.tokens), len(tokens)
        end = start + count
        cosines, sines = self._angles(range(start, end))
        shape = self.shape
        where = torch.arange(start, end)
        room = torch.full((count,), sequence.room)
        functions = attention(shape)
        queries = torch.empty(count, shape.query_heads, shape.dimensions)
        seen = torch.ones(count, end, dtype=torch.bool).tril_(start)
        hidden = self.embedding[torch.tensor(tokens)].float()
        whole = -(-end // BLOCK)
        for index, layer in enumerate(self.layers):
            turned = self._query_key_value(layer, hidden)
            layer_keys, layer_values = sequence.keys[index], sequence.values[index]
            keys = torch.full((count,), layer_keys.data_ptr())
            values = torch.full((count,), layer_values.data_ptr())
            functions.run(
                "place",
                turned.data_ptr(),
                cosines.data_ptr(),
                sines.data_ptr(),
                queries.data_ptr(),
                keys.data_ptr(),
                values.data_ptr(),
                where.data_ptr(),
                room.data_ptr(),
                count,
            )
            by_token = (
                layer_keys[:, :whole]
                .transpose(2, 3)
                .reshape(shape.key_heads, whole * BLOCK, shape.dimensions)
            )
            mixed = functional.scaled_dot_product_attention(
                queries.transpose(0, 1).unsqueeze(0).bfloat16(),
                by_token[:, :end].unsqueeze(0),
                layer_values[:, :end].unsqueeze(0),
                attn_mask=seen,
                scale=1.0,  # queries are scaled already
                enable_gqa=shape.shared > 1,
            )
            mixed = mixed[0].transpose(0, 1).reshape(count, -1).float()
            hidden = self._rest_of_layer(layer, hidden, mixed)
        sequence.tokens.extend(tokens)
        return self._logits(hidden[count - answers :]) if answers else hidden[:0]

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
        return torch.cat(
            (self._normed(queries, layer.query_norm), self._normed(keys, layer.key_norm), values),
            dim=1,
        )

    def _rest_of_layer(self, layer: Layer, hidden: Tensor, mixed: Tensor) -> Tensor:
        hidden = hidden + layer.attention_out(mixed)
        both = layer.gate_and_up(self._normed(hidden, layer.feed_norm))
        gate, up = both.chunk(2, dim=1)
        return hidden + layer.down(functional.silu(gate).mul_(up))

    def _normed(self, rows: Tensor, weight: Tensor) -> Tensor:
        return functional.rms_norm(rows, weight.shape, weight, self.epsilon)

    def _logits(self, hidden: Tensor) -> Tensor:
        return self.head(self._normed(hidden, self.norm))
