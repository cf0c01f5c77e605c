"""A text's vector is made of its own tokens, all of them or the first, and of nothing else."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from support.random_encoder import DIMENSIONS, MOST_TOKENS, save_random_encoder
from transformers import BertModel

from bot.errors import ModelError
from bot.generation.models.encoders import describe_encoder
from bot.generation.quiet_threads import NICENESS
from bot.generation.sentence_model import SentenceModel, load_sentence_model, masked_mean


def loaded(folder: Path) -> SentenceModel:
    """In a thread of its own, which it makes a quiet one."""
    found: list[SentenceModel] = []
    description = describe_encoder(folder)
    thread = threading.Thread(target=lambda: found.append(load_sentence_model(folder, description)))
    thread.start()
    thread.join()
    return found[0]


def test_the_masked_mean_is_what_a_hand_computes() -> None:
    states = torch.tensor(
        [
            [[1.0, 2.0], [3.0, 6.0], [100.0, 100.0]],
            [[5.0, 7.0], [-50.0, 9.0], [8.0, 8.0]],
            [[1.0, 1.0], [2.0, 3.0], [3.0, 8.0]],
        ]
    )
    mask = torch.tensor([[1, 1, 0], [1, 0, 0], [1, 1, 1]])

    assert masked_mean(states, mask).tolist() == [[2.0, 4.0], [5.0, 7.0], [2.0, 4.0]]


@pytest.mark.parametrize("pools_first", [False, True])
def test_a_vector_is_the_pooled_state_of_a_text_on_its_own(
    tmp_path: Path, pools_first: bool
) -> None:
    save_random_encoder(tmp_path, pools_first=pools_first)
    model = loaded(tmp_path)
    tokens = model.split(["my dog is rex", "a", "tea"])

    vectors = model.encode(tokens)

    plain = BertModel.from_pretrained(tmp_path).eval()
    for row, text in zip(vectors, tokens, strict=True):
        with torch.no_grad():
            states = plain(torch.tensor([text])).last_hidden_state[0]
        pooled = (states[0] if pools_first else states.mean(dim=0)).numpy()
        assert row == pytest.approx(pooled / np.linalg.norm(pooled), abs=1e-5)


def test_a_long_text_is_cut_where_the_model_says(tmp_path: Path) -> None:
    save_random_encoder(tmp_path)

    long, longer, short = loaded(tmp_path).split(["a" * 50, "a" * 60 + "b", "abc"])

    assert long == longer
    assert len(long) == MOST_TOKENS
    assert len(short) == 5


def test_it_computes_alone_and_leaves_other_threads_as_they_are(tmp_path: Path) -> None:
    import os

    save_random_encoder(tmp_path)
    before = torch.get_num_threads()
    seen: dict[str, int] = {}

    def quietly() -> None:
        load_sentence_model(tmp_path, describe_encoder(tmp_path))
        seen["own"] = torch.get_num_threads()
        seen["nice"] = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    for target in (quietly, lambda: seen.update(later=torch.get_num_threads())):
        thread = threading.Thread(target=target)
        thread.start()
        thread.join()

    assert seen == {"own": 1, "nice": NICENESS, "later": before}
    assert torch.get_num_threads() == before


def test_a_folder_that_cannot_be_loaded_is_explained(tmp_path: Path) -> None:
    save_random_encoder(tmp_path)
    (tmp_path / "model.safetensors").unlink()

    with pytest.raises(ModelError, match="cannot be loaded"):
        load_sentence_model(tmp_path, describe_encoder(tmp_path))


def test_the_description_is_read_from_the_folder(tmp_path: Path) -> None:
    save_random_encoder(tmp_path)
    description = describe_encoder(tmp_path)
    assert (description.dimensions, description.most_tokens) == (DIMENSIONS, MOST_TOKENS)
    assert not description.pools_first

    (tmp_path / "sentence_bert_config.json").unlink()
    (tmp_path / "modules.json").unlink()
    (tmp_path / "1_Pooling" / "config.json").unlink()
    description = describe_encoder(tmp_path)
    assert description.most_tokens == 64  # its positions
    assert not description.pools_first


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("modules.json", [{"type": "sentence_transformers.models.Dense"}], "does not know: Dense"),
        ("1_Pooling/config.json", {"pooling_mode_max_tokens": True}, "pooling_mode_max_tokens"),
        (
            "1_Pooling/config.json",
            {"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": True},
            "pooling_mode_cls_token, pooling_mode_mean_tokens",
        ),
        ("1_Pooling/config.json", [], "does not hold what it should"),
        ("config.json", {"model_type": "vision"}, "is no sentence encoder"),
        ("config.json", "{", "cannot be read"),
    ],
)
def test_an_encoder_of_another_kind_is_refused(
    tmp_path: Path, file: str, content: object, said: str
) -> None:
    save_random_encoder(tmp_path)
    text = content if isinstance(content, str) else json.dumps(content)
    (tmp_path / file).write_text(text)

    with pytest.raises(ModelError, match=said):
        describe_encoder(tmp_path)
