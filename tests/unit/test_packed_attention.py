"""Attention of our own for pieces of prompts, against torch's."""

from __future__ import annotations

import pytest
import torch
from support.packable import needs_vnni, tiny_decoder

from bot.generation.cpu import attending
from bot.generation.cpu.attending import Attending
from bot.generation.cpu.attention_code import AttentionShape
from bot.generation.cpu.compiled import attends_pieces
from bot.generation.cpu.piece_code import can_attend, tile_rows
from bot.generation.cpu.sequences import new_sequence

SHAPES = [
    AttentionShape(4, 2, 32),
    AttentionShape(12, 2, 128),
    AttentionShape(14, 2, 64),  # more heads share a key than go into half a tile
    AttentionShape(16, 1, 64),  # one token fills a tile
    AttentionShape(3, 3, 96),
]

pytestmark = needs_vnni
needs_pairs = pytest.mark.skipif(
    not attends_pieces(SHAPES[0]), reason="pairs in bf16 need a processor with AVX-512 BF16"
)


def found_both_ways(
    shape: AttentionShape, start: int, count: int, monkeypatch: pytest.MonkeyPatch
) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(start + count)
    sequence = new_sequence(2, shape, start + count)
    sequence.keys.normal_()
    sequence.values.normal_()
    angles = torch.randn(count, shape.dimensions // 2)
    heads = shape.query_heads + 2 * shape.key_heads
    rows = torch.randn(count, heads * shape.dimensions)
    found = []
    for ours in (True, False):
        monkeypatch.setattr(attending, "attends_pieces", lambda _, ours=ours: ours)
        piece = Attending(
            shape, 2, [sequence] * count, range(start, start + count), (angles.cos(), angles.sin())
        )
        found.append(piece.attend_together(1, rows, sequence))
    return found[0], found[1]


@needs_pairs
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize(("start", "count"), [(0, 1), (0, 9), (0, 70), (33, 31), (240, 96)])
def test_rows_find_what_they_find_with_torch(
    shape: AttentionShape, start: int, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, torchs = found_both_ways(shape, start, count, monkeypatch)

    assert float((ours - torchs).norm() / torchs.norm()) < 0.004  # the shares are rounded to bf16


@needs_pairs
def test_a_row_does_not_see_what_comes_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    shape = SHAPES[1]
    sequence = new_sequence(1, shape, 64)
    rows = torch.randn(40, 16 * shape.dimensions)
    angles = (torch.ones(40, 64), torch.zeros(40, 64))
    piece = Attending(shape, 1, [sequence] * 40, range(40), angles)
    before = piece.attend_together(0, rows, sequence).clone()

    rows[23:] = 9.0
    after = piece.attend_together(0, rows, sequence)

    assert torch.equal(after[:23], before[:23])
    assert not torch.equal(after[23:], before[23:])


def test_heads_that_do_not_fit_together_are_left_to_torch() -> None:
    assert can_attend(AttentionShape(24, 1, 64))
    assert not can_attend(AttentionShape(32, 1, 64))
    assert not attends_pieces(AttentionShape(32, 1, 64))
    assert [tile_rows(shape) for shape in SHAPES] == [12, 12, 7, 16, 12]


def test_a_processor_without_such_pairs_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    decoder = tiny_decoder()
    prompt = list(range(90))

    def logits() -> torch.Tensor:
        with torch.inference_mode():
            return decoder.read_piece(
                new_sequence(len(decoder.layers), decoder.shape, 96), prompt, answers=90
            )

    usual = logits()
    monkeypatch.setattr(attending, "attends_pieces", lambda _: False)

    assert float((logits() - usual).norm() / usual.norm()) < 0.05
