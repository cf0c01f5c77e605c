"""Cutting sentences out of what was said, when a person asks to forget part of it."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import regex

from bot.memory.terms import CJK_STOP_CHARACTERS, terms

# Tried once for a row of marks, not at each of them: a text may be nothing but dots.
_END = regex.compile(r"(?<![.!?…])[.!?…]++[\"')\]”’]*+(?=\s|$)|[。！？；…]+[”’」』）)]*|\n+")
_INITIAL = regex.compile(
    r"(?:^|[\s(])(?:mr|mrs|ms|dr|prof|st|e\.g|i\.e|(?:\p{L}\.)*\p{L})\.$", regex.IGNORECASE
)
_LONGEST_INITIAL = 24
"""Characters looked at for one: "U.S.A." and longer."""

_NO_LETTERS = regex.compile(r"[^\p{L}\p{N}]*")
_IS_HAN = regex.compile(r"\p{Han}")
_SHORT = 3
_IRREGULAR = frozenset({"die", "lie", "tie"})
"""Stems of dying, lying and tying."""

_SPOKEN = regex.compile(r"[\p{L}\p{N}]+")


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a text, as offsets."""

    start: int
    end: int

    def overlaps(self, other: Span) -> bool:
        """Whether the two share a character."""
        return self.start < other.end and other.start < self.end

    def of(self, text: str) -> str:
        """The words in it."""
        return text[self.start : self.end]


def sentence_spans(text: str) -> list[Span]:
    """The sentences of ``text``, marks at their end included; together they cover all words."""
    spans: list[Span] = []
    start = 0
    for end in _END.finditer(text):
        # "I live in St. Gallen." is one sentence.
        if end[0] == "." and end.end() < len(text) and _is_initial(text, end.end()):
            continue
        _append(spans, text, start, end.end())
        start = end.end()
    _append(spans, text, start, len(text))
    return spans


def _is_initial(text: str, end: int) -> bool:
    return _INITIAL.search(text, max(0, end - _LONGEST_INITIAL), end) is not None


def _append(spans: list[Span], text: str, start: int, end: int) -> None:
    piece = text[start:end]
    if body := piece.strip():
        begin = start + piece.index(body)
        spans.append(Span(begin, begin + len(body)))


def places(text: str, quote: str) -> list[Span]:
    """Where ``quote`` stands in ``text``, every time."""
    found: list[Span] = []
    at = text.find(quote) if quote else -1
    while at >= 0:
        found.append(Span(at, at + len(quote)))
        at = text.find(quote, at + len(quote))
    return found


def without(text: str, cut: Collection[Span], keep: Callable[[Span], str] = lambda _: "") -> str:
    """``text`` without the stretches in ``cut``; ``keep`` says what stays in place of one.

    Nothing is left when only punctuation would be.
    """
    rest, at = "", 0
    for span in sorted(cut, key=lambda span: span.start):
        rest = _joined(_joined(rest, text[at : span.start]), keep(span))
        at = max(at, span.end)
    rest = _joined(rest, text[at:]).strip()
    return "" if _NO_LETTERS.fullmatch(rest) else rest


def _joined(left: str, right: str) -> str:
    """Both, with one blank where there was one on either side of what is gone."""
    if not left or not right:
        return left or right
    head, tail = left.rstrip(" \t"), right.lstrip(" \t")
    blank = len(head) < len(left) or len(tail) < len(right) or head[-1] in ".!?"
    apart = head.endswith("\n") or tail.startswith("\n")
    return f"{head}{' ' if blank and not apart else ''}{tail}"


def search_terms(words: str) -> frozenset[str]:
    """What a text must hold to be about ``words``: their terms, without glue where there is other.

    The pairs of a Chinese run overlap, so 我的密码 has 的密 in it, which 密码是1234 has not.
    """
    found = frozenset(terms(words))
    topical = {term for term in found if not CJK_STOP_CHARACTERS.intersection(term)}
    return frozenset(topical) or found


class Words:
    """The words of a text, to look for terms in it more than once."""

    def __init__(self, text: str) -> None:
        self._plain = unicodedata.normalize("NFKC", text).lower()
        self._found: frozenset[str] | None = None

    def hold(self, wanted: Collection[str]) -> bool:
        """Whether every one of the terms is in the text; never when there are none."""
        # Taking a text apart costs a hundred times as much as seeing that it begins no such word.
        if not wanted or not all(_beginning(term) in self._plain for term in wanted):
            return False
        if self._found is None:
            self._found = frozenset(terms(self._plain))
        # A Chinese word of one character is a term only where it stands alone.
        return all(term in self._found or _IS_HAN.match(term) for term in wanted)


def _beginning(term: str) -> str:
    """Letters that every word with this stem begins with: "hope" is the stem of "hoping"."""
    if _IS_HAN.match(term) or len(term) < _SHORT:
        return term
    return term[:1] if term in _IRREGULAR else term[: max(2, len(term) - 2)]


def same_words(one: str, other: str) -> bool:
    """Whether two texts have the same words in the same order, whatever their case and marks."""
    return _words(one) == _words(other)


def _words(text: str) -> Sequence[str]:
    return _SPOKEN.findall(text.casefold())
