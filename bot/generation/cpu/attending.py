"""Attention of rows in all layers of one step: where everything lies is worked out once."""

from __future__ import annotations

from collections.abc import Sequence as Rows

import torch
from torch import Tensor
from torch.nn import functional

from bot.generation.cpu.attention_code import ATTEND, BLOCK, PLACE, AttentionShape
from bot.generation.cpu.compiled import attends_pieces, attention
from bot.generation.cpu.piece_code import ATTEND_PIECE, tile_rows
from bot.generation.cpu.product_code import MOST_ROWS
from bot.generation.cpu.sequences import Sequence

_VALUE_BYTES = 2  # bf16


class Attending:
    """Rows of one step: tokens at ``positions`` of ``sequences``, one of each for every row.

    ``cosines`` and ``sines`` have shape (rows, dimensions / 2).
    """

    def __init__(
        self,
        shape: AttentionShape,
        layers: int,
        sequences: Rows[Sequence],
        positions: Rows[int],
        angles: tuple[Tensor, Tensor],
    ) -> None:
        self._shape = shape
        self._functions = attention(shape)
        self._count = len(positions)
        self._cosines, self._sines = angles
        self._start = positions[0]
        self._positions = torch.tensor(positions)
        self._lengths = self._positions + 1
        self._room = torch.tensor([sequence.room for sequence in sequences])
        sizes = self._room * (shape.key_heads * shape.dimensions * _VALUE_BYTES)
        before = torch.arange(layers).unsqueeze(1) * sizes
        self._keys = before + torch.tensor([sequence.keys.data_ptr() for sequence in sequences])
        self._values = before + torch.tensor([sequence.values.data_ptr() for sequence in sequences])
        self._queries = torch.empty(self._count, shape.query_heads * shape.dimensions)
        self._width = -(-(max(positions) + 1) // BLOCK) * BLOCK

    def place(self, layer: int, rows: Tensor) -> None:
        """Turn queries and keys of ``rows`` and put keys and values where they belong."""
        self._functions.run(
            PLACE,
            rows.data_ptr(),
            self._cosines.data_ptr(),
            self._sines.data_ptr(),
            self._queries.data_ptr(),
            self._keys.data_ptr() + self._row_of(layer),
            self._values.data_ptr() + self._row_of(layer),
            self._positions.data_ptr(),
            self._room.data_ptr(),
            self._count,
            brief=self._count <= MOST_ROWS,
        )

    def attend(self, layer: int, rows: Tensor) -> Tensor:
        """What each row finds in its own past, itself included; for few rows."""
        self.place(layer, rows)
        scores = torch.empty(self._count, self._shape.query_heads, self._width)
        mixed = torch.empty_like(self._queries)
        self._functions.run(
            ATTEND,
            self._queries.data_ptr(),
            self._keys.data_ptr() + self._row_of(layer),
            self._values.data_ptr() + self._row_of(layer),
            self._lengths.data_ptr(),
            scores.data_ptr(),
            mixed.data_ptr(),
            self._room.data_ptr(),
            self._width,
            self._count,
        )
        return mixed

    def attend_together(self, layer: int, rows: Tensor, sequence: Sequence) -> Tensor:
        """The same for many rows that follow each other in one sequence."""
        self.place(layer, rows)
        if attends_pieces(self._shape):
            return self._attend_piece(layer, sequence)
        return self._attend_with_torch(layer, sequence)

    def _attend_piece(self, layer: int, sequence: Sequence) -> Tensor:
        queries = self._queries.bfloat16()
        scores = torch.empty(torch.get_num_threads(), tile_rows(self._shape), self._width)
        mixed = torch.empty_like(self._queries)
        self._functions.run(
            ATTEND_PIECE,
            queries.data_ptr(),
            sequence.keys[layer].data_ptr(),
            sequence.values[layer].data_ptr(),
            scores.data_ptr(),
            mixed.data_ptr(),
            sequence.room,
            self._start,
            self._count,
            self._width,
            0,
        )
        return mixed

    def _attend_with_torch(self, layer: int, sequence: Sequence) -> Tensor:
        shape, end = self._shape, self._start + self._count
        keys = sequence.keys[layer, :, : self._width // BLOCK].transpose(2, 3)
        found = functional.scaled_dot_product_attention(
            self._queries.view(1, self._count, shape.query_heads, -1).transpose(1, 2).bfloat16(),
            keys.reshape(1, shape.key_heads, self._width, shape.dimensions)[:, :, :end],
            sequence.values[layer, :, :end].unsqueeze(0),
            attn_mask=torch.ones(self._count, end, dtype=torch.bool).tril_(self._start),
            scale=1.0,  # queries are scaled already
            enable_gqa=shape.shared > 1,
        )
        return found[0].transpose(0, 1).reshape(self._count, -1).float()

    def _row_of(self, layer: int) -> int:
        return layer * self._count * self._room.element_size()
