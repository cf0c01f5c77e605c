"""Days that are words of a title are no dates."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.memory.dates import find_dates

FRIDAY = datetime(2026, 7, 3, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "I lent Tom the book Roots of Tomorrow",
        "we saw The Day After Tomorrow",
        "I love Tomorrow Never Dies",
        'my film is "Tomorrow Never Dies"',
        "she sings Only Yesterday",
        "I read USA Today",
        "he wrote The Man of Yesterday and more",
    ],
)
def test_a_day_among_the_words_of_a_title_is_no_date(text: str) -> None:
    assert find_dates(text, FRIDAY) == ()


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("Tomorrow I fly to Oslo", "Tomorrow"),
        ("Yesterday Ana came", "Yesterday"),
        ("It rained. Tomorrow Ana comes.", "Tomorrow"),
        ("the day after tomorrow I fly", "the day after tomorrow"),
        ("Ana flies to Rome tomorrow", "tomorrow"),
        ("I saw The Day After Tomorrow yesterday", "yesterday"),
    ],
)
def test_a_day_beside_a_title_or_at_the_beginning_stays_a_date(text: str, expression: str) -> None:
    (mention,) = find_dates(text, FRIDAY)
    assert text[mention.start : mention.end].casefold() in {
        expression.casefold(),
        expression.casefold()[4:],
    }
