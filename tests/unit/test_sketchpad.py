"""What was shown, in words."""

from __future__ import annotations

import pytest
from support.memory import turn

from bot.domain.shown import Shown
from bot.memory.sketchpad import description, heard_and_seen

DOG = Shown(
    name="dog.jpg",
    media_type="image/jpeg",
    size=2_100_000,
    width=1024,
    height=768,
    alt_text="a dog on a beach",
    caption="Biscuit!",
)


def test_a_picture_is_described_by_what_is_known_about_it() -> None:
    assert description(DOG) == "picture dog.jpg, 1024x768, 2.1 MB: Biscuit!; a dog on a beach"


def test_a_turn_is_heard_and_seen() -> None:
    assert heard_and_seen(turn(1, "Look!", shown=(DOG,))).startswith("Look!\n[picture dog.jpg")
    assert heard_and_seen(turn(1, "", shown=(DOG,))).startswith("[picture dog.jpg")
    assert heard_and_seen(turn(1, "Look!")) == "Look!"


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1 KB"), (5_000_000_000_000, "5e+03 GB")],
)
def test_sizes_have_units(size: int, words: str) -> None:
    assert description(Shown(name="a.bin", size=size)) == f"file a.bin, {words}"


def test_long_words_are_shortened_and_stay_on_one_line() -> None:
    line = description(Shown(name="n" * 300, alt_text="see\n" * 300))

    assert "\n" not in line
    assert len(line) < 320
