"""From what was typed to a command with its arguments, or to what is wrong with it."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

import regex

from bot.commands.definitions import (
    BARE_ADMIN,
    BARE_MEMORY,
    CHOICES,
    COMMANDS,
    DEFAULT,
    HELP,
    LATER,
    NOW,
    POLICY,
    POLICY_SET,
    SHOW,
    Command,
    Parameter,
    ParameterKind,
)
from bot.commands.language import Language, language_of
from bot.commands.policy_lines import PLACES, part_place, spelled_out
from bot.domain.text import clean_text
from bot.domain.tongues import find_tongue, leading_tongue

Argument = str | int | bool
"""The value of a parameter."""

_PAGE = regex.compile(r"(?:^|\s)(?:page|p\.?|第)\s*(\d{1,6})\s*页?$", regex.IGNORECASE)
_FACT = regex.compile(r"#?(\d{1,9})")
_COUNT = regex.compile(
    r"(?:(?:the\s+)?last\s+|最近(?:的)?)?(\d{1,9})\s*(?:messages?|条(?:消息)?)?", regex.IGNORECASE
)
_TURN = regex.compile(r"[m#]?(\d{1,9})", regex.IGNORECASE)
_NUMBERS: Mapping[ParameterKind, regex.Pattern[str]] = {
    ParameterKind.FACT: _FACT,
    ParameterKind.TURN: _TURN,
    ParameterKind.COUNT: _COUNT,
}
_USER = regex.compile(r"<@!?([\w.-]{1,64})(?:\|[^<>]*)?>|@?([\w.-]{1,64})")
"""A mention on Discord (``<@!1>``) or Slack (``<@U1|ann>``), or an id alone."""
_DAYS = regex.compile(r"([1-9]\d{0,4})\s*(?:d|days?|天|日)?")
_FOREVER = frozenset({"forever", "for ever", "always", "永远", "永久", "一直"})
_DEFAULT = frozenset({DEFAULT, "默认"})
_CHOSEN: Mapping[ParameterKind, Mapping[str, Argument]] = {
    ParameterKind.SWITCH: {
        **dict.fromkeys(("on", "开", "开启"), True),
        **dict.fromkeys(("off", "关", "关闭"), False),
    },
    ParameterKind.FORMAT: {"json": "json", "markdown": "markdown", "md": "markdown"},
    ParameterKind.SETTING: {name: name for name in CHOICES[ParameterKind.SETTING]},
    ParameterKind.PLACE: PLACES,
    ParameterKind.WHEN: {
        **dict.fromkeys((LATER, "--later", "以后", "稍后"), LATER),
        # Some keyboards make a dash of two hyphens.
        **dict.fromkeys((NOW, "--now", "\u2013now", "\u2014now", "立即", "马上"), NOW),
    },
    ParameterKind.FILE: dict.fromkeys(("export", "file", "导出", "文件"), "export"),
}
"""What may be typed where there is little to choose from, and what it means."""
FOREVER = 0
"""What stands for ``forever`` among numbers of days."""
NO_DECISION = -1
"""What stands for ``default`` among numbers of days."""

_GROUPED_WORDS = 2
"""The name of a group has so many words at most: ``admin reset``."""
_CLOSE = 0.7
"""How alike two names must be for one to be a misspelling of the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """A command and what it was told, by the names of its parameters."""

    command: Command
    arguments: Mapping[str, Argument] = field(default_factory=dict)
    language: Language = Language.ENGLISH


class MistakeKind(StrEnum):
    """What is wrong with a command."""

    UNKNOWN = "unknown"
    MISSING = "missing"
    """A parameter that must be there is not; ``typed`` is empty."""
    UNFIT = "unfit"
    """``typed`` is not what the parameter takes."""
    SURPLUS = "surplus"
    """``typed`` is more than the command takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """A command that cannot be carried out as it was typed.

    ``command`` is the command meant; for an unknown one the most similar, if any.
    """

    kind: MistakeKind
    typed: str
    command: Command | None = None
    parameter: Parameter | None = None
    language: Language = Language.ENGLISH


def is_command(line: str) -> bool:
    """Whether a line begins with one slash. Two begin a message that itself starts with one."""
    text = line.strip()
    return text.startswith(("/", "\uff0f")) and not text.startswith("//")


def message_of(line: str) -> str:
    """The message in a line that is no command."""
    text = line.strip()
    return text[1:] if text.startswith("//") else text


def parse_command(line: str, locale: str = "") -> Invocation | Mistake:
    """The command in a line for which :func:`is_command` holds, with its slash or without."""
    text = clean_text(line).lstrip("/\uff0f").strip()
    language = language_of(text, locale)
    words = text.split()
    for length in (3, 2, 1):
        name = _normal(" ".join(words[:length]))
        if len(words) >= length and (command := _BY_NAME.get(name)):
            rest = _after(text, length)
            if not _PAGE.fullmatch(rest):
                command, rest = spelled_out(command, name, rest)
            return _in_own_words(parse_arguments(command, rest, language), text, locale)
    if words and _normal(words[0]) in BARE_MEMORY:
        rest = _after(text, 1)
        if not rest or _PAGE.fullmatch(rest):
            return parse_arguments(SHOW, rest, language)
    if 1 <= len(words) <= _GROUPED_WORDS and group_of(text):
        # A group alone asks for what is in it.
        return Invocation(command=HELP, arguments={"command": text}, language=language)
    return Mistake(
        kind=MistakeKind.UNKNOWN, typed=text, command=similar_command(text), language=language
    )


def parse_arguments(command: Command, rest: str, language: Language) -> Invocation | Mistake:
    """What ``command`` is told by the words after its name."""
    arguments: dict[str, Argument] = {}
    rest = rest.strip()
    for parameter in command.parameters:
        if parameter.kind is ParameterKind.PAGE and (found := _PAGE.search(rest)):
            arguments[parameter.name] = int(found[1])
            rest = rest[: found.start()].strip()
        if parameter.kind is ParameterKind.PLACE and command is POLICY_SET:
            rest, place = part_place(rest)
            arguments |= {parameter.name: place} if place else {}
    for parameter in command.parameters:
        if parameter.kind is ParameterKind.PAGE or parameter.name in arguments:
            continue
        typed, rest = _take(parameter, rest)
        if not typed:
            if parameter.required:
                return Mistake(
                    kind=MistakeKind.MISSING,
                    typed="",
                    command=command,
                    parameter=parameter,
                    language=language,
                )
            continue
        value = _read(parameter, typed)
        if value is None:
            return Mistake(
                kind=MistakeKind.UNFIT,
                typed=typed,
                command=command,
                parameter=parameter,
                language=language,
            )
        arguments[parameter.name] = value
    if rest:
        return Mistake(kind=MistakeKind.SURPLUS, typed=rest, command=command, language=language)
    return Invocation(command=command, arguments=arguments, language=language)


def find_command(name: str) -> Command | None:
    """The command of that name or alias, whatever its case and spacing."""
    return _BY_NAME.get(_normal(name.lstrip("/\uff0f")))


def group_of(name: str) -> tuple[Command, ...]:
    """The commands whose names go on where ``name`` ends: those of ``admin``, of ``admin reset``.

    In the order in which help lists them; empty when it is the name of no group.
    """
    begun = _normal(name.lstrip("/\uff0f")) + " "
    found = (command for known, command in _BY_NAME.items() if known.startswith(begun))
    return tuple(dict.fromkeys(found))


def similar_command(typed: str) -> Command | None:
    """The command that a misspelt name may have meant."""
    words = [_normal(word) for word in typed.split()[:3]]
    for group, usual in ((BARE_MEMORY, SHOW), (BARE_ADMIN, POLICY)):
        if words and words[0] in group:
            # What follows decides, and words that are no command are looked for in memory.
            rest = words[1:]
            return _most_similar([" ".join(rest), *rest[:1]], _rests(group)) or usual
    return _most_similar([" ".join(words), " ".join(words[:2]), *words[:1]], _BY_NAME)


def _rests(group: frozenset[str]) -> Mapping[str, Command]:
    """The commands of a group by what is typed after its name."""
    parted = ((*name.partition(" ")[::2], command) for name, command in _BY_NAME.items())
    return {rest: command for first, rest, command in parted if first in group and rest}


def _most_similar(attempts: Sequence[str], names: Mapping[str, Command]) -> Command | None:
    """What is closest to any of several readings of what was typed, if one is close at all."""
    ratios = {
        name: max(difflib.SequenceMatcher(None, attempt[:40], name).ratio() for attempt in attempts)
        for name in names
    }
    best = max(ratios, key=ratios.__getitem__)
    return names[best] if ratios[best] >= _CLOSE else None


_TO_THE_END = frozenset(
    {
        ParameterKind.TEXT,
        ParameterKind.MATERIAL,
        ParameterKind.CODE,
        ParameterKind.COMMAND,
        ParameterKind.DAYS,
    }
)


def _in_own_words(understood: Invocation | Mistake, text: str, locale: str) -> Invocation | Mistake:
    """The same, in the language in which somebody asks and not that of what they ask about."""
    if not isinstance(understood, Invocation):
        return understood
    for parameter in understood.command.parameters:
        if parameter.kind is ParameterKind.MATERIAL and parameter.name in understood.arguments:
            asked = text.removesuffix(str(understood.arguments[parameter.name]))
            return replace(understood, language=language_of(asked, locale))
    return understood


def _take(parameter: Parameter, rest: str) -> tuple[str, str]:
    """What is typed for a parameter, and the rest after it."""
    if parameter.kind in _TO_THE_END:
        return rest, ""
    if parameter.kind is ParameterKind.COUNT:
        return (rest, "") if _COUNT.fullmatch(_narrow(rest)) else ("", rest)
    if parameter.kind is ParameterKind.LANGUAGE and (found := leading_tongue(rest)):
        return found[1:]
    first, *others = rest.split(maxsplit=1) or [""]
    if parameter.kind is ParameterKind.WHEN and _read(parameter, first) is None:
        return "", rest
    return first, "".join(others).strip()


def _read(parameter: Parameter, typed: str) -> Argument | None:
    """The value of what was typed; None when the parameter does not take it."""
    plain = _narrow(typed)
    if (chosen := _CHOSEN.get(parameter.kind)) is not None:
        return chosen.get(plain)
    if (number := _NUMBERS.get(parameter.kind)) is not None:
        return int(found[1]) if (found := number.fullmatch(plain)) else None
    match parameter.kind:
        case ParameterKind.LANGUAGE:
            return tongue.code if (tongue := find_tongue(typed)) else None
        case ParameterKind.DAYS:
            return _days(plain)
        case ParameterKind.USER:
            return (found[1] or found[2]) if (found := _USER.fullmatch(typed)) else None
        case _:
            return typed


def _narrow(typed: str) -> str:
    return unicodedata.normalize("NFKC", typed).lower()


def _days(plain: str) -> int | None:
    if plain in _FOREVER:
        return FOREVER
    if plain in _DEFAULT:
        return NO_DECISION
    return int(found[1]) if (found := _DAYS.fullmatch(plain)) else None


def _after(text: str, count: int) -> str:
    """The rest of ``text`` after so many words, as it was typed."""
    return "".join(text.split(maxsplit=count)[count:])


def _normal(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


_BY_NAME = {
    _normal(name): command for command in COMMANDS for name in (command.name, *command.aliases)
}
