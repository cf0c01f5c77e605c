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

_SHOWN = 40
_LARGE = 10**9

NOTHING = frozenset({NONE, "无", "没有"})
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
        word = plain(text)
        return self.read(self.also.get(word, word))

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
        word = plain(text)
        if word not in self._ON | self._OFF:
            raise UnfitValueError(Unfit.SWITCH, text)
        return word in self._ON

    def read(self, raw: object) -> Value:
        """True or false, or the words for them."""
        return raw if isinstance(raw, bool) else self.parse(text_of(raw, Unfit.SWITCH))

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
        if plain(words) in NOTHING:
            return ""
        if len(words) > 1 and words[0] + words[-1] in {'""', "“”"}:
            words = words[1:-1]
        return self.read(words)

    def read(self, raw: object) -> Value:
        """The text, cleaned."""
        words = clean_text(text_of(raw, Unfit.TEXT))
        if len(words) > self.most:
            raise UnfitValueError(Unfit.LONG, words, most=self.most, count=len(words))
        return words


@dataclass(frozen=True, slots=True)
class ModelName(SettingKind):
    """One of the models that the owner allows."""

    allowed: tuple[str, ...] = ()

    def parse(self, text: str) -> Value:
        """The name of a model, or ``none`` for the usual one."""
        return "" if plain(text) in NOTHING else self.read(text.strip())

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
        word = plain(text)
        if word in _ALWAYS:
            return 0
        if (found := self._WRITTEN.fullmatch(word)) is None:
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
        if plain(text) in NOTHING:
            return NONE
        try:
            return str(Rate.parse(unicodedata.normalize("NFKC", text)))
        except ValueError:
            raise UnfitValueError(Unfit.QUOTA, text) from None

    def read(self, raw: object) -> Value:
        """The same from a text."""
        return self.parse(text_of(raw, Unfit.QUOTA))

    def meaning(self, value: Value) -> object:
        """The rate, or None where there is no quota."""
        return None if value == NONE else Rate.parse(str(value))


def plain(text: str) -> str:
    """Words as they are compared: small letters of the usual width."""
    return unicodedata.normalize("NFKC", text).strip().lower()


def text_of(raw: object, reason: Unfit) -> str:
    """A text; anything else is unfit for that reason."""
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
