"""Which language a text is probably in, by its letters and its commonest words.

For models that must be told what they read, and for answering in the language of a conversation.
A guess may be wrong for short texts; nothing depends on it but the words of an answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import regex

from bot.domain.tongues import Tongue, find_tongue

_READ_CHARACTERS = 2000
"""More of a text says no more about its language."""

_SCRIPTS: tuple[tuple[str, regex.Pattern[str]], ...] = tuple(
    (code, regex.compile(pattern))
    for code, pattern in (
        ("ko", r"\p{Hangul}"),
        ("zh", r"\p{Han}"),
        ("ru", r"\p{Cyrillic}"),
        ("ar", r"\p{Arabic}"),
        ("he", r"\p{Hebrew}"),
        ("el", r"\p{Greek}"),
        ("hi", r"\p{Devanagari}"),
        ("bn", r"\p{Bengali}"),
        ("ta", r"\p{Tamil}"),
        ("th", r"\p{Thai}"),
        ("ka", r"\p{Georgian}"),
        ("hy", r"\p{Armenian}"),
    )
)
_KANA = regex.compile(r"[\p{Hiragana}\p{Katakana}]")
_LATIN_WORD = regex.compile(r"[\p{Latin}']+")

_WORDS = """
en the and is of to you i it that in was for my with have are this
de der die das und ist nicht ich ein eine zu mit den auf für es wir sie
fr le la les et est je un une pas que pour dans vous nous des du il
es el la los y es que no un una por con para mi yo en se del
it il la che e è non un una per con sono di mi gli della ho
pt o a os que e é não um uma para com eu em do da meu minha
nl de het een en is niet ik van dat met voor op zijn je er
pl i nie to jest się w na że z do jak mam ja po
sv och det att jag är en ett inte på som för med har min
tr bir ve bu için ben çok da de ne var ama ile
"""
_COMMON: Mapping[str, frozenset[str]] = {
    code: frozenset(words.split())
    for code, words in (line.split(maxsplit=1) for line in _WORDS.strip().splitlines())
}


def guess_tongue(text: str) -> Tongue | None:
    """The likeliest language of ``text``; None when nothing in it tells."""
    read = text[:_READ_CHARACTERS]
    latin = [word.casefold() for word in _LATIN_WORD.findall(read)]
    found = {code: len(pattern.findall(read)) for code, pattern in _SCRIPTS}
    kana = len(_KANA.findall(read))
    code = max(found, key=found.__getitem__)
    # A foreign name among other letters is no change of language: letters count against words.
    if found[code] + kana > len(latin):
        is_japanese = kana > found[code] or (kana > 0 and code == "zh")
        return find_tongue("ja" if is_japanese else code)
    counts = Counter(
        {code: sum(word in common for word in latin) for code, common in _COMMON.items()}
    )
    (best, most), (_, second) = counts.most_common(2)
    return find_tongue(best) if most > second else None
