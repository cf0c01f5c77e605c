"""From a transformers model to a :class:`~bot.generation.cpu.decoder.Decoder`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from bot.generation.cpu.attention_code import AttentionShape
from bot.generation.cpu.decoder import Decoder, Layer, Projection
from bot.generation.cpu.packing import Packed, can_pack

USUAL = frozenset({"llama", "mistral", "qwen2", "qwen3"})
"""Kinds of models (``model_type``) that have the usual build."""

PackLayer = Callable[[str, Tensor], Packed]
"""Packs the weight of that name."""


def has_usual_build(model: Any, context_tokens: int) -> bool:
    """Whether the model can be computed with :class:`Decoder`, in a window of so many tokens."""
    config = model.config
    if config.model_type not in USUAL or getattr(config, "hidden_act", "") != "silu":
        return False
    if not _sees_everything(config, context_tokens) or getattr(config, "mlp_bias", False):
        return False
    shape = _shape(model)
    weights = [m.weight for m in model.modules() if isinstance(m, nn.Linear)]
    return shape.dimensions % 32 == 0 and all(can_pack(weight) for weight in weights)


def build(model: Any, pack: PackLayer) -> Decoder:
    """The same model with packed weights. The transformers model is not needed afterwards."""
    inner = model.model
    names = {id(module): name for name, module in model.named_modules()}

    def projection(*linears: Any) -> Projection:
        packed = [pack(names[id(linear)], linear.weight.data) for linear in linears]
        biases = [linear.bias for linear in linears]
        bias = None
        if any(one is not None for one in biases):
            bias = torch.cat(
                [
                    torch.zeros(linear.out_features) if one is None else one.data.float()
                    for linear, one in zip(linears, biases, strict=True)
                ]
            )
        return Projection(tuple(_joined(packed)), bias)

    def norm(module: Any) -> Tensor | None:
        return None if module is None else module.weight.data.float()

    layers = []
    for block in inner.layers:
        attention, feed = block.self_attn, block.mlp
        layers.append(
            Layer(
                attention_norm=block.input_layernorm.weight.data.float(),
                query_key_value=projection(attention.q_proj, attention.k_proj, attention.v_proj),
                query_norm=norm(getattr(attention, "q_norm", None)),
                key_norm=norm(getattr(attention, "k_norm", None)),
                attention_out=projection(attention.o_proj),
                feed_norm=block.post_attention_layernorm.weight.data.float(),
                gate_and_up=projection(feed.gate_proj, feed.up_proj),
                down=projection(feed.down_proj),
            )
        )
    return Decoder(
        shape=_shape(model),
        epsilon=model.config.rms_norm_eps,
        embedding=inner.embed_tokens.weight.data,
        layers=tuple(layers),
        norm=inner.norm.weight.data.float(),
        head=projection(model.lm_head),
        rotary=type(inner.rotary_emb)(config=model.config),  # its numbers are fp32 when it is new
    )


def _joined(packed: Sequence[Packed]) -> list[Packed]:
    """Neighbours of the same kind as one, so that they take one call; only whole blocks join."""
    joined: list[Packed] = []
    for weight in packed:
        last = joined[-1] if joined else None
        if last is not None and last.bits == weight.bits and last.outputs % 16 == 0:
            data = torch.cat((last.data, weight.data))
            outputs = last.outputs + weight.outputs
            joined[-1] = Packed(
                data, last.bits, outputs, last.inputs, max(last.error, weight.error)
            )
        else:
            joined.append(weight)
    return joined


def _sees_everything(config: Any, context_tokens: int) -> bool:
    kinds = getattr(config, "layer_types", None) or []
    if any(kind != "full_attention" for kind in kinds):
        return False
    window = getattr(config, "sliding_window", None)
    if kinds or not window or not getattr(config, "use_sliding_window", True):
        return True
    return int(window) >= context_tokens


def _shape(model: Any) -> AttentionShape:
    config = model.config
    heads = config.num_attention_heads
    size = getattr(config, "head_dim", None) or config.hidden_size // heads
    return AttentionShape(heads, config.num_key_value_heads, size)
