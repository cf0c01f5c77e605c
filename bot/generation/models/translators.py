"""What the folder of a model says about translating with it, read without loading it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import regex

from bot.domain.tongues import Tongue, find_tongue
from bot.errors import ModelCorruptError, ModelError
from bot.generation.models.folders import read_json
from bot.generation.models.summarisers import (
    MOST_READ_TOKENS,
    READ_LIMITS,
    WRITE_LIMITS,
    position_limits,
)

_PREFIX_TASK = regex.compile(r"translation_(?P<source>[a-z]{2})_to_(?P<into>[a-z]{2})")
_PAIR_IN_NAME = regex.compile(
    r"opus-mt(?:-[a-z]+)*?-(?P<source>[a-zA-Z]{2,3})-(?P<into>[a-zA-Z]{2,3})(?:@.*)?$"
)


class TranslationWay(StrEnum):
    """How a model is told into which language it is to translate."""

    PAIR = "pair"
    """It was made for two languages, as Marian is; or its text begins with ``>>deu<<``."""
    TOKENS = "tokens"
    """A token of the language begins what it writes (M2M100, NLLB, mBART), or stands before what
    it reads (MADLAD)."""
    PREFIX = "prefix"
    """It is told in words, as T5 is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TranslatorDescription:
    """How an encoder-decoder is asked for a translation.

    ``into`` is the language of a pair, None where it can be chosen. ``prefixes`` are what T5 is
    told, by the codes of two languages. It reads ``most_read`` tokens and can write
    ``most_written``; None: as many as one likes.
    """

    way: TranslationWay
    most_read: int
    most_written: int | None
    into: Tongue | None = None
    prefixes: Mapping[tuple[str, str], str] = field(default_factory=dict)


def describe_translator(folder: Path, name: str = "") -> TranslatorDescription:
    """Read the description. ``name`` is what the model is called: it may tell a pair of languages.

    Raises:
        ModelError: it is no encoder-decoder, or one of which it is not known how it is told into
            which language it is to translate.
        ModelCorruptError: a file of its configuration cannot be read.
    """
    config = _object(folder / "config.json")
    if config.get("is_encoder_decoder") is not True:
        raise ModelError(
            f"The model in {folder} is no encoder-decoder: its config.json does not say "
            "is_encoder_decoder. Set ELLIE_TRANSLATE_MODEL to one that is, for example "
            "facebook/m2m100_418M, or to a model that chats."
        )
    kind = str(config.get("model_type", ""))
    prefixes = _prefixes(config)
    into = None
    if kind == "marian":
        way, into = TranslationWay.PAIR, _target(folder, name)
    elif kind in {"m2m_100", "mbart", "nllb-moe"}:
        way = TranslationWay.TOKENS
    elif prefixes or kind in {"t5", "mt5", "umt5"}:
        way = TranslationWay.PREFIX
    else:
        raise ModelError(
            f"How the model in {folder} ({kind or 'of no known kind'}) is told into which language "
            "to translate is not known. Set ELLIE_TRANSLATE_MODEL to a Marian, M2M100, NLLB, mBART "
            "or T5 model, or to chat."
        )
    return TranslatorDescription(
        way=way,
        most_read=min([MOST_READ_TOKENS, *position_limits(config, "encoder", READ_LIMITS)]),
        most_written=min(position_limits(config, "decoder", WRITE_LIMITS), default=None),
        into=into,
        prefixes=prefixes,
    )


def _target(folder: Path, name: str) -> Tongue | None:
    """The language that a Marian model writes; None when it writes several, or does not say."""
    file = folder / "tokenizer_config.json"
    told = str(_object(file).get("target_lang") or "") if file.is_file() else ""
    if told:
        return find_tongue(told)
    pair = _PAIR_IN_NAME.search(name) or _PAIR_IN_NAME.search(folder.name)
    return find_tongue(pair["into"]) if pair else None


def _prefixes(config: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    tasks = config.get("task_specific_params")
    found: dict[tuple[str, str], str] = {}
    for task, params in tasks.items() if isinstance(tasks, dict) else ():
        pair = _PREFIX_TASK.fullmatch(task)
        prefix = params.get("prefix") if isinstance(params, dict) else None
        if pair and isinstance(prefix, str):
            found[pair["source"], pair["into"]] = prefix
    return found


def _object(file: Path) -> dict[str, Any]:
    content = read_json(file)
    if not isinstance(content, dict):
        raise ModelCorruptError(f"{file} does not hold what it should. Fetch it again.")
    return content
