"""Weights in 4, 6 or 8 bits, packed the way the compiled products read them.

Models that were kept in few bits before (GGUF files) lie on a grid in every group of 32 weights. It
is found again: of several grids the one with the least error is taken, so what was in few bits once
is not rounded a second time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from bot.generation.cpu.product_code import (
    BYTE,
    GROUP,
    GROUP_BYTES,
    HALF_BYTE,
    MIDDLE,
    OUTPUTS,
    SIX_BITS,
)

_STEPS = (15, 14, 13, 12)
"""Between the smallest and the largest weight of a group lie so many steps of its grid. Rounding
of the scale that the grid was made with leaves the ends unused now and then."""

_LARGEST = {SIX_BITS: (31, 16, 15), BYTE: (127,)}
"""What the largest weight of a group may become, where there is no offset. Weights that were kept
in 5 bits reach 16 or 15 steps of their grid."""

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
        ways = _from_lowest(values) if bits == HALF_BYTE else _around_zero(values, bits)
        quantised, scale, offset = _best(values, ways)
        error = quantised * scale + offset - values
        squared_error += float(error.square().sum())
        squared += float(values.square().sum())
        data[start:stop] = _laid_out(quantised.to(torch.uint8), scale, offset, bits)
    return Packed(
        data.flatten(), bits, outputs, inputs, (squared_error / max(squared, 1e-30)) ** 0.5
    )


_Fit = tuple[Tensor, Tensor, Tensor]
"""Whole numbers, with scale and offset (exact in fp16) for each group."""


def _best(values: Tensor, ways: Iterable[_Fit]) -> _Fit:
    """Of several ways to put groups on a grid the one with the least error, for each group."""
    best: _Fit | None = None
    least = torch.zeros(())
    for fit in ways:
        quantised, scale, offset = fit
        error = (quantised * scale + offset - values).square().sum(-1, keepdim=True)
        if best is None:
            best, least = fit, error
            continue
        better = error < least
        least = torch.where(better, error, least)
        best = (
            torch.where(better, quantised, best[0]),
            torch.where(better, scale, best[1]),
            torch.where(better, offset, best[2]),
        )
    assert best is not None  # noqa: S101 - there is at least one way
    return best


def _from_lowest(values: Tensor) -> Iterator[_Fit]:
    """Numbers from 0 to 15, of which 0 stands for the lowest weight of a group, or nearly so."""
    low = values.amin(-1, keepdim=True)
    span = values.amax(-1, keepdim=True) - low
    for steps in _STEPS:
        scale, offset = span / steps, low
        for _ in range(_ROUNDS):
            scale, offset = _refitted(values, _rounded4(values, scale, offset), scale, offset)
        scale, offset = scale.half().float(), offset.half().float()
        yield _rounded4(values, scale, offset), scale, offset


def _around_zero(values: Tensor, bits: int) -> Iterator[_Fit]:
    """Numbers of which the one in the middle stands for 0."""
    middle = MIDDLE[bits]
    largest = values.abs().amax(-1, keepdim=True)

    def rounded(scale: Tensor) -> Tensor:
        steps = values / scale.where(scale > 0, torch.ones(()))
        return steps.round_().clamp_(1 - middle, middle - 1)

    for most in _LARGEST[bits]:
        scale = largest / most
        for _ in range(_ROUNDS):
            steps = rounded(scale)
            squares = steps.square().sum(-1, keepdim=True)
            fitted = (steps * values).sum(-1, keepdim=True) / squares.clamp_min(1)
            scale = torch.where(squares > 0, fitted, scale)
        scale = scale.half().float()
        yield rounded(scale) + middle, scale, -middle * scale


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


def _laid_out(quantised: Tensor, scale: Tensor, offset: Tensor, bits: int) -> Tensor:
    """Bytes in the order of :mod:`bot.generation.cpu.product_code`."""
    blocks, outputs, groups, _ = quantised.shape
    fours = quantised.view(blocks, outputs, groups, GROUP // 4, 4)
    pieces = fours  # (block, output, group, piece, four)
    if bits != BYTE:
        low = fours & 15
        pieces = low[..., 0::2, :] | (low[..., 1::2, :] << 4)
    if bits == SIX_BITS:
        upper = fours >> 4
        joined = [upper[..., field::4, :] << (2 * field) for field in range(4)]
        pieces = torch.cat((pieces, joined[0] | joined[1] | joined[2] | joined[3]), dim=-2)
    numbers = pieces.permute(0, 2, 3, 1, 4).reshape(blocks, groups, -1)
    tails = [scale, offset] if bits == HALF_BYTE else [scale]
    tail_bytes = [
        t.squeeze(-1).permute(0, 2, 1).contiguous().half().view(torch.uint8) for t in tails
    ]
    return torch.cat((numbers, *tail_bytes), dim=-1)
