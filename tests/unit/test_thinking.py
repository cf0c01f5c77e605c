"""What a model thinks is never shown, however it is cut into pieces."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.generation.thinking import PAIRS, Channels, ThinkBlocks


def shown(
    text: str,
    *cuts: int,
    opened: str = "",
    certain: bool = True,
    by_itself: bool = True,
) -> str:
    blocks = ThinkBlocks(opened=opened, certain=certain)
    edges = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    pieces = [blocks.feed(text[a:b]) for a, b in pairwise(edges)]
    return "".join(pieces) + blocks.flush(by_itself=by_itself)


@pytest.mark.parametrize("tag", PAIRS)
@given(cuts=st.lists(st.integers(0, 60), max_size=10))
def test_a_block_is_left_out_wherever_it_is_cut(tag: str, cuts: list[int]) -> None:
    text = f"\n{tag}\nSecret < thoughts.\n{PAIRS[tag]}\n\nIt rains <b>today</b>."

    assert shown(text, *cuts) == "It rains <b>today</b>."


@given(cuts=st.lists(st.integers(0, 40), max_size=10))
def test_a_block_that_the_prompt_opened_is_left_out(cuts: list[int]) -> None:
    assert shown("Secret.\n</think>\n\nRain.", *cuts, opened="<think>") == "Rain."


def test_several_blocks_are_left_out() -> None:
    assert shown("<think>a</think>\n<think>b</think>\nRain.") == "Rain."


@pytest.mark.parametrize("text", ["You wrote <think> and </think>.", "Rain.\n<think>x</think>"])
def test_tags_in_an_answer_are_words(text: str) -> None:
    assert shown(text, *range(len(text))) == text


@pytest.mark.parametrize("by_itself", [True, False])
@pytest.mark.parametrize("opened", ["", "<think>"])
def test_a_block_that_never_ends_shows_nothing(opened: str, by_itself: bool) -> None:
    text = "Secret." if opened else "<think>Secret."

    assert shown(text, opened=opened, by_itself=by_itself) == ""


def test_a_quotation_by_a_model_not_known_to_think_is_shown_in_the_end() -> None:
    text = "<think> is a tag."

    assert shown(text, certain=False) == text
    assert shown(text, certain=False, by_itself=False) == ""
    assert shown("<think>so</think>Rain. <think>", certain=False) == "Rain. <think>"


def test_whoever_does_not_think_is_let_through_unchanged() -> None:
    for text in ("  Rain.", "<b>Rain</b>", "<", " \n", ""):
        assert shown(text, *range(len(text)), certain=False) == text


def test_an_answer_streams_once_the_block_is_over() -> None:
    blocks = ThinkBlocks()

    assert [blocks.feed(piece) for piece in ("<thi", "nk>a", "b</think", ">\n", "Ra", "in")] == [
        *[""] * 4,
        "Ra",
        "in",
    ]
    assert not blocks.thinking


def spoken(channels: Channels, *pieces: str) -> str:
    return "".join(
        channels.mark(piece) if piece.startswith("<|") else channels.feed(piece) for piece in pieces
    )


def test_only_the_final_channel_is_shown() -> None:
    channels = Channels("<|start|>assistant")
    said = spoken(
        channels,
        "<|channel|>",
        "analysis",
        "<|message|>",
        "Secret.",
        "<|end|>",
        "<|start|>",
        "assistant",
        "<|channel|>",
        "fin",
        "al",
        "<|message|>",
        "It ",
        "rains.",
    )

    assert said == "It rains."
    assert not channels.done
    assert spoken(channels, "<|end|>", "<|start|>", "user") == ""
    assert channels.done


def test_a_prompt_may_begin_the_final_channel_itself() -> None:
    begun = Channels("<|end|><|start|>assistant<|channel|>final<|message|>")

    assert begun.feed("Rain.") == "Rain."
