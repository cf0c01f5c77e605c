"""Streams hold whole characters and whole emoji."""

from __future__ import annotations

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from bot.generation.detokenizer import GraphemeBuffer, StreamingDecoder

WRITINGS = ["plain", "é as e\u0301", "👩🏽‍💻 at work", "🇵🇹🇩🇪", "小芳，你好", "👨‍👩‍👧‍👦!", "क्षि"]


@pytest.fixture(scope="module")
def bytes_tokenizer() -> Tokenizer:
    """Every byte is a token of its own: the worst case for streaming."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(
        models.BPE(vocab={letter: i for i, letter in enumerate(alphabet)}, merges=[])
    )
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


@pytest.mark.parametrize("text", WRITINGS)
def test_bytes_come_out_as_whole_clusters(bytes_tokenizer: Tokenizer, text: str) -> None:
    decoder = StreamingDecoder(bytes_tokenizer)
    pieces = [decoder.feed(token) for token in bytes_tokenizer.encode(text).ids]
    pieces.append(decoder.flush())

    clusters = regex.findall(r"\X", text)
    assert "".join(pieces) == text
    assert [c for piece in pieces for c in regex.findall(r"\X", piece)] == clusters


def test_half_a_character_at_the_end_is_dropped(bytes_tokenizer: Tokenizer) -> None:
    decoder = StreamingDecoder(bytes_tokenizer)
    tokens = bytes_tokenizer.encode("ok 😀").ids[:-1]

    text = "".join(decoder.feed(token) for token in tokens) + decoder.flush()

    assert text == "ok "


@given(st.lists(st.text(max_size=4)))
def test_any_division_of_any_text_keeps_its_clusters_whole(parts: list[str]) -> None:
    buffer = GraphemeBuffer()
    pieces = [buffer.feed(part) for part in parts] + [buffer.flush()]

    text = "".join(parts)
    assert "".join(pieces) == text
    assert [c for p in pieces for c in regex.findall(r"\X", p)] == regex.findall(r"\X", text)
