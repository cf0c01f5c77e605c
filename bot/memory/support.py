"""Is what a summary says really there? Its words are looked for in what the person said.

A model that summarises invents, mixes people up and drops a "not". So a sentence counts only when
every word of content in it was said: by a sentence that is no question, denies exactly when it
denies, and is no mere wish or plan unless it is one too. That throws good sentences away; nobody
misses them, since the person's own are there to take their place.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

import regex

from bot.domain.episode import EpisodeSentence
from bot.domain.turn import Turn, TurnId
from bot.memory.cutting import places, sentence_spans
from bot.memory.terms import CJK_STOP_CHARACTERS, terms

MOST_CITED = 3
"""Words picked from more turns than this say nothing that anybody said."""

_SUBJECT = r"(?:i|i['’]\w+|my|we|our|he|she|they|it|his|her|their|there|this|that|the user)\b"
_CLAUSE = regex.compile(
    r"(?:[,;:\u2013\u2014]|\b(?:and|so|because|while)\b)[\s,]*"
    rf"(?:(?:and|so|because|while)\b\s*)?(?={_SUBJECT})"
    r"|\b(?:but|although|though|however|except)\b|[，；]|但是?|可是"
)
_DENIES = regex.compile(
    r"\b(?:not|no|never|none|nobody|nothing|nowhere|neither|nor|without|cannot|hardly|barely"
    r"|\w+n['’]t|dont|doesnt|didnt|cant|wont|isnt)\b|[不没无别未非]"
)
_DENIES_NOTHING = regex.compile(
    r"\b(?:can(?:no|['’])t wait|not only|no doubt|no wonder|why not|no problem)\b"
    r"|不过|不错|不仅|不但|不只|不久|不管|差不多|不好意思|了不起|非常|特别|别人|别的|分别|性别|无论"
)
_UNSURE = regex.compile(
    r"\b(?:if|wish\w*|want\w*|hop(?:e|es|ed|ing)|would|\w+['’](?:d|ll)|might|maybe|perhaps|could"
    r"|may (?:be|have|get|go)|should|plan\w*|going to|gonna|think\w* (?:of|about)|consider\w*"
    r"|dream\w*|used to|almost|nearly|pretend\w*|imagin\w*|will|(?:try|trying|tried) to)\b"
    r"|想|要|会|如果|假如|希望|打算|计划|可能|也许|准备|将|曾经|以前|差点"
)
_SURE = regex.compile(r"重要|主要|需要|只要|要求|机会|聚会|会议|社会|约会|会计|开会|一会")

_REPORTS = "user mentioned stated explained described reported talked saying"
_REPORTS_IN_CHINESE = regex.compile(
    "(?:用户|[他她])(?:说|表示|提到|谈到|透露|告诉)?|提到|谈到|说到|表示"
)
_LIKES = regex.compile(r"\blike[sd]?\b")
"""Recall takes "like" for a filler; here it is what somebody likes."""

_PARTICLE = regex.compile("[的了呢吧啊吗呀嘛]")
_HAN = regex.compile(r"\p{Han}")
_WORD_BEFORE = regex.compile(r"[\p{L}\p{N}--\p{Han}]", regex.VERSION1)

_SAME = {
    form: word
    for word, forms in {
        "go": "goes went gone",
        "get": "got gotten",
        "buy": "bought",
        "take": "took taken",
        "make": "made",
        "see": "saw seen",
        "come": "came",
        "give": "gave given",
        "find": "found",
        "leave": "left",
        "feel": "felt",
        "think": "thought",
        "begin": "began begun",
        "run": "ran",
        "eat": "ate eaten",
        "drink": "drank drunk",
        "meet": "met",
        "teach": "taught",
        "win": "won",
        "lose": "lost",
        "spend": "spent",
        "build": "built",
        "write": "wrote written",
        "grow": "grew grown",
        "break": "broke broken",
        "drive": "drove driven",
        "fly": "flew flown",
        "keep": "kept",
        "sleep": "slept",
        "sell": "sold",
        "pay": "paid",
        "child": "children",
        "2": "two",
        "3": "three",
        "4": "four",
        "5": "five",
        "6": "six",
        "7": "seven",
        "8": "eight",
        "9": "nine",
        "10": "ten",
    }.items()
    for form in forms.split()
}
"""Forms that stemming does not bring together, and that people swap when they retell."""

_Claim = tuple[str, bool, bool]
"""A word, whether it is denied, and whether it is only wished, planned or over."""


def cited(sentence: str, turns: Sequence[Turn], *, name: str = "") -> tuple[TurnId, ...]:
    """The fewest turns found, at most :data:`MOST_CITED`, that say together what ``sentence`` says.

    In the order of ``turns``, the earlier one where two say as much; empty when they do not say it
    all, and when it says nothing. ``name`` is what the person is called: that, "the user" and
    words such as "mentioned" are a summary's own, and pronouns are free.
    """
    missing = set(_claims(sentence, name))
    chosen: set[TurnId] = set()
    said = {turn.id: _said(turn.text) for turn in turns} if missing else {}
    while missing and len(chosen) < MOST_CITED:
        best = max(said, key=lambda turn_id: len(missing & said[turn_id]), default=None)
        if best is None or not missing & said[best]:
            return ()
        chosen.add(best)
        missing -= said[best]
    return () if missing else tuple(turn.id for turn in turns if turn.id in chosen)


def is_supported(
    sentence: EpisodeSentence, turns: Mapping[TurnId, Turn], *, name: str = ""
) -> bool:
    """Whether all turns that a sentence of a summary cites are there and still say what it says."""
    if not all(turn_id in turns for turn_id in sentence.turn_ids):
        return False
    texts = [turns[turn_id].text for turn_id in sentence.turn_ids]
    if any(sentence.text in text for text in texts):
        return True
    claims = _claims(sentence.text, name)
    return bool(claims) and claims.issubset(claim for text in texts for claim in _said(text))


def _claims(sentence: str, name: str) -> frozenset[_Claim]:
    plain = _REPORTS_IN_CHINESE.sub(" ", _without_name(sentence.casefold(), name.casefold()))
    own = _words(f"{_REPORTS} {name}")
    return frozenset(
        (word, denied, unsure)
        for clause in _clauses(plain)
        for denied, unsure in [_marks(clause)]
        for word in _topical(_words(clause) - own)
    )


def _said(text: str) -> frozenset[_Claim]:
    found: set[_Claim] = set()
    for span in sentence_spans(text):
        sentence = span.of(text).casefold()
        if sentence.rstrip("\"'”’」』)）").endswith(("?", "？")):
            continue
        for clause in _clauses(sentence):
            denied, unsure = _marks(clause)
            held = {*_words(clause), *_HAN.findall(clause)}
            # Who is sure of something may be quoted as being less so, but not the other way round.
            found |= {(word, denied, True) for word in held}
            found |= set() if unsure else {(word, denied, False) for word in held}
    return frozenset(found)


def _clauses(text: str) -> list[str]:
    return [clause for clause in _CLAUSE.split(text) if clause and clause.strip()]


def _marks(clause: str) -> tuple[bool, bool]:
    denies = _DENIES.search(_DENIES_NOTHING.sub(" ", clause))
    return denies is not None, _UNSURE.search(_SURE.sub(" ", clause)) is not None


def _words(clause: str) -> frozenset[str]:
    free = _PARTICLE.sub("", _LIKES.sub("enjoy", clause))
    return frozenset(_irregular().get(term, term) for term in terms(free))


@functools.cache
def _irregular() -> Mapping[str, str]:
    return {term: word for form, word in _SAME.items() for term in terms(form)}


def _topical(words: frozenset[str]) -> frozenset[str]:
    """Without Chinese pairs that hold glue, which differ with every order of words."""
    found = frozenset(word for word in words if not CJK_STOP_CHARACTERS.intersection(word))
    return found or words


def _without_name(plain: str, name: str) -> str:
    # No pattern is compiled for it: the regex module would keep what people are called.
    for place in reversed(places(plain, name)):
        before, after = plain[: place.start], plain[place.end :]
        if not _WORD_BEFORE.match(before[-1:]) and not _WORD_BEFORE.match(after[:1]):
            rest = after[2:] if after.startswith(("'s", "\u2019s")) else after
            plain = f"{before} they {rest}"
    return plain
