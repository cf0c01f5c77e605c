"""Two-layer random encoder-decoders that read and write letter by letter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import (
    BartConfig,
    BartForConditionalGeneration,
    PreTrainedTokenizerFast,
    T5Config,
    T5ForConditionalGeneration,
)

POSITIONS = 64
START, PAD, END = 0, 1, 2
PREFIX = "summarize: "


def letter_tokenizer() -> PreTrainedTokenizerFast:
    """Like BART's: ``<s> … </s>`` around a text, here with a token for each byte."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = ["<s>", "<pad>", "</s>", *alphabet]
    tokenizer = Tokenizer(
        models.BPE(vocab={letter: i for i, letter in enumerate(vocabulary)}, merges=[])
    )
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", START), ("</s>", END)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        pad_token="<pad>",
        eos_token="</s>",
        model_max_length=POSITIONS,
    )


def save_random_bart(path: Path) -> None:
    """A model that never says an end token, so that summaries have the length asked for."""
    tokenizer = letter_tokenizer()
    tokenizer.save_pretrained(path)
    torch.manual_seed(5)
    model = BartForConditionalGeneration(
        BartConfig(
            vocab_size=len(tokenizer),
            d_model=32,
            encoder_layers=2,
            decoder_layers=2,
            encoder_attention_heads=4,
            decoder_attention_heads=4,
            encoder_ffn_dim=48,
            decoder_ffn_dim=48,
            max_position_embeddings=POSITIONS,
            bos_token_id=START,
            pad_token_id=PAD,
            eos_token_id=END,
            decoder_start_token_id=END,
            forced_eos_token_id=None,
            init_std=0.5,  # large weights, so that different texts get different summaries
        )
    )
    _never_ending(model)
    # As published summarisers come: what Ellie asks for must win.
    model.generation_config.update(num_beams=4, min_length=56, max_length=142, length_penalty=2.0)
    model.save_pretrained(path)


def save_random_t5(path: Path) -> None:
    """The same, told by a prefix what to do, and without a limit to its positions."""
    tokenizer = letter_tokenizer()
    tokenizer.save_pretrained(path)
    torch.manual_seed(5)
    T5ForConditionalGeneration(
        T5Config(
            vocab_size=len(tokenizer),
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
            task_specific_params={"summarization": {"prefix": PREFIX, "min_length": 30}},
        )
    ).save_pretrained(path)


def _never_ending(model: Any) -> None:
    with torch.no_grad():
        model.final_logits_bias[:, : END + 1] = -1e9
        model.final_logits_bias[:, 97:] = -1e9  # only printable ASCII
