"""Whether a folder holds a model that transformers can load, judged without loading it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bot.errors import ModelCorruptError

_INDEX = "model.safetensors.index.json"
_TOKENIZERS = (
    "tokenizer.json",
    "tokenizer.model",
    "spiece.model",
    "sentencepiece.bpe.model",
    "vocab.json",
    "vocab.txt",
)
_PICKLED = frozenset({".bin", ".ckpt", ".pickle", ".pkl", ".pt", ".pth"})
_NAMED = 3
_GIT_LFS = b"version https://git-lfs"
_LENGTH_BYTES = 8  # a safetensors file begins with the length of its header


def check_folder(folder: Path, *, allow_pickled: bool = False) -> None:
    """Make sure that configuration, tokenizer and whole safetensors weights are there; quick.

    ``allow_pickled``: weights may be pickled instead, which says nothing of whether they are whole.
    Where there are both, the pickled ones are never opened.

    Raises:
        ModelCorruptError: says which file is missing or damaged and what to do.
    """
    if not (folder / "config.json").is_file():
        gguf = next(iter(sorted(folder.glob("*.gguf"))), None)
        hint = f" To use the GGUF file in it, name the file: {gguf}" if gguf else ""
        raise ModelCorruptError(
            f"The folder {folder} holds no model: config.json is missing.{hint}"
        )
    read_json(folder / "config.json")
    if not any((folder / name).is_file() for name in _TOKENIZERS):
        raise ModelCorruptError(
            f"The model in {folder} has no tokenizer: none of {', '.join(_TOKENIZERS)} is there. "
            "Download the folder again, with all its files."
        )
    for file in _weights(folder, allow_pickled=allow_pickled):
        _check_safetensors(file)


def _weights(folder: Path, *, allow_pickled: bool) -> list[Path]:
    """The files of safetensors: those the index names, or all there are."""
    if (index := folder / _INDEX).is_file():
        try:
            return [folder / name for name in sorted(set(read_json(index)["weight_map"].values()))]
        except (KeyError, AttributeError, TypeError) as error:
            raise _damaged(index, "it lists no weights") from error
    if files := sorted(folder.glob("*.safetensors")):
        return files
    if pickled := sorted(file.name for file in folder.iterdir() if is_pickled(file.name)):
        if allow_pickled:
            return []
        raise ModelCorruptError(
            f"The model in {folder} keeps its weights in Python's pickle format "
            f"({', '.join(pickled[:_NAMED])}), and opening such a file can run any program that "
            "its maker put into it. Choose a model with safetensors weights (*.safetensors). Only "
            "if you trust whoever made this one, set ELLIE_UNSAFE_MODELS=true."
        )
    raise ModelCorruptError(
        f"The model in {folder} has no weights in the safetensors format (*.safetensors), the only "
        "one Ellie loads. Choose a model that comes with them."
    )


def is_pickled(name: str) -> bool:
    """Whether a file of that name holds weights that are programs as well."""
    return Path(name).suffix.lower() in _PICKLED


def _check_safetensors(file: Path) -> None:
    """The header says where the last tensor ends, so a file cut short or a stand-in shows."""
    if not file.is_file():
        raise _damaged(file, "it is missing")
    size = file.stat().st_size
    with file.open("rb") as stream:
        start = stream.read(_LENGTH_BYTES)
        if (start + stream.read(len(_GIT_LFS))).startswith(_GIT_LFS):
            raise _damaged(file, "it is a Git LFS pointer, not the weights; run `git lfs pull`")
        length = int.from_bytes(start, "little")
        if len(start) < _LENGTH_BYTES or length > size:
            raise _damaged(file, f"it has only {size} bytes")
        stream.seek(_LENGTH_BYTES)
        try:
            header = json.loads(stream.read(length))
            end = max(
                (
                    tensor["data_offsets"][1]
                    for key, tensor in header.items()
                    if key != "__metadata__"
                ),
                default=0,
            )
        except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            raise _damaged(file, "it does not begin like a safetensors file") from error
    if size != (expected := _LENGTH_BYTES + length + end):
        raise _damaged(file, f"it has {size} bytes instead of {expected}")


def read_json(file: Path) -> Any:
    """What a JSON file of a model holds.

    Raises:
        ModelCorruptError: it cannot be read, or is no JSON.
    """
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _damaged(file, f"it is not JSON ({error})") from error


def _damaged(file: Path, why: str) -> ModelCorruptError:
    return ModelCorruptError(f"The model file {file} is damaged: {why}. Download it again.")
