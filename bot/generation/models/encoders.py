"""What the folder of a sentence encoder says about it, read without loading it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.errors import ModelCorruptError, ModelError

MOST_TOKENS = 512
"""Longest text that is read, where the model sets no lower limit."""

_PARTS = {"Transformer", "Pooling", "Normalize"}
_MEAN, _FIRST = "pooling_mode_mean_tokens", "pooling_mode_cls_token"


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderDescription:
    """How an encoder makes a vector of ``dimensions`` numbers from at most ``most_tokens`` tokens.

    ``pools_first``: from the first token's state, rather than from the mean of all.
    """

    dimensions: int
    most_tokens: int
    pools_first: bool


def describe_encoder(folder: Path) -> EncoderDescription:
    """Read the description.

    The files beside ``config.json`` are those of the sentence-transformers library. Without them
    the mean of all tokens is taken.

    Raises:
        ModelError: it makes its vectors in a way that Ellie does not know.
        ModelCorruptError: a file cannot be read, or is of no encoder.
    """
    config = _read(folder / "config.json", dict)
    dimensions = config.get("hidden_size")
    if not isinstance(dimensions, int):
        raise ModelCorruptError(
            f"The model in {folder} is no sentence encoder: its config.json has no hidden_size."
        )
    limits = (
        _read(folder / "sentence_bert_config.json", dict).get("max_seq_length"),
        config.get("max_position_embeddings"),
        MOST_TOKENS,
    )
    return EncoderDescription(
        dimensions=dimensions,
        most_tokens=min(limit for limit in limits if isinstance(limit, int)),
        pools_first=_pools_first(folder),
    )


def _pools_first(folder: Path) -> bool:
    modules = _read(folder / "modules.json", list)
    parts = {str(module["type"]).rpartition(".")[2] for module in modules}
    pooling = _read(folder / "1_Pooling" / "config.json", dict)
    modes = {key for key, on in pooling.items() if key.startswith("pooling_mode_") and on is True}
    if unknown := (parts - _PARTS) or (len(modes) > 1 and modes) or (modes - {_MEAN, _FIRST}):
        raise ModelError(
            f"The encoder in {folder} makes its vectors in a way that Ellie does not know: "
            f"{', '.join(sorted(unknown))}. Choose another one."
        )
    return modes == {_FIRST}


def _read(file: Path, kind: type) -> Any:
    """The file's JSON; an empty ``kind`` when there is no such file."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return kind()
    except (OSError, ValueError) as error:
        raise ModelCorruptError(f"{file} cannot be read: {error}. Fetch it again.") from error
    if not isinstance(content, kind):
        raise ModelCorruptError(f"{file} does not hold what it should. Fetch it again.")
    return content
