"""Chinese numbers and weekdays, as dates use them."""

from __future__ import annotations

import unicodedata

_VALUES = {c: value for value, c in enumerate("零一二三四五六七八九")} | {
    "\u3007": 0,
    "两": 2,
    "○": 0,
}
_TEN = "十"
DIGITS = "[0-9０-９零〇○一二两三四五六七八九十]"  # noqa: RUF001 - full-width digits are typed too
WEEKDAYS = {c: day for day, c in enumerate("一二三四五六日")} | {"天": 6}


def number(words: str) -> int | None:
    """The number up to 99 or year that ``words`` write: 12, 十二, 三十一, 二〇二六; else None."""
    if words.isdecimal():
        return int(unicodedata.normalize("NFKC", words))
    if _TEN in words:
        tens, _, ones = words.partition(_TEN)
        if (tens and tens not in _VALUES) or (ones and ones not in _VALUES):
            return None
        return 10 * (_VALUES[tens] if tens else 1) + (_VALUES[ones] if ones else 0)
    if not words or any(c not in _VALUES for c in words) or len(words) in (2, 3):
        return None  # 两三 is vague, not 23
    return int("".join(str(_VALUES[c]) for c in words))
