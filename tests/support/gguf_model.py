"""A whole tiny model as a GGUF file that llama.cpp runs."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np
from safetensors import safe_open
from support.random_model import TEMPLATE, byte_tokenizer, save_random_model

_NAMES = {
    "input_layernorm.weight": "attn_norm.weight",
    "self_attn.q_proj.weight": "attn_q.weight",
    "self_attn.q_proj.bias": "attn_q.bias",
    "self_attn.k_proj.weight": "attn_k.weight",
    "self_attn.k_proj.bias": "attn_k.bias",
    "self_attn.v_proj.weight": "attn_v.weight",
    "self_attn.v_proj.bias": "attn_v.bias",
    "self_attn.o_proj.weight": "attn_output.weight",
    "post_attention_layernorm.weight": "ffn_norm.weight",
    "mlp.gate_proj.weight": "ffn_gate.weight",
    "mlp.up_proj.weight": "ffn_up.weight",
    "mlp.down_proj.weight": "ffn_down.weight",
}
_OTHERS = {
    "model.embed_tokens.weight": "token_embd.weight",
    "model.norm.weight": "output_norm.weight",
    "lm_head.weight": "output.weight",
}


def save_random_gguf(folder: Path) -> Path:
    """The model of :func:`~support.random_model.save_random_model`, and ``tiny.gguf`` beside it."""
    save_random_model(folder)
    writer = gguf.GGUFWriter(folder / "tiny.gguf", "qwen2")
    writer.add_context_length(512)
    writer.add_embedding_length(64)
    writer.add_block_count(2)
    writer.add_feed_forward_length(96)
    writer.add_head_count(4)
    writer.add_head_count_kv(2)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(10_000.0)
    tokenizer = byte_tokenizer()
    special = set(tokenizer.all_special_tokens)
    tokens = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types(
        [gguf.TokenType.CONTROL if token in special else gguf.TokenType.NORMAL for token in tokens]
    )
    writer.add_token_merges(["a b"])  # an empty list has no type
    writer.add_eos_token_id(tokenizer.eos_token_id)
    writer.add_bos_token_id(tokenizer.pad_token_id)  # it would be a comma otherwise
    writer.add_add_bos_token(False)
    writer.add_chat_template(TEMPLATE)
    with safe_open(folder / "model.safetensors", "np") as weights:
        for name in weights.keys():  # noqa: SIM118 - it is no dictionary
            writer.add_tensor(_name(name), np.asarray(weights.get_tensor(name), np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return folder / "tiny.gguf"


def _name(name: str) -> str:
    if name in _OTHERS:
        return _OTHERS[name]
    _, _, layer, rest = name.split(".", 3)
    return f"blk.{layer}.{_NAMES[rest]}"
