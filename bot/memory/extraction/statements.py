"""The sentences of a message that a model may be asked about, and what becomes of them.

Silence is decided by the same rules as without a model, so that no model ever judges a question, a
condition, a report of what others said, role play, a joke or code. What a model chooses is copied
from the message, never written anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import regex

from bot.domain.fact import FactKind
from bot.memory.dates import DateMention, Lean, find_dates, spoken_date
from bot.memory.extraction.candidate import Candidate
from bot.memory.extraction.clauses import english_clauses
from bot.memory.extraction.pattern import said
from bot.memory.extraction.sentences import MASK, Sentence, masked, sentences
from bot.memory.extraction.silence import (
    asks_in_chinese,
    asks_in_english,
    asks_to_forget,
    is_chinese_tag,
    laughs,
    silences_message,
    silences_rest_chinese,
    silences_rest_english,
    starts_fiction,
)

LONGEST_STATEMENT = 300
"""Characters. A longer sentence is a text that somebody pasted."""

TOPIC = "note"
"""Under which a model's choice is kept: it says that there is a fact, not which property it has."""

_HAN = regex.compile(r"\p{Han}")
_SPEAKER = regex.compile(
    r"\b(?:i|i'?m|i'?ve|i'?d|i'?ll|me|my|mine|myself|we|we're|we've|us|our|ours)\b|[我咱俺]|本人",
    regex.IGNORECASE,
)
_LEAST = regex.compile(r"(?:[\p{L}\p{N}'-]+[^\p{L}\p{N}]+){2}[\p{L}\p{N}]|(?:\p{Han}\P{Han}?){5}")
"""Three words, or five Chinese characters: less says too little to stand alone."""

_CHINESE_CUT = regex.compile(r"[，,；;：:]\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A sentence in which the speaker may state something: ``message[start:end] == quote``."""

    quote: str
    start: int
    end: int
    text: str
    """The sentence without marks of emphasis, as it is kept."""

    def overlaps(self, spans: Iterable[tuple[int, int]]) -> bool:
        """Whether any of the spans of the message reaches into it."""
        return any(start < self.end and end > self.start for start, end in spans)


def statements(message: str) -> tuple[Statement, ...]:
    """The plain statements of the speaker that speak of the speaker, in order."""
    if silences_message(message) or laughs(message):
        return ()
    found = []
    for sentence in sentences(masked(message)):
        if starts_fiction(sentence):
            break
        if _may_state(sentence):
            end = sentence.start + len(sentence.text)
            quote = message[sentence.start : end]
            text = said(sentence.text)
            found.append(Statement(quote=quote, start=sentence.start, end=end, text=text))
    return tuple(found)


def _may_state(sentence: Sentence) -> bool:
    text = sentence.text
    if MASK in text or len(text) > LONGEST_STATEMENT or not _LEAST.search(text):
        return False
    if not _SPEAKER.search(text) or asks_to_forget(text):
        return False
    return not ("?" in sentence.ender or "\uff1f" in sentence.ender or _is_silent(sentence))


def _is_silent(sentence: Sentence) -> bool:
    if _HAN.search(sentence.text):
        return any(
            asks_in_chinese(piece) or is_chinese_tag(piece) or silences_rest_chinese(piece)
            for piece in _CHINESE_CUT.split(sentence.text)
        )
    return any(
        asks_in_english(clause.text) or silences_rest_english(clause.text, joint)
        for clause, joint in english_clauses(sentence, laughing=False)
    )


def packaged(
    statement: Statement, kind: FactKind, said_at: datetime, *, confidence: float
) -> Candidate:
    """The statement as a candidate, with its date when it is a plan or an event."""
    mention = _when(statement.text, kind, said_at)
    if kind is FactKind.PLAN and mention is not None and mention.since <= said_at:
        # A plan ends with its date; what has begun already must not end with a wrong guess.
        kind = FactKind.EVENT
    return Candidate(
        kind=kind,
        text=_dated(statement.text, mention),
        quote=statement.quote,
        start=statement.start,
        end=statement.end,
        topic=TOPIC,
        occurs_from=None if mention is None else mention.since,
        occurs_until=None if mention is None else mention.until,
        confidence=confidence,
    )


def _when(text: str, kind: FactKind, said_at: datetime) -> DateMention | None:
    if kind not in (FactKind.PLAN, FactKind.EVENT):
        return None
    lean = Lean.FUTURE if kind is FactKind.PLAN else Lean.PAST
    mentions: Sequence[DateMention] = find_dates(text, said_at, lean=lean)
    return mentions[0] if mentions else None


def _dated(text: str, mention: DateMention | None) -> str:
    """``text`` with its date spelt out when the words depend on the day they were said on."""
    if mention is None or not mention.relative:
        return text
    if _HAN.search(text):
        return f"{text[:-1]}（{spoken_date(mention, chinese=True)}）。"
    return f"{text[:-1]} ({spoken_date(mention)})."
