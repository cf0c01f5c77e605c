"""Products of rows with packed weights."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import torch
from torch import Tensor

from bot.generation.cpu.compiled import products
from bot.generation.cpu.packing import Packed
from bot.generation.cpu.product_code import GROUP, MOST_ROWS, OUTPUTS, SPAN, product_name
from bot.generation.cpu.quantising_code import GATED, NORMED, PLAIN

_FLOAT_BYTES = 4


@dataclass(frozen=True, slots=True)
class QuantisedRows:
    """Rows of inputs in int8.

    ``x`` is (rows, inputs), ``scales`` (rows, inputs / 128, rounded up), ``sums`` (rows, inputs /
    32): of ``x``.
    """

    x: Tensor
    scales: Tensor
    sums: Tensor


def quantise_rows(rows: Tensor) -> QuantisedRows:
    """Quantise rows of shape (rows, inputs); inputs are a multiple of 32."""
    return _quantised(PLAIN, rows, rows.shape[1])


def quantise_normed(rows: Tensor, weight: Tensor, epsilon: float) -> QuantisedRows:
    """The RMS norms of the rows, quantised. ``weight`` is fp32."""
    return _quantised(NORMED, rows, rows.shape[1], weight.data_ptr(), _bits(epsilon))


def quantise_gated(rows: Tensor) -> QuantisedRows:
    """``silu(gate) * up``, quantised. A row has all its gates first, and they are overwritten."""
    return _quantised(GATED, rows, rows.shape[1] // 2)


def _quantised(
    how: str, rows: Tensor, inputs: int, weight: int = 0, epsilon: int = 0
) -> QuantisedRows:
    rows = rows.float().contiguous()
    count, groups = len(rows), inputs // GROUP
    x = torch.empty(count, inputs, dtype=torch.int8)
    scales = torch.empty(count, -(-groups // SPAN))
    sums = torch.empty(count, groups)
    products().run(
        how,
        rows.data_ptr(),
        x.data_ptr(),
        scales.data_ptr(),
        sums.data_ptr(),
        groups,
        count,
        weight,
        epsilon,
        brief=count <= MOST_ROWS,
    )
    return QuantisedRows(x, scales, sums)


def _bits(value: float) -> int:
    """A double's bits as a whole number."""
    return int.from_bytes(struct.pack("<d", value), "little", signed=True)


def multiply(rows: QuantisedRows, weight: Packed) -> Tensor:
    """The product, shape (rows, outputs), in fp32."""
    count, groups = rows.sums.shape
    spans = rows.scales.shape[1]
    blocks = -(-weight.outputs // OUTPUTS)
    out = torch.empty(count, blocks * OUTPUTS)
    functions = products()
    done = 0
    while done < count:
        together = min(MOST_ROWS, count - done)
        tiles = (count - done) // together
        functions.run(
            product_name(weight.bits, together),
            weight.data.data_ptr(),
            rows.x.data_ptr() + done * groups * GROUP,
            rows.scales.data_ptr() + done * spans * _FLOAT_BYTES,
            rows.sums.data_ptr() + done * groups * _FLOAT_BYTES,
            out.data_ptr() + done * blocks * OUTPUTS * _FLOAT_BYTES,
            groups,
            blocks,
            tiles,
            blocks * OUTPUTS,
        )
        done += tiles * together
    return out if weight.outputs == out.shape[1] else out[:, : weight.outputs].contiguous()
