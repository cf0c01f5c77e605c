"""Cuts a message into sentences, and hides what is not the speaker's own voice.

Code, quoted lines, links, struck-out text and quotations that speak of themselves ("he said 'I live
in Paris'") are covered by as many placeholders as they have characters, so every offset stays true.
"""

from __future__ import annotations

from dataclasses import dataclass

import regex

READ_AT_MOST = 4000
"""Characters of a message that are read. Who writes more has pasted something."""

MASK = "\ufffc"
"""Stands for a hidden character. Nothing that holds one becomes a fact."""

_HIDDEN = regex.compile(
    r"```.*?(?:```|\Z)"  # code blocks, also unclosed ones
    r"|`[^`\n]{1,300}`"
    r"|(?<![^\n])[ \t]*(?:>|&gt;)[^\n]*"  # quoted lines
    r"|https?://\S+|<[@#:!&][^>\s]{1,80}>"
    r"|~~[^~\n]{1,300}~~",
    regex.DOTALL,
)
_QUOTATION = regex.compile(
    r"“[^”]{1,500}”|\"[^\"\n]{1,500}\"|「[^」]{1,500}」|『[^』]{1,500}』|«[^»]{1,500}»"
    r"|(?<![\p{L}\p{N}])(?:'[^'\n]{0,200}(?:'\p{L}{1,2}\b[^'\n]{0,200}){0,8}'"
    r"|‘[^‘\n]{1,300}’)(?![\p{L}\p{N}])"
)
_SPEAKS_OF_ITSELF = regex.compile(
    r"\b(?:i|i['’]?m|i['’]ve|my|me|we|our|remember)\b|[我咱记]", regex.IGNORECASE
)
_EMPHASIS = regex.compile(r"[*]+|(?<!\w)_+|_+(?!\w)|(?<![^\n])[ \t]*(?:[-•]|\d{1,2}[.)]|#+)[ \t]")
_BOUNDARY = regex.compile(
    r"[.!?…]+[\"')\]”’]*(?=\s|$|[\p{Han}\p{Extended_Pictographic}])"
    r"|[。！？；…～~!?]+[”’」』）)]*"
    r"|\n+"
    r"|[\p{Extended_Pictographic}\u200d\ufe0f\U0001f3fb-\U0001f3ff]+"
    r"|(?<=\s)(?:[:;=]['’]?-?[)(DPp3]+|[xX]D+|<3+)(?=\s|$)"
)
_ABBREVIATION = regex.compile(
    r"(?:^|[\s(])(?:mr|mrs|ms|dr|prof|st|mt|ft|jr|sr|vs|etc|approx|no|dept|inc|ltd|co"
    r"|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|mon|tues?|wed|thurs?|fri|sat|sun"
    r"|e\.g|i\.e|a\.m|p\.m|ph\.d|(?:\p{L}\.)*\p{L})\.$",
    regex.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A stretch of the message: ``text`` is masked, ``ender`` closed it ("?!", 。, 🎂 …)."""

    text: str
    start: int
    ender: str


def masked(message: str) -> str:
    """The part of ``message`` that is read, with everything hidden that is not its own voice."""
    shown = message[:READ_AT_MOST]
    shown = _HIDDEN.sub(lambda found: MASK * len(found[0]), shown)
    shown = _QUOTATION.sub(_quotation, shown)
    shown = _EMPHASIS.sub(lambda found: " " * len(found[0]), shown)
    return shown.replace("\u2019", "'").replace("\u00a0", " ")


def _quotation(found: regex.Match[str]) -> str:
    """A quoted title or name stays, without its marks; a quoted statement is hidden."""
    if _SPEAKS_OF_ITSELF.search(found[0]):
        return MASK * len(found[0])
    return f" {found[0][1:-1]} "


def sentences(text: str) -> list[Sentence]:
    """The sentences of masked ``text``, in order, without empty ones."""
    found: list[Sentence] = []
    start = 0
    for boundary in _BOUNDARY.finditer(text):
        if boundary[0] == "." and _is_abbreviation(text, boundary.end()):
            continue
        _add(found, text[start : boundary.start()], start, boundary[0])
        start = boundary.end()
    _add(found, text[start:], start, "")
    return found


def _add(found: list[Sentence], piece: str, start: int, ender: str) -> None:
    if body := piece.strip():
        found.append(Sentence(body, start + piece.index(body), ender))


def _is_abbreviation(text: str, end: int) -> bool:
    """Whether the full stop before ``end`` belongs to a word: "St. Gallen", "J. Smith".

    "I live in St. Gallen." has one of each; at the very end a full stop is one.
    """
    if not text[end:].strip() or not _ABBREVIATION.search(text[max(0, end - 8) : end]):
        return False
    following = text[end:].lstrip(" ")
    return not following.startswith(("I ", "I'm", "My ", "We ", "\n"))
