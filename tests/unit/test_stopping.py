"""Text up to a stop string, however it is cut into pieces."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.generation.plain_prompt import STOP_STRINGS
from bot.generation.stopping import StopStrings


def said(text: str, *cuts: int) -> tuple[list[str], bool]:
    """What is let through of ``text`` cut at these places, and whether it was stopped."""
    stop = StopStrings(STOP_STRINGS)
    edges = [0, *sorted(cuts), len(text)]
    pieces = [stop.feed(text[a:b]) for a, b in pairwise(edges)]
    return [*pieces, stop.flush()], stop.stopped


@given(st.lists(st.integers(0, 40), max_size=8))
def test_nothing_of_a_stop_string_is_shown_wherever_it_is_cut(cuts: list[int]) -> None:
    text = "Rain is water.\n\nUser: And snow?\nAssistant: Ice."

    pieces, stopped = said(text, *cuts)

    assert "".join(pieces) == "Rain is water."
    assert stopped


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Ask a User: he knows.", "Ask a User: he knows."),
        ("Line\nUsers: many", "Line\nUsers: many"),
        ("The end \n", "The end"),
        ("The end\nUse", "The end\nUse"),
        ("\nUser: hi", ""),
    ],
)
def test_only_whole_stop_strings_end_a_reply(text: str, shown: str) -> None:
    assert "".join(said(text, *range(len(text)))[0]) == shown


def test_text_is_shown_as_soon_as_it_is_certain() -> None:
    stop = StopStrings(STOP_STRINGS)

    assert [stop.feed(piece) for piece in ("Hello", "\nUs", "ual", " day")] == [
        "Hello",
        "",
        "\nUsual",
        " day",
    ]


def test_without_stop_strings_everything_passes_at_once() -> None:
    stop = StopStrings(())

    assert stop.feed("a \n") == "a \n"
    assert (stop.feed("b"), stop.flush()) == ("b", "")
