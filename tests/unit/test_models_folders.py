"""A model folder is judged without loading it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.errors import ModelCorruptError
from bot.generation.models.folders import check_folder


def write_safetensors(path: Path, values: int = 100) -> None:
    entry = {"dtype": "BF16", "shape": [values], "data_offsets": [0, 2 * values]}
    header = json.dumps({"__metadata__": {"format": "pt"}, "weight": entry}).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(2 * values))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')
    (tmp_path / "tokenizer.json").write_text("{}")
    write_safetensors(tmp_path / "model.safetensors")
    return tmp_path


def shard(folder: Path) -> None:
    """Turn the one weight file into two shards with an index."""
    (folder / "model.safetensors").rename(folder / "model-1-of-2.safetensors")
    write_safetensors(folder / "model-2-of-2.safetensors")
    weight_map = {"a": "model-1-of-2.safetensors", "b": "model-2-of-2.safetensors"}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))


def test_a_whole_model_passes(folder: Path) -> None:
    check_folder(folder)


def test_a_whole_model_in_shards_passes(folder: Path) -> None:
    shard(folder)
    check_folder(folder)


def lose(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def write(name: str, content: bytes) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes(content) and None


def lose_a_shard(folder: Path) -> None:
    shard(folder)
    (folder / "model-2-of-2.safetensors").unlink()


def break_the_index(folder: Path) -> None:
    shard(folder)
    (folder / "model.safetensors.index.json").write_text("{}")


def cut(folder: Path) -> None:
    weights = folder / "model.safetensors"
    os.truncate(weights, weights.stat().st_size - 1)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lose("config.json"), r"holds no model: config\.json is missing"),
        (write("config.json", b'{"model_ty'), r"config\.json is damaged: it is not JSON"),
        (write("config.json", b"\xff\xfe"), r"config\.json is damaged: it is not JSON"),
        (lose("tokenizer.json"), "has no tokenizer"),
        (lose("model.safetensors"), "no weights in the safetensors format"),
        (cut, r"model\.safetensors is damaged: it has \d+ bytes instead of"),
        (write("model.safetensors", b""), "it has only 0 bytes"),
        (write("model.safetensors", b"<html>404 not found</html>"), "it has only 26 bytes"),
        (write("model.safetensors", b"\x02" + bytes(7) + b"[]"), "does not begin like"),
        (write("model.safetensors", b"\x02" + bytes(7) + b"{{}}"), "does not begin like"),
        (
            write("model.safetensors", b"version https://git-lfs.github.com/spec/v1\noid sha256:0"),
            "Git LFS pointer",
        ),
        (lose_a_shard, r"model-2-of-2\.safetensors is damaged: it is missing"),
        (break_the_index, r"index\.json is damaged: it lists no weights"),
    ],
)
def test_damage_is_named(folder: Path, damage: Callable[[Path], None], message: str) -> None:
    damage(folder)

    with pytest.raises(ModelCorruptError, match=message):
        check_folder(folder)


def test_a_folder_with_only_a_gguf_file_points_at_it(tmp_path: Path) -> None:
    (tmp_path / "m.gguf").write_bytes(b"GGUF")

    with pytest.raises(ModelCorruptError, match=rf"name the file: {tmp_path}/m\.gguf"):
        check_folder(tmp_path)
