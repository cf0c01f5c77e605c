"""From what was typed to a command with its arguments, or to what is wrong with it."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import regex

from bot.commands.definitions import (
    BARE_ADMIN,
    BARE_MEMORY,
    CHOICES,
    COMMANDS,
    DEFAULT,
    EVERYWHERE,
    HERE,
    POLICY,
    SHOW,
    Command,
    Parameter,
    ParameterKind,
)
from bot.commands.language import Language, language_of
from bot.domain.policy import AnswerPolicy
from bot.domain.text import clean_text

Argument = str | int | bool
"""The value of a parameter."""

_PAGE = regex.compile(r"(?:^|\s)(?:page|p\.?|第)\s*(\d{1,6})\s*页?$", regex.IGNORECASE)
_FACT = regex.compile(r"#?(\d{1,9})")
_TURN = regex.compile(r"[m#]?(\d{1,9})", regex.IGNORECASE)
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
    ParameterKind.POLICY: {
        **{name: name for name in CHOICES[ParameterKind.POLICY]},
        **dict.fromkeys(_DEFAULT, DEFAULT),
        **dict.fromkeys(("平常", "通常"), AnswerPolicy.USUAL.value),
        **dict.fromkeys(("提及", "提到"), AnswerPolicy.MENTIONS.value),
        **dict.fromkeys(("总是", "一直"), AnswerPolicy.ALWAYS.value),
        **dict.fromkeys(("子区", "线程"), AnswerPolicy.THREADS.value),
        **dict.fromkeys(("关", "关闭"), AnswerPolicy.OFF.value),
    },
    ParameterKind.PLACE: {
        **dict.fromkeys(("here", "channel", "这里", "频道"), HERE),
        **dict.fromkeys(("everywhere", "server", "workspace"), EVERYWHERE),
        **dict.fromkeys(("服务器", "工作区", "所有", "全部"), EVERYWHERE),
    },
    ParameterKind.FILE: dict.fromkeys(("export", "file", "导出", "文件"), "export"),
}
"""What may be typed where there is little to choose from, and what it means."""
FOREVER = 0
"""What stands for ``forever`` among numbers of days."""
NO_DECISION = -1
"""What stands for ``default`` among numbers of days."""

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
            return parse_arguments(command, _after(text, length), language)
    if words and _normal(words[0]) in BARE_MEMORY:
        rest = _after(text, 1)
        if not rest or _PAGE.fullmatch(rest):
            return parse_arguments(SHOW, rest, language)
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
    for parameter in command.parameters:
        if parameter.kind is ParameterKind.PAGE:
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


def similar_command(typed: str) -> Command | None:
    """The command that a misspelt name may have meant."""
    words = [_normal(word) for word in typed.split()[:2]]
    for group, usual in ((BARE_MEMORY, SHOW), (BARE_ADMIN, POLICY)):
        if words and words[0] in group:
            # Its second half decides, and words that are no command are looked for in memory.
            return _most_similar(" ".join(words[1:]), _halves(group)) or usual
    attempts = [" ".join(words), *words[:1]]
    found = (_most_similar(attempt, _BY_NAME) for attempt in attempts)
    return next(filter(None, found), None)


def _halves(group: frozenset[str]) -> Mapping[str, Command]:
    """The commands of a group by what is typed after its name."""
    parted = ((*name.partition(" ")[::2], command) for name, command in _BY_NAME.items())
    return {second: command for first, second, command in parted if first in group}


def _most_similar(typed: str, names: Mapping[str, Command]) -> Command | None:
    ratios = {
        name: difflib.SequenceMatcher(None, typed[:40], name).ratio() for name in names if name
    }
    best = max(ratios, key=ratios.__getitem__)
    return names[best] if ratios[best] >= _CLOSE else None


_TO_THE_END = frozenset(
    {ParameterKind.TEXT, ParameterKind.CODE, ParameterKind.COMMAND, ParameterKind.DAYS}
)


def _take(parameter: Parameter, rest: str) -> tuple[str, str]:
    """What is typed for a parameter, and the rest after it."""
    if parameter.kind in _TO_THE_END:
        return rest, ""
    first, _, others = rest.partition(" ")
    return first, others.strip()


def _read(parameter: Parameter, typed: str) -> Argument | None:
    """The value of what was typed; None when the parameter does not take it."""
    plain = unicodedata.normalize("NFKC", typed).lower()
    if (chosen := _CHOSEN.get(parameter.kind)) is not None:
        return chosen.get(plain)
    match parameter.kind:
        case ParameterKind.FACT:
            return int(found[1]) if (found := _FACT.fullmatch(plain)) else None
        case ParameterKind.TURN:
            return int(found[1]) if (found := _TURN.fullmatch(plain)) else None
        case ParameterKind.DAYS:
            return _days(plain)
        case ParameterKind.USER:
            return (found[1] or found[2]) if (found := _USER.fullmatch(typed)) else None
        case _:
            return typed


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
