"""Two-layer random models that look at pictures and talk nonsense, each of another kind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from support.random_model import byte_tokenizer
from support.random_seq2seq import letter_tokenizer
from transformers import (
    BlipConfig,
    BlipForConditionalGeneration,
    BlipProcessor,
    CLIPVisionConfig,
    GitConfig,
    GitForCausalLM,
    GitProcessor,
    Idefics3Config,
    Idefics3ForConditionalGeneration,
    Idefics3Processor,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    Qwen2Config,
)
from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.idefics3.configuration_idefics3 import Idefics3VisionConfig
from transformers.models.idefics3.image_processing_pil_idefics3 import Idefics3ImageProcessorPil

SIDE = 32
PATCH = 16
LAYERS: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
}
IMAGE = "<image>"
CHAT = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n"
    "{% if m.content is string %}{{ m.content }}{% else %}"
    "{% for part in m.content %}"
    "{% if part.type == 'image' %}<image>{% else %}{{ part.text }}{% endif %}"
    "{% endfor %}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def save_random_blip(path: Path) -> None:
    """Its picture enters by cross-attention; what it writes begins with its start token."""
    tokenizer = letter_tokenizer()
    pictures = BlipImageProcessorPil(size={"height": SIDE, "width": SIDE})
    BlipProcessor(image_processor=pictures, tokenizer=tokenizer).save_pretrained(path)
    torch.manual_seed(5)
    model = BlipForConditionalGeneration(
        BlipConfig(
            text_config={
                **LAYERS,
                "vocab_size": len(tokenizer),
                "encoder_hidden_size": 32,
                "max_position_embeddings": 64,
                "bos_token_id": 0,
                "pad_token_id": 1,
                "sep_token_id": 2,
                "eos_token_id": 2,
                "is_decoder": True,
                "initializer_range": 0.5,
            },
            vision_config={
                **LAYERS,
                "image_size": SIDE,
                "patch_size": PATCH,
                "initializer_range": 0.5,
            },
            projection_dim=32,
            image_text_hidden_size=32,
        )
    )
    _shake(model)
    with torch.no_grad():
        _printable(model.text_decoder.cls.predictions.bias)
    model.save_pretrained(path)


def save_random_git(path: Path) -> None:
    """Its picture stands before its words, which begin with its start token."""
    tokenizer = letter_tokenizer()
    pictures = CLIPImageProcessorPil(
        size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE}
    )
    GitProcessor(image_processor=pictures, tokenizer=tokenizer).save_pretrained(path)
    torch.manual_seed(5)
    model = GitForCausalLM(
        GitConfig(
            **LAYERS,
            vocab_size=len(tokenizer),
            max_position_embeddings=64,
            bos_token_id=0,
            pad_token_id=1,
            eos_token_id=2,
            vision_config={**LAYERS, "image_size": SIDE, "patch_size": PATCH},
        )
    )
    _shake(model, "query", "key", "q_proj", "k_proj", "word_embed")  # or words drown it out
    with torch.no_grad():
        model.output.bias.zero_()
        _printable(model.output.bias)
    model.save_pretrained(path)


def save_random_llava(path: Path) -> None:
    """A model that chats and sees: asked by its template, its picture a token of the prompt."""
    tokenizer = byte_tokenizer(CHAT)
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|im_start|>", IMAGE]})
    pictures = CLIPImageProcessorPil(
        size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE}
    )
    LlavaProcessor(
        image_processor=pictures,
        tokenizer=tokenizer,
        patch_size=PATCH,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        image_token=IMAGE,
        chat_template=CHAT,
    ).save_pretrained(path)
    torch.manual_seed(7)
    model = LlavaForConditionalGeneration(
        LlavaConfig(
            text_config=Qwen2Config(
                **LAYERS,
                vocab_size=len(tokenizer),
                num_key_value_heads=2,
                max_position_embeddings=512,
                eos_token_id=tokenizer.eos_token_id,
                pad_token_id=tokenizer.pad_token_id,
                initializer_range=0.5,
            ),
            vision_config=CLIPVisionConfig(
                **LAYERS, image_size=SIDE, patch_size=PATCH, projection_dim=32
            ),
            image_token_index=tokenizer.convert_tokens_to_ids(IMAGE),
            vision_feature_layer=-1,
        )
    )
    _shake(model)
    with torch.no_grad():
        model.lm_head.weight[94:] = 0  # printable ASCII is likelier than anything else
    model.save_pretrained(path)


def save_random_idefics3(path: Path) -> None:
    """A model that chats and sees, as the first SmolVLMs do: large pictures it takes to parts."""
    tokenizer = byte_tokenizer(CHAT)
    marks = ["<|im_start|>", IMAGE, "<fake_token_around_image>", "<global-img>"]
    tokenizer.add_special_tokens({"additional_special_tokens": [*marks, "<end_of_utterance>"]})
    pictures = Idefics3ImageProcessorPil(
        size={"longest_edge": 2 * SIDE}, max_image_size={"longest_edge": SIDE}
    )
    Idefics3Processor(
        image_processor=pictures, tokenizer=tokenizer, image_seq_len=4, chat_template=CHAT
    ).save_pretrained(path)
    torch.manual_seed(7)
    model = Idefics3ForConditionalGeneration(
        Idefics3Config(
            text_config=LlamaConfig(
                **LAYERS,
                vocab_size=len(tokenizer),
                num_key_value_heads=2,
                max_position_embeddings=512,
                bos_token_id=None,
                eos_token_id=tokenizer.eos_token_id,
                pad_token_id=tokenizer.pad_token_id,
            ),
            vision_config=Idefics3VisionConfig(**LAYERS, image_size=SIDE, patch_size=PATCH // 2),
            image_token_id=tokenizer.convert_tokens_to_ids(IMAGE),
            pad_token_id=tokenizer.pad_token_id,
            scale_factor=2,
            tie_word_embeddings=False,
        )
    )
    _shake(model)
    with torch.no_grad():
        model.lm_head.weight[94:] = 0
    model.save_pretrained(path)


def _shake(model: Any, *calm: str) -> None:
    """Large weights, so that different pictures get different words; but those of ``calm``."""
    with torch.no_grad():
        for name, each in model.named_parameters():
            each.normal_(0, 0.01 if any(part in name for part in calm) else 0.3)


def _printable(bias: torch.Tensor) -> None:
    bias[:3] = -1e9
    bias[97:] = -1e9
