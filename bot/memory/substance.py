"""How much a turn tells, whatever the question: signals read once, when it is indexed.

Most of what people say in a chat holds no answer to anything: greetings, thanks, questions back.
Turns about oneself, with names, numbers and days in them, do. Which signal counts how much is
fitted (see :mod:`bot.memory.fusion`).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

import regex

_OWN = regex.compile(
    r"\b(?:i|i['\u2019](?:m|ve|d|ll)|my|mine|me|we|we['\u2019](?:re|ve|d|ll)|our|us)\b|[我咱]",
    regex.IGNORECASE,
)
_DATED = regex.compile(
    r"\b(?:yesterday|today|tonight|tomorrow|last|next|ago|weeks?|weekends?|months?|years?|recently"
    r"|just|soon|since|mondays?|tuesdays?|wednesdays?|thursdays?|fridays?|saturdays?|sundays?"
    r"|january|february|march|april|june|july|august|september|october|november|december"
    r"|(?:19|20)\d\d)\b"
    r"|[昨今明前后]天|[上下这]个?[周月]|周末|星期|礼拜|[去今明]年|[年月日号]前|\d+[年月日号]|刚刚|最近",
    regex.IGNORECASE,
)
_NUMBERED = regex.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|once|twice|couple|few|several|dozen"
    r"|half)\b|[一二两三四五六七八九十百千万几][个只条次年月天岁本张块家位]",
    regex.IGNORECASE,
)
_PLACED = regex.compile(
    r"\b(?:in|at|from|to|near|around|visit(?:ed)?|went|trip|moved?) (?:the )?\p{Lu}"
    r"|[在去到来]\p{Han}{2,}"
)
_NAME = regex.compile(r"(?<=[\p{Ll},;] )\p{Lu}\p{Ll}+")
_SENTENCE = regex.compile(r"[^.!?。！？]+[.!?。！？]*")
_WORD = regex.compile(r"\p{Han}|[\p{L}\p{N}'\u2019]+")

_MOST_OWN = 3
_MOST_OPENING = 5
_SHORT = 4
"""A sentence of fewer words says nothing beside a question: 'Hey Ana! How are you?'"""

SIGNALS = (
    "length",
    "asks",
    "only_asks",
    "own",
    "opening",
    "naming",
    "numbered",
    "dated",
    "placed",
)
"""The names of the signals, in the order in which :func:`signals` gives them."""


def signals(text: str, position: float, well_known: Collection[str]) -> Sequence[float]:
    """The signals of one turn, each between 0 and 1 but the first, the logarithm of a count.

    ``position`` counts the turns of the session before this one. ``well_known`` are the names of
    those who talk, in lower case: calling each other by name tells nothing.
    """
    words = _WORD.findall(text)
    asks = "?" in text or "？" in text
    names = [name for name in _NAME.findall(text) if name.lower() not in well_known]
    return (
        math.log1p(len(words)),
        float(asks),
        float(asks and all(map(_says_nothing, _SENTENCE.findall(text)))),
        min(_MOST_OWN, len(_OWN.findall(text))) / _MOST_OWN,
        min(_MOST_OPENING, position) / _MOST_OPENING,
        float(bool(names)),
        float(bool(_NUMBERED.search(text))),
        float(bool(_DATED.search(text))),
        float(bool(_PLACED.search(text))),
    )


def _says_nothing(sentence: str) -> bool:
    return sentence.rstrip().endswith(("?", "？")) or len(_WORD.findall(sentence)) < _SHORT
