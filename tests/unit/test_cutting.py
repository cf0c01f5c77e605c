"""Sentences of long texts: looking for their ends takes no longer than the text is."""

from __future__ import annotations

from typing import Any

import pytest
import regex

from bot.memory import cutting
from bot.memory.cutting import sentence_spans


class Watched:
    """A pattern that counts the characters it is given to search."""

    def __init__(self, pattern: regex.Pattern[str]) -> None:
        self._pattern = pattern
        self.given = 0

    def search(self, text: str, start: int = 0, end: int | None = None) -> Any:
        end = len(text) if end is None else end
        self.given += end - start
        return self._pattern.search(text, start, end)


@pytest.fixture
def initials(monkeypatch: pytest.MonkeyPatch) -> Watched:
    watched = Watched(cutting._INITIAL)
    monkeypatch.setattr(cutting, "_INITIAL", watched)
    return watched


def test_a_long_text_is_looked_through_once(initials: Watched) -> None:
    text = "It rains. " * 1000

    spans = sentence_spans(text)

    assert [span.of(text) for span in spans] == ["It rains."] * 1000
    assert 0 < initials.given < 30 * 1000


def test_a_long_row_of_initials_is_one_sentence(initials: Watched) -> None:
    text = "a. " * 1000 + "Bo ran. End."

    spans = sentence_spans(text)

    assert [span.of(text) for span in spans] == [text[:-5], "End."]
    assert 0 < initials.given < 30 * 1001


@pytest.mark.parametrize("marks", [".", "!?", '."'])
def test_marks_before_a_letter_end_nothing_however_many(marks: str) -> None:
    # Trying again at each mark would take minutes.
    text = "Well" + marks * (40_000 // len(marks)) + "a."
    assert [span.of(text) for span in sentence_spans(text)] == [text]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("St. Gallen is nice. I go.", ["St. Gallen is nice.", "I go."]),
        ("I saw Dr. Who. He left.", ["I saw Dr. Who.", "He left."]),
        # Where the look back ends is not where a word begins.
        ("ab.c.d.e.f.g.h.i.j.k.l.m.n. So.", ["ab.c.d.e.f.g.h.i.j.k.l.m.n.", "So."]),
        ("Wait... what?! (Really.) Yes.", ["Wait...", "what?!", "(Really.)", "Yes."]),
    ],
)
def test_sentences_end_where_they_ended(text: str, sentences: list[str]) -> None:
    assert [span.of(text) for span in sentence_spans(text)] == sentences
