"""A two-layer random sentence encoder that reads letter by letter."""

from __future__ import annotations

import json
import string
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

DIMENSIONS = 32
MOST_TOKENS = 24
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def save_random_encoder(path: Path, *, pools_first: bool = False) -> None:
    """Write it the way the sentence-transformers library does."""
    letters = string.ascii_lowercase + string.digits + string.punctuation
    words = [*SPECIAL, *letters, *(f"##{letter}" for letter in letters)]
    tokenizer = Tokenizer(
        models.WordPiece(vocab={word: i for i, word in enumerate(words)}, unk_token="[UNK]")
    )
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    # As published encoders do; neither must have an effect.
    tokenizer.enable_padding(length=16, pad_id=0, pad_token="[PAD]")
    tokenizer.enable_truncation(8)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", model_max_length=512
    ).save_pretrained(path)
    torch.manual_seed(3)
    BertModel(
        BertConfig(
            vocab_size=len(words),
            hidden_size=DIMENSIONS,
            intermediate_size=48,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=64,
            initializer_range=0.5,  # large weights, so that different texts differ
        )
    ).save_pretrained(path)
    types = ("Transformer", "Pooling", "Normalize")
    modules = [{"type": f"sentence_transformers.models.{kind}"} for kind in types]
    (path / "modules.json").write_text(json.dumps(modules))
    (path / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": MOST_TOKENS}))
    (path / "1_Pooling").mkdir()
    pooling = {
        "word_embedding_dimension": DIMENSIONS,
        "pooling_mode_cls_token": pools_first,
        "pooling_mode_mean_tokens": not pools_first,
    }
    (path / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
