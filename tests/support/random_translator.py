"""Two-layer random translators of each kind, which read and write letter by letter."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from support.random_seq2seq import END, PAD, POSITIONS, letter_tokenizer
from transformers import (
    M2M100Config,
    M2M100ForConditionalGeneration,
    MarianConfig,
    MarianMTModel,
    T5Config,
    T5ForConditionalGeneration,
)

_SHAPE = {
    "d_model": 32,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "encoder_ffn_dim": 48,
    "decoder_ffn_dim": 48,
    "max_position_embeddings": POSITIONS,
    "pad_token_id": PAD,
    "eos_token_id": END,
    "decoder_start_token_id": END,
    "init_std": 0.5,  # large weights, so that different texts get different translations
}


def save_random_marian(path: Path, *, into: str = "deu", marks: tuple[str, ...] = ()) -> None:
    """For one pair of languages, or told by marks such as ``>>deu<<`` where there are several."""
    size = _save_tokenizer(path, marks, target_lang=into)
    torch.manual_seed(5)
    model = MarianMTModel(MarianConfig(vocab_size=size, forced_eos_token_id=END, **_SHAPE))
    # As published translators come: what Ellie asks for must win.
    model.generation_config.update(num_beams=6, max_length=12, no_repeat_ngram_size=2)
    model.save_pretrained(path)


def save_random_m2m100(path: Path, *languages: str) -> None:
    """Told by a token of each language, such as ``__de__`` or ``deu_Latn``."""
    size = _save_tokenizer(path, languages)
    torch.manual_seed(5)
    M2M100ForConditionalGeneration(M2M100Config(vocab_size=size, **_SHAPE)).save_pretrained(path)


def save_random_t5(path: Path, prefixes: dict[str, str], *marks: str) -> None:
    """Told in words, as its configuration says, or by marks such as ``<2de>``."""
    size = _save_tokenizer(path, marks)
    torch.manual_seed(5)
    T5ForConditionalGeneration(
        T5Config(
            vocab_size=size,
            d_model=32,
            d_kv=8,
            d_ff=48,
            num_layers=2,
            num_heads=4,
            pad_token_id=PAD,
            eos_token_id=END,
            decoder_start_token_id=PAD,
            initializer_factor=2.0,
            n_positions=POSITIONS,
            task_specific_params={
                f"translation_{pair}": {"prefix": prefix} for pair, prefix in prefixes.items()
            },
        )
    ).save_pretrained(path)


def _save_tokenizer(path: Path, tokens: tuple[str, ...], **config: Any) -> int:
    tokenizer = letter_tokenizer()
    tokenizer.add_special_tokens({"additional_special_tokens": list(tokens)})
    tokenizer.save_pretrained(path)
    file = path / "tokenizer_config.json"
    file.write_text(json.dumps({**json.loads(file.read_text("utf-8")), **config}), "utf-8")
    return len(tokenizer)
