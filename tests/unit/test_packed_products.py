"""Packed weights and the functions that are compiled for them, against plain arithmetic."""

from __future__ import annotations

import pytest
import torch
from support.packable import needs_vnni
from torch import Tensor
from torch.nn import functional

from bot.generation.cpu.linear import (
    QuantisedRows,
    multiply,
    quantise_gated,
    quantise_normed,
    quantise_rows,
)
from bot.generation.cpu.packing import Packed, pack
from bot.generation.cpu.product_code import GROUP, GROUP_BYTES, OUTPUTS, SPAN

pytestmark = needs_vnni


def unpacked(weight: Packed) -> Tensor:
    """The weight that packed bytes stand for, read one by one as the layout says."""
    groups = weight.inputs // GROUP
    blocks = weight.data.view(-1, groups, GROUP_BYTES[weight.bits])
    whole = torch.zeros(len(blocks) * OUTPUTS, weight.inputs)
    for b, block in enumerate(blocks):
        for g, group in enumerate(block):
            numbers = group[: 64 * weight.bits].view(weight.bits, OUTPUTS, 4).long()
            tail = group[64 * weight.bits :].view(torch.float16).float()
            scale = tail[:OUTPUTS]
            offset = tail[OUTPUTS:] if weight.bits == 4 else -(2 ** (weight.bits - 1)) * scale
            for four in range(GROUP // 4):
                piece, shift = numbers[four // 2 if weight.bits < 8 else four], 4 * (four % 2)
                q = piece if weight.bits == 8 else piece >> shift & 15
                if weight.bits == 6:
                    q = q | (numbers[4 + four // 4] >> (2 * (four % 4)) & 3) << 4
                k = g * GROUP + 4 * four
                rows = slice(b * OUTPUTS, (b + 1) * OUTPUTS)
                whole[rows, k : k + 4] = q * scale[:, None] + offset[:, None]
    return whole[: weight.outputs]


def stood_for(rows: QuantisedRows) -> Tensor:
    scales = rows.scales.repeat_interleave(GROUP * SPAN, dim=1)
    return rows.x * scales[:, : rows.x.shape[1]]


@pytest.mark.parametrize("bits", [4, 6, 8])
@pytest.mark.parametrize("rows", [1, 2, 3, 4, 5, 6, 7, 8, 9, 21, 64])
def test_a_product_is_that_of_what_the_bytes_stand_for(bits: int, rows: int) -> None:
    torch.manual_seed(rows)
    weight = pack(torch.randn(300, 352), bits)  # 300: the last block of outputs is not full
    quantised = quantise_rows(torch.randn(rows, 352))

    expected = stood_for(quantised) @ unpacked(weight).T

    torch.testing.assert_close(multiply(quantised, weight), expected, rtol=1e-4, atol=1e-4)


def test_a_product_does_not_depend_on_how_many_rows_there_are() -> None:
    torch.manual_seed(1)
    weight, rows = pack(torch.randn(64, 128), 4), torch.randn(13, 128)

    together = multiply(quantise_rows(rows), weight)

    for index, row in enumerate(rows):
        assert torch.equal(multiply(quantise_rows(row[None]), weight)[0], together[index])


def test_weights_on_a_grid_of_16_steps_are_found_again() -> None:
    torch.manual_seed(2)
    q = torch.randint(0, 16, (48, 4, 32))
    q[..., 0], q[..., 1] = 0, 15
    scale, offset = torch.rand(48, 4, 1) + 0.1, torch.randn(48, 4, 1)
    weight = (q * scale + offset).view(48, 128).bfloat16()

    assert pack(weight, 4).error < 0.003


def test_weights_that_use_a_part_of_their_grid_are_found_again() -> None:
    torch.manual_seed(3)
    q = torch.randint(0, 13, (48, 4, 32))
    q[..., 0], q[..., 1] = 0, 12
    weight = (q * (torch.rand(48, 4, 1) + 0.1)).view(48, 128).bfloat16()

    assert pack(weight, 4).error < 0.003


@pytest.mark.parametrize("largest", [15, 16, 31])
def test_weights_on_a_grid_around_zero_are_found_again(largest: int) -> None:
    torch.manual_seed(7)
    q = torch.randint(1 - largest, largest, (48, 4, 32))
    q[..., 0] = -largest
    weight = (q * (torch.rand(48, 4, 1) + 0.1)).view(48, 128).bfloat16()

    assert pack(weight, 6).error < 0.003


@pytest.mark.parametrize(("bits", "most"), [(4, 0.09), (6, 0.025), (8, 0.01)])
def test_any_weights_lose_little(bits: int, most: float) -> None:
    torch.manual_seed(4)
    weight = torch.randn(64, 256)
    packed = pack(weight, bits)

    assert packed.error < most
    lost = (unpacked(packed) - weight).norm() / weight.norm()
    assert packed.error == pytest.approx(float(lost), rel=1e-3)


@pytest.mark.parametrize("bits", [4, 6, 8])
def test_weights_that_are_all_alike_are_kept(bits: int) -> None:
    weight = torch.cat((torch.zeros(16, 64), torch.full((16, 64), -0.25)))

    torch.testing.assert_close(unpacked(pack(weight, bits)), weight, rtol=1e-2, atol=1e-6)


def test_rows_are_quantised_to_a_127th_of_their_spans() -> None:
    torch.manual_seed(5)
    rows = torch.randn(7, 160) * 10 ** torch.randn(7, 1)
    quantised = quantise_rows(rows)

    spans = (rows[:, :128], rows[:, 128:])  # the last one is shorter
    largest = torch.stack([span.abs().amax(-1) for span in spans], dim=1)
    torch.testing.assert_close(quantised.scales, largest / 127)
    off = (stood_for(quantised) - rows).abs() / quantised.scales.repeat_interleave(128, 1)[:, :160]
    assert float(off.max()) <= 0.501
    assert torch.equal(quantised.sums, quantised.x.view(7, -1, GROUP).sum(-1).float())


def test_a_row_of_zeros_is_zero() -> None:
    quantised = quantise_rows(torch.zeros(2, 64))

    assert not quantised.x.any()
    assert not quantised.scales.any()


def test_norms_and_gates_are_done_on_the_way() -> None:
    torch.manual_seed(6)
    rows, weight = torch.randn(5, 128), torch.rand(128)

    normed = stood_for(quantise_normed(rows, weight, 1e-5))
    gated = stood_for(quantise_gated(rows.clone()))

    for found, expected in (
        (normed, functional.rms_norm(rows, (128,), weight, 1e-5)),
        (gated, functional.silu(rows[:, :64]) * rows[:, 64:]),
    ):
        again = stood_for(quantise_rows(expected))
        # The rounding may fall the other way where a number lies between two.
        step = expected.abs().max() / 127
        assert float((found - again).abs().max()) <= float(step) * 1.01
        assert float((found - expected).norm() / expected.norm()) < 0.015


def test_a_gate_far_out_neither_overflows_nor_underflows() -> None:
    gates = torch.tensor([-1000.0, -90.0, 0.0, 90.0, 1000.0]).repeat(32)[:32]
    quantised = quantise_gated(torch.cat((gates, torch.ones(32)))[None])

    expected = functional.silu(gates)
    assert bool(torch.isfinite(stood_for(quantised)).all())
    torch.testing.assert_close(stood_for(quantised)[0], expected, rtol=0, atol=1000 / 127)
