"""Kinds of settings: what may be written for one, and how its value is kept and shown.

A value is what JSON and TOML can hold as it is, with tuples for lists, so that a database, a file
and a command have the same. :meth:`SettingKind.meaning` is what it is in a
:class:`~bot.domain.place_policy.PlacePolicy`.
"""

from __future__ import annotations

import re
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.domain.quota import Rate
from bot.domain.text import clean_text, shorten

Value = str | bool | int | tuple[str, ...]

NONE = "none"
"""Written for a list, a text, a model or a quota, it means that there is none."""
FOREVER = "forever"
"""Written for days, it means that nothing goes."""
MAX_DAYS = 36_500
MAX_ENTRIES = 500
"""Of one list."""

_SHOWN = 40
_LARGE = 10**9
_SIGNS = {"+": True, "-": False, "\uff0b": True, "\uff0d": False}
"""Before entries to be added and to be removed; on Chinese keyboards they are wide."""
_NOTHING = frozenset({NONE, "无", "没有"})
_ALWAYS = frozenset({FOREVER, "for ever", "always", "永远", "永久", "一直"})


class Unfit(StrEnum):
    """Why something cannot be the value of a setting."""

    CHOICE = "choice"
    SWITCH = "switch"
    TEXT = "text"
    LONG = "long"
    USER = "user"
    ROLE = "role"
    CHANNEL = "channel"
    LANGUAGE = "language"
    MANY = "many"
    MODEL = "model"
    MODELS = "models"
    """No model may be chosen at all."""
    DAYS = "days"
    QUOTA = "quota"


class UnfitValueError(ValueError):
    """Something cannot be the value of a setting: ``reason``, and what its sentence names."""

    def __init__(self, reason: Unfit, typed: object = "", **values: object) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.values: Mapping[str, object] = {"typed": shorten(_named(typed), _SHOWN), **values}


@dataclass(frozen=True, slots=True, kw_only=True)
class ListChange:
    """Entries to be added to a list and removed from it."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


class SettingKind(ABC):
    """What may be written for a setting."""

    @abstractmethod
    def parse(self, text: str) -> Value:
        """The value that somebody typed.

        Raises:
            UnfitValueError: it is none.
        """

    @abstractmethod
    def read(self, raw: object) -> Value:
        """The value that stands in a file or in the database.

        Raises:
            UnfitValueError: it is none.
        """

    def show(self, value: Value) -> str:
        """The value as somebody would type it."""
        return str(value) or NONE

    def meaning(self, value: Value) -> object:
        """The value as it stands in a policy."""
        return value


@dataclass(frozen=True, slots=True)
class Choice(SettingKind):
    """One of the values of an enumeration; ``also`` are other words for them."""

    values: type[StrEnum]
    also: Mapping[str, StrEnum] = field(default_factory=dict)

    def parse(self, text: str) -> Value:
        """One of the names, whatever its case."""
        plain = _plain(text)
        return self.read(self.also.get(plain, plain))

    def read(self, raw: object) -> Value:
        """One of the names."""
        if isinstance(raw, str) and raw in tuple(self.values):
            return self.values(raw).value
        raise UnfitValueError(Unfit.CHOICE, raw, choices=", ".join(self.values))

    def meaning(self, value: Value) -> object:
        """The member of the enumeration."""
        return self.values(str(value))


class Switch(SettingKind):
    """On or off."""

    _ON = frozenset({"on", "true", "yes", "开", "开启"})
    _OFF = frozenset({"off", "false", "no", "关", "关闭"})

    def parse(self, text: str) -> Value:
        """``on`` or ``off``."""
        plain = _plain(text)
        if plain not in self._ON | self._OFF:
            raise UnfitValueError(Unfit.SWITCH, text)
        return plain in self._ON

    def read(self, raw: object) -> Value:
        """True or false, or the words for them."""
        return raw if isinstance(raw, bool) else self.parse(_text(raw, Unfit.SWITCH))

    def show(self, value: Value) -> str:
        """``on`` or ``off``."""
        return "on" if value else "off"


@dataclass(frozen=True, slots=True)
class Words(SettingKind):
    """A text of so many characters at most, without what breaks storage or display."""

    most: int

    def parse(self, text: str) -> Value:
        """The text; in quotation marks when it is all within one pair of them."""
        words = clean_text(text)
        if _plain(words) in _NOTHING:
            return ""
        if len(words) > 1 and words[0] + words[-1] in {'""', "“”"}:
            words = words[1:-1]
        return self.read(words)

    def read(self, raw: object) -> Value:
        """The text, cleaned."""
        words = clean_text(_text(raw, Unfit.TEXT))
        if len(words) > self.most:
            raise UnfitValueError(Unfit.LONG, words, most=self.most, count=len(words))
        return words


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
        return () if _plain(text) in _NOTHING else self.read(_parted(text))

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
        entries = dict.fromkeys(self.entry(_text(one, Unfit.TEXT)) for one in raw)
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


@dataclass(frozen=True, slots=True)
class ModelName(SettingKind):
    """One of the models that the owner allows."""

    allowed: tuple[str, ...] = ()

    def parse(self, text: str) -> Value:
        """The name of a model, or ``none`` for the usual one."""
        return "" if _plain(text) in _NOTHING else self.read(text.strip())

    def read(self, raw: object) -> Value:
        """The name of a model; nothing for the usual one."""
        if raw == "":
            return ""
        if not self.allowed:
            raise UnfitValueError(Unfit.MODELS)
        if not isinstance(raw, str) or raw not in self.allowed:
            raise UnfitValueError(Unfit.MODEL, raw, choices=", ".join(self.allowed))
        return raw


class Days(SettingKind):
    """A number of days; 0 is for ever."""

    _WRITTEN = re.compile(r"([1-9]\d{0,4})\s*(?:d|days?|天|日)?", re.ASCII)

    def parse(self, text: str) -> Value:
        """``30``, ``30 days`` or ``forever``."""
        plain = _plain(text)
        if plain in _ALWAYS:
            return 0
        if (found := self._WRITTEN.fullmatch(plain)) is None:
            raise UnfitValueError(Unfit.DAYS, text, most=MAX_DAYS)
        return self.read(int(found[1]))

    def read(self, raw: object) -> Value:
        """A number, or a text as it is typed."""
        if isinstance(raw, str):
            return self.parse(raw)
        if not isinstance(raw, int) or isinstance(raw, bool) or not 0 <= raw <= MAX_DAYS:
            raise UnfitValueError(Unfit.DAYS, raw, most=MAX_DAYS)
        return raw

    def show(self, value: Value) -> str:
        """``30`` or ``forever``."""
        return str(value) if value else FOREVER

    def meaning(self, value: Value) -> object:
        """The number, or None for ever."""
        return value or None


class Quotas(SettingKind):
    """A rate such as ``30/hour``, or ``none``."""

    def parse(self, text: str) -> Value:
        """The rate as :class:`~bot.domain.quota.Rate` writes it."""
        if _plain(text) in _NOTHING:
            return NONE
        try:
            return str(Rate.parse(unicodedata.normalize("NFKC", text)))
        except ValueError:
            raise UnfitValueError(Unfit.QUOTA, text) from None

    def read(self, raw: object) -> Value:
        """The same from a text."""
        return self.parse(_text(raw, Unfit.QUOTA))

    def meaning(self, value: Value) -> object:
        """The rate, or None where there is no quota."""
        return None if value == NONE else Rate.parse(str(value))


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().lower()


def _text(raw: object, reason: Unfit) -> str:
    if not isinstance(raw, str):
        raise UnfitValueError(reason, raw)
    return raw


def _named(raw: object) -> str:
    """What was written, without the insides of a structure or the digits of an enormous number."""
    match raw:
        case str():
            return raw
        case bool():
            return str(raw).lower()
        case int() if abs(raw) < _LARGE:
            return str(raw)
        case list() | tuple():
            return "[…]"
        case dict():
            return "{…}"
        case _:
            return type(raw).__name__


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
