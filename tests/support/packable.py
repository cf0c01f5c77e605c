"""Tiny models whose weights can be packed, one of each kind."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from bot.generation.cpu.building import build
from bot.generation.cpu.compiled import can_compile
from bot.generation.cpu.decoder import Decoder
from bot.generation.cpu.packing import pack

needs_vnni = pytest.mark.skipif(
    not can_compile(), reason="packed weights need a processor with AVX-512 VNNI"
)

WORDS = 200

_KINDS: dict[str, tuple[Any, Any]] = {
    "llama": (LlamaConfig, LlamaForCausalLM),
    "mistral": (MistralConfig, MistralForCausalLM),
    "qwen2": (Qwen2Config, Qwen2ForCausalLM),
    "qwen3": (Qwen3Config, Qwen3ForCausalLM),
}
KINDS = sorted(_KINDS)


def tiny_model(kind: str = "qwen2", **changes: Any) -> Any:
    """A random model with sharp opinions, in bf16 as models are loaded to be packed."""
    config, model = _KINDS[kind]
    settings = {
        "vocab_size": WORDS,
        "hidden_size": 64,
        "intermediate_size": 96,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 32,
        "max_position_embeddings": 512,
        "initializer_range": 0.2,
        "tie_word_embeddings": False,
        **changes,
    }
    torch.manual_seed(11)
    return model(config(**settings)).bfloat16().eval()


def tiny_decoder(kind: str = "qwen2", bits: int = 8) -> Decoder:
    """The same, packed."""
    return build(tiny_model(kind), lambda _, weight: pack(weight, bits))
