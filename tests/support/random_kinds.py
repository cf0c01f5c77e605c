"""Tiny random models of many architectures, all with the same vocabulary of bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import transformers
from support.random_model import TEMPLATE, byte_tokenizer
from transformers import AutoModelForCausalLM

_OLD = {"n_embd": 64, "n_layer": 2, "n_head": 4, "n_positions": 512}
_MOE = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 32}
_SLIDING = {"sliding_window": 32, "head_dim": 16}

KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "llama": ("Llama", {}),
    "qwen2": ("Qwen2", {}),
    "qwen3": ("Qwen3", {"head_dim": 16}),
    "qwen2-moe": ("Qwen2Moe", {**_MOE, "shared_expert_intermediate_size": 32}),
    "qwen3-moe": ("Qwen3Moe", {**_MOE, "head_dim": 16}),
    "mixtral": ("Mixtral", {"num_local_experts": 4}),
    "mistral": ("Mistral", {"sliding_window": None}),
    "mistral-sliding": ("Mistral", {"sliding_window": 32}),
    "gemma": ("Gemma", {"head_dim": 16}),
    "gemma2-sliding": ("Gemma2", _SLIDING),
    "gemma3-sliding": (
        "Gemma3Text",
        {
            **_SLIDING,
            "num_hidden_layers": 3,
            "layer_types": ["sliding_attention", "sliding_attention", "full_attention"],
        },
    ),
    "gpt-oss-sliding": ("GptOss", {**_SLIDING, "num_local_experts": 4}),
    "phi": ("Phi", {}),
    "phi3": ("Phi3", {"sliding_window": None}),
    "phi3-sliding": ("Phi3", {"sliding_window": 32}),
    "smollm3": ("SmolLM3", {}),
    "olmo2": ("Olmo2", {}),
    "granite": ("Granite", {}),
    "glm4": ("Glm4", {"head_dim": 16}),
    "cohere": ("Cohere", {}),
    "starcoder2": ("Starcoder2", {}),
    "gpt-neox": ("GPTNeoX", {}),
    "gpt2": ("GPT2", _OLD),
    "opt": ("OPT", {"ffn_dim": 96, "word_embed_proj_dim": 64, "init_std": 0.5}),
    "gpt-j": ("GPTJ", {**_OLD, "rotary_dim": 8}),
    "bloom": ("Bloom", {"n_layer": 2, "n_head": 4}),
    "mpt": ("Mpt", {"d_model": 64, "n_layers": 2, "n_heads": 4, "max_seq_len": 512}),
    "falcon": ("Falcon", {"new_decoder_architecture": True, "num_kv_heads": 2}),
    "stablelm": ("StableLm", {}),
    "mamba": ("Mamba", {"state_size": 8}),
}
"""The configuration class of each, and what it has beside what all have."""


def save_kind(name: str, path: Path, *, template: str | None = TEMPLATE) -> None:
    """A model that seldom says an end token, in the folder ``path``."""
    tokenizer = byte_tokenizer(template)
    tokenizer.save_pretrained(path)
    family, own = KINDS[name]
    common = {
        "vocab_size": len(tokenizer),
        "hidden_size": 64,
        "intermediate_size": 96,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 512,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        "bos_token_id": None,
        "tie_word_embeddings": False,
        "initializer_range": 0.5,  # large weights, so that different prompts get different replies
    }
    if any(key in own for key in ("n_embd", "d_model", "n_layer")):  # other names for the same
        for key in ("num_hidden_layers", "num_attention_heads", "num_key_value_heads"):
            del common[key]
        if "n_layer" not in own or "n_embd" in own:
            del common["hidden_size"]
        del common["intermediate_size"], common["max_position_embeddings"]
    if name in {"gpt-neox", "opt"}:  # they know of none, and the library believes what it reads
        del common["num_key_value_heads"]
    config = getattr(transformers, f"{family}Config")(**{**common, **own})
    torch.manual_seed(7)
    model: Any = AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        model.get_output_embeddings().weight[94:] = 0  # printable ASCII is likelier
    model.save_pretrained(path)
