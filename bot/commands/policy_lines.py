"""How people write the commands about policies: short forms, and a place at the end of a line."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from bot.commands.definitions import (
    DEFAULT,
    EVERYWHERE,
    HERE,
    POLICY,
    POLICY_DEFAULT,
    POLICY_SET,
    Command,
)
from bot.domain.place_settings import ANSWERS, NAMES, SETTINGS
from bot.domain.setting_values import Words

PLACES: Mapping[str, str] = {
    **dict.fromkeys((HERE, "channel", "这里", "频道"), HERE),
    **dict.fromkeys((EVERYWHERE, "server", "workspace"), EVERYWHERE),
    **dict.fromkeys(("服务器", "工作区", "所有", "全部"), EVERYWHERE),
}
"""Words for a place, and what they mean."""

_CLEAR = frozenset({HERE, EVERYWHERE})
"""The only words for a place at the end of a text, which may well end in “server”."""
_TEXTS = frozenset(one.name for one in SETTINGS if isinstance(one.kind, Words))
_SHORT = frozenset(name for name in POLICY.aliases if len(name.split()) < len(POLICY.name.split()))
_TAKES_BACK = frozenset({DEFAULT, "默认"})


def spelled_out(command: Command, name: str, rest: str) -> tuple[Command, str]:
    """A command in full with the words after it, where a short form was typed as its ``name``.

    ``admin policy mentions everywhere`` decides on ``answers``, and so does ``admin policy default
    everywhere``.
    """
    first = _first(rest)
    if command is POLICY_DEFAULT and (not first or first in PLACES):
        return command, f"{ANSWERS} {rest}"
    if command is not POLICY or name not in _SHORT or not first:
        return command, rest
    return POLICY_SET, rest if first in NAMES else f"{ANSWERS} {rest}"


def part_place(rest: str) -> tuple[str, str]:
    """What is to be decided, and the place that the line ends with; empty when it names none."""
    *head, last = rest.rsplit(maxsplit=1) or [""]
    word = _first(last)
    is_text = _first(rest) in _TEXTS
    if word not in (_CLEAR if is_text else PLACES):
        return rest, ""
    return "".join(head), PLACES[word]


def takes_back(value: str) -> bool:
    """Whether what is to be decided is to decide nothing."""
    return _plain(value.strip()) in _TAKES_BACK


def _first(text: str) -> str:
    return next(map(_plain, text.split()), "")


def _plain(word: str) -> str:
    return unicodedata.normalize("NFKC", word).lower()
