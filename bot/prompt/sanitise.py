"""What people write must not act as control tokens of the model."""

from __future__ import annotations

import unicodedata
from collections.abc import Set as AbstractSet

import regex

from bot.domain.text import clean_text, shorten
from bot.prompt import templates

NAME_CHARACTERS = 40

_ROLES = frozenset({"ellie", "system", "assistant", "user", "developer", "tool"})
"""Names that stand for Ellie, or for a part of the conversation, where a model reads them."""

_STRUCTURE = regex.compile(r"[:：@#<>|(){}\[\]（）【】`*\\\"“”]+")
"""Marks with which a name could look like more than a name."""


def defuse(text: str, control_tokens: AbstractSet[str]) -> str:
    """``text`` with a space after the first character of every control token in it.

    ``<|im_end|>`` becomes ``< |im_end|>``: it reads the same and tokenises as plain characters.
    Breaking one token may not create another, so this repeats until none is left.
    """
    present = [token for token in control_tokens if token in text]
    while present:
        for token in sorted(present, key=len, reverse=True):
            text = text.replace(token, f"{token[0]} {token[1:]}")
        present = [t for t in control_tokens if t in text]
    return text


def quoted(text: str, control_tokens: AbstractSet[str], *, characters: int) -> str:
    """``text`` as it stands between double quotes on one line of a prompt."""
    line = shorten(text, characters).replace('"', "'")
    return defuse(line, control_tokens)


def spoken_name(display_name: str, control_tokens: AbstractSet[str]) -> str:
    """A display name as prompts use it: one short line without quotes, or nothing."""
    line = shorten(clean_text(display_name), NAME_CHARACTERS).replace('"', "'")
    return defuse(line, control_tokens)


def speaker_name(display_name: str, control_tokens: AbstractSet[str]) -> str:
    """The name of a person who said a quoted line: one short line without marks of structure.

    Whoever calls themselves Ellie, or after a role, is told apart: what they say must not pass for
    her words or for instructions.
    """
    plain = _STRUCTURE.sub(" ", unicodedata.normalize("NFKC", clean_text(display_name)))
    name = spoken_name(plain, control_tokens)
    if not name:
        return templates.SPEAKER_WITHOUT_NAME
    words = regex.findall(r"\p{L}+", name.casefold())
    if not _ROLES.isdisjoint(words):
        return templates.BORROWED_NAME.format(name=name)
    return name
