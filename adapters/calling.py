"""Ellie's own mention in what people say: dropped where it only calls her, and else her name."""

from __future__ import annotations

import re

HER = "\0"
"""Stands for her mention while a text is put together; clean text has no such character."""

_SPOKEN_TO = re.compile(r"^\s*(?:\0(?:\s*(?:,|[，、；：]|[:;](?=\s|$)))?\s*)+")
_CALLED_AT_END = re.compile(
    r"(?:(?<=[.,;!?。，；！？…])[^\S\n]*|(?<!\s)(?=[^\S\n]*+\n)\s*+)(?:\0\s*+)+$"
)


def without_calls(text: str, name: str) -> str:
    """A text in which :data:`HER` stands for her mention, as somebody says it to ``name``.

    Inside a sentence it is her name, so that the sentence stays whole, and nothing but her mention
    is a call by her name.
    """
    said = _CALLED_AT_END.sub("", _SPOKEN_TO.sub("", text))
    return said.replace(HER, name) if said or not text.strip() else name
