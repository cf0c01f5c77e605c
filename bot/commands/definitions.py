"""The commands: names, parameters, and what each adapter needs to offer them.

Their descriptions are texts like all others: ``summary.NAME`` and ``parameter.NAME`` in the tables
of :mod:`bot.commands.voice`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.policy import AnswerPolicy


class ParameterKind(StrEnum):
    """What may be typed for a parameter."""

    FACT = "fact"
    """The number of a fact, with or without ``#``."""
    TURN = "turn"
    """The number of a message, with or without ``m``."""
    PAGE = "page"
    """A page of a long answer, from 1: typed as ``page 2``."""
    SWITCH = "switch"
    """``on`` or ``off``."""
    FORMAT = "format"
    """``json`` or ``markdown``."""
    DAYS = "days"
    """A number of days, ``forever``, or ``default``."""
    POLICY = "policy"
    """What she answers: an :class:`~bot.domain.policy.AnswerPolicy`, or ``default``."""
    PLACE = "place"
    """``here`` or ``everywhere``."""
    FILE = "file"
    """``export``: the answer as a file."""
    USER = "user"
    """Somebody: a mention as the platform writes it, or the id of an account."""
    CODE = "code"
    COMMAND = "command"
    TEXT = "text"
    """Any words, to the end of the line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """Something a command is told."""

    name: str
    kind: ParameterKind
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """Something people can ask for.

    ``private`` commands concern the memory of whoever gives them: everybody may use them, for
    themselves only, and the answer is for their eyes alone. ``destructive`` ones ask before they
    act. ``admin`` ones are for those who may manage a server or workspace, in its channels.
    ``aliases`` are other names that may be typed; a Chinese one is answered in Chinese.
    """

    name: str
    parameters: tuple[Parameter, ...] = ()
    private: bool = True
    destructive: bool = False
    admin: bool = False
    aliases: tuple[str, ...] = ()


_FACT = Parameter(name="fact", kind=ParameterKind.FACT, required=True)

SHOW = Command(
    name="memory show",
    parameters=(
        Parameter(name="query", kind=ParameterKind.TEXT),
        Parameter(name="page", kind=ParameterKind.PAGE),
    ),
    aliases=("记忆 查看", "查看记忆"),
)
WHY = Command(
    name="memory why",
    parameters=(Parameter(name="turn", kind=ParameterKind.TURN),),
    aliases=("why", "记忆 为什么", "为什么"),
)
EDIT = Command(
    name="memory edit",
    parameters=(_FACT, Parameter(name="text", kind=ParameterKind.TEXT, required=True)),
    aliases=("edit", "记忆 修改", "修改"),
)
FORGET = Command(
    name="memory forget",
    parameters=(Parameter(name="what", kind=ParameterKind.TEXT, required=True),),
    destructive=True,
    aliases=("forget", "记忆 忘记", "忘记"),
)
UNDO = Command(name="memory undo", aliases=("undo", "记忆 撤销", "撤销"))
PIN = Command(name="memory pin", parameters=(_FACT,), aliases=("pin", "记忆 置顶", "置顶"))
UNPIN = Command(
    name="memory unpin", parameters=(_FACT,), aliases=("unpin", "记忆 取消置顶", "取消置顶")
)
EXPORT = Command(
    name="memory export",
    parameters=(Parameter(name="format", kind=ParameterKind.FORMAT),),
    aliases=("export", "记忆 导出", "导出"),
)
PAUSE = Command(name="memory pause", aliases=("pause", "记忆 暂停", "暂停"))
RESUME = Command(name="memory resume", aliases=("resume", "记忆 继续", "继续"))
INCOGNITO = Command(
    name="incognito",
    parameters=(Parameter(name="switch", kind=ParameterKind.SWITCH, required=True),),
    aliases=("无痕",),
)
KEEP = Command(
    name="memory keep",
    parameters=(Parameter(name="days", kind=ParameterKind.DAYS),),
    destructive=True,
    aliases=("记忆 保留", "保留记忆"),
)
PRIVACY = Command(name="privacy", aliases=("隐私",))
LINK = Command(
    name="link",
    parameters=(Parameter(name="code", kind=ParameterKind.CODE),),
    destructive=True,
    aliases=("关联",),
)
UNLINK = Command(name="unlink", destructive=True, aliases=("解除关联",))
HELP = Command(
    name="help",
    parameters=(Parameter(name="command", kind=ParameterKind.COMMAND),),
    private=False,
    aliases=("?", "帮助"),
)
POLICY = Command(
    name="admin policy",
    parameters=(
        Parameter(name="policy", kind=ParameterKind.POLICY),
        Parameter(name="where", kind=ParameterKind.PLACE),
    ),
    admin=True,
    aliases=("管理 策略",),
)
RETENTION = Command(
    name="admin retention",
    parameters=(Parameter(name="days", kind=ParameterKind.DAYS),),
    destructive=True,
    admin=True,
    aliases=("管理 保留",),
)
AUDIT = Command(
    name="admin audit",
    parameters=(
        Parameter(name="file", kind=ParameterKind.FILE),
        Parameter(name="page", kind=ParameterKind.PAGE),
    ),
    admin=True,
    aliases=("管理 记录",),
)
EXPORT_USER = Command(
    name="admin export user",
    parameters=(Parameter(name="user", kind=ParameterKind.USER, required=True),),
    admin=True,
    aliases=("管理 导出 用户",),
)
COMPACT = Command(name="admin compact", admin=True, aliases=("管理 整理",))

COMMANDS = (
    HELP,
    SHOW,
    WHY,
    EDIT,
    FORGET,
    UNDO,
    PIN,
    UNPIN,
    EXPORT,
    PAUSE,
    RESUME,
    INCOGNITO,
    KEEP,
    PRIVACY,
    LINK,
    UNLINK,
    POLICY,
    RETENTION,
    AUDIT,
    EXPORT_USER,
    COMPACT,
)
"""Every command, in the order in which help lists them."""

DEFAULT = "default"
"""Typed for a policy, or for days, it takes back what was decided."""
HERE = "here"
"""Typed for a place, it means the channel."""
EVERYWHERE = "everywhere"
"""Typed for a place, it means the whole server or workspace."""

CHOICES: Mapping[ParameterKind, tuple[str, ...]] = {
    ParameterKind.SWITCH: ("on", "off"),
    ParameterKind.FORMAT: ("json", "markdown"),
    ParameterKind.POLICY: (*(policy.value for policy in AnswerPolicy), DEFAULT),
    ParameterKind.PLACE: (HERE, EVERYWHERE),
    ParameterKind.FILE: ("export",),
}
"""All that may be typed, where there is little to choose from; Chinese words mean the same."""

BARE_MEMORY = frozenset({"memory", "记忆"})
"""Typed alone, or with a page, they show memory."""
BARE_ADMIN = frozenset({"admin", "管理"})
"""They begin the names of the commands for those who may manage a server or workspace."""
