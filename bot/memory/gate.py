"""The safety gate of compaction: a memory that can answer less than before is not kept.

The same questions are asked of the memory before and after. Whether something is an answer is seen
in what the executive would put into the prompt, so no model is needed, and everything counts that a
model could read there: facts, summaries, quotes, and the conversation itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import regex

from bot.domain.turn import Turn
from bot.memory.cutting import sentence_spans
from bot.memory.executive import Costs, Selection
from bot.memory.probes import Probe
from bot.memory.sketchpad import heard_and_seen
from bot.memory.terms import terms

ENOUGH = 0.8
"""A text holds an answer when it holds this share of its terms. A bare value of up to four words
must be there whole; of near duplicates that became one fact, the words of either will do."""

TOLERANCE = 0.05
"""This share of the answers may be lost. What a prompt quotes is a choice among many, and beside
new neighbours the last of several likes may fall behind: that is the budget at work, and not a hole
in memory. What is vital has no such excuse: none of it may be lost."""

_CHARACTERS = 4.0
_CHARACTERS_IN_CHINESE = 1.5
"""Characters of a token. Qwen 2.5 has 4.4 in English chat, so that 4 is on the safe side, and in
Chinese 1.5."""

_LINE_TOKENS = 6
_DATE_TOKENS = 6
_MESSAGE_TOKENS = 8
"""What stands around the words: the dash and quotation marks of a line, a date, a chat message."""

_CHINESE = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]")
_QUESTION_MARKS = ("?", "\uff1f")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How many questions were asked, answered before and after, and lost on the way.

    What was learned on the way does not make up for what was lost.
    """

    asked: int
    before: int
    after: int
    lost: int
    passes: bool


def answers(probe: Probe, selection: Selection) -> bool:
    """Whether one text in the prompt holds the answer. What the person only asked is none."""
    wanted = ENOUGH * len(probe.answer)
    return any(len(probe.answer.intersection(terms(text))) >= wanted for text in _told(selection))


def verdict(probes: Sequence[Probe], before: Sequence[bool], after: Sequence[bool]) -> Verdict:
    """Whether the memory that answers ``after`` may take the place of the one before.

    It may when nothing vital was lost, and of the rest at most :data:`TOLERANCE` of all that was
    answered: of fewer than 20 answers, none.
    """
    lost = [probe for probe, had, has in zip(probes, before, after, strict=True) if had and not has]
    spared = not any(probe.vital for probe in lost)
    return Verdict(
        asked=len(probes),
        before=sum(before),
        after=sum(after),
        lost=len(lost),
        passes=spared and len(lost) <= int(TOLERANCE * sum(before)),
    )


def estimated_costs() -> Costs:
    """About what items cost in any model's tokens, for when none is loaded."""
    return Costs(
        fact=lambda fact: _LINE_TOKENS + _tokens(fact.text),
        turn=_turn_tokens,
        recalled=lambda turn: _LINE_TOKENS + _DATE_TOKENS + _tokens(heard_and_seen(turn)),
        episode=lambda episode: _LINE_TOKENS + _DATE_TOKENS + _tokens(episode.text),
    )


def _turn_tokens(turn: Turn) -> int:
    return 2 * _MESSAGE_TOKENS + _tokens(heard_and_seen(turn)) + _tokens(turn.reply)


def _tokens(text: str) -> int:
    chinese = len(_CHINESE.findall(text))
    return round((len(text) - chinese) / _CHARACTERS + chinese / _CHARACTERS_IN_CHINESE)


def _told(selection: Selection) -> Iterator[str]:
    """Everything in the prompt that the person stated, piece by piece."""
    for fact in (*selection.facts, *selection.beside):
        yield fact.text
    for episode in selection.episodes:
        for sentence in episode.sentences:
            yield sentence.text
    for hit in selection.recalled:
        yield _stated(heard_and_seen(hit.turn))
    for turn in selection.loop:
        yield _stated(heard_and_seen(turn))


def _stated(text: str) -> str:
    """``text`` without its questions."""
    sentences = (span.of(text) for span in sentence_spans(text))
    return " ".join(s for s in sentences if not s.rstrip("\"')”’ ").endswith(_QUESTION_MARKS))
