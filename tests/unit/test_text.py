"""Cleaning what people type."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.text import clean_text, shorten


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("  hello \n", "hello"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("tab\tstays", "tab\tstays"),
        ("null\x00 bell\x07 escape\x1b[31m", "null bell escape[31m"),
        ("lone \ud83d half", "lone  half"),
        ("pair \ud83d\ude00", "pair 😀"),
        ("over\u202eride", "override"),
        ("\u200fשלום", "\u200fשלום"),
        ("cafe\u0301", "café"),
        ("👩🏽‍💻 小芳", "👩🏽‍💻 小芳"),
        (" \t\n\x00", ""),
    ],
)
def test_what_breaks_storage_or_display_goes_and_the_rest_stays(raw: str, clean: str) -> None:
    assert clean_text(raw) == clean


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_cleaned_text_is_valid_unicode_and_stays_as_it_is_when_cleaned_again(raw: str) -> None:
    clean = clean_text(raw)

    assert clean.encode("utf-8").decode("utf-8") == clean
    assert "\x00" not in clean
    assert clean_text(clean) == clean


@given(st.text(), st.integers(min_value=2, max_value=50))
def test_shortened_text_is_one_line_within_the_limit(text: str, limit: int) -> None:
    short = shorten(text, limit)

    assert len(short) <= limit
    assert len(short.splitlines()) <= 1


def test_shortening_cuts_at_a_word() -> None:
    assert shorten("one two  three\nfour", 14) == "one two three…"
