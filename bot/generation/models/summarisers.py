"""What the folder of a model says about writing summaries with it, read without loading it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.errors import ModelCorruptError, ModelError
from bot.generation.models.folders import read_json

MOST_READ_TOKENS = 1024
"""Most that is read in one go, where the model sets no lower limit. Reading takes time that grows
faster than what is read, and cannot be spread over several steps as writing can."""

READ_LIMITS = ("max_encoder_position_embeddings", "max_position_embeddings", "n_positions")
WRITE_LIMITS = ("max_decoder_position_embeddings", "max_position_embeddings")


@dataclass(frozen=True, slots=True, kw_only=True)
class SummariserDescription:
    """How an encoder-decoder is asked for a summary.

    It reads at most ``most_read`` tokens, of which the first ones say ``prefix``, the task it was
    trained for. It can write ``most_written`` tokens; None: as many as one likes.
    """

    prefix: str
    most_read: int
    most_written: int | None


def describes_seq2seq(folder: Path) -> bool:
    """Whether the model in ``folder`` is an encoder-decoder, as its ``config.json`` says.

    Raises:
        ModelCorruptError: the file cannot be read.
    """
    return _config(folder).get("is_encoder_decoder") is True


def describe_summariser(
    folder: Path, variable: str = "ELLIE_COMPACT_MODEL"
) -> SummariserDescription:
    """Read the description. ``variable`` is the setting that named the folder.

    Raises:
        ModelError: it is no encoder-decoder.
        ModelCorruptError: ``config.json`` cannot be read.
    """
    config = _config(folder)
    if config.get("is_encoder_decoder") is not True:
        raise ModelError(
            f"The model in {folder} is no encoder-decoder: its config.json does not say "
            f"is_encoder_decoder. Set {variable} to one that is, for example "
            "facebook/bart-large-cnn, or to a model that chats."
        )
    return SummariserDescription(
        prefix=_prefix(config),
        most_read=min([MOST_READ_TOKENS, *position_limits(config, "encoder", READ_LIMITS)]),
        most_written=min(position_limits(config, "decoder", WRITE_LIMITS), default=None),
    )


def _config(folder: Path) -> dict[str, Any]:
    file = folder / "config.json"
    config = read_json(file)
    if not isinstance(config, dict):
        raise ModelCorruptError(f"{file} does not hold what it should. Fetch it again.")
    return config


def _prefix(config: Mapping[str, Any]) -> str:
    """What the model was trained to be told, such as ``summarize: ``."""
    tasks = config.get("task_specific_params")
    task = tasks.get("summarization") if isinstance(tasks, dict) else None
    prefix = task.get("prefix") if isinstance(task, dict) else None
    return prefix if isinstance(prefix, str) else ""


def position_limits(config: Mapping[str, Any], part: str, names: Sequence[str]) -> list[int]:
    """Limits that the configuration sets. A model made of two others has a part for each."""
    own = config.get(part)
    values = own if isinstance(own, dict) else config
    return [limit for name in names if isinstance(limit := values.get(name), int) and limit > 0]
