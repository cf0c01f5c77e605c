"""What the files of a model say about how it chats."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.cli.findings import of_models
from bot.config import Settings
from bot.errors import ModelCorruptError
from bot.generation.models.kinds import MOST_READ_TOKENS, ModelKind, describe_kind


def kind_of(folder: Path, config: object, **files: object) -> ModelKind:
    (folder / "config.json").write_text(json.dumps(config))
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_text(json.dumps(content))
    return describe_kind(folder)


def test_a_known_causal_model_is_batched(tmp_path: Path) -> None:
    assert kind_of(tmp_path, {"model_type": "qwen2"}) == ModelKind(
        has_template=False, is_encoder_decoder=False, is_batched=True
    )


@pytest.mark.parametrize("model_type", ["bloom", "gemma2", "made_up_yesterday", None, 3])
def test_a_model_that_no_test_has_seen_in_a_batch_is_not_put_into_one(
    model_type: object, tmp_path: Path
) -> None:
    assert not kind_of(tmp_path, {"model_type": model_type}).is_batched


@pytest.mark.parametrize(
    ("config", "read", "written"),
    [
        ({"max_position_embeddings": 128}, 128, 128),
        ({"relative_attention_num_buckets": 32, "n_positions": 512}, MOST_READ_TOKENS, None),
        ({"max_encoder_position_embeddings": 900, "max_decoder_position_embeddings": 90}, 900, 90),
        ({"encoder": {"max_position_embeddings": 70}, "decoder": {}}, 70, None),
    ],
)
def test_an_encoder_decoder_has_a_limit_for_each_part(
    config: dict[str, Any], read: int, written: int | None, tmp_path: Path
) -> None:
    kind = kind_of(tmp_path, {"is_encoder_decoder": True, "model_type": "qwen2", **config})

    assert (kind.is_encoder_decoder, kind.is_batched) == (True, False)
    assert (kind.most_read, kind.most_written) == (read, written)


def test_a_template_stands_in_one_of_several_files(tmp_path: Path) -> None:
    assert not kind_of(tmp_path, {}, tokenizer_config__json={"chat_template": None}).has_template
    assert kind_of(tmp_path, {}, tokenizer_config__json={"chat_template": "x"}).has_template
    (tmp_path / "tokenizer_config.json").unlink()
    (tmp_path / "chat_template.jinja").write_text("x")
    assert describe_kind(tmp_path).has_template


def test_a_damaged_configuration_is_said_to_be_damaged(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{")

    with pytest.raises(ModelCorruptError, match="damaged"):
        describe_kind(tmp_path)


def told(folder: Path) -> str:
    settings = Settings(_env_file=None, model=str(folder), data_dir=folder / "data")
    return "\n".join(f.text for f in of_models(settings, thoroughly=False) if f.is_well)


def test_the_doctor_tells_of_what_is_unusual(tmp_path: Path) -> None:
    header = json.dumps({}).encode()
    weights = len(header).to_bytes(8, "little") + header
    (tmp_path / "model.safetensors").write_bytes(weights)
    (tmp_path / "tokenizer.json").write_text("{}")
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bloom"}))
    text = told(tmp_path)
    assert "no chat template" in text
    assert "one reply at a time" in text

    (tmp_path / "config.json").write_text(json.dumps({"model_type": "llama"}))
    (tmp_path / "chat_template.jinja").write_text("x")
    text = told(tmp_path)
    assert "its files are there" in text
    assert "template" not in text
    assert "at a time" not in text
