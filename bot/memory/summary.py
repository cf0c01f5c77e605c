"""Summing up a session with the person's own sentences: the few that tell most, in their order.

Nothing is reworded, so nothing can be wrong; and it takes no model. What counts is what somebody
would want to be known later: statements about themselves with names, numbers, days and places in
them, and words that the session came back to. Questions, thanks and applause do not count.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Self

import regex

from bot.domain.episode import EpisodeSentence
from bot.domain.turn import Turn, TurnId
from bot.memory.cutting import Span, sentence_spans
from bot.memory.extraction.sentences import MASK, masked
from bot.memory.quarantine import reads_like_injection
from bot.memory.stale import GAP
from bot.memory.substance import SIGNALS, signals
from bot.memory.terms import terms

MOST_TOKENS = 90
"""Of one episode, as estimated: ten episodes then cost less than half the memory of a prompt."""

MOST_SENTENCES = 4
TIMES_SHORTER = 6
"""An episode takes at most this fraction of the words it stands for, the replies among them."""

LONGEST_SENTENCE = 200
"""Characters. A longer one is taken only where no other is left, and then up to a clause's end."""

_SHORTEST = 4
"""Words, or Chinese characters: "I love that too" is the least that may be worth keeping."""

_WEIGHTS = {
    "own": 0.8,
    "naming": 1.0,
    "numbered": 0.6,
    "dated": 2.0,
    "placed": 0.6,
}
"""What each signal of :mod:`bot.memory.substance` is worth; chosen on a part of LoCoMo."""

_WORTH_OF_WORDS = 0.3
_LITTLE = 0.15
"""Is left of the worth of a request to Ellie, of a reaction to what she said, or of what a fact
states already."""

_ADVICE = 0.5
"""Is left of the worth of what is said to or about whoever listens."""

_ALONE = 0.85
"""Is left of the worth of a sentence that says little without the one before it."""

_LEAST = 0.4
"""Worth of a sentence that is better than none; a plain one about oneself is worth about 1."""

_STATED = 0.7
"""A sentence of which facts hold this share is stated by them."""

_REPEATED = 0.9
"""Is lost of the worth of a sentence as far as its words have been chosen already."""

_LATIN_CHARACTERS_PER_TOKEN = 4
_CJK = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]")
_WORD = regex.compile(r"\p{Han}|[\p{L}\p{N}'\u2019]+")
_QUESTION = ("?", "\uff1f")
_CLOSING = "\"'”’」』)）"
_REQUEST = regex.compile(
    r"^\W*(?:(?:hey |hi |ok |so |and |now )?(?:ellie\W+)?(?:please|can you|could you|would you"
    r"|will you|tell me|show me|give me|help me|let me know|remind me|remember|don['\u2019]t forget"
    r"|forget|summari[sz]e|translate|explain|write|rewrite|list|describe|recommend|suggest|make me"
    r"|find me|look up|think of|imagine|pretend|answer|stop|keep me posted|let['\u2019]s|i want you"
    r"|i need you|i['\u2019]d like you)\b"
    r"|(?:请|麻烦|帮我|帮忙|告诉我|给我|教我|提醒我|记住|记得|别忘|忘[掉记]|总结|翻译|解释|写一|列出|推荐"
    r"|你能|你可以|能不能|可不可以))",
    regex.IGNORECASE,
)
_REACTION = regex.compile(
    r"^\W*(?:(?:aw+|oh|o+f|ah|hm+|haha\w*|well|yup|yeah|yes|and|but|so|ellie)\b\W*)*"
    r"(?:thanks?|thank you|thx|wow|yeah|yes|yep|no|nope|sure|ok|okay|hi|hello|hey|bye|goodbye"
    r"|good (?:morning|evening|night|luck|idea|point|to)|great|awesome|cool|nice|congrat\w*|sounds"
    r"|that['\u2019]?[sd]|that (?:is|sounds|must|would|looks)|(?:it['\u2019]s )?so (?:glad|happy"
    r"|good|great|nice|cool)|it['\u2019]s (?:great|good|nice|awesome|cool|amazing|wonderful|lovely)"
    r"|you|you['\u2019](?:re|ve)|your|glad|sorry|happy to hear|long time|just want\w* to say|go get"
    r"|keep (?:it )?up|i(?:['\u2019]m| am) (?:so |really )?(?:glad|sorry|proud of you|happy for you"
    r"|here for)|i (?:totally |completely )?(?:agree|see|understand|know|appreciate|hope you)"
    r"|what an?|how (?:nice|cool|lovely|sweet)|take care|talk to you|see you|have (?:a|fun))\b"
    r"|^\W*(?:谢谢|多谢|哈哈|好的|好吧|嗯|是的|对啊|没错|你|您好|早上好|晚安|再见|拜拜|真的|太好了|不客气"
    r"|没关系|当然|可以|行)",
    regex.IGNORECASE,
)
_GENERAL = regex.compile(
    r"\b(?:you|your|yours|yourself|let['\u2019]s|we (?:should|can|must|gotta|all)|never know)\b"
    r"|[你您]",
    regex.IGNORECASE,
)
_LEANING = regex.compile(
    r"^\W*(?:(?:it|that|this|they|these|those|he|she|so|but)\b|[这那它他她])", regex.IGNORECASE
)
_ADDRESSED = regex.compile(r",\s*\p{Lu}\p{Ll}+\W*$")
"""Calling somebody by name tells nothing about them."""

_CLAUSE_END = regex.compile(r"[,;:](?=\s)|\s[\u2013\u2014-](?=\s)|[，；：]")


@dataclass(frozen=True, slots=True)
class _Sentence:
    place: int
    turn_id: TurnId
    text: str
    words: frozenset[str]
    worth: float

    @classmethod
    def of(cls, place: int, turn: Turn, text: str, worth: float) -> Self:
        return cls(place, turn.id, text, frozenset(terms(text)), worth)


def extract_summary(
    turns: Sequence[Turn], known: Collection[frozenset[str]] = (), *, most_tokens: int = MOST_TOKENS
) -> tuple[EpisodeSentence, ...]:
    """The sentences of ``turns`` that tell most, each citing its turn, in the order of being said.

    Every one is an exact span of its turn. ``known`` are the terms of texts that facts hold
    already, which need not be told again. Empty when nothing was said that is worth keeping, or
    when the turns are so short that a sentence would hardly be shorter.
    """
    budget = min(most_tokens, budget_tokens(turns))
    candidates = _candidates(turns, known, budget)
    chosen: list[_Sentence] = []
    while candidates and len(chosen) < MOST_SENTENCES:
        best = max(candidates, key=lambda one: (_gain(one, chosen), -one.place))
        budget -= estimated_tokens(best.text)
        chosen.append(best)
        told = _words(chosen)
        candidates = [
            one
            for one in candidates
            if not one.words <= told and estimated_tokens(one.text) <= budget
        ]
    return tuple(
        EpisodeSentence(text=one.text, turn_ids=(one.turn_id,))
        for one in sorted(chosen, key=lambda one: one.place)
    )


def budget_tokens(turns: Sequence[Turn]) -> int:
    """How many tokens the summary of ``turns`` may take."""
    said = sum(estimated_tokens(turn.text) + estimated_tokens(turn.reply) for turn in turns)
    return min(MOST_TOKENS, said // TIMES_SHORTER)


def estimated_tokens(text: str) -> int:
    """Tokens of ``text`` without a tokenizer: one for four letters or a Chinese character."""
    dense = len(_CJK.findall(text))
    return dense + math.ceil((len(text) - dense) / _LATIN_CHARACTERS_PER_TOKEN)


def _candidates(
    turns: Sequence[Turn], known: Collection[frozenset[str]], budget: int
) -> list[_Sentence]:
    spans = [(turn, span) for turn in turns for span in _readable(turn.text)]
    frequency = Counter(term for turn in turns for term in frozenset(terms(turn.text)))
    known = [words for words in known if not words.isdisjoint(frequency)]
    found, long_ones = [], []
    for place, (turn, span) in enumerate(spans):
        sentence = span.of(turn.text)
        worth = _worth(sentence, frequency, known)
        if worth <= 0:
            continue
        if len(sentence) <= LONGEST_SENTENCE:
            found.append(_Sentence.of(place, turn, sentence, worth))
        elif cut := _first_clauses(sentence):
            long_ones.append(_Sentence.of(place, turn, cut, worth))
    affordable = [one for one in found if estimated_tokens(one.text) <= budget]
    return affordable or [one for one in long_ones if estimated_tokens(one.text) <= budget]


def _readable(text: str) -> list[Span]:
    """The sentences that are the person's own voice and whole: no code, no links, nothing cut."""
    shown = masked(text)
    return [
        span
        for span in sentence_spans(text[: len(shown)])
        if MASK not in span.of(shown)
        and GAP not in span.of(text)
        and not text[: span.start].rstrip().endswith(GAP)
        and not reads_like_injection(span.of(text))
    ]


def _worth(sentence: str, frequency: Counter[str], known: Sequence[frozenset[str]]) -> float:
    words = frozenset(terms(sentence))
    if sentence.rstrip(_CLOSING).endswith(_QUESTION) or not words:
        return 0.0
    if len(_WORD.findall(sentence)) < _SHORTEST:
        return 0.0
    told = dict(zip(SIGNALS, signals(_ADDRESSED.sub("", sentence), 0, ()), strict=True))
    worth = sum(weight * told[name] for name, weight in _WEIGHTS.items())
    # What the session came back to is what it was about; a word said once may be anything.
    topical = sum(math.log2(1 + frequency[word]) for word in words)
    worth += _WORTH_OF_WORDS * math.sqrt(topical)
    if _REQUEST.search(sentence):
        worth *= _LITTLE
    if _REACTION.search(sentence):
        worth *= _LITTLE
    if _GENERAL.search(sentence):
        worth *= _ADVICE
    if _LEANING.search(sentence):
        worth *= _ALONE
    if worth < _LEAST:
        return 0.0
    if any(len(words & fact) >= _STATED * len(words) for fact in known):
        worth *= _LITTLE
    return worth


def _gain(one: _Sentence, chosen: Sequence[_Sentence]) -> float:
    repeated = len(one.words & _words(chosen)) / len(one.words)
    return one.worth * (1 - _REPEATED * repeated)


def _words(sentences: Sequence[_Sentence]) -> frozenset[str]:
    return frozenset(word for one in sentences for word in one.words)


def _first_clauses(sentence: str) -> str:
    """As many clauses as fit, without the mark at their end; none when the first is too long."""
    ends = [end.start() for end in _CLAUSE_END.finditer(sentence, 0, LONGEST_SENTENCE)]
    return sentence[: ends[-1]].rstrip() if ends else ""
