"""How weights are stored and multiplied.

A processor with bf16 arithmetic (AVX512-BF16, AMX, or a GPU) runs a bf16 model as it is. One
without it still gains from bf16 *storage*, because writing one token at a time is bound by memory
traffic, but loses when many rows are multiplied at once: torch then computes bf16 products row by
row. Measured with a 0.5B model on two AVX2 cores: reading a prompt 24 tokens/s in bf16 against 125
in fp32, writing 7 against 4. The ``mixed`` precision takes the better half of both: weights stay
bf16; few rows multiply in bf16; many rows multiply in fp32 against blocks of the weight that are
widened into a buffer small enough for the processor's cache.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from bot.config_choices import Precision

FEW_ROWS = 7
"""From this many rows on, widening the weights costs less than multiplying row by row in bf16."""

BLOCK_ELEMENTS = 1 << 20
"""Weights widened at a time: 4 MiB of fp32, which the second and third level caches hold."""


def choose_precision(wanted: Precision, device: torch.device) -> Precision:
    """The precision of a transformers model where the setting says ``auto``."""
    if wanted is not Precision.AUTO:
        return wanted
    if device.type != "cpu" or torch.ops.mkldnn._is_mkldnn_bf16_supported():  # noqa: SLF001
        return Precision.BF16
    return Precision.MIXED


class MixedLinear(nn.Module):
    """A linear layer with a bf16 weight and fp32 inputs, outputs and bias.

    ``weight`` has shape (out_features, in_features). Not safe to run in two threads at once, since
    all layers of a model share one ``block`` buffer; the engine computes in a single thread.
    """

    weight: Tensor

    def __init__(self, linear: nn.Linear, block: Tensor) -> None:
        super().__init__()
        self.register_buffer("weight", linear.weight.data.to(torch.bfloat16), persistent=False)
        bias: Tensor | None = linear.bias  # torch's own annotation leaves out the None
        self.bias = bias if bias is None else nn.Parameter(bias.data.float(), requires_grad=False)
        self._block = block

    def forward(self, inputs: Tensor) -> Tensor:
        """Multiply; ``inputs`` has shape (…, in_features), the result (…, out_features)."""
        rows = inputs.reshape(-1, inputs.shape[-1])
        if rows.shape[0] < FEW_ROWS:
            product = functional.linear(rows.to(self.weight.dtype), self.weight).to(inputs.dtype)
        else:
            product = self._many_rows(rows)
        if self.bias is not None:
            product = product + self.bias
        return product.reshape(*inputs.shape[:-1], self.weight.shape[0])

    def _many_rows(self, rows: Tensor) -> Tensor:
        # weight @ rows.T rather than rows @ weight.T: about twice as fast for 8 to 64 rows.
        outputs, width = self.weight.shape
        columns = rows.float().t()
        product = torch.empty(outputs, rows.shape[0])
        step = max(1, self._block.numel() // width)
        for start in range(0, outputs, step):
            stop = min(outputs, start + step)
            block = self._block[: (stop - start) * width].view(stop - start, width)
            block.copy_(self.weight[start:stop])
            torch.mm(block, columns, out=product[start:stop])
        return product.t().to(rows.dtype)


class MixedEmbedding(nn.Module):
    """A token embedding with a bf16 weight and fp32 outputs."""

    weight: Tensor

    def __init__(self, embedding: nn.Embedding) -> None:
        super().__init__()
        self.register_buffer("weight", embedding.weight.data.to(torch.bfloat16), persistent=False)

    def forward(self, token_ids: Tensor) -> Tensor:
        """Look tokens up."""
        return functional.embedding(token_ids, self.weight).float()


def make_mixed(model: nn.Module) -> None:
    """Turn a model's linear layers and embeddings into mixed ones and the rest into fp32, in place.

    Modules that are no plain ``nn.Linear`` or ``nn.Embedding`` are left as they are, in fp32.
    """
    widest = max(
        (m.in_features for m in model.modules() if type(m) is nn.Linear), default=BLOCK_ELEMENTS
    )
    block = torch.empty(max(BLOCK_ELEMENTS, widest))
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if type(child) is nn.Linear:
                setattr(parent, name, MixedLinear(child, block))
            elif type(child) is nn.Embedding:
                setattr(parent, name, MixedEmbedding(child))
    for parameter in model.parameters():
        parameter.data = parameter.data.float()
