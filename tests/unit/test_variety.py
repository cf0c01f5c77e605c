"""Chance among the likeliest tokens, row by row, and nothing at all in rows that want none."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from torch import Tensor

from bot.generation.variety import LIKELIEST, Variety

WORDS = 5000


def rows(count: int = 1, *, kind: torch.dtype = torch.float32) -> Tensor:
    """Scores as the engine gives them: those of ``kind``, widened."""
    chance = torch.Generator().manual_seed(3)
    return (torch.randn(count, WORDS, generator=chance) * 3).to(kind).float()


def wished(*varieties: float | None) -> Tensor:
    requests = [
        SimpleNamespace(
            state=SimpleNamespace(logit_processor_kwargs={} if v is None else {"variety": v})
        )
        for v in varieties
    ]
    return Variety().prepare_tensor_args(requests)


def chosen(scores: Tensor, *varieties: float, seed: int = 1) -> list[int]:
    process = Variety(torch.Generator().manual_seed(seed))
    tokens: list[int] = process(scores.clone(), wished(*varieties)).argmax(dim=1).tolist()
    return tokens


def drawn(scores: Tensor, variety: float, times: int) -> list[int]:
    return chosen(scores.expand(times, -1), *[variety] * times)


def test_rows_without_variety_keep_every_bit_alone_and_beside_others() -> None:
    scores = rows(4, kind=torch.bfloat16)
    # In bf16 the highest scores are often equal; which of them is taken must not change either.
    scores[0, [9, 700, 4000]] = scores[0].max()

    alone = Variety()(scores.clone(), wished(0.0, None, 0.0, 0.0))
    among = Variety()(scores.clone(), wished(0.0, 0.8, 0.0, 0.8))

    assert torch.equal(alone, scores)
    assert torch.equal(among[[0, 2]], scores[[0, 2]])
    assert among[0].argmax() == scores[0].argmax() == 9


def test_without_any_variety_no_chance_is_used_and_nothing_is_sorted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def sorting(*_: object, **__: object) -> None:
        raise AssertionError("150,000 scores were sorted for nothing")

    monkeypatch.setattr(Tensor, "topk", sorting)
    chance = torch.Generator().manual_seed(1)
    before = chance.get_state()

    Variety(chance)(rows(3), wished(0.0, None, 0.0))

    assert torch.equal(chance.get_state(), before)


def test_a_request_that_says_nothing_and_a_row_not_written_yet_have_no_variety() -> None:
    unwritten = torch.full((4,), 12345, dtype=torch.int32)
    Variety().fill_defaults(unwritten)

    for argument in (unwritten, wished(None, None)):
        assert torch.equal(argument.view(torch.float32), torch.zeros(len(argument)))


@pytest.mark.parametrize("variety", [0.1, 0.8, 1.0, 1.5])
def test_each_token_comes_as_often_as_its_likelihood_says(variety: float) -> None:
    scores, times = rows(), 20_000
    top = scores[0].topk(LIKELIEST)
    expected = (top.values / variety).softmax(dim=0)

    tokens = torch.tensor(drawn(scores, variety, times))

    seen = torch.tensor([(tokens == token).sum() / times for token in top.indices])
    deviation = (expected * (1 - expected) / times).sqrt()
    assert ((seen - expected).abs() <= 5 * deviation + 1e-4).all()


def test_only_the_likeliest_tokens_come_however_much_variety_is_wanted() -> None:
    scores = rows()
    likeliest = set(scores[0].topk(LIKELIEST).indices.tolist())

    assert set(drawn(scores, 1000.0, 3000)) == likeliest


def test_a_very_small_variety_is_the_likeliest_token() -> None:
    scores = rows()

    assert set(drawn(scores, 1e-30, 50)) == {int(scores.argmax())}


def test_rows_are_drawn_apart_and_a_seed_repeats_them() -> None:
    scores = rows().expand(30, -1)

    first = chosen(scores, *[1.0] * 30, seed=5)

    assert first == chosen(scores, *[1.0] * 30, seed=5)
    assert first != chosen(scores, *[1.0] * 30, seed=6)
    assert len(set(first)) > 5


def test_each_row_has_the_variety_of_its_own_request() -> None:
    scores = rows().expand(600, -1)

    tokens = chosen(scores, *[0.2, 5.0, 0.0] * 200)

    kinds = [len(set(tokens[row::3])) for row in range(3)]
    assert kinds[2] == 1 < kinds[0] < kinds[1] / 2


def test_a_vocabulary_may_be_smaller_than_the_choice() -> None:
    scores = rows()[:, :7]

    assert set(drawn(scores, 100.0, 500)) == set(range(7))


def test_arguments_beyond_the_rows_are_left_over_from_other_steps() -> None:
    scores = rows(2)

    assert torch.equal(Variety()(scores.clone(), wished(0.0, 0.0, 0.8)), scores)
