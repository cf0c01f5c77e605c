"""Weights in 4 or 8 bits, packed the way the compiled products read them.

Models that were kept in few bits before (GGUF files) lie on a grid in every group of 32 weights. It
is found again: of several grids the one with the least error is taken, so what was 4 bits once is
not rounded a second time.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from bot.generation.cpu.product_code import BYTE, GROUP, GROUP_BYTES, HALF_BYTE, OUTPUTS

_STEPS = (15, 14, 13, 12)
"""Between the smallest and the largest weight of a group lie so many steps of its grid. Rounding
of the scale that the grid was made with leaves the ends unused now and then."""

_ROUNDS = 2
"""How often scale and offset are fitted to the rounded weights."""

_AT_ONCE = 1 << 16
"""Groups that are packed at once; more would only take more memory."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A weight of shape (outputs, inputs) in ``bits``; ``data`` is padded to whole blocks."""

    data: Tensor
    bits: int
    outputs: int
    inputs: int
    error: float
    """Root of the mean squared difference, as a share of the root of the mean squared weight."""


def can_pack(weight: Tensor) -> bool:
    """Whether a weight of shape (outputs, inputs) has inputs in whole groups."""
    return weight.shape[-1] % GROUP == 0


def pack(weight: Tensor, bits: int) -> Packed:
    """Pack a weight of shape (outputs, inputs); inputs are a multiple of 32."""
    outputs, inputs = weight.shape
    groups = inputs // GROUP
    blocks = -(-outputs // OUTPUTS)
    data = torch.zeros(blocks, groups, GROUP_BYTES[bits], dtype=torch.uint8)
    step = max(1, _AT_ONCE // (groups * OUTPUTS))
    squared_error = squared = 0.0
    for start in range(0, blocks, step):
        stop = min(blocks, start + step)
        piece = weight[start * OUTPUTS : stop * OUTPUTS].float()
        missing = (stop - start) * OUTPUTS - len(piece)
        if missing:
            piece = torch.cat((piece, piece.new_zeros(missing, inputs)))
        values = piece.view(-1, OUTPUTS, groups, GROUP)
        quantised, scale, offset = _fit4(values) if bits == HALF_BYTE else _fit8(values)
        error = quantised * scale + offset - values
        squared_error += float(error.square().sum())
        squared += float(values.square().sum())
        data[start:stop] = _laid_out(quantised.to(torch.uint8), scale, offset, bits)
    return Packed(
        data.flatten(), bits, outputs, inputs, (squared_error / max(squared, 1e-30)) ** 0.5
    )


def _fit4(values: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Numbers from 0 to 15 with scale and offset (both exact in fp16), per group of ``values``."""
    low = values.amin(-1, keepdim=True)
    span = values.amax(-1, keepdim=True) - low
    best: tuple[Tensor, Tensor, Tensor] | None = None
    least = torch.zeros(())
    for steps in _STEPS:
        scale, offset = span / steps, low
        for _ in range(_ROUNDS):
            scale, offset = _refitted(values, _rounded4(values, scale, offset), scale, offset)
        scale, offset = scale.half().float(), offset.half().float()
        quantised = _rounded4(values, scale, offset)
        error = (quantised * scale + offset - values).square().sum(-1, keepdim=True)
        if best is None:
            best, least = (quantised, scale, offset), error
            continue
        better = error < least
        least = torch.where(better, error, least)
        fresh = (quantised, scale, offset)
        best = (
            torch.where(better, fresh[0], best[0]),
            torch.where(better, fresh[1], best[1]),
            torch.where(better, fresh[2], best[2]),
        )
    assert best is not None  # noqa: S101 - there is more than one way to step
    return best


def _rounded4(values: Tensor, scale: Tensor, offset: Tensor) -> Tensor:
    return ((values - offset) / scale.where(scale > 0, torch.ones(()))).round_().clamp_(0, 15)


def _refitted(
    values: Tensor, quantised: Tensor, scale: Tensor, offset: Tensor
) -> tuple[Tensor, Tensor]:
    """Scale and offset with the least squared error for these whole numbers."""
    mean_q = quantised.mean(-1, keepdim=True)
    mean_v = values.mean(-1, keepdim=True)
    spread = (quantised - mean_q).square().sum(-1, keepdim=True)
    shared = ((quantised - mean_q) * (values - mean_v)).sum(-1, keepdim=True)
    fitted = torch.where(spread > 0, shared / spread.clamp_min(1e-12), scale)
    sound = fitted > 0
    scale = torch.where(sound, fitted, scale)
    return scale, torch.where(sound, mean_v - scale * mean_q, offset)


def _fit8(values: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Numbers from 1 to 255, of which 128 stands for 0."""
    scale = (values.abs().amax(-1, keepdim=True) / 127).half().float()
    quantised = (values / scale.where(scale > 0, torch.ones(()))).round_().clamp_(-127, 127) + 128
    return quantised, scale, -128 * scale


def _laid_out(quantised: Tensor, scale: Tensor, offset: Tensor, bits: int) -> Tensor:
    """Bytes in the order of :mod:`bot.generation.cpu.product_code`."""
    blocks, outputs, groups, _ = quantised.shape
    if bits == HALF_BYTE:
        halves = quantised.view(blocks, outputs, groups, 4, 2, 4)
        joined = halves[..., 0, :] | (halves[..., 1, :] << 4)  # (block, output, group, piece, four)
    else:
        joined = quantised.view(blocks, outputs, groups, 8, 4)
    numbers = joined.permute(0, 2, 3, 1, 4).reshape(blocks, groups, -1)
    tails = [scale] if bits == BYTE else [scale, offset]
    tail_bytes = [
        t.squeeze(-1).permute(0, 2, 1).contiguous().half().view(torch.uint8) for t in tails
    ]
    return torch.cat((numbers, *tail_bytes), dim=-1)
