"""What somebody asks outright to remember: "remember that …", 记住…, 别忘了…, and the like."""

from __future__ import annotations

import regex

_ENGLISH = regex.compile(
    r"(?:(?:please|pls|ok(?:ay)?|and|also|hey|hi|hello|ellie|so|but|btw|oh|just|thanks"
    r"|(?:can|could|would|will) you|i want you to|i need you to|i'd like you to"
    r"|you should|you must|always|make sure (?:to|you)|try to|actually"
    r"|now)(?:\s*[,:!.]+\s*|\s+))*"
    r"(?:remember|do(?:n't| not) (?:you )?(?:ever )?forget|(?:keep|bear) (?:it )?in mind"
    r"|(?:take|make) (?:a )?note(?: of)?|note down|note|save (?:this|that)|memori[sz]e"
    r"|for (?:future reference|the record|your (?:notes|memory|records)))"
    r"(?:\s*[:,\u2013\u2014-]+\s*|\s+)(?:(?:this|the following|for me|please|for later"
    r"|also)(?:\s*[:,]+\s*|\s+)(?!is\b))*(?:that\s+(?!(?:time|day|night|one|song|movie"
    r"|guy)\b))?(?P<rest>.+)$",
    regex.IGNORECASE | regex.DOTALL,
)
_ENGLISH_TAIL = regex.compile(
    r"^(?P<rest>.{5,600}?)[,;\u2013\u2014-]+\s*(?:(?:please|pls|so|and|can you"
    r"|could you)\s+)*(?:remember (?:that|this|it)|keep (?:that|this|it) in mind"
    r"|don't forget(?: (?:that|it|this))?|note that down|make a note of (?:that"
    r"|it))(?: please| for me| ok| for later)?$",
    regex.IGNORECASE,
)
_NO_CONTENT = regex.compile(
    r"(?:to\b|when\b|how\b|what\b|who\b|where\b|why\b|which\b|me$|me\b|us\b|it\b|him\b"
    r"|her\b|them\b|everything|anything|nothing|all (?:of|that|this)|this$|that$"
    r"|the (?:time|day|good old)|about|if\b|your?\b|back when|last time|our (?:chat|talk"
    r"|conversation)|i (?:said|told)|the \w+$|\w+$)",
    regex.IGNORECASE,
)
_CHINESE = regex.compile(
    r"(?:(?:请|麻烦|帮我|你要|你|您|一定要?|要|可以|能不能|好的?|对了|那|也|还有|务必"
    r"|千万|，|,|\s|Ellie|艾莉)*)"
    r"(?:记住|记得|记下来?|记一下|别忘了?|不要忘了|别忘记|不要忘记|牢记|备注一下|给我记着"
    r"|记着|记好了?)(?:了|一下|下)?(?:这[个点件][事]?)?[，,：:\s]*(?P<rest>.+)$",
    regex.DOTALL,
)
_CHINESE_NO_CONTENT = regex.compile(
    r"(?:提醒|给|帮|发|告诉|把|带|吃|喝|买|回|叫我起|来|去|打|关|锁|多|早|按时|好好"
    r"|我[吗么嘛]?$|你|他|她|它|上次|那次|我说|我的话|那天|什么|这些?$|那些?$|哦?$|啊$"
    r"|了)"
)
LONGEST_STATED = 240
"""Characters. What is longer is kept as it was said, beside the properties found in it."""

LONGEST_NOTE = 600
"""Characters of a note. What goes beyond is left out."""

_BREAK = regex.compile(r"[.!?;。！？；](?=\s|\p{Han})|[，、](?=\p{Han})|,(?=\s)")


def asked_to_remember(sentence: str) -> tuple[int, int] | None:
    """Where in ``sentence`` stands what is to be remembered, or None when nothing is asked for.

    "Remember me?" and "Remember to breathe" ask for nothing that is a fact.
    """
    found = _ENGLISH.match(sentence)
    if found and not _NO_CONTENT.match(found["rest"]):
        return _span(found)
    found = _ENGLISH_TAIL.match(sentence)
    if found:
        return _span(found)
    found = _CHINESE.match(sentence)
    if found and len(found["rest"]) > 2 and not _CHINESE_NO_CONTENT.match(found["rest"]):  # noqa: PLR2004
        return _span(found)
    return None


def _span(found: regex.Match[str]) -> tuple[int, int]:
    """Where the words stand; too many of them are cut where a sentence or else a word ends."""
    start, end = found.span("rest")
    if end - start <= LONGEST_NOTE:
        return start, end
    rest = found["rest"][: LONGEST_NOTE + 1]
    breaks = [place.start() for place in _BREAK.finditer(rest)]
    if breaks and breaks[-1] > LONGEST_NOTE // 2:
        return start, start + breaks[-1]
    words = rest.rfind(" ")
    return start, start + (words if words > LONGEST_NOTE // 2 else LONGEST_NOTE)
