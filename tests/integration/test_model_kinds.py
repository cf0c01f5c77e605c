"""Tiny models of many architectures, each through the real local engine: what plain transformers
writes is what people read."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from support.random_kinds import KINDS, save_kind
from support.random_model import request, run
from support.random_seq2seq import save_random_bart, save_random_t5
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM

from bot.config import Settings
from bot.config_choices import Precision
from bot.domain.generation import Prompt
from bot.generation.models.kinds import BATCHED, describe_kind
from bot.local_models import local_generator
from bot.system import SystemClock

pytestmark = [pytest.mark.model, pytest.mark.timeout(180)]

TOKENS = 40
TEXTS = ("What is rain? " * 4, "hi " * 30, "And snow?")


def settings(**own: Any) -> Settings:
    return Settings(
        _env_file=None,
        precision=Precision.FP32,
        device="cpu",
        threads=1,
        context_tokens=512,
        kv_cache_tokens=2048,
        reply_tokens=TOKENS,
        **own,
    )


def plainly(folder: Path, tokenizer: Any, prompt: list[int]) -> str:
    """What ``generate`` writes."""
    is_seq2seq = describe_kind(folder).is_encoder_decoder
    factory: Any = AutoModelForSeq2SeqLM if is_seq2seq else AutoModelForCausalLM
    model = factory.from_pretrained(folder, dtype=torch.float32)
    ids = torch.tensor([prompt])
    (out,) = model.generate(
        ids,
        attention_mask=torch.ones_like(ids),
        max_new_tokens=TOKENS,
        min_length=0,
        num_beams=1,
        do_sample=False,
        eos_token_id=tokenizer.end_token_ids,
        pad_token_id=tokenizer.end_token_ids[0],
    ).tolist()
    written = out[1:] if is_seq2seq else out[len(prompt) :]
    if written[-1] in tokenizer.end_token_ids:
        written = written[:-1]
    text: str = tokenizer.backend.decode(written)
    return text.rstrip("\ufffd")


def likely(folder: Path, tokenizer: Any, prompt: Prompt, reply: str) -> float:
    """How likely one plain run of the model finds a reply."""
    ids = tokenizer.encode_reply(prompt.messages, reply)
    with torch.no_grad():
        if describe_kind(folder).is_encoder_decoder:
            seq2seq: Any = AutoModelForSeq2SeqLM.from_pretrained(folder, dtype=torch.float32)
            labels = torch.tensor([ids.reply])
            logits = seq2seq(input_ids=torch.tensor([ids.prompt]), labels=labels).logits[0]
        else:
            causal: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
            whole = torch.tensor([[*ids.prompt, *ids.reply]])
            logits = causal(input_ids=whole).logits[0, len(ids.prompt) - 1 : -1]
    chances = torch.log_softmax(logits.double(), dim=1)
    return float(chances.gather(1, torch.tensor(ids.reply).unsqueeze(1)).sum())


async def chat_equals_generate(folder: Path, *, texts: Sequence[str] = TEXTS) -> None:
    generator = local_generator(settings(), "tiny", folder, SystemClock())
    generator.start()
    try:
        tokenizer = await generator.tokenizer()
        asked = [request(f"r{n}", text, tokens=TOKENS) for n, text in enumerate(texts)]
        replies = await asyncio.gather(*(run(generator, each) for each in asked))
        for each, (deltas, result) in zip(asked, replies, strict=True):
            prompt = tokenizer.encode_chat(each.prompt.messages)
            expected = plainly(folder, tokenizer, prompt)
            if not tokenizer.has_template:
                expected = expected.lstrip()
            assert result.text.rstrip() == expected.rstrip()
            assert "".join(deltas) == result.text
        assert len({result.text for _, result in replies}) > 1
        found = await generator.score([each.prompt for each in asked], "rain")
        expected_scores = [likely(folder, tokenizer, each.prompt, "rain") for each in asked]
        assert found == pytest.approx(expected_scores, abs=5e-3)
    finally:
        await generator.close()


@pytest.mark.parametrize("kind", KINDS)
async def test_each_kind_chats_as_plain_transformers_generates(kind: str, tmp_path: Path) -> None:
    save_kind(kind, tmp_path)

    await chat_equals_generate(tmp_path)


def test_every_type_that_is_batched_is_tried_here(tmp_path: Path) -> None:
    tried = set()
    for kind in KINDS:
        folder = tmp_path / kind
        save_kind(kind, folder)
        tried.add(json.loads((folder / "config.json").read_text())["model_type"])

    assert tried >= BATCHED
    assert tried - BATCHED  # and some that are not


async def test_a_model_without_a_template_chats_in_a_dialogue(tmp_path: Path) -> None:
    save_kind("gpt2", tmp_path, template=None)

    assert not describe_kind(tmp_path).has_template
    await chat_equals_generate(tmp_path)


@pytest.mark.parametrize("save", [save_random_t5, save_random_bart])
async def test_encoder_decoders_chat_as_well(save: Callable[[Path], None], tmp_path: Path) -> None:
    save(tmp_path)

    await chat_equals_generate(tmp_path, texts=("Hi", "Rain?", "Snow?"))
