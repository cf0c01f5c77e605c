"""In which language a command is answered."""

from __future__ import annotations

from enum import StrEnum

import regex

_HAN = regex.compile(r"\p{Han}")


class Language(StrEnum):
    """A language that Ellie's own texts exist in."""

    ENGLISH = "en"
    CHINESE = "zh"


def language_of(typed: str, locale: str = "") -> Language:
    """Chinese when what was typed has Chinese in it, or the platform's setting says so.

    ``locale`` is a language tag such as ``zh-CN``; empty when the platform knows none.
    """
    if _HAN.search(typed) or locale.lower().replace("_", "-").split("-")[0] == "zh":
        return Language.CHINESE
    return Language.ENGLISH
