"""Layers of a model with packed weights."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from bot.generation.cpu.compiled import products
from bot.generation.cpu.packing import Packed
from bot.generation.cpu.product_code import GROUP, MOST_ROWS, OUTPUTS, product_name
from bot.generation.cpu.quantising_code import QUANTISE


@dataclass(frozen=True, slots=True)
class QuantisedRows:
    """Rows of inputs in int8. ``x`` is (rows, inputs), the others (rows, inputs / 32)."""

    x: Tensor
    scales: Tensor
    sums: Tensor


def quantise_rows(rows: Tensor) -> QuantisedRows:
    """Quantise rows of shape (rows, inputs); inputs are a multiple of 32."""
    rows = rows.float().contiguous()
    count, inputs = rows.shape
    groups = inputs // GROUP
    x = torch.empty(count, inputs, dtype=torch.int8)
    kept = torch.empty(2, count, groups)
    products().run(
        QUANTISE,
        rows.data_ptr(),
        x.data_ptr(),
        kept[0].data_ptr(),
        kept[1].data_ptr(),
        count * groups,
    )
    return QuantisedRows(x, kept[0], kept[1])


def multiply(rows: QuantisedRows, weight: Packed) -> Tensor:
    """The product, shape (rows, outputs), in fp32."""
    count, groups = rows.scales.shape
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
            rows.x[done].data_ptr(),
            rows.scales[done].data_ptr(),
            rows.sums[done].data_ptr(),
            out[done].data_ptr(),
            groups,
            blocks,
            tiles,
            blocks * OUTPUTS,
        )
        done += tiles * together
    return out[:, : weight.outputs]


class PackedLinear(nn.Module):
    """A linear layer with a packed weight. Inputs may be of any kind; outputs are of the same."""

    def __init__(self, weight: Packed, bias: Tensor | None) -> None:
        super().__init__()
        self.weight = weight
        self.bias = bias

    def forward(self, inputs: Tensor) -> Tensor:
        """Multiply; ``inputs`` has shape (…, inputs), the result (…, outputs)."""
        product = multiply(quantise_rows(inputs.reshape(-1, inputs.shape[-1])), self.weight)
        if self.bias is not None:
            product = product + self.bias
        return product.to(inputs.dtype).reshape(*inputs.shape[:-1], self.weight.outputs)
