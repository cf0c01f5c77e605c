"""A decoder with packed weights against the transformers model it was made from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from support.packable import KINDS, WORDS, needs_vnni, tiny_decoder, tiny_model
from torch import Tensor
from transformers import AutoConfig

from bot.config_choices import Precision
from bot.generation.cpu import loading, saving
from bot.generation.cpu.building import has_usual_build
from bot.generation.cpu.decoder import Decoder
from bot.generation.cpu.loading import bits_for, load_packed, was_coarse
from bot.generation.cpu.saving import (
    PackedModel,
    load_saved,
    new_rotary,
    save_packed,
    total_bytes,
)
from bot.generation.cpu.sequences import Sequence, new_sequence

pytestmark = needs_vnni

TOKENS = torch.Generator().manual_seed(3)
PROMPT = torch.randint(0, WORDS, (70,), generator=TOKENS).tolist()


def opened(decoder: Decoder, room: int = 128) -> Sequence:
    return new_sequence(len(decoder.layers), decoder.shape, room)


def far(one: Tensor, other: Tensor) -> float:
    return float((one - other).norm() / other.norm())


@pytest.mark.parametrize("kind", KINDS)
def test_it_says_what_the_model_says(kind: str) -> None:
    model, decoder = tiny_model(kind), tiny_decoder(kind)
    with torch.inference_mode():
        expected = model.float()(torch.tensor([PROMPT])).logits[0]
        found = decoder.read_piece(opened(decoder), PROMPT, answers=len(PROMPT))

    assert far(found, expected) < 0.07  # two ways of rounding, in two layers
    assert float((found.argmax(1) == expected.argmax(1)).float().mean()) > 0.85


@pytest.mark.parametrize("kind", KINDS)
def test_pieces_and_single_rows_say_the_same(kind: str) -> None:
    decoder = tiny_decoder(kind)
    with torch.inference_mode():
        whole = decoder.read_piece(opened(decoder), PROMPT, answers=6)
        sequence = opened(decoder)
        decoder.read_piece(sequence, PROMPT[:33], answers=0)
        decoder.read_piece(sequence, PROMPT[33:64], answers=0)
        together = decoder.read_some([(sequence, token) for token in PROMPT[64:]])

    assert sequence.tokens == PROMPT
    assert far(together, whole) < 0.04  # attention rounds in bf16 in one of them


def test_rows_of_many_sequences_do_not_mix() -> None:
    decoder = tiny_decoder()
    with torch.inference_mode():
        alone = []
        for length in (5, 17, 40):
            sequence = opened(decoder)
            decoder.read_piece(sequence, PROMPT[:length], answers=0)
            alone.append(decoder.read_some([(sequence, 9)])[0])
        sequences = [opened(decoder, room) for room in (16, 64, 128)]
        for sequence, length in zip(sequences, (5, 17, 40), strict=True):
            decoder.read_piece(sequence, PROMPT[:length], answers=0)
        together = decoder.read_some([(sequence, 9) for sequence in sequences])

    for found, expected in zip(together, alone, strict=True):
        torch.testing.assert_close(found, expected)


def test_what_was_read_can_be_taken_back() -> None:
    decoder = tiny_decoder()
    with torch.inference_mode():
        sequence = opened(decoder)
        decoder.read_piece(sequence, PROMPT[:20], answers=0)
        straight = decoder.read_some([(sequence, 7)])
        del sequence.tokens[20:]
        decoder.read_some([(sequence, 8), (sequence, 9)])
        del sequence.tokens[20:]
        again = decoder.read_some([(sequence, 7)])

    torch.testing.assert_close(again, straight)


def test_it_comes_back_from_disk_as_it_was(tmp_path: Path) -> None:
    model, decoder = tiny_model("qwen3"), tiny_decoder("qwen3")
    save_packed(PackedModel(decoder, Precision.INT8), tmp_path / "deep" / "model.safetensors")

    found = load_saved(
        tmp_path / "deep" / "model.safetensors", new_rotary(type(model), model.config)
    )

    assert found is not None
    assert found.precision is Precision.INT8
    again = found.decoder
    assert total_bytes(again) == total_bytes(decoder)
    with torch.inference_mode():
        expected = decoder.read_piece(opened(decoder), PROMPT)
        assert torch.equal(again.read_piece(opened(again), PROMPT), expected)
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["model.safetensors"]


@pytest.mark.parametrize("kept", [b"", b"not a model", None])
def test_a_file_that_cannot_be_read_is_none(tmp_path: Path, kept: bytes | None) -> None:
    path = tmp_path / "model.safetensors"
    if kept is not None:
        path.write_bytes(kept)

    assert load_saved(path, None) is None


def test_a_file_that_another_process_removes_meanwhile_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model.safetensors"
    path.touch()

    def too_late(path: Path, framework: str) -> object:
        path.unlink()
        return safe_open(path, framework=framework)

    monkeypatch.setattr(saving, "safe_open", too_late)

    assert load_saved(path, None) is None


def saved(folder: Path, kind: str = "qwen2") -> Path:
    tiny_model(kind).save_pretrained(folder)
    return folder


def load(folder: Path, kept: Path | None, loads: list[int], precision: Precision) -> Any:
    def whole() -> object:
        loads.append(1)
        return tiny_model()

    return load_packed(
        folder,
        AutoConfig.from_pretrained(folder),
        precision,
        whole,
        context_tokens=256,
        keep_in=kept,
    )


def test_a_model_is_packed_once(tmp_path: Path) -> None:
    folder, kept, loads = saved(tmp_path / "model"), tmp_path / "kept", []
    first = load(folder, kept, loads, Precision.AUTO)
    second = load(folder, kept, loads, Precision.AUTO)

    assert len(loads) == 1
    assert first.precision is second.precision is Precision.INT8  # it was no 4-bit model

    (file,) = kept.iterdir()
    file.write_bytes(file.read_bytes()[:500])  # as a full disk would leave it
    load(folder, kept, loads, Precision.AUTO)
    assert len(loads) == 2

    saved(folder, "llama")  # other weights under the same name
    load(folder, kept, loads, Precision.AUTO)
    assert len(loads) == 3
    assert len(list(kept.iterdir())) == 1  # the old ones are of no use any more


def test_auto_does_not_take_what_was_tried_in_between(tmp_path: Path) -> None:
    folder, kept, loads = saved(tmp_path / "model"), tmp_path / "kept", []
    tried = load(folder, kept, loads, Precision.INT4)
    chosen = load(folder, kept, loads, Precision.AUTO)

    assert tried.precision is Precision.INT4
    assert chosen.precision is Precision.INT8
    assert load(folder, kept, loads, Precision.INT4).precision is Precision.INT4
    assert len(loads) == 2


@pytest.mark.parametrize("name", ["model", "model[1]"])
def test_packing_removes_what_was_packed_of_that_model_alone(tmp_path: Path, name: str) -> None:
    kept = tmp_path / "kept"
    longer = saved(tmp_path / f"{name}-instruct")
    load(longer, kept, [], Precision.INT8)
    (others,) = kept.iterdir()
    own = "-0123456789abcdef-int8.safetensors"
    for stale in (own, f"{own}.1.part"):
        (kept / f"{name}{stale}").touch()

    load(saved(tmp_path / name), kept, [], Precision.INT8)

    assert others.exists()
    assert not list(kept.glob("*0123456789abcdef*"))
    assert len(list(kept.iterdir())) == 2


def test_a_full_disk_costs_the_next_start_some_time_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(loading, "save_packed", full)
    loads: list[int] = []

    assert load(saved(tmp_path / "model"), tmp_path / "kept", loads, Precision.INT4) is not None


def of_steps(lowest: int, highest: int) -> Tensor:
    """A weight that was kept in so many steps."""
    torch.manual_seed(1)
    steps = torch.randint(lowest, highest + 1, (16, 64))
    steps[:, ::32] = lowest
    return steps.float()


@pytest.mark.parametrize("coarse", [True, False])
@pytest.mark.parametrize(
    ("weight", "bits"),
    [
        (of_steps(0, 15), 4),
        (of_steps(-16, 15), 6),
        (of_steps(-31, 31), 6),
        (torch.randn(16, 64), 8),
    ],
    ids=["4 bits", "5 bits", "6 bits", "more"],
)
def test_a_weight_is_packed_in_as_few_bits_as_it_was_kept_in(
    weight: Tensor, bits: int, coarse: bool
) -> None:
    assert bits_for("x", weight, Precision.INT8, coarse=coarse) == bits
    assert bits_for("lm_head", weight, Precision.INT4, coarse=coarse) == bits
    assert bits_for("x", weight, Precision.INT4, coarse=coarse) == (bits if coarse else 4)


def test_a_model_of_4_bits_is_known_by_its_weights() -> None:
    model = tiny_model()
    assert not was_coarse(model)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_((parameter * 5).round().clamp(-7, 8))

    assert was_coarse(model)


def test_only_the_usual_build_is_packed() -> None:
    assert has_usual_build(tiny_model(), 256)
    assert has_usual_build(tiny_model("mistral", sliding_window=None), 256)
    assert has_usual_build(tiny_model("mistral", sliding_window=256), 256)
    assert not has_usual_build(tiny_model("mistral", sliding_window=128), 256)
    assert not has_usual_build(tiny_model(hidden_act="gelu"), 256)
    assert not has_usual_build(tiny_model(head_dim=16, hidden_size=64), 256)
    assert not has_usual_build(tiny_model(hidden_size=80), 256)
    assert not has_usual_build(tiny_model("llama", mlp_bias=True), 256)
