"""Kinds of settings that are lists: of accounts, roles, channels and languages."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.setting_values import (
    NONE,
    NOTHING,
    SettingKind,
    Unfit,
    UnfitValueError,
    Value,
    plain,
    text_of,
)

MAX_ENTRIES = 500
"""Of one list."""

_SIGNS = {"+": True, "-": False, "\uff0b": True, "\uff0d": False}
"""Before entries to be added and to be removed; on Chinese keyboards they are wide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListChange:
    """Entries to be added to a list and removed from it."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


class Several(SettingKind):
    """A list of short words; each kind of list knows what an entry is."""

    is_sorted = True

    @abstractmethod
    def entry(self, written: str) -> str:
        """One entry as it is kept.

        Raises:
            UnfitValueError: it is none.
        """

    def parse(self, text: str) -> Value:
        """Entries with blanks or commas between them, or ``none``."""
        return () if plain(text) in NOTHING else self.read(_parted(text))

    def parse_change(self, text: str) -> ListChange | None:
        """What is to be added (``+``) and removed (``-``); None when the list is given anew."""
        if not text.startswith(tuple(_SIGNS)):
            return None
        entries: dict[bool, list[str]] = {True: [], False: []}
        adding = True
        for part in _parted(text):
            sign, written = part[0], part
            if sign in _SIGNS:
                adding, written = _SIGNS[sign], part[1:]
            if written:
                entries[adding].append(self.entry(written))
        return ListChange(added=tuple(entries[True]), removed=tuple(entries[False]))

    def changed(self, value: tuple[str, ...], change: ListChange) -> Value:
        """A list after a change.

        Raises:
            UnfitValueError: it has too many entries.
        """
        return self.read([one for one in (*value, *change.added) if one not in change.removed])

    def read(self, raw: object) -> Value:
        """A list of entries, each of them once."""
        if not isinstance(raw, list | tuple):
            raise UnfitValueError(Unfit.TEXT, raw)
        if len(raw) > MAX_ENTRIES:
            raise UnfitValueError(Unfit.MANY, most=MAX_ENTRIES)
        entries = dict.fromkeys(self.entry(text_of(one, Unfit.TEXT)) for one in raw)
        return tuple(sorted(entries) if self.is_sorted else entries)

    def show(self, value: Value) -> str:
        """The entries in a row."""
        return " ".join(value) or NONE if isinstance(value, tuple) else str(value)


class Ids(Several):
    """Ids of accounts, roles or channels, or mentions of them as their platform writes them."""

    _MENTIONS: Mapping[Unfit, re.Pattern[str]] = {
        Unfit.USER: re.compile(r"<@!?([\w.-]{1,64})(?:\|[^<>]*)?>", re.ASCII),
        Unfit.ROLE: re.compile(r"<(?:@&|!subteam\^)([\w.-]{1,64})(?:\|[^<>]*)?>", re.ASCII),
        Unfit.CHANNEL: re.compile(r"<#([\w.-]{1,64})(?:\|[^<>]*)?>", re.ASCII),
    }
    _ID = re.compile(r"[A-Za-z0-9][\w.-]{0,63}", re.ASCII)

    def __init__(self, of: Unfit) -> None:
        self._of = of

    def entry(self, written: str) -> str:
        """The id alone."""
        if (found := self._MENTIONS[self._of].fullmatch(written)) is not None:
            return found[1]
        if self._ID.fullmatch(written) is None:
            raise UnfitValueError(self._of, written)
        return written

    def meaning(self, value: Value) -> object:
        """A set of ids."""
        return frozenset(value) if isinstance(value, tuple) else frozenset()


class Languages(Several):
    """Language tags such as ``en`` or ``zh-Hant``, the first one first."""

    is_sorted = False
    _TAG = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}", re.ASCII)

    def entry(self, written: str) -> str:
        """The tag in its usual case."""
        if self._TAG.fullmatch(written) is None:
            raise UnfitValueError(Unfit.LANGUAGE, written)
        first, *rest = written.split("-")
        return "-".join([first.lower(), *map(_subtag, rest)])


def _parted(text: str) -> list[str]:
    return [part for part in re.split(r"[\s,，、]+", text) if part]


def _subtag(written: str) -> str:
    match len(written):
        case 2:
            return written.upper()
        case 4:
            return written.title()
        case _:
            return written.lower()
