"""Mixed precision: bf16 weights, fp32 where it pays."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from bot.config_choices import Precision
from bot.generation import precision
from bot.generation.precision import FEW_ROWS, MixedLinear, choose_precision, make_mixed


@pytest.mark.parametrize("rows", [1, FEW_ROWS - 1, FEW_ROWS, 8, 130])
@pytest.mark.parametrize(("width", "outputs"), [(64, 48), (100, 333), (7, 1)])
@pytest.mark.parametrize("bias", [True, False])
def test_a_mixed_layer_gives_what_the_layer_gave(
    rows: int, width: int, outputs: int, bias: bool
) -> None:
    torch.manual_seed(rows)
    plain = nn.Linear(width, outputs, bias=bias)
    plain.weight.data = plain.weight.data.bfloat16().float()
    inputs = torch.randn(1, rows, width)
    mixed = MixedLinear(plain, torch.empty(1000))

    expected, actual = plain(inputs), mixed(inputs)

    assert actual.shape == expected.shape
    assert actual.dtype == torch.float32
    torch.testing.assert_close(actual, expected, rtol=2e-2, atol=2e-2)
    if rows >= FEW_ROWS:  # the wide path loses nothing
        torch.testing.assert_close(actual, expected, rtol=1e-5, atol=1e-5)


def test_a_mixed_model_computes_in_fp32_with_weights_in_bf16() -> None:
    model = nn.Sequential(nn.Embedding(50, 16), nn.LayerNorm(16), nn.Linear(16, 4)).bfloat16()

    make_mixed(model)

    assert {p.dtype for p in model.parameters()} == {torch.float32}
    assert {b.dtype for b in model.buffers()} == {torch.bfloat16}
    assert model(torch.tensor([[1, 2, 3]])).dtype == torch.float32


@pytest.mark.parametrize("able", [True, False])
def test_auto_follows_what_the_processor_can_do(
    able: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        precision.torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: able, raising=False
    )
    expected = Precision.BF16 if able else Precision.MIXED

    assert choose_precision(Precision.AUTO, torch.device("cpu")) is expected
    assert choose_precision(Precision.AUTO, torch.device("cuda")) is Precision.BF16
    assert choose_precision(Precision.FP32, torch.device("cpu")) is Precision.FP32
