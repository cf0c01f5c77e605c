"""Names as they may stand in front of words: on one line, harmless, and one for each person."""

from __future__ import annotations

import unicodedata
from collections.abc import Hashable, Mapping

import regex

from bot.domain.text import clean_text, shorten

NAME_CHARACTERS = 60

MENTION_CHARACTERS = 40

_WORDS = regex.compile(r"[\p{L}\p{M}\p{N}'’\-]+")
_ALARMS = frozenset({"channel", "everyone", "here"})
_UNSEEN = regex.compile(r"[\p{Default_Ignorable_Code_Point}\s]")


def one_line(name: str) -> str:
    """The name of a person, group or channel as it may stand inside a sentence."""
    return shorten(clean_text(name), NAME_CHARACTERS)


def mention(sign: str, name: str, *, otherwise: str) -> str:
    """A name within the words of somebody else: ``@Eve_Smith``, ``#garden``.

    It is one word, whatever its owner calls themselves: nothing that a name says may be taken for
    what the person says who mentions them. ``otherwise`` stands for one without letters. What would
    alarm a whole channel when it is repeated gets no sign.
    """
    letters = _WORDS.findall(unicodedata.normalize("NFC", clean_text(name)))
    word = "_".join(letters)[:MENTION_CHARACTERS].rstrip("_") or otherwise
    return word if sign == "@" and word.casefold() in _ALARMS else f"{sign}{word}"


class UniqueNames:
    """A name for everyone in a channel; no two people share one.

    Whoever is known from the start keeps theirs, so nobody passes for one of them by a name.
    """

    def __init__(self, known: Mapping[int, str] | Mapping[str, str]) -> None:
        """``known``: the names of Ellie and of whoever asks, by their ids."""
        self._names: dict[Hashable, str] = dict(known.items())
        self._taken = {_seen(name) for name in self._names.values()}

    def of(self, person_id: Hashable, plain: str) -> str:
        """The same for the same person every time; ``plain`` is what they call themselves."""
        known = self._names.get(person_id)
        if known is not None:
            return known
        name, number = plain, 1
        while _seen(name) in self._taken:
            number += 1
            name = f"{plain} ({number})"
        self._names[person_id] = name
        self._taken.add(_seen(name))
        return name


def _seen(name: str) -> str:
    """What is the same for names that look the same, but for letters of other scripts."""
    return _UNSEEN.sub("", unicodedata.normalize("NFKC", name)).casefold()
